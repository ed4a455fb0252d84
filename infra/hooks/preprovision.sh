#!/bin/sh
# Before anything is made: the name, the region and the GPU quota are looked at, so that a deployment does not fail half
# way. azd gives the environment's values as variables.
set -eu

problems=0
problem() { printf 'knapsack: %s\n' "$1" >&2; problems=$((problems + 1)); }
say() { printf 'knapsack: %s\n' "$1" >&2; }

name="${AZURE_ENV_NAME:-}"
location="${AZURE_LOCATION:-}"
gpu="${KNAPSACK_GPU:-none}"
workers="${KNAPSACK_MAX_WORKERS:-2}"

case "$name" in
  *[!a-z0-9]* | '') problem "the environment's name '$name' is part of every resource's name: lower-case letters and digits only; azd env new NAME" ;;
  *) if [ "${#name}" -lt 3 ] || [ "${#name}" -gt 12 ]; then problem "the environment's name '$name' has ${#name} characters: use 3 to 12; azd env new NAME"; fi ;;
esac
case "$gpu" in
  none | t4 | a100) ;;
  *) problem "KNAPSACK_GPU is '$gpu': use none, t4 or a100; azd env set KNAPSACK_GPU none" ;;
esac
case "$workers" in
  *[!0-9]* | '' | 0*) problem "KNAPSACK_MAX_WORKERS is '$workers': use a number from 1; azd env set KNAPSACK_MAX_WORKERS 2"; workers=1 ;;
esac

if command -v azd >/dev/null; then
  # The budget counts from a month on that is not over; once set, it stays.
  [ -n "${KNAPSACK_BUDGET_START:-}" ] || azd env set KNAPSACK_BUDGET_START "$(date -u +%Y-%m-01)"
  # Images for a GPU are built with its libraries.
  if [ "$gpu" = none ]; then azd env set KNAPSACK_TORCH_BACKEND cpu; else azd env set KNAPSACK_TORCH_BACKEND cuda; fi
fi

if ! command -v az >/dev/null; then
  say "region and quota are not looked at: the Azure CLI (az) is not installed"
elif ! az account show --output none 2>/dev/null; then
  say "region and quota are not looked at: 'az login' first to have them looked at"
elif [ -n "$location" ]; then
  if flex="$(az functionapp list-flexconsumption-locations --query '[].name' --output tsv 2>/dev/null)" && [ -n "$flex" ]; then
    printf '%s\n' "$flex" | tr -d ' ' | grep -qix -- "$location" || problem "region '$location' has no Flex Consumption: azd env set AZURE_LOCATION swedencentral"
  else
    say "whether region '$location' has Flex Consumption could not be looked up"
  fi

  case "$gpu" in
    t4) profile=Consumption-GPU-NC8as-T4 quota='T4' ;;
    a100) profile=Consumption-GPU-NC24-A100 quota='A100' ;;
    *) profile='' quota='' ;;
  esac
  if [ -n "$profile" ]; then
    if profiles="$(az containerapp env workload-profile list-supported --location "$location" --query '[].name' --output tsv 2>/dev/null)" && [ -n "$profiles" ]; then
      printf '%s\n' "$profiles" | grep -qx -- "$profile" || problem "region '$location' has no $profile: choose another, or azd env set KNAPSACK_GPU none"
    else
      say "whether region '$location' has $profile could not be looked up"
    fi
    # The learner takes one beside the workers.
    needed=$((workers + 1))
    usage="$(az containerapp list-usages --location "$location" --query "[?contains(name.value, '$quota')].[limit, currentValue]" --output tsv 2>/dev/null | head -n 1 || true)"
    if [ -n "$usage" ]; then
      limit="$(printf '%s' "$usage" | cut -f 1 | cut -d . -f 1)" used="$(printf '%s' "$usage" | cut -f 2 | cut -d . -f 1)"
      left=$((limit - used))
      [ "$left" -ge "$needed" ] || problem "region '$location' has quota left for $left GPUs of kind $gpu, and $needed are needed ($workers workers and the learner): ask for more in the portal (Quotas, Azure Container Apps), or set KNAPSACK_MAX_WORKERS"
    else
      say "the GPU quota of region '$location' could not be looked up"
    fi
  fi
fi

if [ "$problems" -gt 0 ]; then
  say "nothing was made"
  exit 1
fi
