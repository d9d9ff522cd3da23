#!/bin/sh
# threads.sh: what threads share, under ThreadSanitizer. Any report ends it.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{ cmake -G Ninja -S . -B "$work" -DDWSYNC_TESTS=ON -DDWSYNC_WERROR=ON -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS=-fsanitize=thread &&
    cmake --build "$work" --target pool_cache_spec trust_spec core_lua5.4 pq_lua5.4; } >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
# The sanitizer's shadow has fixed places, and some kernels put libraries there; containers may forbid to say no.
fixed=
setarch -R true 2>/dev/null && fixed="setarch -R"
TSAN_OPTIONS=halt_on_error=1 $fixed "$work/spec/c/pool_cache_spec"
TSAN_OPTIONS=halt_on_error=1 $fixed "$work/spec/c/trust_spec"
# The interpreter is not instrumented, so the runtime comes first.
TSAN_OPTIONS=halt_on_error=1 LD_PRELOAD=$(gcc -print-file-name=libtsan.so) \
LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="$work/lua5.4/?.so;;" \
    $fixed lua5.4 /usr/bin/busted --output=plainTerminal --filter="dwsync.pq alone" spec/pq_spec.lua
