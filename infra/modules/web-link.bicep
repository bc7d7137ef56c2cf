// The web client's /api is the functions': one origin, no CORS. Producers go on calling the functions directly.
param webName string
param functionsName string
param functionsLocation string

resource app 'Microsoft.Web/sites@2024-11-01' existing = {
  name: functionsName
}

resource site 'Microsoft.Web/staticSites@2024-11-01' existing = {
  name: webName
}

resource link 'Microsoft.Web/staticSites/linkedBackends@2024-11-01' = {
  parent: site
  name: 'functions'
  properties: { backendResourceId: app.id, region: functionsLocation }
}

// Linking makes the platform let nobody in but the web client. Belfry checks the token of every call itself, and
// producers and phones have no web client to go through.
resource open 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: false }
    globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
  }
  dependsOn: [link]
}
