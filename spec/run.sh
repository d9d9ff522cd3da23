#!/bin/sh
# run.sh: the test command. Installs what is missing, builds, runs every test; ctest's summary ends the output.
# It must not leave a process or a file behind, nor reach beyond this machine but for packages.
set -eu
cd "$(dirname "$0")/.."

./examples/setup.sh --tests

# Programs of npm: the official SDK, which some specs use as a witness, what drives the browser that looks at pages, and
# what checks the CI workflow.
install_npm() {
    [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] && return
    npm ci --prefix "$1" --loglevel=error --no-fund --no-audit >/dev/null
    touch "$1/node_modules/.package-lock.json"
}
install_npm spec/witness
install_npm spec/browser
install_npm spec/workflow

exec ctest --test-dir build --output-on-failure --parallel "$(nproc)" "$@"
