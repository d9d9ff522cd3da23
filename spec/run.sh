#!/bin/sh
# run.sh: the test command. Installs what is missing, builds, runs every test; ctest's summary ends the output.
# It must not leave a process or a file behind, nor reach beyond this machine but for packages.
set -eu
cd "$(dirname "$0")/.."

./examples/setup.sh --tests

# The official SDK, which some specs use as a witness.
witness=spec/witness
if [ ! "$witness/node_modules/.package-lock.json" -nt "$witness/package-lock.json" ]; then
    npm ci --prefix "$witness" --loglevel=error --no-fund --no-audit >/dev/null
    touch "$witness/node_modules/.package-lock.json"
fi

exec ctest --test-dir build --output-on-failure --parallel "$(nproc)" "$@"
