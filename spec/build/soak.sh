#!/bin/sh
# soak.sh [MINUTES [postgres|sqlite [THREADS]]]: nginx with four workers keeps the records of an emulator that fails,
# while its database is locked, halted and restarted. In the first third nginx is reloaded and loses workers; after
# that its processes stay as they are, so that growth shows. Prints what became of memory, descriptors, threads, sweeps
# and records. The status is 1 when history and service differ, when a worker crashed or was left behind, when sweeps
# ceased, and when nothing of the trouble reached the history. Not in the suite. Wants a build in build/, nginx with its
# Lua module, PostgreSQL's server, jq and curl.
set -eu
if [ "${1-}" != --inside ]; then
    cd "$(dirname "$0")/../.."
    LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="build/lua5.4/?.so;;"
    export LUA_PATH LUA_CPATH
    exec lua/bin/dwsync emulator -- spec/build/soak.sh --inside "${1-30}" "${2-postgres}" "${3-8}"
fi
minutes=$2 engine=$3 threads=$4
top=$PWD work=$(mktemp -d) server='' as=''
port=$(jq -rn 'now | floor % 10000 + 20000') database_port=$((port + 1))
mkdir "$work/pg"
: >"$work/killed"
tidy() {
    if [ -n "$server" ]; then
        kill -QUIT "$server" 2>/dev/null || true
        wait "$server" || true
        server=''
    fi
    if [ -e "$work/pg/data/postmaster.pid" ]; then
        halt CONT
        database stop -m immediate >/dev/null 2>&1 || true
    fi
    rm -rf "$work"
}
trap tidy EXIT
trap 'exit 130' INT TERM

# ---- the database ------------------------------------------------------------------------------------------------
bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
database() { # pg_ctl's action; as another user, who may not be in this folder
    (cd "$work/pg" && $as "$bin/pg_ctl" -s -w -D "$work/pg/data" -l "$work/pg/log" \
        -o "-p $database_port -c listen_addresses=127.0.0.1 -c unix_socket_directories=" "$@")
}
halt() { # STOP or CONT, for the server and its sessions
    postmaster=$(head -n 1 "$work/pg/data/postmaster.pid")
    # shellcheck disable=SC2046 # a list
    kill "-$1" "$postmaster" $(cat "/proc/$postmaster/task/$postmaster/children") 2>/dev/null || true
}
if [ "$engine" = postgres ]; then
    if [ "$(id -u)" -eq 0 ]; then # whom PostgreSQL refuses
        as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
        chown nobody "$work/pg"
        chmod 711 "$work"
    fi
    (cd "$work/pg" && $as "$bin/initdb" --no-sync --no-instructions --auth=trust --username=soak --encoding=UTF8 \
        --locale=C -D "$work/pg/data" >initdb.log)
    database start
    history="postgres://soak@127.0.0.1:$database_port/postgres?sslmode=disable"
else
    history=$work/history.sqlite
fi

# ---- nginx -------------------------------------------------------------------------------------------------------
# Every cluster but the one that always refuses: what is not complete is due to the trouble.
clusters=$(echo "$DWSYNC_EMULATOR" |
    jq -r '[.clusters[] | select(.name != "dws-feature-off") | "\"\(.id)\""] | join(", ")')
large=$(echo "$DWSYNC_EMULATOR" | jq -r '.clusters[] | select(.name == "dws-large").id')
for name in ndk_http_module ngx_http_lua_module; do
    if [ -e /usr/lib/nginx/modules/$name.so ]; then echo "load_module /usr/lib/nginx/modules/$name.so;"; fi
done >"$work/nginx.conf"
if [ "$(id -u)" -eq 0 ]; then echo "user root;" >>"$work/nginx.conf"; fi
cat >>"$work/nginx.conf" <<END
daemon off;
worker_processes 4;
pid nginx.pid;
error_log error.log notice;
thread_pool dwsync threads=$threads;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path bodies;
    proxy_temp_path bodies;
    fastcgi_temp_path bodies;
    uwsgi_temp_path bodies;
    scgi_temp_path bodies;
    lua_package_path "$top/lua/?.lua;$top/lua/?/init.lua;;";
    lua_package_cpath "$top/build/luajit/?.so;;";
    lua_shared_dict dwsync 64m;
    init_by_lua_block {
        require("dwsync.nginx").setup { clusters = { $clusters }, interval = 2, timeout = 6, lease = 3,
            history = "$history" }
    }
    init_worker_by_lua_block { require("dwsync.nginx").start() }
    server {
        listen 127.0.0.1:$port;
        location = /metrics { content_by_lua_block { require("dwsync.nginx").metrics() } }
        location = /health { content_by_lua_block { require("dwsync.nginx").health() } }
        location = /records { content_by_lua_block { require("dwsync.nginx").records() } }
        location /status { content_by_lua_block { require("dwsync.nginx").status() } }
        location = /owner {
            content_by_lua_block {
                ngx.print((ngx.shared.dwsync:get("dwsync.1:lease") or ""):match " 0*(%d+)%." or 0)
            }
        }
        location = /gate {
            access_by_lua_block { require("dwsync.nginx").gate { max_age = "6h" } }
            return 204;
        }
    }
}
END
nginx -p "$work/" -c "$work/nginx.conf" -e "$work/error.log" &
server=$!
workers() { cat "/proc/$server/task/$server/children"; }
page() { curl -s --noproxy '*' -m 10 -w '%{stderr}%{http_code}\n' "http://127.0.0.1:$port/$1" 2>>"$work/answers"; }
metric() { page metrics | awk -v name="$1" 'index($0, name) == 1 { sum += $NF } END { printf "%.3f\n", sum }'; }
whole() { metric 'dwsync_sweeps_total{outcome="complete"}' | cut -d. -f1; }

