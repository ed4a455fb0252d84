// A whole deployment in one resource group: store, queues, control plane, workers and learner, each with an identity of
// its own and nothing with a key.

targetScope = 'subscription'

import { tagMap, hostAccess } from 'modules/types.bicep'

@description('Name of the deployment: 3 to 12 lower-case letters and digits; part of every name.')
@minLength(3)
@maxLength(12)
param environmentName string

@description('Region. It needs Flex Consumption and, unless gpu is none, serverless GPUs.')
param location string

@description('Tags on everything, beside those of the deployment itself.')
param tags tagMap = {}

@description('What worker and learner compute on: none is 4 processors and 8 GiB.')
param gpu 'none' | 't4' | 'a100' = 'none'

@description('job: executions that drain the queue and end. app: replicas that stay while there is work.')
param workerKind 'job' | 'app' = 'job'

@description('Workers at once.')
@minValue(1)
@maxValue(100)
param maxWorkers int = 2

@description('Hours after which an execution of worker or learner is ended, whatever it does.')
@minValue(1)
@maxValue(168)
param maxHours int = 12

@description('Instances of the control plane that stay up for the API and for each stage; 0 starts them by need.')
@minValue(0)
@maxValue(10)
param alwaysReady int = 0

@description('Images of worker and learner; azd sets them after the first deployment.')
param images { worker: string, learner: string } = { worker: '', learner: '' }

@description('Who is told of alerts and of the budget.')
param alertEmails string[] = []

@description('Dollars a month at which people are told. Nothing is stopped.')
@minValue(1)
param budgetPerMonth int = 100

@description('First day of a month, as 2026-12-01, from which the budget counts; empty for no budget.')
param budgetStart string = ''

@description('Runs are deleted after so many days without a change; 0 keeps them.')
@minValue(0)
param keepRunsDays int = 0

@description('Logs beyond so many GB a day are dropped.')
@minValue(1)
param logGigabytesPerDay int = 1

@description('Spread storage, control plane and, with privateNetwork, containers over the region\'s zones.')
param zoneRedundant bool = false

@description('Hosts in a virtual network, store and queues reached from it only. Takes Service Bus Premium.')
param privateNetwork bool = false

@description('Keep the account of the runs from being deleted, by azd down too.')
param lockRuns bool = false

@description('Client id of an Entra app registration whose tokens the API asks for; empty for function keys alone.')
param apiClientId string = ''

@description('Where every host sends traces, metrics and logs over OTLP; empty for nowhere.')
param otlpEndpoint string = ''

@description('Object id of who may read and write the runs; empty for nobody.')
param deployerId string = ''

@description('Kind of the deployer.')
param deployerType 'User' | 'ServicePrincipal' = 'User'

var allTags = union(tags, { application: 'knapsack', 'azd-env-name': environmentName })
var suffix = take(uniqueString(subscription().subscriptionId, environmentName, location), 8)
var names = {
  group: 'rg-${environmentName}'
  runs: 'st${environmentName}r${suffix}'
  host: 'st${environmentName}f${suffix}'
  namespace: 'sb-${environmentName}-${suffix}'
  registry: 'cr${environmentName}${suffix}'
  workspace: 'log-${environmentName}'
  insights: 'appi-${environmentName}'
  network: 'vnet-${environmentName}'
  environment: 'cae-${environmentName}'
  plan: 'plan-${environmentName}'
  functions: 'func-${environmentName}-${suffix}'
  worker: 'ca-${environmentName}-worker'
  learner: 'ca-${environmentName}-learner'
}
var identityNames = {
  functions: 'id-${environmentName}-functions'
  worker: 'id-${environmentName}-worker'
  learner: 'id-${environmentName}-learner'
  pull: 'id-${environmentName}-pull'
  scaler: 'id-${environmentName}-scaler'
}
var runsContainer = 'knapsack'
var packageContainer = 'package'
var queueNames = ['plan', 'rollouts', 'rollout-done', 'learn', 'checkpoint-ready']
// The control plane sends to every queue, for its watchdog, and receives the dead letters of every queue. Workers and
// learner send to their own queue what they give back.
var hosts hostAccess[] = [
  { identity: identityNames.functions, receives: queueNames, sends: queueNames }
  { identity: identityNames.worker, receives: ['rollouts'], sends: ['rollouts', 'rollout-done'] }
  { identity: identityNames.learner, receives: ['learn'], sends: ['learn', 'checkpoint-ready'] }
]
var gpus = {
  none: { profile: '', size: { profile: 'Consumption', cpu: '4', memory: '8Gi' } }
  t4: { profile: 'Consumption-GPU-NC8as-T4', size: { profile: 'gpu', cpu: '8', memory: '56Gi' } }
  a100: { profile: 'Consumption-GPU-NC24-A100', size: { profile: 'gpu', cpu: '24', memory: '220Gi' } }
}
var domains = {
  blob: 'blob.${environment().suffixes.storage}'
  table: 'table.${environment().suffixes.storage}'
  bus: 'servicebus.windows.net'
}
var zones = {
  blob: 'privatelink.${domains.blob}'
  table: 'privatelink.${domains.table}'
  bus: 'privatelink.${domains.bus}'
}
var storageType = 'Microsoft.Storage/storageAccounts'
// A first deployment has no images yet: this one ends at once.
var placeholder = 'mcr.microsoft.com/k8se/quickstart-jobs:latest'
// What every host is told; as in the hosts' settings, `:` written `__`.
var sharedSettings = union(otlpEndpoint == '' ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint }, {
  Knapsack__Store: 'azure'
  Knapsack__Storage__AccountName: names.runs
  Knapsack__Storage__Container: runsContainer
  Knapsack__Storage__EndpointSuffix: environment().suffixes.storage
  Knapsack__ServiceBus__FullyQualifiedNamespace: '${names.namespace}.${domains.bus}'
  // The queues' lock, renewed at a third of it.
  Knapsack__Pump__Lease: '00:05:00'
})

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: names.group
  location: location
  tags: allTags
}

