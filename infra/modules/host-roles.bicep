// What a host may do: its runs' blobs by container, its messages by queue. Names come as parameters because a scope has
// to be known before anything is made.

import { hostAccess } from 'types.bicep'

param accountName string
param container string
param namespaceName string
param host hostAccess

var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var busDataReceiver = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
var busDataSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: host.identity
}

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: accountName

  resource blobs 'blobServices' existing = {
    name: 'default'

    resource runs 'containers' existing = {
      name: container
    }
  }
}

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: namespaceName
}

resource received 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for queue in host.receives: {
    parent: namespace
    name: queue
  }
]

resource sent 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [
  for queue in host.sends: {
    parent: namespace
    name: queue
  }
]

resource readsAndWritesRuns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::blobs::runs
  name: guid(account::blobs::runs.id, host.identity, blobDataContributor)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
  }
}

resource receives 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (queue, i) in host.receives: {
    scope: received[i]
    name: guid(received[i].id, host.identity, busDataReceiver)
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', busDataReceiver)
    }
  }
]

resource sends 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (queue, i) in host.sends: {
    scope: sent[i]
    name: guid(sent[i].id, host.identity, busDataSender)
    properties: {
      principalId: identity.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', busDataSender)
    }
  }
]
