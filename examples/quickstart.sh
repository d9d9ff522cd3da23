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

say "4. Who they are: two looks at the accounts, before and after that run (here it runs once more, just now)"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# An order to the emulator; a real service needs none.
emulate() {
    env "LUA_PATH=lua/?.lua;lua/?/init.lua;;" "LUA_CPATH=build/lua5.4/?.so;;" lua5.4 - "$1" <<'LUA'
local cjson, core = require "cjson", require "dwsync.core"
local emulator, order = cjson.decode(os.getenv "DWSYNC_EMULATOR"), cjson.decode(arg[1])
for _, cluster in ipairs(emulator.clusters) do
    order.cluster = cluster.story == "mass_delete" and cluster.id or order.cluster
end
local pool = core.pool()
assert(pool:submit(true, { method = "POST", url = emulator.endpoint .. "/_emulator/records",
    body = cjson.encode(order), ca_file = emulator.ca_file }))
local _, response, err = pool:next()
assert(response and response.status == 200, err and err.message or response and response.body)
LUA
}
emulate '{"hold":1}'
export DWSYNC_HISTORY="$folder/history.db"
show lua/bin/dwsync history pull --accounts dws-mass-delete
emulate '{"release":true}'
show lua/bin/dwsync history pull --accounts dws-mass-delete
printf '$ lua/bin/dwsync accounts dws-mass-delete --gone --since 1h | head -n 6\n'
lua/bin/dwsync accounts dws-mass-delete --gone --since 1h >"$folder/gone"
head -n 6 "$folder/gone"
unset DWSYNC_HISTORY

say "5. The failed runs, from Lua"
show env "LUA_PATH=lua/?.lua;lua/?/init.lua;;" "LUA_CPATH=build/lua5.4/?.so;;" \
    lua5.4 examples/failures.lua dws-failing

say "6. What is wrong with it, since when, and what to do next"
show lua/bin/dwsync health dws-failing

say "7. The verdicts as Nagios reads them: a line (perfdata left out here) and an exit status"
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

say "8. A gate for a nightly job: go on only if the last synchronisation is fresh and ok"
show lua/bin/dwsync wait dws-healthy --fresh 6h --timeout 0

cat <<'END'

To ask a real account, give it keys and a region; the command stays the same:

  export HUAWEICLOUD_SDK_AK=...  HUAWEICLOUD_SDK_SK=...
  lua/bin/dwsync clusters --region cn-north-4
  lua/bin/dwsync records CLUSTER --region cn-north-4
  lua/bin/dwsync health CLUSTER --region cn-north-4

README.md says how to install it and be told of problems; docs/ has the rest, a page each.
END
