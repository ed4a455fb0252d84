# Before anything is made: the name, the region and the GPU quota are looked at, so that a deployment does not fail half
# way. azd gives the environment's values as variables. The same as preprovision.sh.
$ErrorActionPreference = 'Stop'

$problems = 0
function Say($text) { [Console]::Error.WriteLine("knapsack: $text") }
function Problem($text) { Say $text; $script:problems++ }
function Has($command) { $null -ne (Get-Command $command -ErrorAction SilentlyContinue) }
# Always a list: without the comma one line would come as a text, none as nothing.
function Ask([string[]] $arguments) { $answer = & az @arguments 2>$null; , @(if ($LASTEXITCODE -eq 0) { $answer | Where-Object { $_ } }) }

$name = "$env:AZURE_ENV_NAME"
$location = "$env:AZURE_LOCATION"
$gpu = if ($env:KNAPSACK_GPU) { $env:KNAPSACK_GPU } else { 'none' }
$workers = if ($env:KNAPSACK_MAX_WORKERS) { $env:KNAPSACK_MAX_WORKERS } else { '2' }

if ($name -cnotmatch '^[a-z0-9]+$') { Problem "the environment's name '$name' is part of every resource's name: lower-case letters and digits only; azd env new NAME" }
elseif ($name.Length -lt 3 -or $name.Length -gt 12) { Problem "the environment's name '$name' has $($name.Length) characters: use 3 to 12; azd env new NAME" }
if ($gpu -cnotin 'none', 't4', 'a100') { Problem "KNAPSACK_GPU is '$gpu': use none, t4 or a100; azd env set KNAPSACK_GPU none" }
if ($workers -notmatch '^[1-9][0-9]*$') { Problem "KNAPSACK_MAX_WORKERS is '$workers': use a number from 1; azd env set KNAPSACK_MAX_WORKERS 2"; $workers = '1' }

if (Has azd) {
    # The budget counts from a month on that is not over; once set, it stays.
    if (-not $env:KNAPSACK_BUDGET_START) { azd env set KNAPSACK_BUDGET_START ([DateTime]::UtcNow.ToString('yyyy-MM-01')) }
    # Images for a GPU are built with its libraries.
    azd env set KNAPSACK_TORCH_BACKEND ($gpu -eq 'none' ? 'cpu' : 'cuda')
}

if (-not (Has az)) { Say 'region and quota are not looked at: the Azure CLI (az) is not installed' }
elseif ((Ask 'account', 'show', '--query', 'id', '--output', 'tsv').Count -eq 0) { Say "region and quota are not looked at: 'az login' first to have them looked at" }
elseif ($location) {
    $flex = Ask 'functionapp', 'list-flexconsumption-locations', '--query', '[].name', '--output', 'tsv'
    if ($flex.Count -eq 0) { Say "whether region '$location' has Flex Consumption could not be looked up" }
    elseif (($flex -replace ' ', '') -notcontains $location) { Problem "region '$location' has no Flex Consumption: azd env set AZURE_LOCATION swedencentral" }

    $kinds = @{ t4 = @('Consumption-GPU-NC8as-T4', 'T4'); a100 = @('Consumption-GPU-NC24-A100', 'A100') }
    if ($kinds.ContainsKey($gpu)) {
        $profileName, $quota = $kinds[$gpu]
        $profiles = Ask 'containerapp', 'env', 'workload-profile', 'list-supported', '--location', $location, '--query', '[].name', '--output', 'tsv'
        if ($profiles.Count -eq 0) { Say "whether region '$location' has $profileName could not be looked up" }
        elseif ($profiles -notcontains $profileName) { Problem "region '$location' has no ${profileName}: choose another, or azd env set KNAPSACK_GPU none" }
        # The learner takes one beside the workers.
        $needed = [int]$workers + 1
        $usage = Ask 'containerapp', 'list-usages', '--location', $location, '--query', "[?contains(name.value, '$quota')].[limit, currentValue]", '--output', 'tsv'
        if ($usage.Count -gt 0) {
            $limit, $used = $usage[0] -split "`t" | ForEach-Object { [int][double]$_ }
            $left = $limit - $used
            if ($left -lt $needed) { Problem "region '$location' has quota left for $left GPUs of kind $gpu, and $needed are needed ($workers workers and the learner): ask for more in the portal (Quotas, Azure Container Apps), or set KNAPSACK_MAX_WORKERS" }
        }
        else { Say "the GPU quota of region '$location' could not be looked up" }
    }
}

if ($problems -gt 0) { Say 'nothing was made'; exit 1 }
