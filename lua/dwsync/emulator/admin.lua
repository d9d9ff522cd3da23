--- What tests may order from the emulator itself, below /_emulator/: faults, settings, records, locks, and a list of
-- the requests it got. Without authentication, since it listens on the loopback address only; pages that a browser has
-- open are kept out. Mistakes get 400 and the reason.
-- @module dwsync.emulator.admin
local cjson = require "cjson"
local journal = require "dwsync.emulator.journal"
local settings = require "dwsync.emulator.settings"

local M = { PREFIX = "/_emulator/" }

local function reply(status, value)
    return { status = status, headers = {}, body = cjson.encode(value) }
end

local function wrong(why)
    return reply(400, { error = why })
end

local function done()
    return reply(200, { ok = true })
end

local function decoded(body)
    if not body then
        return nil, "the request has no body; a JSON object is expected"
    end
    local ok, value = pcall(cjson.decode, body)
    if not ok then
        return nil, "the body is not JSON: " .. tostring(value)
    end
    if type(value) ~= "table" then
        return nil, "the body must be a JSON object"
    end
    return value
end

local ACTIONS = {}

ACTIONS["POST faults"] = function(service, order)
    local waiting, err = service.faults:add(order)
    if not waiting then
        return wrong(err)
    end
    return reply(200, { waiting = waiting })
end

ACTIONS["DELETE faults"] = function(service)
    service.faults:clear()
    return done()
end

ACTIONS["POST settings"] = function(service, changes)
    local changed, err = settings.changed(service.settings, changes)
    if not changed then
        return wrong(err)
    end
    service.settings = changed
    return reply(200, changed)
end

ACTIONS["DELETE settings"] = function(service)
    service:reset()
    return done()
end

ACTIONS["DELETE locks"] = function(service)
    service.keyring:unlock()
    return done()
end

ACTIONS["GET requests"] = function(service)
    local kept = {}
    for i, request in ipairs(service.journal:list()) do
        kept[i] = cjson.encode(request)
    end
    local book = service.journal
    return {
        status = 200, headers = {},
        body = ('{"requests":[%s],"total":%d,"connections":%d,"tls_sessions_reused":%d}')
            :format(table.concat(kept, ","), book.total, book.connections, book.tls_sessions_reused),
    }
end

ACTIONS["DELETE requests"] = function(service)
    service.journal = journal.new()
    return done()
end

ACTIONS["POST records"] = function(service, order)
    local cluster = service.cluster_by_id[order.cluster]
    if not cluster then
        return wrong "cluster must be the id of a cluster of this emulator"
    end
    if type(order.records) ~= "table" then
        return wrong "records must be a list, newest first"
    end
    local items = 0
    for key, record in pairs(order.records) do
        if type(key) ~= "number" then
            return wrong "records must be a list, newest first"
        end
        if type(record) ~= "table" then
            return wrong(("record %d must be an object"):format(key))
        end
        items = items + 1
    end
    service:records_of(cluster):replace(order.records)
    return reply(200, { records = items })
end

-- A browser on this machine reaches the loopback address on behalf of any page: by a name of the page's own that
-- leads here, which shows in Host, or by ours, which shows in Origin.
local function is_foreign(headers)
    local host, origin = headers.host, headers.origin
    local name = type(host) == "string" and host:lower():gsub(":%d+$", "")
    if name ~= "127.0.0.1" and name ~= "localhost" and not (name and name:find "^%w+%.localhost$") then
        return true
    end
    return origin ~= nil and origin ~= "https://" .. host
end

--- Answers a request for the emulator itself.
-- @tparam table service see @{dwsync.emulator.service}
-- @tparam table request
-- @treturn table response
function M.answer(service, request)
    if is_foreign(request.headers) then
        return reply(403, { error = "Host and Origin must be the emulator's own address" })
    end
    local name = request.method .. " " .. request.path:sub(#M.PREFIX + 1)
    local action = ACTIONS[name]
    if not action then
        return reply(404, { error = ("unknown action %s below %s"):format(name, M.PREFIX) })
    end
    if request.method ~= "POST" then
        return action(service)
    end
    local order, err = decoded(request.body)
    if not order then
        return wrong(err)
    end
    return action(service, order)
end

return M
