// All of Belfry in one resource group. `azd up` deploys it; every parameter has its place in main.parameters.json.
targetScope = 'subscription'

@description('Names the environment: part of the names of all resources.')
@minLength(2)
@maxLength(20)
param environmentName string
@description('Region of everything but the static web app.')
param location string
@description('Region of the static web app, which is not in all of them; its files are served from everywhere.')
param webLocation string = 'westeurope'

// azd asks for what has no value and no default before it calls the hook that finds these out: hence the defaults.
@description('Issuer of the tokens (OpenID Connect), as it names itself.')
param authIssuer string = ''
@description('Audience that a token must be for.')
param authAudience string = ''
@description('The app registration by which people sign in to the web client.')
param authClientId string = ''
@description('What the web client asks for when people sign in.')
param authScope string = ''
@description('Claim with the user id; empty: oid, and sub where a token has none.')
param authUserClaim string = ''
@description('Claim with the list of roles.')
param authRolesClaim string = 'roles'
@description('Topic pattern to list of roles that may subscribe.')
param topicAccess object = {}
@description('Other sites whose pages call the API, with commas between: https://shop.example,https://www.shop.example')
param furtherOrigins string = ''
@description('Days until an alert is forgotten.')
@minValue(1)
@maxValue(3650)
param retentionDays int = 90

@description('Most request units per second that Cosmos DB scales up to, a multiple of 1,000; 0: serverless, paid by use.')
@minValue(0)
param cosmosMaximumThroughput int = 0
@description('Messaging units of Service Bus with private networking (Premium).')
@allowed([1, 2, 4, 8, 16])
param serviceBusUnits int = 1
@description('Units of Web PubSub: 1,000 connections each.')
@minValue(1)
@maxValue(100)
param webPubSubUnits int = 1
@allowed(['Free', 'Basic', 'Standard'])
param notificationHubsTier string = 'Free'
@description('Instances that are kept ready, so that the first alert after a quiet night does not wait for a start.')
@minValue(0)
param alwaysReadyInstances int = 1
@description('Most instances that Functions scales out to.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40
@description('Whether services are reached through private endpoints only (Premium Service Bus).')
param privateNetworking bool = false

@description('Where alerts about Belfry itself are mailed to; empty: nowhere.')
param operatorEmail string = ''
@description('Minutes that the oldest message of the queue may wait.')
param oldestMessageMinutes int = 5

@description('FCM v1: the service account of the Firebase project.')
param fcmProjectId string = ''
param fcmClientEmail string = ''
@secure()
@description('Its private key (PEM) in base64, for its lines do not survive an environment variable.')
param fcmPrivateKey string = ''
@description('APNs: a signing key.')
param apnsKeyId string = ''
param apnsTeamId string = ''
param apnsBundleId string = ''
@secure()
param apnsSigningKey string = ''
@allowed(['sandbox', 'production'])
param apnsEnvironment string = 'production'
@description('Web push: mailto: or https: address that push services see.')
param vapidSubject string = ''
param vapidPublicKey string = ''
@secure()
param vapidPrivateKey string = ''

var tags = { 'azd-env-name': environmentName }
var suffix = toLower(uniqueString(subscription().id, environmentName, location))

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  params: { name: 'id-${environmentName}', location: location, tags: tags }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: { suffix: suffix, location: location, tags: tags, operatorEmail: operatorEmail }
}

module network 'modules/network.bicep' = if (privateNetworking) {
  scope: group
  params: { name: 'vnet-${environmentName}', location: location, tags: tags }
}

module storage 'modules/storage.bicep' = {
  scope: group
  params: { suffix: suffix, location: location, tags: tags, privateNetworking: privateNetworking }
}

module serviceBus 'modules/service-bus.bicep' = {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: tags
    privateNetworking: privateNetworking
    units: serviceBusUnits
    workspaceId: monitoring.outputs.workspaceId
  }
}

module cosmos 'modules/cosmos.bicep' = {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: tags
    privateNetworking: privateNetworking
    maximumThroughput: cosmosMaximumThroughput
    workspaceId: monitoring.outputs.workspaceId
  }
}

module webPubSub 'modules/web-pubsub.bicep' = {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: tags
    units: webPubSubUnits
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'modules/key-vault.bicep' = {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: tags
    privateNetworking: privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
}

module notificationHubs 'modules/notification-hubs.bicep' = {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: tags
    tier: notificationHubsTier
    vaultName: vault.outputs.name
    fcmProjectId: fcmProjectId
    fcmClientEmail: fcmClientEmail
    fcmPrivateKey: fcmPrivateKey
    apnsKeyId: apnsKeyId
    apnsTeamId: apnsTeamId
    apnsBundleId: apnsBundleId
    apnsSigningKey: apnsSigningKey
    apnsEnvironment: apnsEnvironment
    vapidSubject: vapidSubject
    vapidPublicKey: vapidPublicKey
    vapidPrivateKey: vapidPrivateKey
  }
}

