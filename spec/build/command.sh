#!/bin/sh
# command.sh LUA: the command under this Lua, from the tree, asks an emulator that runs under Lua 5.4.
set -eu
unset LUA_PATH LUA_CPATH # it finds its modules itself
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/ask" <<'END'
set -eu
dwsync() { "$LUA" lua/bin/dwsync "$@"; }
dwsync version | grep -q '^dwsync [0-9]'
dwsync clusters -o tsv | grep dws-healthy >"$1/cluster"
id=$(cut -f 1 "$1/cluster")
test "$(dwsync records "$id" -o ndjson | grep -c '"status":"FINISHED"')" -gt 100
dwsync records "$id" | grep -q '^[0-9-]*T[0-9:]*Z *FINISHED *ldap'
dwsync check "$id" | grep -q '^OK - '
printf 'return { thresholds = { stale = { warning = "1s" } } }\n' >"$1/config.lua"
dwsync health "$id" --config "$1/config.lua" | grep -q 'CRITICAL *stale'
printf 'while true do end\n' >"$1/endless.lua"
! dwsync health "$id" --config "$1/endless.lua" 2>"$1/refusal"
grep -q 'runs more than' "$1/refusal"
printf '#!/usr/bin/env dwsync\nfor _ in client:sync_records { cluster_id = ... } do n = (n or 0) + 1 end\nreturn n > 100 and 7' \
    >"$1/book.lua"
status=0
dwsync run "$1/book.lua" "$id" || status=$?
test "$status" -eq 7
END
LUA=$1 lua5.4 lua/bin/dwsync emulator -- sh "$work/ask" "$work"
