// A storage account without keys. What is deleted in it can be taken back for a week.

import { tagMap } from 'types.bicep'

param location string
param tags tagMap
param name string
param containers string[]
param zoneRedundant bool
param privateNetwork bool

@description('Blobs below this prefix move to the cool tier after 30 days. Empty for none.')
param coolPrefix string = ''

@minValue(0)
@description('Blobs below the prefix are deleted after so many days without a change; 0 keeps them.')
param deleteAfterDays int = 0

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: privateNetwork ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: privateNetwork ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = if (coolPrefix != '') {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [
        {
          name: 'old-blobs'
          type: 'Lifecycle'
          enabled: true
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: [coolPrefix] }
            actions: {
              baseBlob: union(
                { tierToCool: { daysAfterModificationGreaterThan: 30 } },
                deleteAfterDays > 0 ? { delete: { daysAfterModificationGreaterThan: deleteAfterDays } } : {}
              )
            }
          }
        }
      ]
    }
  }
  dependsOn: [blobs]
}
