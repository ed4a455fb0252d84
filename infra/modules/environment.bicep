// Where worker and learner run: a Container Apps environment, with a GPU profile where one is asked for.

import { tagMap } from 'types.bicep'

param location string
param tags tagMap
param name string
param workspaceId string
param zoneRedundant bool

@description('Kind of the GPU profile; empty for none.')
param gpuProfile string

@description('Subnet of the containers; empty for the platform\'s own network.')
param subnetId string

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    // Through diagnostic settings: the other way takes a key of the workspace.
    appLogsConfiguration: { destination: 'azure-monitor' }
    workloadProfiles: concat(
      [{ name: 'Consumption', workloadProfileType: 'Consumption' }],
      gpuProfile == '' ? [] : [{ name: 'gpu', workloadProfileType: gpuProfile }]
    )
    vnetConfiguration: subnetId == '' ? null : { infrastructureSubnetId: subnetId, internal: true }
    zoneRedundant: zoneRedundant && subnetId != ''
  }
}

#disable-next-line use-recent-api-versions
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: environment
  name: 'logs'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
  }
}

output id string = environment.id
