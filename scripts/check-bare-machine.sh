#!/usr/bin/env bash
# Runs the README's two commands in a fresh clone with nothing but node, npm and a shell on the PATH.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/bin"
for tool in node npm sh; do ln -s "$(readlink -f "$(command -v $tool)")" "$work/bin/$tool"; done
git clone --quiet "$root" "$work/tree"
cd "$work/tree"
for command in 'npm ci && npm run demo' 'npm ci && npm test'; do
  echo "+ $command"
  env -u CI -u ENTREPOT_REQUIRE_PEERS PATH="$work/bin" "$work/bin/sh" -c "$command"
done
