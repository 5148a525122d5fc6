#!/usr/bin/env bash
# Runs the README's two commands in a fresh copy with nothing but node, npm and sh on the PATH: no git, no compiler,
# none of the peers.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/bin"
for tool in node npm sh; do
  path=$(command -v "$tool") || { echo "there is no $tool on this machine"; exit 1; }
  ln -s "$(readlink -f "$path")" "$work/bin/$tool"
done
bash "$root/scripts/fresh-copy.sh" "$work/tree"
cd "$work/tree"
for command in 'npm ci && npm run demo' 'npm ci && npm test'; do
  echo "+ $command"
  env -u CI -u ENTREPOT_REQUIRE_PEERS PATH="$work/bin" "$work/bin/sh" -c "$command" </dev/null
done
