#!/bin/sh
# Bills of materials (CycloneDX) of what is deployed, one a host: sbom.sh [OUT], by default artifacts/sbom.
set -eu

root="$(cd "$(dirname "$0")/.." && pwd)"
out="${1:-$root/artifacts/sbom}"

cd "$root"
version="$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)"
dotnet tool restore >/dev/null
for host in functions gpu-worker learner; do
  dotnet restore "$host" --verbosity quiet
  dotnet tool run dotnet-CycloneDX -- "$host"/*.csproj --base-intermediate-output-path artifacts/obj --disable-package-restore \
    --no-serial-number --output-format Json --output "$out" --filename "$host.cdx.json" --set-name "knapsack-$host" --set-version "$version" >/dev/null
  printf '%s\n' "$out/$host.cdx.json"
done
