#!/bin/sh
# layers.sh BUILD_DIR: the layers of src/README.md: no two files of a folder call each other, not even by way of a third,
# and the binding includes nothing of libdws but its public header.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Which file calls which, as pairs, in the order that tsort wants; it fails for a circle, and names it.
in_order() {
    folder=$1 target=$2
    for source in "src/$folder"/*.c; do
        nm "$target/$source.o" | awk -v file="$(basename "$source" .c)" '{ print $(NF - 1), $NF, file }'
    done >"$work/symbols"
    awk '$1 ~ /^[BDRT]$/ { home[$2] = $3 } $1 == "U" { used[$2, $3] } END {
        for (pair in used) {
            split(pair, part, SUBSEP)
            if (part[1] in home && home[part[1]] != part[2])
                print part[2], home[part[1]]
        }
    }' "$work/symbols" | sort -u >"$work/calls"
    test -s "$work/calls"
    tsort "$work/calls" >/dev/null
}
in_order dws "$1/CMakeFiles/dws.dir"
in_order lua "$1/CMakeFiles/core_lua5.4.dir"
in_order pq "$1/CMakeFiles/pq_lua5.4.dir"

sed -n 's/^#include "\(.*\)"/\1/p' src/lua/*.[ch] | sort -u >"$work/included"
while read -r header; do
    if [ "$header" != dws.h ] && [ "$(find src/lua -path "src/lua/$header")" = "" ]; then
        echo "the binding includes $header"
        exit 1
    fi
done <"$work/included"
if grep -h '^#include "' src/pq/*.[ch] | grep -vE '"(pq|versions)\.h"'; then
    echo "dwsync.pq includes more than its own header and versions.h"
    exit 1
fi
