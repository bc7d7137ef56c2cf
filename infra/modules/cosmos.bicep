// The inboxes. The containers' definitions are those of the local service.
param suffix string
param location string
param tags object
param privateNetworking bool
@description('0: serverless.')
param maximumThroughput int
param workspaceId string

var definition = loadJsonContent('../cosmos.json')
var serverless = maximumThroughput == 0

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' = {
  name: 'cosmos-${suffix}'
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    capabilities: serverless ? [{ name: 'EnableServerless' }] : []
    consistencyPolicy: { defaultConsistencyLevel: 'Session' }
    backupPolicy: { type: 'Continuous', continuousModeProperties: { tier: 'Continuous7Days' } }
    locations: [{ locationName: location, failoverPriority: 0, isZoneRedundant: false }]
  }

  resource database 'sqlDatabases' = {
    name: definition.database
    properties: {
      resource: { id: definition.database }
      options: serverless ? {} : { autoscaleSettings: { maxThroughput: maximumThroughput } }
    }

    resource containers 'containers' = [
      for container in definition.containers: {
        name: container.id
        properties: { resource: container }
      }
    ]
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: account
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'ControlPlaneRequests', enabled: true }] // one line a request of the data plane costs more than the requests
    metrics: [{ category: 'Requests', enabled: true }]
  }
}

output id string = account.id
output name string = account.name
output endpoint string = account.properties.documentEndpoint
output database string = definition.database
