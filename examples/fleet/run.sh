#!/bin/sh
# run.sh: a fleet on this machine, from nothing: a database (PostgreSQL if it is installed, otherwise SQLite), the emulator
# with three accounts, and two collectors. Shows who does what, kills one collector with SIGKILL, and shows that the other
# takes over and nothing is late. Everything it started and wrote is gone afterwards.
#
#   ./examples/fleet/run.sh          # takes about half a minute
#
# Exit status: 0 nothing was late, otherwise 1. To change: how often clusters are looked at, and how many there are.
set -eu
INTERVAL=${INTERVAL:-5s} CLUSTERS=${CLUSTERS:-30}

here=$(cd "$(dirname "$0")" && pwd)
dwsync=$(command -v dwsync) || dwsync=$here/../../lua/bin/dwsync
if [ -z "${DWSYNC_EMULATOR:-}" ]; then
    exec "$dwsync" emulator --accounts 3 --clusters "$CLUSTERS" --new-runs 5 -- "$here/run.sh"
fi
unset HUAWEICLOUD_SDK_PROJECT_ID HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK # each account has its own

folder=$(mktemp -d)
chmod 711 "$folder"
umask 077
server='' first='' second='' as=''
finish() {
    for process in $first $second; do
        kill "$process" 2>/dev/null || true
        wait "$process" || true
    done
    [ -z "$server" ] || { kill -INT "$server"; wait "$server" || true; }
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' INT TERM

say() { printf '\n--- %s\n' "$*"; }

# Calls a command again and again until it succeeds, for two minutes.
await() {
    tries=0
    until "$@" >"$folder/last" 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || { tail -n 40 "$folder/last" "$folder/status" "$folder"/*.log; echo "gave up waiting for: $*"; exit 1; }
        sleep 0.2
    done
}

start_postgres() {
    data=$folder/db
    mkdir "$data"
    if [ "$(id -u)" -eq 0 ]; then # PostgreSQL refuses to run as root
        as='setpriv --reuid=nobody --regid=nogroup --clear-groups'
        chown nobody "$data"
    fi
    (cd "$data" && $as "$1/initdb" --no-sync --encoding=UTF8 --locale=C --auth=trust --username=dwsync -D "$data/files" >"$data/log")
    (cd "$data" && exec $as "$1/postgres" -D "$data/files" -k "$data" -c listen_addresses= -c fsync=off >>"$data/log" 2>&1) &
    server=$!
    await "$1/pg_isready" -q -h "$data"
    DWSYNC_HISTORY="postgres://dwsync@/postgres?host=$data"
}

bin=$(find /usr/lib/postgresql/*/bin -name initdb 2>/dev/null | sort -V | tail -n 1)
bin=${bin:-$(command -v initdb || true)}
if [ -n "$bin" ]; then
    say "a database: PostgreSQL, in a private folder"
    start_postgres "$(dirname "$bin")"
else
    say "a database: SQLite, since PostgreSQL is not installed"
    DWSYNC_HISTORY=$folder/history.sqlite
fi
export DWSYNC_HISTORY DWSYNC_FLEET="$folder/fleet.lua"

"$dwsync" run "$here/inventory.lua" "$folder" "$INTERVAL"
say "the inventory" && sed 's/^/    /' "$DWSYNC_FLEET"

collect() { exec "$dwsync" collect --name "$1" >"$folder/$1.log" 2>&1; }

# Whether all clusters were looked at, none is late, and as many collectors run as are wanted. The status is kept in a
# file, so that what is shown is what was checked. Each account has nine more clusters.
all=$((3 * (CLUSTERS + 9)))
is_well() {
    "$dwsync" fleet status -o json >"$folder/status" &&
        grep -q "^[^[]*\"clusters\":$all,[^[]*\"unseen\":0,\"alive\":$1," "$folder/status" &&
        "$dwsync" fleet status >"$folder/shown"
}

say "two collectors"
collect one &
first=$!
await "$dwsync" fleet status
collect two &
second=$!
await is_well 2
cat "$folder/shown"

say "one dies: kill -9 $first"
kill -9 "$first"
wait "$first" 2>/dev/null || true
first=''
await is_well 1
cat "$folder/shown"

say "the other ends in order: SIGTERM"
kill "$second"
wait "$second"
second=''
cat "$folder/two.log"
say "nothing was late"
