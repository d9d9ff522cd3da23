--- PgBouncer in front of a private server, for a spec: transaction mode, few sessions for all clients.
local ports = require "spec.support.ports"
local postgres = require "spec.support.postgres"
local processes = require "spec.support.processes"

local M = {}

-- Like PostgreSQL it refuses to run as root, and it must not outlive the spec.
local SCRIPT = [[
set -eu
unset LD_PRELOAD
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
printf '%s' "$1" >"$dir/pgbouncer.ini"
as=""
if [ "$(id -u)" -eq 0 ]; then
    as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
    chown -R nobody "$dir"
fi
PATH=$PATH:/usr/sbin
$as pgbouncer "$dir/pgbouncer.ini" 2>&1 </dev/null &
pooler=$!
cat >/dev/null # until standard input ends
kill "$pooler" 2>/dev/null || true
wait "$pooler" || true
]]

local INI = [[
[databases]
* = host=127.0.0.1 port=%d user=%s password='%s'
[pgbouncer]
listen_addr = %s
listen_port = %d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = %d
]]

--- Starts one.
-- @tparam table server of spec.support.postgres
-- @tparam[opt] table options `sessions`: how many (1); `addresses`: where it listens ("127.0.0.1")
-- @treturn table with `port`, `url(database)` and `stop()`
function M.start(server, options)
    options = options or {}
    local held, release = ports.hold(1)
    local port = held[1]
    local ini = INI:format(server.port, postgres.user, (postgres.password:gsub("'", "''")),
        options.addresses or "127.0.0.1", port, options.sessions or 1)
    local started, child = pcall(processes.start, "sh", { "-c", SCRIPT, "pgbouncer", ini }, "(process up)")
    release()
    if not started then
        error(child, 0)
    end
    return {
        port = port,
        url = function(database)
            return (server:url(database):gsub(":" .. server.port .. "/", (":%d/"):format(port)))
        end,
        stop = function() child:stop() end,
    }
end

return M
