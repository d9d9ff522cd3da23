#!/bin/sh
# install.sh BUILD_DIR: what cmake --install puts down is found by each Lua, by a shell and by a C compiler.
set -eu
top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/all
cmake --install "$1" --prefix "$prefix" >/dev/null

# Both components together are the whole, and only one has the emulator.
files_of() (cd "$work/$1" && find . -type f | sort)
for component in core emulator; do
    cmake --install "$1" --prefix "$work/$component" --component $component >/dev/null
done
files_of all >"$work/files"
{ files_of core; files_of emulator; } | sort | cmp - "$work/files"
files_of emulator | grep -q '^./share/lua/5.4/dwsync/emulator/init.lua$'
test -z "$(files_of emulator | grep -v '^./share/lua/5\.[0-9]/dwsync/emulator/[a-z_]*\.lua$')"
test -z "$(files_of core | grep '/emulator/')"

cd "$prefix"
libdir=$(dirname "$(find . -path '*/lua/5.4/dwsync/core.so' | sed 's,/lua/5.4/dwsync/core.so,/x,')")
luas="lua5.4:5.4 lua5.3:5.3 lua5.1:5.1 luajit:5.1"
if [ -e "$libdir/lua/5.5/dwsync/core.so" ] && command -v lua5.5 >/dev/null; then
    luas="$luas lua5.5:5.5" # not packaged everywhere yet
fi
for pair in $luas; do
    lua=${pair%:*} version=${pair#*:}
    LUA_PATH="$prefix/share/lua/$version/?.lua;$prefix/share/lua/$version/?/init.lua;;" \
    LUA_CPATH="$prefix/$libdir/lua/$version/?.so;;" \
        "$lua" -e 'assert(require "dwsync".version:find "^%d+%.%d+%.%d+$")'
done

export LUA_PATH="$prefix/share/lua/5.4/?.lua;$prefix/share/lua/5.4/?/init.lua;;"
export LUA_CPATH="$prefix/$libdir/lua/5.4/?.so;;"
bin/dwsync version | grep -q '^dwsync '
test -s share/man/man1/dwsync.1
test -x share/dwsync/examples/gate.sh
test ! -e share/dwsync/examples/setup.sh
test -s share/dwsync/luals/dwsync.lua

PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig" pkg-config --cflags --libs dws >flags
# shellcheck disable=SC2046
gcc -Wall -Wextra -Werror "$top/examples/embed.c" $(cat flags) -o embed
cat >ask <<'END'
./embed "$HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1/v1.0/$HUAWEICLOUD_SDK_PROJECT_ID/clusters" | grep -q '^HTTP 200'
END
bin/dwsync emulator -- sh ./ask
