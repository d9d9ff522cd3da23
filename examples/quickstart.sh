#!/bin/sh
# quickstart.sh: from a fresh machine to verdicts on screen: installs what is missing, builds, starts the emulator, lists
# clusters, shows records, judges them, and says how to ask a real account.
set -eu
cd "$(dirname "$0")/.."

./examples/setup.sh

if [ -z "${DWSYNC_EMULATOR:-}" ]; then
    exec lua/bin/dwsync emulator -- "$0"
fi

say() { printf '\n%s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }

say "1. The clusters of the project (the emulator's: nine, each with a story)"
show lua/bin/dwsync clusters

say "2. The latest runs of a cluster whose synchronisation fails"
show lua/bin/dwsync records dws-failing --since 6h

say "3. The run that deleted two fifths of the accounts, as NDJSON"
show lua/bin/dwsync records dws-mass-delete --since 3h -o ndjson

say "4. The failed runs, from Lua"
show env "LUA_PATH=lua/?.lua;lua/?/init.lua;;" "LUA_CPATH=build/lua5.4/?.so;;" \
    lua5.4 examples/failures.lua dws-failing

say "5. What is wrong with it, since when, and what to do next"
show lua/bin/dwsync health dws-failing

say "6. The verdicts as Nagios reads them: a line (perfdata left out here) and an exit status"
check() {
    status=0
    printf '$ lua/bin/dwsync check %s\n' "$2"
    line=$(lua/bin/dwsync check "$2") || status=$?
    printf '%s\n-> %s\n' "${line%% |*}" "$status"
    if [ "$status" -ne "$1" ]; then
        say "quickstart.sh: expected status $1 here; please report this"
        exit 1
    fi
}
check 0 dws-healthy
check 2 dws-failing
check 2 dws-mass-delete
check 2 dws-stuck
check 3 dws-never

say "7. A gate for a nightly job: go on only if the last synchronisation is fresh and ok"
show lua/bin/dwsync wait dws-healthy --fresh 6h --timeout 0

cat <<'END'

To ask a real account, give it keys and a region; the command stays the same:

  export HUAWEICLOUD_SDK_AK=...  HUAWEICLOUD_SDK_SK=...
  lua/bin/dwsync clusters --region cn-north-4
  lua/bin/dwsync records CLUSTER --region cn-north-4
  lua/bin/dwsync health CLUSTER --region cn-north-4

README.md says how to install it and be told of problems; docs/ has the rest, a page each.
END
