#!/bin/sh
# exports.sh BUILD_DIR: a module exports luaopen_dwsync_core and nothing else, and links no Lua.
set -eu
for module in "$1"/*/dwsync/core.so; do
    exported=$(nm -D --defined-only "$module" | awk '{ print $3 }')
    if [ "$exported" != luaopen_dwsync_core ]; then
        printf '%s exports more than luaopen_dwsync_core:\n%s\n' "$module" "$exported"
        exit 1
    fi
    if readelf -d "$module" | grep -q 'NEEDED.*lua'; then
        printf '%s links a Lua library\n' "$module"
        exit 1
    fi
done
