#!/bin/sh
# luarocks.sh: both rocks build offline and put files where that Lua finds them. Works on a copy of the tree.
set -eu
top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R CMakeLists.txt src lua rockspec README.md "$work"
cd "$work"
make_rock() {
    luarocks --lua-version=5.4 --tree="$work/tree" make "rockspec/$1-scm-1.rockspec" --deps-mode=none >log 2>&1 || {
        cat log
        exit 1
    }
}
make_rock dwsync
"$top/spec/build/hardening.sh" build.luarocks
modules='require "dwsync".new'
if pkg-config --exists "libpq >= 14"; then
    modules="$modules and require 'dwsync.pq'"
fi
LUA_PATH="$work/tree/share/lua/5.4/?.lua;$work/tree/share/lua/5.4/?/init.lua;;" \
LUA_CPATH="$work/tree/lib/lua/5.4/?.so;;" \
    lua5.4 -e "assert($modules)"
unset LUA_PATH LUA_CPATH # the command finds its modules itself
cd /
"$work/tree/bin/dwsync" version | grep -q '^dwsync '

# The emulator is a rock of its own.
if "$work/tree/bin/dwsync" emulator -- true 2>"$work/refusal"; then
    echo "dwsync emulator works without its rock" >&2
    exit 1
fi
test "$(cat "$work/refusal")" = "dwsync emulator: the emulator is not installed: install dwsync-emulator (a Debian package, a rock)"
cd "$work"
make_rock dwsync-emulator
cd /
"$work/tree/bin/dwsync" emulator -- true
