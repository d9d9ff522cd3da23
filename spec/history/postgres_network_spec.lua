-- A history whose line to PostgreSQL is cut: packets vanish, as they do behind a firewall that forgot the connection.
-- It runs in a network namespace of its own, which needs root; nothing of it is left when it ends.
local processes = require "spec.support.processes"
local uv = require "luv"

local INSIDE = [[
local core = require "dwsync.core"
local history = require "dwsync.history"
local postgres = require "spec.support.postgres"
local server = postgres.start()
local url = server:fresh_url()
local store = assert(history.open(url, { timeout = 60 })) -- for a busy machine
local function save(id)
    local summary, err = store:save("cluster", { { id = id } })
    return summary and summary.inserted or err.kind .. err.message:match "[^:]*$"
end
print(save "a")
store.engine.context.timeout = 0.5
assert(os.execute("iptables -A INPUT -p tcp --dport " .. server.port .. " -j DROP"))
print(save "b")
print(save "b")
print(select(2, history.open(url, { timeout = 0.5 })).kind)
assert(os.execute "iptables -F INPUT")
store.engine.context.timeout = 60
print(save "b")
print(store:stats().records)
server:stop()
]]

-- The reason why this cannot be tried here.
local function obstacle()
    if uv.getuid() ~= 0 then
        return "needs root, for a network namespace"
    end
    local _, status = processes.run "unshare --net sh -c 'ip link set lo up && iptables -L INPUT' >/dev/null 2>&1"
    return status ~= 0 and "needs iproute2, iptables and the right to make a network namespace" or nil
end

describe("a history in PostgreSQL behind a line whose packets vanish", function()
    it("ends at its deadline, and connects anew", function()
        local reason = obstacle()
        if reason then
            pending(reason)
            return
        end
        local output, status = processes.run(("unshare --net sh -c %s 2>&1"):format(processes.quoted(
            ("ip link set lo up && exec %s -e %s"):format(processes.quoted(uv.exepath()), processes.quoted(INSIDE)))))
        local late = "timeout no answer within 500 ms while "
        assert.equal(table.concat({ "1", late .. "beginning a transaction", late .. "connecting to it", "timeout", "1",
            "2", "" }, "\n"), output)
        assert.equal(0, status)
    end)
end)
