#!/bin/sh
# exports.sh BUILD_DIR: a module exports its luaopen_ function and nothing else, and links no Lua.
set -eu
for module in "$1"/*/dwsync/core.so "$1"/*/dwsync/pq.so; do
    function=luaopen_dwsync_$(basename "$module" .so)
    exported=$(nm -D --defined-only "$module" | awk '{ print $3 }')
    if [ "$exported" != "$function" ]; then
        printf '%s exports more than %s:\n%s\n' "$module" "$function" "$exported"
        exit 1
    fi
    if readelf -d "$module" | grep -q 'NEEDED.*lua'; then
        printf '%s links a Lua library\n' "$module"
        exit 1
    fi
done
