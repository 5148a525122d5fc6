#!/usr/bin/env bash
# Runs the README's two commands in a fresh copy with nothing but node, npm and sh on the PATH: no git, no compiler,
# none of the peers. The demo leaves nothing behind.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/bin" "$work/tmp"
for tool in node npm sh; do
  path=$(command -v "$tool") || { echo "there is no $tool on this machine"; exit 1; }
  ln -s "$(readlink -f "$path")" "$work/bin/$tool"
done
bash "$root/scripts/fresh-copy.sh" "$work/tree"
cd "$work/tree"
run() {
  echo "+ $1"
  env -u CI -u ENTREPOT_REQUIRE_PEERS PATH="$work/bin" TMPDIR="$work/tmp" "$work/bin/sh" -c "$1" </dev/null
}
run 'npm ci && npm run demo'
left=$(ls -A "$work/tmp")
[ -z "$left" ] || { echo "the demo left behind: $left"; exit 1; }
run 'npm ci && npm test'
