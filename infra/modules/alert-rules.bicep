// What an operator is woken for. docs/operations.md has a chapter for each rule, under its name.
param location string
param tags object
param workspaceId string
param actionGroupId string
param serviceBusId string
param cosmosId string
param webPubSubId string
param oldestMessageMinutes int

var chapter = 'What to do: docs/operations.md, under the name of this rule.'

// Metrics of the services; each is wrong above its threshold.
var metricRules = [
  {
    name: 'dead-letters'
    severity: 1
    meaning: 'Messages were given up by the queue: alerts that nobody was told of.'
    target: serviceBusId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'DeadletteredMessages'
    aggregation: 'Maximum'
    window: 'PT5M'
    threshold: 0
    dimensions: [{ name: 'EntityName', operator: 'Include', values: ['alerts', 'alerts-poison'] }]
  }
  {
    name: 'poison'
    severity: 2
    meaning: 'Alerts were parked: they can never be delivered as they are.'
    target: serviceBusId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'ActiveMessages'
    aggregation: 'Maximum'
    window: 'PT5M'
    threshold: 0
    dimensions: [{ name: 'EntityName', operator: 'Include', values: ['alerts-poison'] }]
  }
  {
    name: 'backlog'
    severity: 1
    meaning: 'The queue was not empty for a quarter of an hour: alerts wait, or are stuck.'
    target: serviceBusId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'ActiveMessages'
    aggregation: 'Minimum'
    window: 'PT15M'
    threshold: 0
    dimensions: [{ name: 'EntityName', operator: 'Include', values: ['alerts'] }]
  }
  {
    name: 'throttled'
    severity: 2
    meaning: 'Cosmos DB refuses requests, for there are more than it is scaled for. Alerts come later.'
    target: cosmosId
    namespace: 'Microsoft.DocumentDB/databaseAccounts'
    metric: 'TotalRequests'
    aggregation: 'Count'
    window: 'PT5M'
    threshold: 50
    dimensions: [{ name: 'StatusCode', operator: 'Include', values: ['429'] }]
  }
  {
    name: 'queue-throttled'
    severity: 2
    meaning: 'Service Bus refuses requests, for there are more than its tier allows.'
    target: serviceBusId
    namespace: 'Microsoft.ServiceBus/namespaces'
    metric: 'ThrottledRequests'
    aggregation: 'Total'
    window: 'PT5M'
    threshold: 10
    dimensions: []
  }
  {
    name: 'connections'
    severity: 2
    meaning: 'Nearly all connections of Web PubSub are taken: soon nobody else is told at once.'
    target: webPubSubId
    namespace: 'Microsoft.SignalRService/webPubSub'
    metric: 'ConnectionQuotaUtilization'
    aggregation: 'Maximum'
    window: 'PT5M'
    threshold: 80
    dimensions: []
  }
]

// Queries over what Belfry itself reports: each returns the rows that are wrong.
var queryRules = [
  {
    name: 'oldest-message'
    severity: 1
    meaning: 'Alerts are kept too long after they were sent.'
    query: loadTextContent('../queries/oldest-message.kql')
    window: 'PT15M'
  }
  {
    name: 'failures'
    severity: 2
    meaning: 'More than one in twenty calls of the functions fails.'
    query: loadTextContent('../queries/failures.kql')
    window: 'PT15M'
  }
  {
    name: 'retries'
    severity: 3
    meaning: 'A channel fails again and again: what it should tell comes late.'
    query: loadTextContent('../queries/retries.kql')
    window: 'PT15M'
  }
]

resource byMetric 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for rule in metricRules: {
    name: 'belfry-${rule.name}'
    location: 'global'
    tags: tags
    properties: {
      description: '${rule.meaning} ${chapter}'
      severity: rule.severity
      enabled: true
      scopes: [rule.target]
      evaluationFrequency: 'PT1M'
      windowSize: rule.window
      autoMitigate: true
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: rule.name
            metricNamespace: rule.namespace
            metricName: rule.metric
            dimensions: rule.dimensions
            operator: 'GreaterThan'
            threshold: rule.threshold
            timeAggregation: rule.aggregation
          }
        ]
      }
      actions: [{ actionGroupId: actionGroupId }]
    }
  }
]

resource byQuery 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in queryRules: {
    name: 'belfry-${rule.name}'
    location: location
    tags: tags
    properties: {
      displayName: 'belfry-${rule.name}'
      description: '${rule.meaning} ${chapter}'
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: rule.window
      autoMitigate: true
      skipQueryValidation: true // tables come into being with the first row
      criteria: {
        allOf: [
          {
            query: replace(rule.query, '{minutes}', string(oldestMessageMinutes))
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [actionGroupId] }
    }
  }
]
