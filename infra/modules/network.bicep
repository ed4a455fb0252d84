// The private-network option: hosts in a virtual network, store and queues behind private endpoints in it. The API and
// the image registry stay public, behind a function key or Entra and behind roles.

import { tagMap } from 'types.bicep'

@description('A service that is reached from the network only. The group is its kind of endpoint: blob, table, namespace.')
type target = { type: string, name: string, group: string, zone: string }

param location string
param tags tagMap
param name string
param targets target[]
param zones string[]

var delegation = [{ name: 'environments', properties: { serviceName: 'Microsoft.App/environments' } }]

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: ['10.20.0.0/22'] }
    subnets: [
      { name: 'containers', properties: { addressPrefix: '10.20.0.0/24', delegations: delegation } }
      { name: 'functions', properties: { addressPrefix: '10.20.1.0/26', delegations: delegation } }
      { name: 'endpoints', properties: { addressPrefix: '10.20.1.64/27' } }
    ]
  }

  resource containers 'subnets' existing = { name: 'containers' }
  resource functions 'subnets' existing = { name: 'functions' }
  resource endpoints 'subnets' existing = { name: 'endpoints' }
}

resource dns 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zones: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, i) in zones: {
    parent: dns[i]
    name: name
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for one in targets: {
    name: 'pe-${one.name}-${one.group}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::endpoints.id }
      privateLinkServiceConnections: [
        { name: one.group, properties: { privateLinkServiceId: resourceId(one.type, one.name), groupIds: [one.group] } }
      ]
    }
  }
]

resource endpointNames 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (one, i) in targets: {
    parent: privateEndpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        { name: one.group, properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', one.zone) } }
      ]
    }
    dependsOn: [dns]
  }
]

output containersSubnet string = network::containers.id
output functionsSubnet string = network::functions.id
