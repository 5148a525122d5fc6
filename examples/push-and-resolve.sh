#!/bin/sh
# What a CI job does: distribute an image, wait until the cluster's registry has it, and print where to pull it.
#
#   ENTREPOT_URL=http://127.0.0.1:8080 examples/push-and-resolve.sh harbor.bj/team/app:1.2.3 us-east-prod
#
# Standard output is the reference alone, so that it drops into what comes next:
#
#   kubectl set image deploy/app app="$(examples/push-and-resolve.sh harbor.bj/team/app:1.2.3 us-east-prod)"
set -eu
source=$1
cluster=$2
image=${source#*/} # the name without the source's key
entrepot() { node "${0%/*}/../bin/entrepot.js" "$@"; }

# Ends with 1 when a registry did not get the image, with 3 when it takes longer than this.
entrepot push "$image" --from "$source" --label "job=${CI_JOB_ID:-by hand}" --timeout 30m >&2
entrepot resolve "$image" --cluster "$cluster" --wait 60s
