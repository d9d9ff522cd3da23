#!/bin/sh
# stubs.sh: the definitions for LuaLS are those that the comments of today give, and Lua.
set -eu
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
docs/stubs.sh "$out" >/dev/null
diff -ru docs/luals "$out" || {
    echo "docs/luals is not up to date: run docs/stubs.sh"
    exit 1
}
for file in docs/luals/*.lua; do
    luac5.4 -p "$file"
done
