#!/bin/sh
# Runs a program that may do anything: spec/build/apart.sh TREE PROGRAM [ARGUMENT...]
# It sees the machine, but can write only below TREE and to a /tmp of its own, and sees no processes but its own. What
# it leaves running ends with it. Needs Linux and either root or user namespaces.
set -eu

if [ "$1" != --inside ]; then
    user=
    [ "$(id -u)" = 0 ] || user="--user --map-root-user"
    # shellcheck disable=SC2086
    exec unshare $user --mount --fork --pid --mount-proc --kill-child "$0" --inside "$@"
fi

here=$(pwd -P)
cd "$2"
tree=$(pwd -P)
shift 2

mount -t tmpfs tmpfs /tmp
mkdir -p "$tree" # it may be below /tmp, where "." is the way to it now
mount --no-canonicalize --bind . "$tree"
[ ! -d /dev/shm ] || mount -t tmpfs tmpfs /dev/shm

# With the options that they had; mountinfo writes blanks in names as \040.
while read -r _ _ _ _ place options _; do
    place=$(printf '%b' "$(printf %s "$place" | sed 's/\\\([0-7]\)/\\0\1/g')")
    case $place in
    "$tree" | /tmp | /dev/shm | /proc | /proc/*) ;;
    *) mount -o "remount,bind,ro,$(printf %s "$options" | sed 's/^rw,//')" "$place" ;;
    esac
done </proc/self/mountinfo

# Nothing of this is believed unseen.
for place in / /dev /var "$here" "$HOME"; do
    case $place/ in "$tree"/* | /tmp/*) continue ;; esac
    if (: >"$place/.apart.$$") 2>/dev/null; then
        rm -f "$place/.apart.$$"
        echo "apart.sh: $place can still be written" >&2
        exit 70
    fi
done
cd "$here" 2>/dev/null || cd "$tree"
exec "$@"
