// One page that shows how Belfry is.
param location string
param tags object
param workspaceId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'belfry')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Belfry'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: loadTextContent('../workbook.json')
  }
}
