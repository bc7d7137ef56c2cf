// What the functions' identity may do: nothing but this, each on the smallest scope there is for it.
param principalId string
param storageName string
param serviceBusName string
param cosmosName string
param webPubSubName string
param vaultName string
param secretName string
param insightsName string

var definitions = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  serviceBusDataOwner: '090c5cfd-751d-490a-894a-3ce6f1109419'
  serviceBusDataSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  webPubSubServiceOwner: '12cf5a90-567b-43ae-8102-96cf46c7d9b4'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource serviceBus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusName

  resource alerts 'queues' existing = {
    name: 'alerts'
  }

  resource poison 'queues' existing = {
    name: 'alerts-poison'
  }
}

resource cosmos 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' existing = {
  name: cosmosName
}

resource webPubSub 'Microsoft.SignalRService/webPubSub@2024-03-01' existing = {
  name: webPubSubName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: vaultName

  resource secret 'secrets' existing = {
    name: secretName
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// The host reads its package, and keeps its leases in containers of its own making.
resource packages 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, principalId, definitions.storageBlobDataOwner)
  scope: storage
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', definitions.storageBlobDataOwner)
  }
}

// The trigger of `deliver`, and /health, which looks at the head of the queue; POST /alerts, copies that come later and
// rounds of an escalation. The platform asks how long the queue is to know how many instances it needs, and no smaller
// role may: with Receiver and Sender alone it would add one instance at a time.
resource queue 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(serviceBus::alerts.id, principalId, definitions.serviceBusDataOwner)
  scope: serviceBus::alerts
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', definitions.serviceBusDataOwner)
  }
}

// What can never work is parked; nothing here reads it again: operators do.
resource park 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(serviceBus::poison.id, principalId, definitions.serviceBusDataSender)
  scope: serviceBus::poison
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', definitions.serviceBusDataSender)
  }
}

// Publishes, puts people into groups, asks who is connected, and makes clients' addresses. There is no smaller role.
resource tell 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(webPubSub.id, principalId, definitions.webPubSubServiceOwner)
  scope: webPubSub
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', definitions.webPubSubServiceOwner)
  }
}

// The one secret, and no other of the vault.
resource readKey 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault::secret.id, principalId, definitions.keyVaultSecretsUser)
  scope: vault::secret
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', definitions.keyVaultSecretsUser)
  }
}

// Telemetry is written by identity.
resource report 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, principalId, definitions.monitoringMetricsPublisher)
  scope: insights
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', definitions.monitoringMetricsPublisher)
  }
}

// Documents, and nothing else: no stored procedures, no containers, no keys. The built-in role allows more.
resource documents 'Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions@2025-04-15' = {
  parent: cosmos
  name: guid(cosmos.id, 'belfry-documents')
  properties: {
    roleName: 'Belfry documents'
    type: 'CustomRole'
    assignableScopes: [cosmos.id]
    permissions: [
      {
        dataActions: [
          'Microsoft.DocumentDB/databaseAccounts/readMetadata'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/executeQuery'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/readChangeFeed'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/create'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/read'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/replace'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/upsert'
          'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers/items/delete'
        ]
      }
    ]
  }
}

resource keep 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = {
  parent: cosmos
  name: guid(cosmos.id, principalId, documents.id)
  properties: {
    principalId: principalId
    roleDefinitionId: documents.id
    scope: cosmos.id
  }
}
