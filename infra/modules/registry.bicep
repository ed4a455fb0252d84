// Where the images of worker and learner are kept. It stays on the public network, for azd builds there; nobody gets
// anything from it without a role.

import { tagMap } from 'types.bicep'

param location string
param tags tagMap
param name string

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Basic' }
  properties: {
    adminUserEnabled: false
    anonymousPullEnabled: false
  }
}

output loginServer string = registry.properties.loginServer
