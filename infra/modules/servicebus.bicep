// The queues between the hosts. Messages carry ids only; the dead letters' functions leave a visible end for each.

import { tagMap } from 'types.bicep'

param location string
param tags tagMap
param name string
param queueNames string[]

@description('Only the Premium tier can be taken off the public network.')
param privateNetwork bool

var tier = privateNetwork ? 'Premium' : 'Standard'

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: privateNetwork ? { name: tier, tier: tier, capacity: 1 } : { name: tier, tier: tier }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
  }
}

resource queues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [
  for queue in queueNames: {
    parent: namespace
    name: queue
    properties: {
      lockDuration: 'PT5M'
      maxDeliveryCount: 5
      requiresDuplicateDetection: true
      // Long enough for a sender's retries, and far shorter than the watchdog's patience: what it sends again has the
      // same id and must get through.
      duplicateDetectionHistoryTimeWindow: 'PT30S'
      deadLetteringOnMessageExpiration: true
      defaultMessageTimeToLive: 'P7D'
    }
  }
]
