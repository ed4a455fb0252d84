# After a deployment: one small step through every queue and host. KNAPSACK_SMOKE=off leaves it out. The same as
# postdeploy.sh.
$ErrorActionPreference = 'Stop'

function Say($text) { [Console]::Error.WriteLine("knapsack: $text") }
function Fail($text) { Say $text; exit 1 }

if ($env:KNAPSACK_SMOKE -eq 'off') { Say 'no smoke run: KNAPSACK_SMOKE is off'; exit 0 }
$url = $env:KNAPSACK_API_URL
if (-not $url) { Fail 'KNAPSACK_API_URL is not set: azd provision sets it' }
# Seconds between two looks, and looks until it is given up: the first execution of a host pulls its image.
$pause = if ($env:KNAPSACK_SMOKE_PAUSE) { [double]$env:KNAPSACK_SMOKE_PAUSE } else { 10 }
$looks = if ($env:KNAPSACK_SMOKE_LOOKS) { [int]$env:KNAPSACK_SMOKE_LOOKS } else { 180 }
if (-not (Get-Command az -ErrorAction SilentlyContinue)) { Say 'no smoke run: it needs the Azure CLI (az)'; exit 0 }

$key = az functionapp keys list --resource-group $env:AZURE_RESOURCE_GROUP --name $env:KNAPSACK_FUNCTIONS_NAME --query functionKeys.default --output tsv
if ($LASTEXITCODE -ne 0) { Fail "the function key could not be read: 'az login', then run infra/hooks/postdeploy.ps1 again with azd's values ('azd env get-values')" }
$headers = @{ 'x-functions-key' = "$key" }
if ($env:KNAPSACK_API_CLIENT_ID) {
    $token = az account get-access-token --resource "api://$env:KNAPSACK_API_CLIENT_ID" --query accessToken --output tsv
    $headers['Authorization'] = "Bearer $token"
}

function Call([string] $path, [string] $body) {
    $request = @{ Uri = "$url$path"; Headers = $headers; TimeoutSec = 60; SkipHttpErrorCheck = $true }
    if ($body) { $request += @{ Method = 'Post'; Body = $body; ContentType = 'application/json' } }
    try { Invoke-WebRequest @request } catch { $null }
}

for ($looked = 1; (Call '/api/health').StatusCode -ne 200; $looked++) {
    if ($looked -ge $looks) { Fail "the control plane does not answer at $url/api/health: see docs/troubleshooting.md" }
    Start-Sleep -Seconds $pause
}

$answer = Call '/api/runs' (Get-Content -Raw (Join-Path $PSScriptRoot 'smoke.json'))
$run = if ($answer.StatusCode -eq 202) { ($answer.Content | ConvertFrom-Json).id }
if (-not $run) { Fail "the smoke run was not started: $($answer.Content)" }
Say "smoke run $run is started: one step through every host, the first time with the pull of two images"

for ($looked = 1; ; $looked++) {
    $status = Call "/api/runs/$run"
    $state = if ($status.StatusCode -eq 200) { ($status.Content | ConvertFrom-Json).state }
    if ($state -eq 'completed') { break }
    if ($state -in 'failed', 'cancelled', 'paused') { Fail "the smoke run $run did not complete: $($status.Content)" }
    if ($looked -ge $looks) { Fail "the smoke run $run stands still: $($status.Content); see docs/troubleshooting.md" }
    Start-Sleep -Seconds $pause
}
Say "smoke run $run is completed: plan, rollouts, learning and publishing work"