module identities 'modules/identities.bicep' = {
  scope: group
  params: { location: location, tags: allTags, names: identityNames }
}

module runs 'modules/storage.bicep' = {
  scope: group
  name: 'runs'
  params: {
    location: location
    tags: allTags
    name: names.runs
    containers: [runsContainer]
    zoneRedundant: zoneRedundant
    privateNetwork: privateNetwork
    coolPrefix: '${runsContainer}/runs/'
    deleteAfterDays: keepRunsDays
  }
}

module hostStore 'modules/storage.bicep' = {
  scope: group
  name: 'host-store'
  params: {
    location: location
    tags: allTags
    name: names.host
    containers: [packageContainer]
    zoneRedundant: zoneRedundant
    privateNetwork: privateNetwork
  }
}

module bus 'modules/servicebus.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    name: names.namespace
    queueNames: queueNames
    privateNetwork: privateNetwork
  }
}

module registry 'modules/registry.bicep' = {
  scope: group
  params: { location: location, tags: allTags, name: names.registry }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    workspaceName: names.workspace
    insightsName: names.insights
    gigabytesPerDay: logGigabytesPerDay
  }
}

module hostRoles 'modules/host-roles.bicep' = [
  for host in hosts: {
    scope: group
    name: 'roles-${host.identity}'
    params: { accountName: names.runs, container: runsContainer, namespaceName: names.namespace, host: host }
    dependsOn: [identities, runs, bus]
  }
]

module platformRoles 'modules/platform-roles.bicep' = {
  scope: group
  params: {
    identityNames: identityNames
    hostAccountName: names.host
    registryName: names.registry
    insightsName: names.insights
    namespaceName: names.namespace
    scaledQueues: ['rollouts', 'learn']
    runsAccountName: names.runs
    runsContainer: runsContainer
    deployerId: deployerId
    deployerType: deployerType
  }
  dependsOn: [identities, runs, hostStore, bus, registry, monitoring]
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  params: {
    location: location
    tags: allTags
    name: names.network
    targets: [
      { type: storageType, name: names.runs, group: 'blob', zone: zones.blob }
      { type: storageType, name: names.host, group: 'blob', zone: zones.blob }
      { type: storageType, name: names.host, group: 'table', zone: zones.table }
      { type: 'Microsoft.ServiceBus/namespaces', name: names.namespace, group: 'namespace', zone: zones.bus }
    ]
    zones: [zones.blob, zones.table, zones.bus]
  }
  dependsOn: [runs, hostStore, bus]
}

