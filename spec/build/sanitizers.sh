#!/bin/sh
# sanitizers.sh: the C tests and the binding's specs under AddressSanitizer, UndefinedBehaviorSanitizer and
# LeakSanitizer. Any report ends it.
set -eu
{ cmake --preset asan && cmake --build build-asan; } >build/asan.log 2>&1 || {
    cat build/asan.log
    exit 1
}
ctest --test-dir build-asan --output-on-failure -R '^c/'

# The interpreter is not instrumented, so the runtime comes first; what Lua itself keeps to the end is not ours, nor what
# the C library keeps of LOCPATH.
suppressions=$(mktemp)
trap 'rm -f "$suppressions"' EXIT
printf 'leak:liblua\nleak:luaL_newstate\nleak:libuv\nleak:luv.so\nleak:__argz_add_sep\n' >"$suppressions"
run_sanitized() {
    LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
    ASAN_OPTIONS=detect_leaks=1 LSAN_OPTIONS="suppressions=$suppressions:print_suppressions=0" \
    UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 DWSYNC_SPEC_PAGES=1000 \
    LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="build-asan/$1/?.so;;" \
        "$1" /usr/bin/busted --output=plainTerminal "$2"
}
# Each in a process of its own: the collector's timing matters to some.
for spec in spec/core/*_spec.lua spec/pq_spec.lua spec/history/postgres_spec.lua spec/history/postgres_faults_spec.lua; do
    run_sanitized lua5.4 "$spec"
    run_sanitized luajit "$spec"
done
