#!/bin/sh
# rocks.sh [FOLDER]: the release rocks: packed twice the same, and built offline from nothing but the rock for every Lua here;
# the command then finds its modules by itself. Leaves them in FOLDER when one is named.
# By hand: needs zip and unzip. Modules of others come from this machine.
set -eu
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^project(dwsync VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
date=$(sed -n "s/^## \[$version\] - //p" CHANGELOG.md)
: "${SOURCE_DATE_EPOCH:=$(date --utc --date="$date" +%s)}"
export SOURCE_DATE_EPOCH

# A release is the tree and the rockspec of the tree, with the version in it. What luarocks packs has the hour and this
# folder's name in it, so it is packed again without.
pack() {
    mkdir "$work/$1"
    tree=dwsync-$version
    tar --create --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" \
        --transform="s,^,$tree/," CMakeLists.txt CHANGELOG.md LICENSE README.md lua rockspec src |
        gzip -9n >"$work/$1/$tree.tar.gz"
    for rock in dwsync dwsync-emulator; do
        spec=$rock-$version-1.rockspec
        sed "s/^version = .*/version = \"$version-1\"/
            s,^ *url = .*,   url = \"file://$work/$1/$tree.tar.gz\"\,\n   dir = \"$tree\"\,," \
            rockspec/$rock-scm-1.rockspec >"$work/$1/$spec"
        (
            cd "$work/$1"
            luarocks --lua-version=5.4 pack "$spec" >log 2>&1 || { cat log; exit 1; }
            mkdir content
            unzip -q "${spec%.rockspec}.src.rock" -d content
            sed -i "s,file://$PWD/,file://," "content/$spec"
            find content -exec touch --date="@$SOURCE_DATE_EPOCH" {} +
            rm "${spec%.rockspec}.src.rock"
            cd content
            TZ=UTC zip -q -X -9 "../${spec%.rockspec}.src.rock" "$spec" "$tree.tar.gz"
            cd .. && rm -r content
        )
    done
}
pack first
pack second
for rock in "$work"/first/*.src.rock; do
    cmp "$rock" "$work/second/${rock##*/}"
done
(cd "$work/first" && ls -l ./*.src.rock)

# A tree of its own for each, of which nothing in the environment knows.
unset LUA_PATH LUA_CPATH
cat >"$work/luajit.lua" <<'END'
lua_interpreter = "luajit"
variables = { LUA_DIR = "/usr", LUA_BINDIR = "/usr/bin", LUA_INCDIR = "/usr/include/luajit-2.1" }
END
install_rock() {
    luarocks --lua-version="$lua_version" --tree="$tree" build "$work/first/$1-$version-1.src.rock" --deps-mode=none \
        >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
}
for lua in lua5.4 lua5.3 lua5.1 luajit; do
    tree=$work/$lua lua_version=${lua#lua}
    if [ $lua = luajit ]; then
        lua_version=5.1
        export LUAROCKS_CONFIG="$work/luajit.lua"
    fi
    install_rock dwsync
    install_rock dwsync-emulator
    ln -s "$tree/bin/dwsync" "$work/dwsync-$lua" # as from a folder of PATH
    cd /
    "$work/dwsync-$lua" version | tr '\n' ' ' | cut -c 1-40
    "$tree/bin/dwsync" version | grep -q "^dwsync $version\$"
    "$tree/bin/dwsync" emulator -- "$work/dwsync-$lua" clusters -o tsv | grep -q dws-healthy
    cd - >/dev/null
done

test $# -eq 0 || { mkdir -p "$1" && cp "$work"/first/*.src.rock "$1"; }
echo "rocks.sh: all is well"
