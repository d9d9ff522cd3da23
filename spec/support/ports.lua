--- Free ports of 127.0.0.1 for servers that must be given theirs.
local uv = require "luv"

local M = {}

--- Takes ports that nobody listens on, and keeps everybody else from them until they are released. They are bound but
-- not listened on, and a server that allows its address to be used again, as all do here, can listen there meanwhile.
-- @tparam integer count
-- @treturn {integer,...} different ones
-- @treturn function releases them: once the server listens, or failed to
function M.hold(count)
    local sockets, ports = {}, {}
    for i = 1, count do
        sockets[i] = uv.new_tcp()
        assert(sockets[i]:bind("127.0.0.1", 0))
        ports[i] = sockets[i]:getsockname().port
    end
    return ports, function()
        for _, socket in ipairs(sockets) do
            socket:close()
        end
        uv.run "nowait"
    end
end

return M
