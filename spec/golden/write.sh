#!/bin/sh
# Writes spec/golden/kept anew, after a change of outputs that is meant: spec/golden/write.sh [BUILD]
set -eu
cd "$(dirname "$0")/../.."
DWSYNC_GOLDEN=write LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="${1:-build}/lua5.4/?.so;;" \
    lua5.4 /usr/bin/busted --output=plainTerminal --pattern=_spec spec/golden
git diff --stat -- spec/golden/kept
