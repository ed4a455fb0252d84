// Keeps the runs from being deleted with everything else: `azd down` fails until the lock is taken off.

param accountName string

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: accountName
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = {
  scope: account
  name: 'keep-runs'
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the runs of this deployment.'
  }
}
