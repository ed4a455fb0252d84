# The folder that is deployed as the Functions app. The same as package-functions.sh. Windows keeps no mark that a file may
# be executed: the zip that azd makes of the folder there does not start. Deploy from Linux, macOS, WSL or Cloud Shell.
param([string] $Package = (Join-Path $PSScriptRoot '../../artifacts/functions-package'))
$ErrorActionPreference = 'Stop'

$root = Join-Path $PSScriptRoot '../..'
if (Test-Path $Package) { Remove-Item -Recurse -Force $Package }
dotnet publish (Join-Path $root 'functions') --configuration Release --runtime linux-x64 --self-contained true --output $Package `
    --verbosity quiet --nologo -p:PublishDocumentationFiles=false
if ($LASTEXITCODE -ne 0) { exit 1 }
$Package
