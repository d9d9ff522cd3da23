#!/bin/sh
# told_faults.sh [LUA]: collectors with real receivers, PostgreSQL and its standby, an SMTP server, a pair of Alertmanagers;
# then what can go wrong between a problem and those who are told of it does, one after the other: each row of the table
# that it prints says what came of it, and what may come of it at most. The status is 1 when something was worse. Takes
# eight minutes. Not in the suite, which has a short form: spec/problems/faults_once_spec.lua. Wants a build in build/.
set -eu
cd "$(dirname "$0")/../.."
lua=${1-lua5.4}
LUA_PATH="lua/?.lua;lua/?/init.lua;./?.lua;;" LUA_CPATH="build/$lua/?.so;;"
export LUA_PATH LUA_CPATH
exec "$lua" spec/build/told_faults.lua
