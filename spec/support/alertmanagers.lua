--- A pair of real Alertmanagers on loopback that tell each other what they hear. They must not outlive the spec.
local json = require "dwsync.json"
local processes = require "spec.support.processes"
local runtimes = require "dwsync.runtime"
local uv = require "luv"

local M = {}

-- It ends with its standard input.
local SCRIPT = [[
folder=$1 port=$2 gossip=$3 other=$4
prometheus-alertmanager --config.file="$folder/am.yml" --storage.path="$folder/$port" \
    --web.listen-address="127.0.0.1:$port" --cluster.listen-address="127.0.0.1:$gossip" \
    --cluster.peer="127.0.0.1:$other" --cluster.settle-timeout=1s --cluster.gossip-interval=50ms \
    --cluster.pushpull-interval=500ms --cluster.reconnect-interval=500ms >"$folder/$port.log" 2>&1 </dev/null &
echo started
cat >/dev/null
kill -KILL $!
wait $!
]]

local CONFIGURATION = "route: { receiver: none, group_wait: 1s }\nreceivers: [ { name: none } ]\n"

local function free_port()
    local socket = uv.new_tcp()
    assert(socket:bind("127.0.0.1", 0))
    local port = socket:getsockname().port
    socket:close()
    return port
end

local Peer = {}
Peer.__index = Peer

--- Starts it, and waits until it answers.
function Peer:start()
    self.child = processes.start("/bin/sh", { "-c", SCRIPT, "sh", self.folder, tostring(self.port),
        tostring(self.gossip), tostring(self.other) }, "(started)\n")
    require("spec.support.patience").wait_until(function() return self:get "/-/ready" end, "Alertmanager")
end

--- Kills it.
function Peer:stop()
    if self.child then
        self.child:stop()
    end
    self.child = nil
end

--- What it answers; nil when it does not, or not well.
function Peer:get(path)
    local response = runtimes.new().perform { url = self.url .. path, timeout = 5 }
    return response and response.status == 200 and response.body or nil
end

--- The alerts that it has, by name and state: those that are over are not among them.
function Peer:alerts()
    local body = self:get "/api/v2/alerts"
    return body and json.decode(body) or {}
end

--- Two that are not started yet.
-- @tparam string folder
-- @treturn table
-- @treturn table
function M.pair(folder)
    local file = assert(io.open(folder .. "/am.yml", "w"))
    file:write(CONFIGURATION)
    file:close()
    local ports = { free_port(), free_port(), free_port(), free_port() }
    local function peer(port, gossip, other)
        return setmetatable({ folder = folder, port = port, gossip = gossip, other = other,
            url = "http://127.0.0.1:" .. port }, Peer)
    end
    return peer(ports[1], ports[3], ports[4]), peer(ports[2], ports[4], ports[3])
end

return M
