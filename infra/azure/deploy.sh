#!/usr/bin/env bash
# Deploy Sluice to a resource group: the vault and its secrets if they are missing, the apps that refer to them, then
# the code of each app; and see that what was deployed works.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

usage() {
  cat <<'TEXT'
usage: infra/azure/deploy.sh --resource-group GROUP [options]

  --resource-group GROUP    an existing resource group, for everything but what lies beside the workspaces
  --parameters FILE         default: infra/azure/main.bicepparam (copy main.example.bicepparam)
  --signing-key-file FILE   private key of approval links; needed once, when the vault has none yet
  --only APP                deploy the code of control, gateway or scoring only; may be repeated
  --within SECONDS          how long the apps may take until they work (default: 600)
  --what-if                 show what the templates would change, and change nothing
  -h, --help

It ends with 0 when every app that was deployed works, and with 1 and a sentence for each that does not.
Needs: az (signed in, with Bicep), make, zip.
TEXT
}

die() { echo "deploy: $*" >&2; exit 2; }
say() { echo "==> $*"; }
run() { printf '+'; printf ' %q' "$@"; echo; "$@"; }

group='' parameters=infra/azure/main.bicepparam signing_key_file='' what_if='' within=600 apps=()
while (($#)); do
  case $1 in
    --what-if) what_if=1; shift; continue ;;
    -h | --help) usage; exit 0 ;;
    --resource-group | --parameters | --signing-key-file | --only | --within) (($# > 1)) || die "$1: a value is required" ;;
    *) die "unknown option $1; see --help" ;;
  esac
  case $1 in
    --resource-group) group=$2 ;;
    --parameters) parameters=$2 ;;
    --signing-key-file) signing_key_file=$2 ;;
    --within) [[ $2 =~ ^[0-9]+$ ]] || die "--within: a number of seconds is required, found $2"; within=$2 ;;
    --only) [[ $2 =~ ^(control|gateway|scoring)$ ]] || die "--only: no app named $2"; apps+=("$2") ;;
  esac
  shift 2
done
[[ $group ]] || die '--resource-group is required'
[[ -f $parameters ]] || die "--parameters: $parameters does not exist"
[[ -z $signing_key_file || -f $signing_key_file ]] || die "--signing-key-file: $signing_key_file does not exist"
((${#apps[@]})) || apps=(control gateway scoring)
for tool in az make zip; do command -v "$tool" >/dev/null || die "$tool is missing"; done

template=(--resource-group "$group" --template-file infra/azure/main.bicep --parameters "$parameters")
if [[ $what_if ]]; then
  say "What the templates would change in $group; nothing is built or deployed"
  run az deployment group what-if "${template[@]}"
  exit 0
fi

say 'Building dist/ and importing every app from it'
run make package

stamp=$(date -u +%Y%m%d-%H%M%S)
create() { run az deployment group create --name "$1" --output none "${template[@]}" "${@:2}"; }
output_of() {
  az deployment group show --resource-group "$group" --name "$1" --query "properties.outputs.$2.value" --output tsv
}
# Names only: no secret is read here.
secrets_in() { az keyvault secret list --vault-name "$1" --query '[].name' --output tsv; }
put_missing_secrets() {
  local vault=$1 present
  present=$(secrets_in "$vault")
  if ! grep -qx approval-signing-key <<<"$present"; then
    [[ $signing_key_file ]] || die "vault $vault has no approval-signing-key yet: pass --signing-key-file"
    say "Putting the signing key into $vault"
    run az keyvault secret set --vault-name "$vault" --name approval-signing-key --file "$signing_key_file" --output none
  fi
  if ! grep -qx form-key <<<"$present"; then
    say "Putting a new key of the gateway's forms into $vault"
    local key
    key=$(mktemp) # readable by its owner alone; never on a command line
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n' >"$key"
    run az keyvault secret set --vault-name "$vault" --name form-key --file "$key" --output none || { rm -f "$key"; exit 1; }
    rm -f "$key"
  fi
  if ! grep -qx notify-webhooks <<<"$present"; then
    say "Putting an empty list of webhooks into $vault"
    run az keyvault secret set --vault-name "$vault" --name notify-webhooks --value '{}' --output none
  fi
}

# App Service looks a reference up when the setting is made, and keeps what it found for up to a day: a secret that comes
# later is not seen, and the app starts with the reference's own text.
vault=$(az keyvault list --resource-group "$group" --query '[0].name' --output tsv)
if [[ -z $vault ]]; then
  say "Deploying all but the apps as sluice-$stamp-without-apps"
  create "sluice-$stamp-without-apps" --parameters withApps=false
  vault=$(output_of "sluice-$stamp-without-apps" vaultUri)
  vault=${vault#https://}
  vault=${vault%%.*}
fi
put_missing_secrets "$vault"

deployment="sluice-$stamp"
say "Deploying the templates as $deployment"
create "$deployment"

names=()
for app in "${apps[@]}"; do names+=("$app=$(output_of "$deployment" "${app}App")"); done
deployed() { .venv/bin/python -m infra.azure.deployed --resource-group "$group" "$@" "${names[@]}"; }
# What answered before has to answer afterwards; where nothing is promoted yet, there is nothing to answer with.
ready=()
answering=$(deployed --list-ready)
for app in $answering; do ready+=(--ready "$app"); done

for each in "${names[@]}"; do
  app=${each%%=*} name=${each#*=}
  say "Deploying the code of $app to $name; Azure installs its packages"
  archive=$PWD/dist/$app.zip
  rm -f "$archive"
  (cd "dist/$app" && run zip -qr "$archive" .)
  run az functionapp deployment source config-zip --resource-group "$group" --name "$name" --src "$archive" \
    --build-remote true --timeout 900
done

say 'Looking whether each app runs its functions, reads its secrets and answers; this may take minutes'
deployed "${ready[@]}" --within "$within"
say "Done. Approval pages: $(output_of "$deployment" approvalPages)"
say 'What only shows in time: sluice doctor (control ticks each minute)'
