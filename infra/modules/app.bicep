// The worker as an app that stays for as long as there is work. An app is scaled in while its replicas work; what they
// had in hand goes back to the queue and is done again.

import { tagMap, settingMap, replicaSize, containerIdentities } from 'types.bicep'

param location string
param tags tagMap
param name string

@description('Name of the service in azure.yaml.')
param service string
param environmentId string
param identityNames containerIdentities
param image string
param registryServer string
param size replicaSize

@description('Settings of the program; the client id of its identity is added here.')
param settings settingMap
param queue string
param namespaceName string

@minValue(1)
param messagesPerReplica int

@minValue(1)
param maxReplicas int

resource own 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityNames.own
}

resource pull 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityNames.pull
}

resource scaler 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityNames.scaler
}

resource app 'Microsoft.App/containerApps@2025-07-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': service })
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${own.id}': {}, '${pull.id}': {}, '${scaler.id}': {} }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: size.profile
    configuration: {
      activeRevisionsMode: 'Single'
      registries: [{ server: registryServer, identity: pull.id }]
      identitySettings: [
        { identity: own.id, lifecycle: 'Main' }
        { identity: pull.id, lifecycle: 'None' }
        { identity: scaler.id, lifecycle: 'None' }
      ]
    }
    template: {
      terminationGracePeriodSeconds: 30
      containers: [
        {
          name: service
          image: image
          resources: { cpu: json(size.cpu), memory: size.memory }
          env: concat(map(items(settings), setting => { name: setting.key, value: setting.value }), [
            { name: 'Knapsack__Storage__ManagedIdentityClientId', value: own.properties.clientId }
            { name: 'Knapsack__ServiceBus__ManagedIdentityClientId', value: own.properties.clientId }
          ])
        }
      ]
      scale: {
        minReplicas: 0
        maxReplicas: maxReplicas
        cooldownPeriod: 300
        pollingInterval: 30
        rules: [
          {
            name: queue
            custom: {
              type: 'azure-servicebus'
              identity: scaler.id
              metadata: { queueName: queue, namespace: namespaceName, messageCount: string(messagesPerReplica) }
            }
          }
        ]
      }
    }
  }
}
