#!/bin/sh
# packages.sh [FOLDER]: the Debian packages: built twice the same, clean for lintian, and installed, used, and purged in a
# new system under a temporary folder. Leaves them in FOLDER when one is named.
# By hand, as root: needs lintian, mmdebstrap, and Debian's packages from the network. It must not touch this machine.
set -eu
for tool in lintian mmdebstrap; do
    command -v $tool >/dev/null || { echo "packages.sh: $tool is missing: apt-get install $tool" >&2; exit 1; }
done
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# In another folder, later, in another zone and language it is the same package. (The umask is in it: cpack writes the
# outer archive with it.)
mkdir -p "$work/first" "$work/a/deeper"
cp -R CMakeLists.txt CMakePresets.json CHANGELOG.md LICENSE docs examples lua rockspec src "$work/first"
cp -R "$work/first" "$work/a/deeper/second"
build() {
    (cd "$work/$1" && cmake --preset deb && cmake --build --preset deb --target package) >"$work/log" 2>&1 ||
        { cat "$work/log"; exit 1; }
}
build first
(export TZ=Asia/Shanghai LC_ALL=C.UTF-8 && build a/deeper/second)
mkdir "$work/packages"
for package in "$work"/first/build-deb/*.deb; do
    cmp "$package" "$work/a/deeper/second/build-deb/${package##*/}"
    cp "$package" "$work/packages"
done
chmod -R a+rX "$work/packages"
ls -l "$work/packages"

lintian --allow-root --fail-on error,warning "$work"/packages/*.deb

cat >"$work/packages/try.sh" <<'END'
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C HOME=/root
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d # starts no service
chmod +x /usr/sbin/policy-rc.d
install_packages() { apt-get install -y -qq --no-install-recommends "$@" >/log 2>&1 || { cat /log; exit 1; }; }
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp "$@"; }
package() { echo /packages/"$1"_*.deb; }
apt-get update -qq
find / -xdev \( -path /packages -o -path /proc \) -prune -o -print | sort >/before

install_packages "$(package dwsync)" "$(package lua-dwsync)"
cd /tmp
as_nobody dwsync version
test "$(as_nobody dwsync emulator -- true 2>&1)" = \
    "dwsync emulator: the emulator is not installed: install dwsync-emulator (a Debian package, a rock)"

install_packages "$(package dwsync-emulator)" lua5.3 lua5.1 luajit2
for lua in lua5.4 lua5.3 lua5.1 luajit; do
    as_nobody $lua -e 'print(_VERSION, require "dwsync.core".version, require "dwsync.pq" and "with pq")'
done
cat >/tmp/ask <<'ASK'
set -eu
id=$(dwsync clusters -o tsv --columns name,id | awk '$1 == "dws-failing" { print $2 }')
dwsync records "$id" --since 2h
dwsync health "$id"
ASK
as_nobody dwsync emulator -- sh /tmp/ask >/tmp/answer
grep -c FAILED /tmp/answer
grep '^  CRITICAL  *failing' /tmp/answer

install_packages "$(package libdws-dev)" gcc libc6-dev pkg-config
# shellcheck disable=SC2046
gcc -Wall -Wextra -Werror /usr/share/dwsync/examples/embed.c $(pkg-config --cflags --libs dws) -o /tmp/embed
cat >/tmp/embedded <<'ASK'
/tmp/embed "$HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1/v1.0/$HUAWEICLOUD_SDK_PROJECT_ID/clusters" | grep '^HTTP 200'
ASK
as_nobody dwsync emulator -- sh /tmp/embedded

dpkg --verify dwsync lua-dwsync dwsync-emulator libdws-dev
apt-get purge -y -qq dwsync lua-dwsync dwsync-emulator libdws-dev >/log 2>&1
find / -xdev \( -path /packages -o -path /proc \) -prune -o -print | sort >/after
left=$(comm -13 /before /after | grep -i 'dws' || true)
test -z "$left" || { printf 'left after the purge:\n%s\n' "$left"; exit 1; }
END
# shellcheck disable=SC2016 # mmdebstrap's hook expands it
mmdebstrap --quiet --variant=minbase --format=null \
    --customize-hook="copy-in '$work/packages' /" --customize-hook='chroot "$1" sh /packages/try.sh' \
    "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" -

test $# -eq 0 || { mkdir -p "$1" && cp "$work"/packages/*.deb "$1"; }
echo "packages.sh: all is well"
