// One identity for each host, so that each gets no more than what it does, and two that no code of ours can use: one
// pulls images, one counts messages for the scaler.

import { tagMap, identityNameSet } from 'types.bicep'

param location string
param tags tagMap
param names identityNameSet

resource functions 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: names.functions
  location: location
  tags: tags
}

resource worker 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: names.worker
  location: location
  tags: tags
}

resource learner 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: names.learner
  location: location
  tags: tags
}

resource pull 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: names.pull
  location: location
  tags: tags
}

resource scaler 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: names.scaler
  location: location
  tags: tags
}
