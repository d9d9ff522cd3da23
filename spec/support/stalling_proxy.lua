--- A line to a server on this machine that can be cut without either end noticing: a program that passes bytes on until
-- it is asked to stall.
local processes = require "spec.support.processes"
local uv = require "luv"

local M = {}

local CODE = [[
local uv = require "luv"
local port, stalled, waiting = tonumber(arg[1]), false, {}
local broken = uv.new_signal()
broken:start("sigpipe", function() end) -- either end may be gone
local function pass(bytes, to)
    if to:is_closing() then
        return
    elseif bytes then
        to:write(bytes)
    else
        to:close()
    end
end
local function pump(from, to)
    from:read_start(function(_, bytes)
        if stalled then
            waiting[#waiting + 1] = function() pass(bytes, to) end
        else
            pass(bytes, to)
        end
    end)
end
local listener = uv.new_tcp()
assert(listener:bind("127.0.0.1", 0))
listener:listen(64, function()
    local client, server = uv.new_tcp(), uv.new_tcp()
    listener:accept(client)
    server:connect("127.0.0.1", port, function()
        pump(client, server)
        pump(server, client)
    end)
end)
print(listener:getsockname().port)
io.stdout:flush()
local input = uv.new_pipe(false)
input:open(0)
input:read_start(function(_, line)
    if not line then
        os.exit(0)
    end
    stalled = line:find "stall" ~= nil
    while not stalled and waiting[1] do
        table.remove(waiting, 1)()
    end
    print "done"
    io.stdout:flush()
end)
uv.run()
]]

--- Starts one.
-- @tparam integer port of the server
-- @treturn table with `port`, `stall()`, `go_on()`, `stop()`
function M.start(port)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(CODE)
    file:close()
    local child = processes.start(uv.exepath(), { path, tostring(port) }, "^(%d+)\n")
    os.remove(path)
    return {
        port = tonumber(child.ready),
        stall = function() child:ask "stall" end,
        go_on = function() child:ask "go" end,
        stop = function() child:stop() end,
    }
end

return M
