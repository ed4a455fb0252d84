#!/bin/sh
# What the images of worker and learner hold: publish-hosts.sh OUT [cpu|cuda]
#   OUT/natives/app  native libraries that both have, nearly all of an image
#   OUT/gpu-worker   the rest of the worker; OUT/gpu-worker/host starts it
#   OUT/learner      the same of the learner
# Every file and folder has the same time, so that equal content makes equal layers.
set -eu

root="$(cd "$(dirname "$0")/.." && pwd)"
out="$1"
torch="${2:-cpu}"

for host in gpu-worker learner; do
  dotnet publish "$root/$host" --configuration Release --output "$out/$host" --verbosity quiet --nologo \
    -p:TorchBackend="$torch" -p:PublishDocumentationFiles=false
  for project in "$root/$host"/*.csproj; do
    ln -s "$(basename "$project" .csproj)" "$out/$host/host"
  done
done

mkdir -p "$out/natives/app"
for file in "$out/gpu-worker"/*.so "$out/gpu-worker"/*.so.*; do
  name="$(basename "$file")"
  if cmp -s "$file" "$out/learner/$name"; then
    mv "$file" "$out/natives/app/$name"
    rm "$out/learner/$name"
  fi
done
find "$out" -exec touch --no-dereference --date=2000-01-01T00:00:00Z {} +
