#!/bin/sh
# ldoc.sh: LDoc understands every comment of the Lua modules and of the binding, and leaves none of them out.
set -eu
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# It says nothing about these: the second tag of a line, a first line with two hyphens in its text, a comment that begins
# with a tag and so has no summary, a comma that becomes part of a type.
wrong='^ *--.* @[a-z]+.* @t?(param|return)|^ *---.*[^-]--+[^-]*$|^ *--- @t?(param|return)|@t(param|return)[^ ]* [^ {"]*[,;]( |$)'
if grep -rnE "$wrong" lua/dwsync; then
    echo "LDoc would not understand these lines"
    exit 1
fi

good=yes
ldoc --quiet --fatalwarnings --config docs/config.ld --dir "$out/html" . >"$out/talk" 2>"$out/complaints" || good=no
if [ "$good" = no ] || [ -s "$out/complaints" ]; then
    cat "$out/talk" "$out/complaints"
    exit 1
fi

# One page a module, and one each for dwsync.core and dwsync.pq.
files=$(find lua/dwsync -name '*.lua' | wc -l)
pages=$(find "$out/html/modules" -name '*.html' | wc -l)
if [ "$pages" -ne "$((files + 2))" ]; then
    echo "$files modules, dwsync.core and dwsync.pq have $pages pages: a name after @module is wrong or comes twice"
    exit 1
fi
