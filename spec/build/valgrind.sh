#!/bin/sh
# valgrind.sh BUILD_DIR: the C tests and the binding's specs under memcheck; a leak or a bad access ends it.
set -eu
memcheck() {
    valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=9 \
        --suppressions=spec/build/valgrind.supp "$@"
}
for program in "$1"/spec/c/*_spec; do
    memcheck "$program"
done
# Each in a process of its own, and fewer generated pages than usual: memcheck is fifty times slower.
for spec in spec/core/*_spec.lua spec/pq_spec.lua; do
    LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="$1/lua5.4/?.so;;" DWSYNC_SPEC_PAGES=1000 \
        memcheck lua5.4 /usr/bin/busted --output=plainTerminal "$spec"
done
