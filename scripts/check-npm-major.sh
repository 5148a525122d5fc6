#!/usr/bin/env bash
# Proves that the lock file installs under another major of npm, in a fresh copy, that it understands .npmrc, and that
# what it installed starts. Usage: check-npm-major.sh MAJOR
set -eu -o pipefail
major=$1
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm install --silent --no-save --prefix "$work/npm" "npm@$major" </dev/null
cli="$work/npm/node_modules/npm/bin/npm-cli.js"
node=$(command -v node)
# npm 12 may need a newer Node than the machine's: then the pinned one runs it, as it would for a user of npm 12.
"$node" "$cli" --version >/dev/null 2>&1 || node=$(node "$root/bin/node.js" -p process.execPath)
echo "npm $("$node" "$cli" --version) on Node $("$node" -p process.versions.node)"

bash "$root/scripts/fresh-copy.sh" "$work/tree"
cd "$work/tree"
before=$(cksum package-lock.json)
PATH="$(dirname "$node"):$PATH" "$node" "$cli" ci </dev/null 2>&1 | tee "$work/said"
[ "$(cksum package-lock.json)" = "$before" ] || { echo "npm ci changed the lock file"; exit 1; }
# Whatever this npm thinks of the packages' wishes: it must know each line of our .npmrc.
if grep -i 'project config' "$work/said"; then echo "npm $major does not understand .npmrc"; exit 1; fi
node bin/entrepot.js --version
