// A host as a job: messages start executions, each drains its queue and ends by itself. A job is not scaled in, so no
// work is cut off; the number of executions and their time are the caps on what it costs.

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
@description('Messages that one execution is started for.')
param messagesPerExecution int

@minValue(1)
param maxExecutions int

@minValue(60)
@description('An execution is ended after so many seconds; its work goes to the next one.')
param timeoutSeconds int

resource own 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityNames.own
}

resource pull 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityNames.pull
}

resource scaler 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityNames.scaler
}

resource job 'Microsoft.App/jobs@2025-07-01' = {
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
      triggerType: 'Event'
      replicaTimeout: timeoutSeconds
      // The queue delivers again: a second way to retry would only hide a failure.
      replicaRetryLimit: 0
      eventTriggerConfig: {
        parallelism: 1
        replicaCompletionCount: 1
        scale: {
          minExecutions: 0
          maxExecutions: maxExecutions
          pollingInterval: 30
          rules: [
            {
              name: queue
              type: 'azure-servicebus'
              identity: scaler.id
              metadata: { queueName: queue, namespace: namespaceName, messageCount: string(messagesPerExecution) }
            }
          ]
        }
      }
      registries: [{ server: registryServer, identity: pull.id }]
      identitySettings: [
        { identity: own.id, lifecycle: 'Main' }
        { identity: pull.id, lifecycle: 'None' }
        { identity: scaler.id, lifecycle: 'None' }
      ]
    }
    template: {
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
    }
  }
}
