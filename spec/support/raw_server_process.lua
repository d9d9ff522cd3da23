-- The process behind raw_server.lua: reads the script from standard input, prints its port, serves until standard input
-- ends, then prints what each connection sent as JSON.
local cjson = require "cjson"
local uv = require "luv"

local script = cjson.decode(io.read "*l")
local received = {}

local function close(connection)
    if not connection.socket:is_closing() then
        connection.socket:close()
    end
end

local DRIP_MILLISECONDS = 10

local steps = {}

function steps.read(connection, resume, ending)
    local number = connection.number
    connection.waiting = function()
        if received[number]:find(ending or "\r\n\r\n", connection.read_to, true) then
            connection.read_to = #received[number] + 1
            connection.waiting = nil
            resume()
        end
    end
    connection.waiting()
    return true
end

function steps.send(connection, resume, text)
    connection.socket:write(text, resume)
    return true
end

function steps.sleep(_, resume, seconds)
    local timer = uv.new_timer()
    timer:start(math.floor(seconds * 1000), 0, function()
        timer:close()
        resume()
    end)
    return true
end

function steps.hold()
end

-- The next write begins when the last one is in the kernel's hands: nothing piles up here.
function steps.flood(connection, _, text)
    local function more(err)
        if err then
            return close(connection)
        end
        connection.socket:write(text, more)
    end
    more()
end

function steps.drip(connection, _, text)
    local timer, position = uv.new_timer(), 0
    timer:start(0, DRIP_MILLISECONDS, function()
        if connection.socket:is_closing() then
            return timer:close()
        end
        position = position % #text + 1
        connection.socket:write(text:sub(position, position))
    end)
end

local gathered = {}

function steps.together(_, resume, count)
    gathered[#gathered + 1] = resume
    if #gathered == count then
        local all = gathered
        gathered = {}
        for _, go_on in ipairs(all) do
            go_on()
        end
    end
end

function steps.reset(connection)
    connection.socket:close_reset()
end

local function run(connection, list, position)
    local step = list[position]
    if not step then
        return close(connection)
    end
    steps[step[1]](connection, function(err)
        if err then
            return close(connection)
        end
        run(connection, list, position + 1)
    end, step[2])
end

local server = uv.new_tcp()
assert(server:bind("127.0.0.1", 0))
assert(server:listen(64, function()
    local connection = { socket = uv.new_tcp(), number = #received + 1, read_to = 1 }
    server:accept(connection.socket)
    received[connection.number] = ""
    connection.socket:read_start(function(err, text)
        if err or not text then
            return close(connection)
        end
        received[connection.number] = received[connection.number] .. text
        if connection.waiting then
            connection.waiting()
        end
    end)
    run(connection, script[math.min(connection.number, #script)], 1)
end))
io.write(server:getsockname().port, "\n")
io.flush()

local input = uv.new_pipe(false)
input:open(0)
input:read_start(function(_, text)
    if not text then
        uv.stop()
    end
end)
uv.run()
io.write(#received > 0 and cjson.encode(received) or "[]")
io.flush()
os.exit(0, false)
