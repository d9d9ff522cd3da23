#!/bin/sh
# luarocks.sh: the rockspec builds offline and puts files where that Lua finds them. Works on a copy of the tree.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R CMakeLists.txt src lua rockspec README.md "$work"
cd "$work"
luarocks --lua-version=5.4 --tree="$work/tree" make rockspec/dwsync-scm-1.rockspec --deps-mode=none >log 2>&1 || {
    cat log
    exit 1
}
export LUA_PATH="$work/tree/share/lua/5.4/?.lua;$work/tree/share/lua/5.4/?/init.lua;;"
export LUA_CPATH="$work/tree/lib/lua/5.4/?.so;;"
lua5.4 -e 'assert(require "dwsync".new)'
"$work/tree/bin/dwsync" version | grep -q '^dwsync '
