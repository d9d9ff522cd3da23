--- A pair of real Alertmanagers on loopback that tell each other what they hear. They must not outlive the spec.
local json = require "dwsync.json"
local patience = require "spec.support.patience"
local ports = require "spec.support.ports"
local processes = require "spec.support.processes"
local runtimes = require "dwsync.runtime"

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

local Peer = {}
Peer.__index = Peer

--- Starts it, and waits until it answers.
function Peer:start()
    self.child = processes.start("/bin/sh", { "-c", SCRIPT, "sh", self.folder, tostring(self.port),
        tostring(self.gossip), tostring(self.other) }, "(started)\n")
    patience.wait_until(function() return self:get "/-/ready" end, "Alertmanager")
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
    local response = runtimes.new().perform { url = self.url .. path, timeout = patience.seconds }
    return response and response.status == 200 and response.body or nil
end

--- The alerts that it has, by name and state: those that are over are not among them.
function Peer:alerts()
    return json.decode((assert(self:get "/api/v2/alerts", "an Alertmanager does not answer")))
end

--- Two that are not started yet.
-- @tparam string folder
-- @treturn table
-- @treturn table
-- @treturn function gives up their ports, which are theirs until then, however often they start
function M.pair(folder)
    local file = assert(io.open(folder .. "/am.yml", "w"))
    file:write(CONFIGURATION)
    file:close()
    local held, release = ports.hold(4)
    local function peer(port, gossip, other)
        return setmetatable({ folder = folder, port = port, gossip = gossip, other = other,
            url = "http://127.0.0.1:" .. port }, Peer)
    end
    return peer(held[1], held[3], held[4]), peer(held[2], held[4], held[3]), release
end

return M
