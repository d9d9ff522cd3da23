#!/bin/sh
# clang.sh: everything compiles with clang, too, with warnings as errors.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{ cmake -G Ninja -S . -B "$work" -DCMAKE_C_COMPILER=clang -DDWSYNC_TESTS=ON -DDWSYNC_WERROR=ON && cmake --build "$work"; } >"$work/log" 2>&1 || {
    cat "$work/log"
    exit 1
}
