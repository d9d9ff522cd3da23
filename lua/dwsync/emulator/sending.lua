--- Puts an answer on the wire, whole or spoilt as a fault demands.
-- @module dwsync.emulator.sending

-- luacheck: globals ngx
local M = {}

local BLOCK = 64 * 1024

local function close_without_answer()
    return ngx.exit(ngx.HTTP_CLOSE) -- nginx resets the connection: see reset_timedout_connection in nginx_conf
end

local function send_half(body)
    ngx.print(body:sub(1, math.floor(#body / 2)))
    ngx.flush(true)
    return close_without_answer()
end

-- Nothing can follow a body that never becomes complete, so the connection ends, without a reset.
local function send_too_little(body)
    ngx.print(body)
    ngx.flush(true)
    return ngx.exit(ngx.ERROR)
end

local function send_slowly(body, drip)
    for first = 1, #body, drip.bytes do
        local sent = ngx.print(body:sub(first, first + drip.bytes - 1)) and ngx.flush(true)
        if not sent then
            return -- the client left
        end
        ngx.sleep(drip.interval)
    end
end

-- Streams without a length: the whole never exists in memory.
local function send_repeated(text, times)
    local in_block = math.max(1, math.min(times, math.floor(BLOCK / #text)))
    local block = text:rep(in_block)
    local left = times
    while left > 0 do
        local now = math.min(left, in_block)
        local sent = ngx.print(now == in_block and block or text:rep(now)) and ngx.flush(true)
        if not sent then
            return
        end
        left = left - now
    end
end

--- Sends an answer.
-- @tparam table response `status`, `headers`, `body`; or `silent_for`: seconds of nothing, then the end
-- @tparam ?table action of a fault, see @{dwsync.emulator.faults}
function M.send(response, action)
    if response.silent_for then
        ngx.sleep(response.silent_for)
        return close_without_answer()
    end
    action = action or {}
    ngx.status = response.status
    for name, value in pairs(response.headers) do
        ngx.header[name] = value
    end
    if action.repeat_body then
        return send_repeated(action.repeat_body.text, action.repeat_body.times)
    end

    local body = response.body
    if action.truncate then
        body = body:sub(1, action.truncate)
    end
    local announced = action.content_length or #body
    ngx.header["Content-Length"] = announced

    if action.reset == "body" then
        return send_half(body)
    end
    if action.drip then
        return send_slowly(body, action.drip)
    end
    if announced > #body then
        return send_too_little(body)
    end
    -- A body longer than announced runs on into the next answer, as in life.
    ngx.print(body)
end

M.close_without_answer = close_without_answer

return M
