--- A receiver of messages by POST in this process, so that a spec sees each as it comes.
local uv = require "luv"

local M = {}

local ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

local function serve(connection, on_message)
    local text = ""
    connection:read_start(function(_, more)
        text = text .. (more or "")
        local head, body = text:match "^(.-\r\n\r\n)(.*)$"
        local length = head and tonumber(head:match "\r\n[Cc]ontent%-[Ll]ength: (%d+)\r\n")
        if length and #body >= length then
            text = body:sub(length + 1)
            local answer = on_message(body:sub(1, length), head:match "\r\n[Ii]dempotency%-[Kk]ey: (%x+)\r\n")
            if answer ~= false then
                connection:write(answer or ANSWER)
            end
        end
    end)
end

--- Runs a function against one and ends it whatever happens.
-- @tparam function on_message(body, key) called with each message while libuv's loop turns; returns what is answered:
-- nil for 200, false for nothing
-- @tparam function use(url)
function M.with(on_message, use)
    local server, connections = uv.new_tcp(), {}
    assert(server:bind("127.0.0.1", 0))
    assert(server:listen(16, function()
        local connection = uv.new_tcp()
        connections[#connections + 1] = connection
        server:accept(connection)
        serve(connection, on_message)
    end))
    local good, reason = pcall(use, "http://127.0.0.1:" .. server:getsockname().port)
    for _, connection in ipairs(connections) do
        connection:close()
    end
    server:close()
    uv.run "nowait"
    assert(good, reason)
end

return M
