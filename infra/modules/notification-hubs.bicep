// Phones and closed browsers. A platform without credentials is left out: its pushes are not sent, all else works.
param suffix string
param location string
param tags object
param tier string
param vaultName string
// All of a credential is secret to the types of this service, public keys and addresses too, and Bicep does not compile
// (use-secure-value-for-secure-inputs) where anything else is given for a secret.
@secure()
param fcmProjectId string
@secure()
param fcmClientEmail string
@secure()
param fcmPrivateKey string
@secure()
param apnsKeyId string
@secure()
param apnsTeamId string
@secure()
param apnsBundleId string
@secure()
param apnsSigningKey string
param apnsEnvironment string
@secure()
param vapidSubject string
@secure()
param vapidPublicKey string
@secure()
param vapidPrivateKey string

var apnsEndpoints = {
  sandbox: 'https://api.development.push.apple.com:443/3/device'
  production: 'https://api.push.apple.com:443/3/device'
}

resource namespace 'Microsoft.NotificationHubs/namespaces@2023-10-01-preview' = {
  name: 'ntfns-${suffix}'
  location: location
  tags: tags
  sku: { name: tier }

  resource hub 'notificationHubs' = {
    name: 'belfry'
    location: location
    tags: tags
    properties: {
      registrationTtl: '90.00:00:00' // days.hours:minutes:seconds, as the service writes it: a device that is not renewed is forgotten, as the application has it
      fcmV1Credential: empty(fcmProjectId)
        ? null
        : {
            properties: {
              projectId: fcmProjectId
              clientEmail: fcmClientEmail
              #disable-next-line use-secure-value-for-secure-inputs // as secret as what it is made of
              privateKey: base64ToString(fcmPrivateKey)
            }
          }
      apnsCredential: empty(apnsKeyId)
        ? null
        : {
            properties: {
              keyId: apnsKeyId
              appId: apnsTeamId
              appName: apnsBundleId
              token: apnsSigningKey
              #disable-next-line use-secure-value-for-secure-inputs // no secret
              endpoint: apnsEndpoints[apnsEnvironment]
            }
          }
      browserCredential: empty(vapidPublicKey)
        ? null
        : {
            properties: {
              subject: vapidSubject
              vapidPublicKey: vapidPublicKey
              vapidPrivateKey: vapidPrivateKey
            }
          }
    }

    resource rule 'authorizationRules' = {
      name: 'belfry'
      // Listen and Manage for installations, Send for pushes.
      properties: { rights: ['Listen', 'Manage', 'Send'] }
    }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName
}

resource secret 'Microsoft.KeyVault/vaults/secrets@2024-11-01' = {
  parent: vault
  name: 'notification-hubs-connection'
  tags: tags
  properties: {
    value: namespace::hub::rule.listKeys().primaryConnectionString
    contentType: 'connection string of a notification hub'
  }
}

output hub string = namespace::hub.name
output secretName string = secret.name
#disable-next-line secret-output
output secretUri string = secret.properties.secretUri // the address, not the value; without a version, so that a new key is taken up
