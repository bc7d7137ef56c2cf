// The queue of alerts, and the one for what can never work. Their definitions are those of the local service.
param suffix string
param location string
param tags object
param privateNetworking bool
param units int
param workspaceId string

var definition = loadJsonContent('../service-bus.json')
var queues = definition.UserConfig.Namespaces[0].Queues

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: 'sb-${suffix}'
  location: location
  tags: tags
  // Private endpoints are for Premium only.
  sku: privateNetworking ? { name: 'Premium', tier: 'Premium', capacity: units } : { name: 'Standard', tier: 'Standard' }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
  }
}

resource queue 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for item in queues: {
    parent: namespace
    name: item.Name
    properties: {
      deadLetteringOnMessageExpiration: item.Properties.DeadLetteringOnMessageExpiration
      defaultMessageTimeToLive: item.Properties.DefaultMessageTimeToLive
      duplicateDetectionHistoryTimeWindow: item.Properties.DuplicateDetectionHistoryTimeWindow
      lockDuration: item.Properties.LockDuration
      maxDeliveryCount: item.Properties.MaxDeliveryCount
      requiresDuplicateDetection: item.Properties.RequiresDuplicateDetection
      requiresSession: item.Properties.RequiresSession
      maxSizeInMegabytes: 5120 // 80,000 alerts of the largest size
    }
  }
]

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output id string = namespace.id
output name string = namespace.name
output hostName string = '${namespace.name}.servicebus.windows.net'
