#!/bin/sh
# docs.sh: the manual can be made, its links, anchors and the files that it names are there; and what is wrong is seen.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build TREE: makes the pages, says what is wrong with them.
build() {
    rm -rf "$work/html"
    lua5.4 docs/html.lua "$work/html" "$1" 2>&1
}

if ! build . >"$work/complaints"; then
    cat "$work/complaints"
    exit 1
fi
grep -q '<h3 id="mass_delete">' "$work/html/docs/judging.html"
grep -q 'href="docs/install.html#with-a-real-account"' "$work/html/index.html"
cmp -s src/include/dws.h "$work/html/src/include/dws.h"

# The same tree with a line more in one page.
mkdir "$work/tree"
for entry in *; do
    case "$entry" in build* | docs | README.md) ;; *) ln -s "$PWD/$entry" "$work/tree" ;; esac
done
refused() {
    cp README.md "$work/tree"
    rm -rf "$work/tree/docs"
    cp -R docs "$work/tree"
    printf '\n%s\n' "$2" >>"$work/tree/$1"
    if build "$work/tree" >"$work/complaints"; then
        echo "nothing is wrong with '$2' in $1"
        exit 1
    fi
    if [ "$(cat "$work/complaints")" != "$1: $3" ]; then
        printf 'not "%s: %s" but:\n' "$1" "$3"
        cat "$work/complaints"
        exit 1
    fi
}
refused README.md '[x](docs/gone.md)' 'docs/gone.md is not there'
refused README.md '![x](gone.png)' 'gone.png is not there'
refused README.md '[x](docs/errors.md#gone)' 'docs/errors.md#gone: docs/errors.md has no heading of that name'
refused docs/lua.md '[x](#gone)' '#gone: docs/lua.md has no heading of that name'
refused docs/lua.md '[x](../../beyond.md)' '../../beyond.md is not there'
refused docs/lua.md '[x](../examples)' '../examples is a folder: name a file in it'
refused docs/lua.md '[x](../src/include/dws.h#L3)' '../src/include/dws.h#L3 has no anchors'
refused docs/lua.md '[x](http://example.com/)' 'http://example.com/ is not an address of the form https://host/path'
refused docs/lua.md '[x](https:/example.com)' 'https:/example.com is not an address of the form https://host/path'
# shellcheck disable=SC2016 # Markdown's backticks
refused docs/lua.md 'See `spec/gone.lua`.' '`spec/gone.lua` is not there'

cp README.md "$work/tree"
rm -rf "$work/tree/docs"
cp -R docs "$work/tree"
echo '# Alone' >"$work/tree/docs/alone.md"
if build "$work/tree" >"$work/complaints" || [ "$(cat "$work/complaints")" != "README.md: nothing leads to docs/alone.md" ]; then
    echo "a page that nothing leads to is not seen:"
    cat "$work/complaints"
    exit 1
fi
