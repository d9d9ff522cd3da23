--- A PostgreSQL server for a spec: private, on a free loopback port, with its data in a temporary folder that goes when
-- the server goes. It must not outlive the spec: it ends when its standard input does, however the spec ends.
local core = require "dwsync.core"
local pq = require "dwsync.pq"
local processes = require "spec.support.processes"
local uv = require "luv"

local M = {}

local Server = {}
Server.__index = Server

M.user, M.password = "dwsync_test", "p'w\\ d/@:?#%é" -- a password that needs every kind of quoting
M.encoded_password = "p%27w%5C%20d%2F%40%3A%3F%23%25%C3%A9"

local PORT_ATTEMPTS = 5

-- PostgreSQL refuses to run as root. What is not wanted in a server that lives for seconds is off.
local SCRIPT = [[
set -eu
bin=$1 port=$2 user=$3 pwfile=$4
dir=$(mktemp -d)
trap 'rm -rf "$dir" "$pwfile"' EXIT
as=""
if [ "$(id -u)" -eq 0 ]; then
    as="setpriv --reuid=nobody --regid=nogroup --clear-groups"
    chown nobody "$dir" "$pwfile"
fi
cd "$dir"
$as "$bin/initdb" --no-sync --no-instructions --auth=scram-sha-256 --pwfile="$pwfile" --username="$user" \
    --encoding=UTF8 --locale=C -D "$dir/data" >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log"; exit 1; }
$as "$bin/postgres" -D "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=off -c autovacuum=off -c shared_buffers=16MB -c max_connections=20 -c log_min_messages=log \
    -c log_checkpoints=off 2>&1 </dev/null &
server=$!
cat >/dev/null # until standard input ends
kill -QUIT "$server" 2>/dev/null || true
wait "$server" || true
]]

local function programs()
    local list = processes.run "ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1"
    local folder = list:match "^%S+" or processes.run "dirname \"$(command -v postgres)\"":match "^%S+"
    assert(folder, "no PostgreSQL server is installed: apt-get install postgresql")
    return folder
end

local function free_port()
    local socket = uv.new_tcp()
    assert(socket:bind("127.0.0.1", 0))
    local port = socket:getsockname().port
    socket:close()
    uv.run "nowait"
    return port
end

local function write_password()
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(M.password, "\n")
    file:close()
    return path
end

local function start()
    local port = free_port()
    local child = processes.start("sh", { "-c", SCRIPT, "postgres", programs(), tostring(port), M.user,
        write_password() }, "(ready to accept connections)")
    return setmetatable({ child = child, port = port }, Server)
end

--- Starts one. Another process may take the free port in between; then another is tried.
-- @treturn table with `port`
function M.start()
    local server, reason
    for _ = 1, PORT_ATTEMPTS do
        local started
        started, server = pcall(start)
        if started then
            return server
        end
        reason = server
        if not tostring(reason):find "could not bind" then
            break
        end
    end
    error(reason, 0)
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

local WAIT_SECONDS = 30 -- for a machine that is busy

local function finish(connection, step)
    while true do
        local state, first, second = connection[step](connection)
        if state == nil then
            error(first.message, 0)
        elseif state == "done" then
            return first, second
        end
        assert(core.wait(connection:socket(), state, WAIT_SECONDS), "the database does not answer")
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
    self.child:stop()
end

return M
