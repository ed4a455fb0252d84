#!/bin/sh
# The folder that is deployed as the Functions app: the control plane with its own .NET runtime (Flex Consumption has
# none for custom handlers), host.json and a folder for each function. Prints its path.
set -eu

root="$(cd "$(dirname "$0")/../.." && pwd)"
package="${1:-$root/artifacts/functions-package}"

rm -rf "$package"
dotnet publish "$root/functions" --configuration Release --runtime linux-x64 --self-contained true --output "$package" \
  --verbosity quiet --nologo -p:PublishDocumentationFiles=false >&2
chmod 755 "$package/KnapsackCloud.Functions"
printf '%s\n' "$package"
