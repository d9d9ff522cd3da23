--- A PostgreSQL server for a spec: private, on a free loopback port, with its data in a temporary folder that goes when
-- the server goes. It must not outlive the spec: it ends when its standard input does, however the spec ends.
local core = require "dwsync.core"
local patience = require "spec.support.patience"
local ports = require "spec.support.ports"
local pq = require "dwsync.pq"
local processes = require "spec.support.processes"
local uv = require "luv"

local M = {}

local Server = {}
Server.__index = Server

M.user, M.password = "dwsync_test", "p'w\\ d/@:?#%é" -- a password that needs every kind of quoting
M.encoded_password = "p%27w%5C%20d%2F%40%3A%3F%23%25%C3%A9"

-- PostgreSQL refuses to run as root. What is not wanted in a server that lives for seconds is off. With a certificate
-- it speaks TLS; with a primary's port it is that one's standby. A sanitizer is meant for this process alone.
local SCRIPT = [[
set -eu
unset LD_PRELOAD
bin=$1 port=$2 user=$3 pwfile=$4 tls=$5 primary=$6 fsync=$7
dir=$(mktemp -d)
trap 'rm -rf "$dir" "$pwfile"' EXIT
as=""
set -- -c ssl=off
if [ -n "$tls" ]; then
    cp "$tls/server.pem" "$tls/server.key" "$dir"
    chmod 600 "$dir/server.key"
    set -- -c ssl=on -c "ssl_cert_file=$dir/server.pem" -c "ssl_key_file=$dir/server.key"
fi
if [ "$(id -u)" -eq 0 ]; then
    as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
    chown -R nobody "$dir" "$pwfile"
fi
cd "$dir"
if [ -n "$primary" ]; then
    PGPASSWORD=$(cat "$pwfile") $as "$bin/pg_basebackup" -h 127.0.0.1 -p "$primary" -U "$user" -c fast -R -N \
        -D "$dir/data" >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log"; exit 1; }
else
    $as "$bin/initdb" --no-sync --no-instructions --auth=scram-sha-256 --pwfile="$pwfile" --username="$user" \
        --encoding=UTF8 --locale=C -D "$dir/data" >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log"; exit 1; }
fi
$as "$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= "$@" \
    -c fsync="$fsync" -c autovacuum=off -c shared_buffers=16MB -c max_connections=20 -c log_min_messages=log \
    -c log_checkpoints=off 2>&1 </dev/null &
server=$!
cat >/dev/null # until standard input ends
kill -CONT "$server" 2>/dev/null || true
kill -QUIT "$server" 2>/dev/null || true
wait "$server" || true
]]

local function programs()
    local list = processes.run "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1"
    local folder = list:match "^%S+" or processes.run "dirname \"$(command -v postgres)\"":match "^%S+"
    assert(folder, "no PostgreSQL server is installed: apt-get install postgresql")
    return folder
end

local function write_password()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(M.password, "\n")
    file:close()
    return path
end

--- Starts one.
-- @tparam[opt] table options `tls`: a folder with server.pem and server.key; `primary`: the port of the server whose
-- standby it becomes; `fsync`: whether commits wait for the disk, as in earnest
-- @treturn table with `port`
function M.start(options)
    options = options or {}
    local held, release = ports.hold(1)
    local started, child = pcall(processes.start, "sh", { "-c", SCRIPT, "postgres", programs(), tostring(held[1]),
        M.user, write_password(), options.tls or "", tostring(options.primary or ""), options.fsync and "on" or "off" },
        "(ready to accept [a-z-]*%s?connections)")
    release()
    if not started then
        error(child, 0)
    end
    return setmetatable({ child = child, port = held[1] }, Server)
end

--- The URL of one of its databases.
-- @tparam[opt="postgres"] string database
-- @tparam[opt] string parameters "sslmode=disable"
-- @treturn string
function Server:url(database, parameters)
    return ("postgres://%s:%s@127.0.0.1:%d/%s%s"):format(M.user, M.encoded_password, self.port, database or "postgres",
        parameters and "?" .. parameters or "")
end

local Connection = {}
Connection.__index = Connection

local function finish(connection, step)
    local till = core.monotonic() + patience.seconds
    while true do
        local state, first, second = connection[step](connection)
        if state == nil then
            error(first.message, 0)
        elseif state == "done" then
            return first, second
        end
        core.wait(connection:socket(), state, patience.seconds) -- ends early when a child does
        assert(core.monotonic() < till, "the database does not answer")
    end
end

--- Runs statements, with parameters one.
-- @treturn {table,...} the rows of the last one
-- @raise a text, when it fails
function Connection:query(sql, ...)
    assert(self.raw:send(sql, ...))
    return (finish(self.raw, "receive"))
end

function Connection:close()
    self.raw:close()
end

--- A connection of its own, to look at the tables without the history.
-- @tparam[opt="postgres"] string database
-- @treturn table with `query(sql, …)` → rows, `close()`, and `raw`, which dwsync.pq made
function Server:connection(database)
    local quoted = "'" .. M.password:gsub("['\\]", "\\%0") .. "'"
    local raw = assert(pq.connect(("host=127.0.0.1 port=%d user=%s dbname=%s password=%s"):format(self.port, M.user,
        database or "postgres", quoted), {}))
    finish(raw, "poll")
    return setmetatable({ raw = raw }, Connection)
end

local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

-- Stops the server's processes: the one that listens first, so that no other begins while they are looked for.
-- Returns their numbers.
local function stop_all(server)
    local connection = server:connection()
    local own = connection:query("SELECT pg_backend_pid()")[1][1]
    local pids = { tonumber(read(("/proc/%d/stat"):format(own)):match "^%d+ %b() %a (%d+)") }
    local function stopped()
        return read(("/proc/%d/stat"):format(pids[1])):match "^%d+ %b() (%a)" == "T"
    end
    uv.kill(pids[1], "sigstop")
    patience.wait_until(stopped, "the server to stop")
    for pid in read(("/proc/%d/task/%d/children"):format(pids[1], pids[1])):gmatch "%d+" do
        pids[#pids + 1] = tonumber(pid)
        uv.kill(pids[#pids], "sigstop")
    end
    connection:close()
    return pids
end

--- Stops it, so that the kernel answers in its place but nobody else does.
function Server:freeze()
    self.frozen = stop_all(self)
end

--- Kills it, as a machine that fails does: nothing is written any more, and connections are reset.
function Server:kill()
    for _, pid in ipairs(stop_all(self)) do
        uv.kill(pid, "sigkill")
    end
end

--- Lets it go on. Safe twice.
function Server:thaw()
    for _, pid in ipairs(self.frozen or {}) do
        uv.kill(pid, "sigcont")
    end
    self.frozen = nil
end

local created = 0

--- A fresh database.
-- @tparam[opt=""] string options behind CREATE DATABASE
-- @treturn string its name
function Server:create_database(options)
    created = created + 1
    local name = "history" .. created
    local connection = self:connection()
    connection:query(("CREATE DATABASE %s %s"):format(name, options or ""))
    connection:close()
    return name
end

--- The URL of a fresh schema, which is as good as a database and there at once.
-- @treturn string
function Server:fresh_url()
    created = created + 1
    local connection = self:connection()
    connection:query("CREATE SCHEMA history" .. created)
    connection:close()
    return self:url("postgres", "options=-csearch_path%3Dhistory" .. created)
end

--- Ends it; its data goes with it.
function Server:stop()
    self:thaw()
    self.child:stop()
end

return M
