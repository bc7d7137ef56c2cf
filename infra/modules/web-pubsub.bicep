// Live connections. They stay public with private networking, for browsers connect to them; without a token nobody does.
param suffix string
param location string
param tags object
param units int
param workspaceId string

resource service 'Microsoft.SignalRService/webPubSub@2024-03-01' = {
  name: 'wps-${suffix}'
  location: location
  tags: tags
  sku: { name: 'Standard_S1', tier: 'Standard', capacity: units }
  properties: {
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
    tls: { clientCertEnabled: false }
  }

  resource hub 'hubs' = {
    name: 'belfry'
    properties: { anonymousConnectPolicy: 'deny', eventHandlers: [] } // clients only listen
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: service
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = service.id
output name string = service.name
output endpoint string = 'https://${service.properties.hostName}'
output hub string = service::hub.name
