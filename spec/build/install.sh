#!/bin/sh
# install.sh BUILD_DIR: what cmake --install puts down is found by each Lua, by a shell and by a C compiler, and the target
# uninstall removes it.
set -eu
top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/all
cmake --install "$1" --prefix "$prefix" >/dev/null

# The components together are the whole, no file is in two, and only one has the emulator.
files_of() (cd "$work/$1" && find . -type f | sort)
for component in lua command development emulator; do
    cmake --install "$1" --prefix "$work/$component" --component $component >/dev/null
done
files_of all >"$work/files"
{ files_of lua; files_of command; files_of development; files_of emulator; } | sort | cmp - "$work/files"
files_of emulator | grep -q '^./share/lua/5.4/dwsync/emulator/init.lua$'
test -z "$(files_of emulator | grep -v '^./share/lua/5\.[0-9]/dwsync/emulator/[a-z_]*\.lua$')"
test -z "$(files_of lua | grep '/emulator/')"
test "$(files_of development | sed 's,.*/,,' | sort | tr '\n' ' ')" = "dws.h dws.pc libdws.a "

modules='require "dwsync"'
if pkg-config --exists "libpq >= 14"; then
    modules="$modules, require 'dwsync.pq'"
fi

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
        "$lua" -e "local dwsync = $modules assert(dwsync.version:find '^%d+%.%d+%.%d+\$')"
done

export LUA_PATH="$prefix/share/lua/5.4/?.lua;$prefix/share/lua/5.4/?/init.lua;;"
export LUA_CPATH="$prefix/$libdir/lua/5.4/?.so;;"
bin/dwsync version | grep -q '^dwsync '
test -s share/man/man1/dwsync.1
test -x share/dwsync/examples/gate.sh
test ! -e share/dwsync/examples/setup.sh
test -s share/dwsync/luals/dwsync.lua
cmp share/doc/dwsync/LICENSE "$top/LICENSE"
bash -c '. share/bash-completion/completions/dwsync && complete -p dwsync' >/dev/null
grep -q '^#compdef dwsync$' share/zsh/site-functions/_dwsync
grep -q '^complete -c dwsync ' share/fish/vendor_completions.d/dwsync.fish

PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig" pkg-config --cflags --libs dws >flags
# shellcheck disable=SC2046
gcc -Wall -Wextra -Werror "$top/examples/embed.c" $(cat flags) -o embed
cat >ask <<'END'
./embed "$HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1/v1.0/$HUAWEICLOUD_SDK_PROJECT_ID/clusters" | grep -q '^HTTP 200'
END
bin/dwsync emulator -- sh ./ask

# Uninstalled, what others put beside dwsync's files stays, and nothing else.
cd "$top"
mkdir -p "$work/staged$work/again/bin" "$work/staged$work/again/share/lua/5.4/dwsync"
touch "$work/staged$work/again/bin/other" "$work/staged$work/again/share/lua/5.4/dwsync/mine.lua"
DESTDIR="$work/staged" cmake --install "$1" --prefix "$work/again" >/dev/null
DESTDIR="$work/staged" cmake --build "$1" --target uninstall >/dev/null
cd "$work/staged$work/again"
test "$(find . -type f | sort | tr '\n' ' ')" = "./bin/other ./share/lua/5.4/dwsync/mine.lua "
test "$(find . -name dwsync)" = ./share/lua/5.4/dwsync
