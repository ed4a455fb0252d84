#!/bin/sh
# After a deployment: one small step through every queue and host. KNAPSACK_SMOKE=off leaves it out.
set -eu

say() { printf 'knapsack: %s\n' "$1" >&2; }
fail() { say "$1"; exit 1; }

[ "${KNAPSACK_SMOKE:-on}" != off ] || { say "no smoke run: KNAPSACK_SMOKE is off"; exit 0; }
url="${KNAPSACK_API_URL:?azd provision sets it}"
# Seconds between two looks, and looks until it is given up: the first execution of a host pulls its image.
pause="${KNAPSACK_SMOKE_PAUSE:-10}"
looks="${KNAPSACK_SMOKE_LOOKS:-180}"
if ! command -v az >/dev/null || ! command -v curl >/dev/null; then
  say "no smoke run: it needs the Azure CLI (az) and curl"
  exit 0
fi

key="$(az functionapp keys list --resource-group "$AZURE_RESOURCE_GROUP" --name "$KNAPSACK_FUNCTIONS_NAME" --query functionKeys.default --output tsv)" ||
  fail "the function key could not be read: 'az login', then run infra/hooks/postdeploy.sh again with azd's values ('azd env get-values')"
token=''
if [ -n "${KNAPSACK_API_CLIENT_ID:-}" ]; then
  token="$(az account get-access-token --resource "api://$KNAPSACK_API_CLIENT_ID" --query accessToken --output tsv)"
fi

# Keys go through curl's standard input: arguments can be read by every user of this machine.
call() {
  {
    printf 'header = "x-functions-key: %s"\n' "$key"
    [ -z "$token" ] || printf 'header = "Authorization: Bearer %s"\n' "$token"
  } | curl --silent --show-error --max-time 60 --config - "$@"
}

looked=0
until [ "$(call --output /dev/null --write-out '%{http_code}' "$url/api/health" || true)" = 200 ]; do
  looked=$((looked + 1))
  [ "$looked" -lt "$looks" ] || fail "the control plane does not answer at $url/api/health: see docs/troubleshooting.md"
  sleep "$pause"
done

answer="$(call --header 'Content-Type: application/json' --data "@$(dirname "$0")/smoke.json" "$url/api/runs")"
run="$(printf '%s' "$answer" | sed -n 's/.*"id" *: *"\([a-z0-9-]*\)".*/\1/p' | head -n 1)"
[ -n "$run" ] || fail "the smoke run was not started: $answer"
say "smoke run $run is started: one step through every host, the first time with the pull of two images"

looked=0
while :; do
  status="$(call "$url/api/runs/$run" || true)"
  case "$(printf '%s' "$status" | sed -n 's/.*"state" *: *"\([a-z]*\)".*/\1/p' | head -n 1)" in
    completed) break ;;
    failed | cancelled | paused) fail "the smoke run $run did not complete: $status" ;;
  esac
  looked=$((looked + 1))
  [ "$looked" -lt "$looks" ] || fail "the smoke run $run stands still: $status; see docs/troubleshooting.md"
  sleep "$pause"
done
say "smoke run $run is completed: plan, rollouts, learning and publishing work"
