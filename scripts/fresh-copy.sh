#!/usr/bin/env bash
# Copies what belongs to the repository, as it stands, into a new folder: what a fresh clone would have, and in a
# clean clone the same. Usage: fresh-copy.sh FOLDER
set -eu -o pipefail
cd "$(dirname "$0")/.."
mkdir -p "$1"
# A checkout may belong to somebody else than who runs this (containers do that).
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
git ls-files -z --cached --others --exclude-standard \
  | while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done \
  | tar --create --null --no-recursion --files-from=- | tar --extract --directory="$1"
