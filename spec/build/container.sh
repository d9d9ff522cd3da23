#!/bin/sh
# container.sh: examples/container/Containerfile on a base of our own: builds, is at most 120 MB, and asks an emulator on this
# machine, without root and on a root file system that is read-only.
# By hand, as root: needs buildah, mmdebstrap, a build of this tree, and Debian's packages from the network; no registry.
# It must not leave an image behind.
set -eu
for tool in buildah mmdebstrap; do
    command -v $tool >/dev/null || { echo "container.sh: $tool is missing: apt-get install $tool" >&2; exit 1; }
done
work=$(mktemp -d)
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
local_buildah() { buildah --root "$work/storage" --runroot "$work/run" "$@"; }
trap 'local_buildah umount --all >/dev/null 2>&1; rm -rf "$work"' EXIT

# As Debian's own slim image: no manuals, no translations, no Perl to merge /usr later.
mmdebstrap --quiet --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --include=usr-is-merged \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    "$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" "$work/base.tar" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
scratch=$(local_buildah from scratch)
local_buildah add --quiet "$scratch" "$work/base.tar" / >/dev/null
local_buildah commit --quiet "$scratch" localhost/base >/dev/null

local_buildah build --quiet --build-arg BASE=localhost/base -f examples/container/Containerfile -t localhost/dwsync . \
    >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
image=$(local_buildah from localhost/dwsync)
local_buildah inspect --format '{{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}}' "$image" | grep -qx '65532:65532 \[dwsync\]'
local_buildah run "$image" dwsync version | head -n 2
test "$(local_buildah run "$image" id -u)" = 65532

root=$(local_buildah mount "$image")
size=$(du --bytes --summarize "$root" | cut -f 1)
base=$(local_buildah mount "$(local_buildah from localhost/base)")
printf '%s bytes, of them the base %s\n' "$size" "$(du --bytes --summarize "$base" | cut -f 1)"
test "$size" -le 120000000

# buildah run cannot make the root read-only: its tree is mounted once more.
mkdir "$work/data"
cat >"$work/in_image" <<'END'
#!/bin/sh
# in_image ROOT DATA COMMAND …
set -eu
mount --bind "$1" "$1"
mount --bind "$2" "$1/data"
mount --rbind /dev "$1/dev"
mount -t proc proc "$1/proc"
mount -o remount,bind,ro "$1"
root=$1
shift 2
exec chroot --userspec=65532:65532 "$root" env HOME=/data XDG_CONFIG_HOME=/etc XDG_DATA_HOME=/data "$@"
END
cat >"$work/ask" <<'END'
set -eu
cp "$DWSYNC_CA_FILE" "$3/ca.pem"
chown -R 65532:65532 "$3"
export DWSYNC_CA_FILE=/data/ca.pem
work=$1 root=$2 data=$3
in_image() { unshare --mount sh "$work/in_image" "$root" "$data" "$@"; }
! in_image touch /etc/written 2>"$work/refusal"
grep -q 'Read-only file system' "$work/refusal"
id=$(in_image dwsync clusters -o tsv --columns name,id | awk '$1 == "dws-failing" { print $2 }')
in_image dwsync check "$id" >"$work/answer" || test $? -eq 2
grep '^CRITICAL - ' "$work/answer" | cut -c 1-100
in_image dwsync history pull "$id"
test -s "$data/dwsync/history.sqlite"
END
lua/bin/dwsync emulator -- sh "$work/ask" "$work" "$root" "$work/data"
echo "container.sh: all is well"
