// What the platform may do for the hosts: the Functions host its own store and telemetry, the image pull the registry,
// the scaler the queues it counts. And what the person who deploys may do with the runs.

import { identityNameSet } from 'types.bicep'

param identityNames identityNameSet
param hostAccountName string
param registryName string
param insightsName string
param namespaceName string

@description('Queues whose messages start executions.')
param scaledQueues string[]
param runsAccountName string
param runsContainer string

@description('Object id of who may read and write the runs; empty for nobody.')
param deployerId string
param deployerType 'User' | 'ServicePrincipal'

var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var metricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'
var acrPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'
var busDataOwner = '090c5cfd-751d-490a-894a-3ce6f1109419'

resource functions 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityNames.functions
}

resource pull 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityNames.pull
}

resource scaler 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityNames.scaler
}

resource hostAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: hostAccountName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource counted 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for queue in scaledQueues: {
    parent: namespace
    name: queue
  }
]

resource runsAccount 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: runsAccountName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource runs 'containers' existing = {
      name: runsContainer
    }
  }
}

// Locks, keys of functions and the package: the host makes containers of its own there.
resource hostsBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, identityNames.functions, blobDataOwner)
  properties: {
    principalId: functions.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataOwner)
  }
}

// The host's own diagnostic events.
resource hostsTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostAccount
  name: guid(hostAccount.id, identityNames.functions, tableDataContributor)
  properties: {
    principalId: functions.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', tableDataContributor)
  }
}

resource sendsTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, identityNames.functions, metricsPublisher)
  properties: {
    principalId: functions.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', metricsPublisher)
  }
}

resource pullsImages 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: registry
  name: guid(registry.id, identityNames.pull, acrPull)
  properties: {
    principalId: pull.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', acrPull)
  }
}

// Counting messages takes the right to manage a queue: there is no smaller role with it.
resource countsMessages 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (queue, i) in scaledQueues: {
    scope: counted[i]
    name: guid(counted[i].id, identityNames.scaler, busDataOwner)
    properties: {
      principalId: scaler.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', busDataOwner)
    }
  }
]

resource deployersRuns 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (deployerId != '') {
  scope: runsAccount::blobs::runs
  name: guid(runsAccount::blobs::runs.id, deployerId, blobDataContributor)
  properties: {
    principalId: deployerId
    principalType: deployerType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}
