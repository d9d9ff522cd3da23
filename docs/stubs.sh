#!/bin/sh
# stubs.sh [FOLDER]: writes LuaLS definitions of the public modules, by default to docs/luals.
set -eu
cd "$(dirname "$0")/.."
folder=${1:-docs/luals}
mkdir -p "$folder"
STUBS=$(cd "$folder" && pwd)
LUA_PATH="$(pwd)/docs/?.lua;;"
export STUBS LUA_PATH
ldoc --quiet --config docs/config.ld --filter stubs.write .
