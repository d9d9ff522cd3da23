#!/bin/sh
# quickstart.sh: from a fresh machine to synchronisation records on screen: installs what is missing, builds, starts
# the emulator, lists clusters, shows records, and says how to ask a real account.
set -eu
cd "$(dirname "$0")/.."

./examples/setup.sh

if [ -z "${DWSYNC_EMULATOR:-}" ]; then
    exec lua/bin/dwsync emulator -- "$0"
fi

say() { printf '\n%s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }
cluster() { lua/bin/dwsync clusters --columns name,id -o tsv | awk -v name="$1" '$1 == name { print $2 }'; }

say "1. The clusters of the project (the emulator's: nine, each with a story)"
show lua/bin/dwsync clusters

say "2. The latest runs of a cluster whose synchronisation fails"
show lua/bin/dwsync records "$(cluster dws-failing)" --since 6h

say "3. The day on which half of the accounts were deleted, as NDJSON"
show lua/bin/dwsync records "$(cluster dws-mass-delete)" --since 3h -o ndjson

say "4. The same from Lua"
show env "LUA_PATH=lua/?.lua;lua/?/init.lua;;" "LUA_CPATH=build/lua5.4/?.so;;" \
    lua5.4 examples/failures.lua "$(cluster dws-failing)"

cat <<'END'

To ask a real account, give it keys and a region; the command stays the same:

  export HUAWEICLOUD_SDK_AK=...  HUAWEICLOUD_SDK_SK=...
  lua/bin/dwsync clusters --region cn-north-4
  lua/bin/dwsync records CLUSTER_ID --region cn-north-4

README.md tells the rest: options, errors, other credentials, embedding.
END