module endpoints 'modules/private-endpoints.bicep' = if (privateNetworking) {
  scope: group
  params: {
    location: location
    tags: tags
    networkName: 'vnet-${environmentName}'
    targets: [
      { name: 'blob', id: storage.outputs.id, zone: 'privatelink.blob.${environment().suffixes.storage}', group: 'blob' }
      { name: 'service-bus', id: serviceBus.outputs.id, zone: 'privatelink.servicebus.windows.net', group: 'namespace' }
      { name: 'cosmos', id: cosmos.outputs.id, zone: 'privatelink.documents.azure.com', group: 'Sql' }
      { name: 'vault', id: vault.outputs.id, zone: 'privatelink.vaultcore.azure.net', group: 'vault' }
    ]
  }
  dependsOn: [network]
}

module roles 'modules/roles.bicep' = {
  scope: group
  params: {
    principalId: identity.outputs.principalId
    storageName: storage.outputs.name
    serviceBusName: serviceBus.outputs.name
    cosmosName: cosmos.outputs.name
    webPubSubName: webPubSub.outputs.name
    vaultName: vault.outputs.name
    secretName: notificationHubs.outputs.secretName
    insightsName: monitoring.outputs.insightsName
  }
}

module functions 'modules/functions.bicep' = {
  scope: group
  params: {
    suffix: suffix
    location: location
    tags: tags
    identityName: identity.outputs.name
    packagesUrl: storage.outputs.packagesUrl
    subnetId: privateNetworking ? network!.outputs.functionsSubnetId : ''
    alwaysReadyInstances: alwaysReadyInstances
    maximumInstances: maximumInstances
    webOrigins: concat([web.outputs.url], empty(furtherOrigins) ? [] : split(furtherOrigins, ','))
    settings: {
      AzureWebJobsStorage__blobServiceUri: storage.outputs.blobUrl
      SERVICE_BUS_CONNECTION__fullyQualifiedNamespace: serviceBus.outputs.hostName
      COSMOS_ENDPOINT: cosmos.outputs.endpoint
      COSMOS_DATABASE: cosmos.outputs.database
      WEB_PUBSUB_ENDPOINT: webPubSub.outputs.endpoint
      WEB_PUBSUB_HUB: webPubSub.outputs.hub
      NOTIFICATION_HUBS_CONNECTION: '@Microsoft.KeyVault(SecretUri=${notificationHubs.outputs.secretUri})'
      NOTIFICATION_HUBS_HUB: notificationHubs.outputs.hub
      VAPID_PUBLIC_KEY: vapidPublicKey
      AUTH_ISSUER: authIssuer
      AUTH_AUDIENCE: authAudience
      AUTH_USER_CLAIM: authUserClaim
      AUTH_ROLES_CLAIM: authRolesClaim
      TOPIC_ACCESS: string(topicAccess)
      RETENTION_DAYS: string(retentionDays)
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
    }
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [roles, endpoints] // an app that starts before it may read its settings and its package fails
}

module web 'modules/web.bicep' = {
  scope: group
  params: { suffix: suffix, location: webLocation, tags: tags }
}

module link 'modules/web-link.bicep' = {
  scope: group
  params: {
    webName: web.outputs.name
    functionsName: functions.outputs.name
    functionsLocation: location
  }
}

module rules 'modules/alert-rules.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
    actionGroupId: monitoring.outputs.actionGroupId
    serviceBusId: serviceBus.outputs.id
    cosmosId: cosmos.outputs.id
    webPubSubId: webPubSub.outputs.id
    oldestMessageMinutes: oldestMessageMinutes
  }
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  params: { location: location, tags: tags, workspaceId: monitoring.outputs.workspaceId }
}

output AZURE_LOCATION string = location
output AZURE_RESOURCE_GROUP string = group.name
output SERVICE_BUS_NAMESPACE string = serviceBus.outputs.hostName
output COSMOS_ENDPOINT string = cosmos.outputs.endpoint
output WEB_PUBSUB_ENDPOINT string = webPubSub.outputs.endpoint
output FUNCTIONS_URL string = functions.outputs.url
output WEB_URL string = web.outputs.url
output AUTH_ISSUER string = authIssuer
output AUTH_AUDIENCE string = authAudience
output AUTH_CLIENT_ID string = authClientId
output AUTH_SCOPE string = authScope