# ---- trouble -----------------------------------------------------------------------------------------------------
emulator=$(echo "$DWSYNC_EMULATOR" | jq .pid)
endpoint=$(echo "$DWSYNC_EMULATOR" | jq -r .endpoint)
order() { curl -s --noproxy '*' --cacert "$DWSYNC_CA_FILE" -m 10 -o /dev/null "$endpoint/_emulator/faults" "$@"; }
fault() { order -d "{\"match\":{\"path\":\"sync-records\"},\"action\":$1,\"times\":5}" || true; }
lock() { # every table, for longer than a sweep may take
    psql -q "$history" -c BEGIN -c "DO \$\$ DECLARE name text; BEGIN FOR name IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' LOOP EXECUTE format('LOCK TABLE %I', name); END LOOP; END \$\$" \
        -c "SELECT pg_sleep(9)" >"$work/locked" 2>&1 &
}
lose() { # "owner", who sweeps, or "another"
    owner=$(page owner) pid=''
    for worker in $(workers); do
        if [ "$1" = owner ] && [ "$worker" = "$owner" ]; then pid=$worker; fi
        if [ "$1" = another ] && [ "$worker" != "$owner" ]; then pid=$worker; fi
    done
    if [ -n "$pid" ] && kill -KILL "$pid" 2>/dev/null; then echo "$1" >>"$work/killed"; fi
}
trouble() { # NUMBER; what has no database or concerns processes is left out when it should be
    case "$(($1 % 14)) $engine $settled" in
        '0 '*) fault '{"delay":8}' ;;
        '1 '*) fault '{"reset":"before"}' ;;
        '2 '*) fault '{"status":503}' ;;
        '3 '*' no') kill -HUP "$server" ;;
        '4 '*) fault '{"status":429,"headers":{"Retry-After":"1"}}' ;;
        '5 '*' no') lose owner ;;
        '6 '*) fault '{"truncate":100}' ;;
        '7 postgres '*) lock ;;
        '8 '*) fault '{"add_records":2}' ;;
        '9 postgres '*) database restart -m immediate ;;
        '10 '*) fault '{"body":"<html>"}' ;;
        '11 '*' no') lose another ;;
        '12 postgres '*) halt STOP ;;
        '13 postgres '*) halt CONT ;;
    esac
}
sample() { # SECONDS KIND PID RSS_KB ANONYMOUS_KB DESCRIPTORS THREADS
    for pid in $server $(workers) $emulator $(cat "/proc/$emulator/task/$emulator/children"); do
        case " $server $(workers) " in
            " $pid "*) kind=master ;;
            *" $pid "*) kind=worker ;;
            *) kind=emulator ;;
        esac
        awk -v s="$1" -v k=$kind -v p="$pid" -v d="$(find "/proc/$pid/fd" -mindepth 1 2>/dev/null | wc -l)" \
            '/^VmRSS/ { r = $2 } /^RssAnon/ { a = $2 } /^Threads/ && d { print s, k, p, r, a, d, $2 }' \
            "/proc/$pid/status" 2>/dev/null || true
    done >>"$work/samples"
}

start=$(date +%s) number=0 settled=no elapsed=0
while [ $elapsed -lt $((minutes * 60)) ]; do
    if [ $elapsed -ge $((minutes * 20)) ]; then settled=yes; fi
    if [ $elapsed -ge $(((number + 1) * 5)) ]; then
        trouble $number
        number=$((number + 1))
    fi
    sample $elapsed
    metric dwsync_refresh_timestamp_seconds >>"$work/swept"
    for name in health "records?cluster=$large" status gate; do page "$name" >/dev/null; done
    sleep 1
    elapsed=$(($(date +%s) - start))
done
done_by_then=$(whole)

# ---- what became of it: sweeps in peace, then the books ------------------------------------------------------------
order -X DELETE
if [ "$engine" = postgres ]; then halt CONT; fi
wait_until=$(($(date +%s) + 120)) target=$((done_by_then + 3))
until [ "$(whole)" -ge $target ] && [ "$(metric dwsync_history_failed)" = 0.000 ]; do
    if [ "$(date +%s)" -gt $wait_until ]; then
        echo "no peaceful sweep within two minutes"
        break
    fi
    sleep 1