module functions 'modules/functions.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    name: names.functions
    planName: names.plan
    service: 'functions'
    identityName: identityNames.functions
    packageContainerUrl: 'https://${names.host}.${domains.blob}/${packageContainer}'
    settings: union(sharedSettings, {
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__blobServiceUri: 'https://${names.host}.${domains.blob}'
      AzureWebJobsStorage__tableServiceUri: 'https://${names.host}.${domains.table}'
      ServiceBus__credential: 'managedidentity'
      ServiceBus__fullyQualifiedNamespace: '${names.namespace}.${domains.bus}'
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.insightsConnection
      Functions__Gpu: gpu == 'none' ? '' : gpu
    })
    clientIdSettings: [
      'AzureWebJobsStorage__clientId'
      'ServiceBus__clientId'
      'Knapsack__Storage__ManagedIdentityClientId'
      'Knapsack__ServiceBus__ManagedIdentityClientId'
    ]
    subnetId: privateNetwork ? network!.outputs.functionsSubnet : ''
    zoneRedundant: zoneRedundant
    apiClientId: apiClientId
    alwaysReady: alwaysReady
  }
  dependsOn: [identities, hostRoles, platformRoles]
}

module containers 'modules/environment.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    name: names.environment
    workspaceId: monitoring.outputs.workspaceId
    gpuProfile: gpus[gpu].profile
    subnetId: privateNetwork ? network!.outputs.containersSubnet : ''
    zoneRedundant: zoneRedundant
  }
}

module workerJob 'modules/job.bicep' = if (workerKind == 'job') {
  scope: group
  name: 'worker-job'
  params: {
    location: location
    tags: allTags
    name: names.worker
    service: 'gpu-worker'
    environmentId: containers.outputs.id
    identityNames: { own: identityNames.worker, pull: identityNames.pull, scaler: identityNames.scaler }
    image: images.worker == '' ? placeholder : images.worker
    registryServer: registry.outputs.loginServer
    size: gpus[gpu].size
    settings: union(sharedSettings, {
      Worker__Device: gpu == 'none' ? 'cpu' : 'cuda'
      Worker__IdleExit: '00:01:00'
    })
    queue: 'rollouts'
    namespaceName: names.namespace
    messagesPerExecution: 4
    maxExecutions: maxWorkers
    timeoutSeconds: maxHours * 3600
  }
  dependsOn: [hostRoles, platformRoles]
}

module workerApp 'modules/app.bicep' = if (workerKind == 'app') {
  scope: group
  name: 'worker-app'
  params: {
    location: location
    tags: allTags
    name: names.worker
    service: 'gpu-worker'
    environmentId: containers.outputs.id
    identityNames: { own: identityNames.worker, pull: identityNames.pull, scaler: identityNames.scaler }
    image: images.worker == '' ? placeholder : images.worker
    registryServer: registry.outputs.loginServer
    size: gpus[gpu].size
    settings: union(sharedSettings, {
      Worker__Device: gpu == 'none' ? 'cpu' : 'cuda'
    })
    queue: 'rollouts'
    namespaceName: names.namespace
    messagesPerReplica: 4
    maxReplicas: maxWorkers
  }
  dependsOn: [hostRoles, platformRoles]
}

// One execution at once: a run's policies are made one after the other. It stays through the rollouts of a step.
module learnerJob 'modules/job.bicep' = {
  scope: group
  name: 'learner-job'
  params: {
    location: location
    tags: allTags
    name: names.learner
    service: 'learner'
    environmentId: containers.outputs.id
    identityNames: { own: identityNames.learner, pull: identityNames.pull, scaler: identityNames.scaler }
    image: images.learner == '' ? placeholder : images.learner
    registryServer: registry.outputs.loginServer
    size: gpus[gpu].size
    settings: union(sharedSettings, {
      Learner__Device: gpu == 'none' ? 'cpu' : 'cuda'
      Learner__IdleExit: '00:05:00'
    })
    queue: 'learn'
    namespaceName: names.namespace
    messagesPerExecution: 1
    maxExecutions: 1
    timeoutSeconds: maxHours * 3600
  }
  dependsOn: [hostRoles, platformRoles]
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: allTags
    prefix: environmentName
    namespaceName: names.namespace
    workspaceId: monitoring.outputs.workspaceId
    jobNames: workerKind == 'job' ? [names.worker, names.learner] : [names.learner]
    emails: alertEmails
  }
  dependsOn: [bus]
}

module budget 'modules/budget.bicep' = if (budgetStart != '') {
  scope: group
  params: {
    name: 'budget-${environmentName}'
    amountPerMonth: budgetPerMonth
    start: budgetStart
    emails: alertEmails
  }
}

module lock 'modules/lock.bicep' = if (lockRuns) {
  scope: group
  params: { accountName: names.runs }
  dependsOn: [runs]
}

// Read by azd and by the hooks.
output AZURE_RESOURCE_GROUP string = names.group
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = registry.outputs.loginServer
output KNAPSACK_API_URL string = functions.outputs.url
output KNAPSACK_FUNCTIONS_NAME string = names.functions
output KNAPSACK_RUNS_ACCOUNT string = names.runs
