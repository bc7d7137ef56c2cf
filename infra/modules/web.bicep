// The web client's files, from near to whoever reads them.
param suffix string
param location string
param tags object

resource site 'Microsoft.Web/staticSites@2024-11-01' = {
  name: 'stapp-${suffix}'
  location: location
  tags: union(tags, { 'azd-service-name': 'web' })
  sku: { name: 'Standard', tier: 'Standard' } // the smallest with a linked back end
  properties: {
    provider: 'Custom' // deployed by neither GitHub nor Azure DevOps: left out, a later `azd provision` may be taken for a change of it
    allowConfigFileUpdates: true
    stagingEnvironmentPolicy: 'Disabled'
    publicNetworkAccess: 'Enabled'
  }
}

output name string = site.name
output url string = 'https://${site.properties.defaultHostname}'
