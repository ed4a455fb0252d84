using 'main.bicep'

// azd sets the first ones and the images; the others are set with `azd env set NAME VALUE`.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'knapsack')
param location = readEnvironmentVariable('AZURE_LOCATION', 'swedencentral')
param deployerId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param deployerType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')
param images = {
  worker: readEnvironmentVariable('SERVICE_GPU_WORKER_IMAGE_NAME', '')
  learner: readEnvironmentVariable('SERVICE_LEARNER_IMAGE_NAME', '')
}
param gpu = readEnvironmentVariable('KNAPSACK_GPU', 'none')
param workerKind = readEnvironmentVariable('KNAPSACK_WORKER_KIND', 'job')
param maxWorkers = int(readEnvironmentVariable('KNAPSACK_MAX_WORKERS', '2'))
param maxHours = int(readEnvironmentVariable('KNAPSACK_MAX_HOURS', '12'))
param alwaysReady = int(readEnvironmentVariable('KNAPSACK_ALWAYS_READY', '0'))
param alertEmails = filter(split(readEnvironmentVariable('KNAPSACK_ALERT_EMAILS', ''), ','), email => email != '')
param budgetPerMonth = int(readEnvironmentVariable('KNAPSACK_BUDGET_PER_MONTH', '100'))
param budgetStart = readEnvironmentVariable('KNAPSACK_BUDGET_START', '')
param keepRunsDays = int(readEnvironmentVariable('KNAPSACK_KEEP_RUNS_DAYS', '0'))
param logGigabytesPerDay = int(readEnvironmentVariable('KNAPSACK_LOG_GIGABYTES_PER_DAY', '1'))
param zoneRedundant = bool(readEnvironmentVariable('KNAPSACK_ZONE_REDUNDANT', 'false'))
param privateNetwork = bool(readEnvironmentVariable('KNAPSACK_PRIVATE_NETWORK', 'false'))
param lockRuns = bool(readEnvironmentVariable('KNAPSACK_LOCK_RUNS', 'false'))
param apiClientId = readEnvironmentVariable('KNAPSACK_API_CLIENT_ID', '')
param otlpEndpoint = readEnvironmentVariable('KNAPSACK_OTLP_ENDPOINT', '')
