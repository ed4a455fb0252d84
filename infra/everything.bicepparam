using 'main.bicep'

// Every option the other way: not to be deployed, but expanded and checked beside the defaults of main.bicepparam.
param environmentName = 'everything'
param location = 'swedencentral'
param deployerId = '00000000-0000-0000-0000-000000000003'
param images = {
  worker: 'creverything.azurecr.io/gpu-worker:1'
  learner: 'creverything.azurecr.io/learner:1'
}
param gpu = 't4'
param workerKind = 'app'
param alwaysReady = 1
param alertEmails = ['someone@example.org']
param budgetStart = '2027-01-01'
param keepRunsDays = 90
param zoneRedundant = true
param privateNetwork = true
param lockRuns = true
param apiClientId = '00000000-0000-0000-0000-000000000004'
param otlpEndpoint = 'http://collector.example.org:4317'
param tags = { owner: 'someone' }
