@echo off
rem Builds the command line when sources changed, then runs it. "knapsack test" sets up and passes the tests.
setlocal
set "root=%~dp0"
set DOTNET_NOLOGO=1
set DOTNET_CLI_TELEMETRY_OPTOUT=1
where dotnet >nul 2>nul || (echo knapsack: the .NET 10 SDK is missing: install it from https://dot.net 1>&2 & exit /b 1)
if "%~1"=="test" (
  cd /d "%root%"
  dotnet test --configuration Release --timeout 20m
  exit /b %errorlevel%
)
dotnet build "%root%cli" --configuration Release --verbosity quiet --nologo 1>&2 || (echo knapsack: the build failed: the errors are above 1>&2 & exit /b 1)
for /d %%d in ("%root%artifacts\bin\KnapsackCloud.Cli\release*") do set "bin=%%d"
dotnet "%bin%\knapsack.dll" %*
exit /b %errorlevel%