done
sample $(($(date +%s) - start))
page metrics >"$work/metrics"
wrong=0

echo "processes: first/last/most and, where they were there for the last two thirds, growth in these:"
awk -v since=$((minutes * 20)) '
    { id = $2 " " $3; last_seen[id] = $1 }
    !n[id]++ { order[++count] = id; for (i = 4; i <= 7; i++) first[id, i] = $i }
    { for (i = 4; i <= 7; i++) { last[id, i] = $i; if ($i > most[id, i]) most[id, i] = $i } }
    $1 >= since { m[id]++; x[id] += $1; xx[id] += $1 * $1 }
    $1 >= since { for (i = 4; i <= 5; i++) { y[id, i] += $i; xy[id, i] += $1 * $i } }
    function three(id, i) { return first[id, i] "/" last[id, i] "/" most[id, i] }
    function slope(id, i) { # of the straight line that fits best
        return m[id] < 2 ? 0 : 60 * (m[id] * xy[id, i] - x[id] * y[id, i]) / (m[id] * xx[id] - x[id] ^ 2)
    }
    END {
        row = "%-16s %20s %20s %11s %9s %10s %11s\n"
        printf row, "", "RSS KB", "anonymous KB", "descriptors", "threads", "RSS KB/min", "anon KB/min"
        for (c = 1; c <= count; c++) {
            id = order[c]
            if (last_seen[id] == $1) {
                printf row, id, three(id, 4), three(id, 5), three(id, 6), three(id, 7),
                    sprintf("%.1f", slope(id, 4)), sprintf("%.1f", slope(id, 5))
                continue
            }
            gone++
            for (i = 4; i <= 7; i++) if (most[id, i] > gone_most[i]) gone_most[i] = most[id, i]
        }
        printf row, gone + 0 " gone, most", gone_most[4], gone_most[5], gone_most[6], gone_most[7], "", ""
    }' "$work/samples"

ended=$(awk '/^dwsync_sweeps_total/ { sum += $2 } END { print sum }' "$work/metrics")
pause=$(awk '$1 > 0 { if (then && $1 - then > most) most = $1 - then; then = $1 } END { print most }' "$work/swept")
echo "sweeps: $ended ended in $elapsed s, one due 2 s after the last began, or when it ends; longest pause: $pause s"
lost() { grep -c "$1" "$work/killed" || true; }
echo "workers killed: $(lost owner) that swept, $(lost another) others"
grep -E '^dwsync_(sweeps_total|retries_total|history_failed|requests_total|dict_free_bytes)' "$work/metrics"

echo "logged, by kind:"
sed -n 's/, context: ngx.timer$//; s/.*dwsync: //p' "$work/error.log" |
    sed -E 's/[0-9]+ of [0-9]+ clusters could not be read; //; s/cluster [0-9a-f-]+: //
            s/^((recovered: )?(the history was not written: )?[a-z_ ]+)(: .*)?$/\1/' | sort | uniq -c
echo "answers of nginx by status (000: none), and what nginx logged itself:"
sort "$work/answers" | uniq -c
grep -E '\[(warn|error|crit|alert|emerg)\]|exited on signal' "$work/error.log" | grep -v 'dwsync: ' |
    sed -E 's/^.{20}//; s/[0-9]+#[0-9]+: (\*[0-9]+ )?//; s/process [0-9]+/process/; s/client: .*//' | sort | uniq -c
if [ "${pause%.*}" -ge 20 ]; then wrong=1; echo "WRONG: sweeps ceased for $pause s"; fi # timeout, lease, interval: 11 s
crashes=$(grep -c 'exited on signal' "$work/error.log" || true) killed=$(wc -l <"$work/killed")
if [ "$crashes" -ne "$killed" ]; then wrong=1; echo "WRONG: $crashes workers crashed, $killed were killed"; fi
if [ "$engine" = postgres ] && ! grep -q 'history was not written' "$work/error.log"; then
    wrong=1; echo "WRONG: the history never failed"
fi

books() { jq -cS 'del(.cluster_name)' | sort >"$work/$1"; }
lua/bin/dwsync records --all-clusters --output ndjson 2>/dev/null | books asked
lua/bin/dwsync history list --history "$history" --output ndjson | books kept
echo "records: the service has $(wc -l <"$work/asked"), the history $(wc -l <"$work/kept");" \
    "only one of them has $(comm -3 "$work/asked" "$work/kept" | wc -l)"
if ! [ -s "$work/asked" ] || ! cmp -s "$work/asked" "$work/kept"; then
    comm -3 "$work/asked" "$work/kept" | head -n 5
    wrong=1; echo "WRONG: service and history differ"
fi
all="$server $(workers)"
tidy
for pid in $all; do
    if [ -e "/proc/$pid" ]; then wrong=1; echo "WRONG: process $pid is left"; fi
done
exit $wrong
