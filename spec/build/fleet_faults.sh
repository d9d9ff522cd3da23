#!/bin/sh
# fleet_faults.sh [LUA]: three collectors, 300 clusters, a PostgreSQL primary with its standby, both behind PgBouncer; then
# what can go wrong does, one after the other: each row of the table that it prints says what came of it, and what may
# come of it at most. The status is 1 when something was worse. Takes five minutes and root, for a network namespace of
# its own. Not in the suite, which has a short form: spec/fleet/faults_once_spec.lua. Wants a build in build/.
set -eu
cd "$(dirname "$0")/../.."
lua=${1-lua5.4}
LUA_PATH="lua/?.lua;lua/?/init.lua;./?.lua;;" LUA_CPATH="build/$lua/?.so;;"
export LUA_PATH LUA_CPATH
exec unshare --net sh -c 'ip link set lo up && exec "$0" spec/build/fleet_faults.lua' "$lua"
