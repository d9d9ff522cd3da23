--- What tests may order from the emulator itself, below /_emulator/: faults, settings, clusters, records, locks, and a
-- list of the requests it got, or their counts. Without authentication, since it listens on the loopback address only;
-- pages that a browser has open are kept out. Mistakes get 400 and the reason.
-- @module dwsync.emulator.admin
local cjson = require "cjson"
local checks = require "dwsync.checks"
local counts = require "dwsync.emulator.counts"
local database_users = require "dwsync.emulator.database_users"
local faults = require "dwsync.emulator.faults"
local journal = require "dwsync.emulator.journal"
local settings = require "dwsync.emulator.settings"
local stories = require "dwsync.emulator.stories"

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
    service.journal, service.counts = journal.new(), counts.new()
    return done()
end

ACTIONS["GET notices"] = function(service)
    return reply(200, { notices = service.notices })
end

ACTIONS["GET counts"] = function(service, _, request)
    return { status = 200, headers = {}, body = service.counts:json(request.query.clusters ~= nil) }
end

local UNKNOWN_CLUSTER = "cluster must be the id of a cluster of this emulator"
local CLUSTER = {
    cluster = { kind = "string" },     -- the id of the one to change; none: another is made
    project_id = { kind = "string" },  -- where; none: where the first account is at home
    story = { kind = "one_of", values = stories.names, default = "healthy" },
    name = { kind = "identifier" },
    feature = { kind = "boolean" },    -- whether identity sources are synchronised; if not, records are refused
    delete = { kind = "boolean" },
}

ACTIONS["POST clusters"] = function(service, order)
    local checked, problem = checks.read(CLUSTER, order, { noun = "field" })
    if not checked then
        return wrong(checks.line(problem))
    end
    local cluster, place = service:find_cluster(checked.cluster)
    if checked.cluster and not cluster then
        return wrong(UNKNOWN_CLUSTER)
    end
    if not cluster then
        place = service.places[checked.project_id or service.home.id]
        if not (place and checked.name) then
            return wrong(place and "a new cluster needs a name" or "project_id must be a project of this emulator")
        end
        cluster = place:create(checked.name, checked.story)
    end
    if checked.delete then
        place:delete(cluster)
    else
        place:change(cluster, { name = checked.name, feature = checked.feature })
    end
    return reply(200, { id = cluster.id, name = cluster.name, story = cluster.story })
end

-- What is wrong with records that were given under a name.
local function mistake_in(name, records)
    local is_list = type(records) == "table"
    for key in pairs(is_list and records or {}) do
        is_list = is_list and type(key) == "number"
    end
    if not is_list then
        return name .. " must be a list, newest first"
    end
    for i, record in pairs(records) do
        if type(record) ~= "table" then
            return ("record %d must be an object"):format(i)
        end
    end
    return nil
end

local function is_number_of_records(value)
    return type(value) == "number" and value % 1 == 0 and value > 0
end

-- `records` take the place of all; `add` come in front: given ones, or so many that ran just now. `hold` so many of the
-- newest back, as if they had not run yet; `release` lets them end just now.
ACTIONS["POST records"] = function(service, order)
    local cluster = service:find_cluster(order.cluster)
    if not cluster then
        return wrong(UNKNOWN_CLUSTER)
    elseif is_number_of_records(order.hold) or order.release == true then
        local sequence = service:records_of(cluster, true)
        if order.hold then
            sequence:hold(order.hold)
        else
            sequence:release(service:now() * 1000)
        end
        return reply(200, { records = sequence:count() })
    end
    local how_many = is_number_of_records(order.add) and order.add
    local name = order.add ~= nil and "add" or "records"
    local mistake = not how_many and mistake_in(name, order[name])
    if mistake then
        return wrong(mistake)
    end
    local records = service:records_of(cluster, true)
    if how_many then
        records:add(how_many, service:now() * 1000)
    elseif order.add then
        records:put(order.add)
    else
        records:replace(order.records)
    end
    return reply(200, { records = records:count() })
end

local ACCOUNTS = { cluster = { kind = "string", required = true }, add = faults.users,
    remove = { kind = "list", of = { kind = "string" } } }

-- Accounts that are made and dropped by hand.
ACTIONS["POST accounts"] = function(service, order)
    local checked, problem = checks.read(ACCOUNTS, order, { noun = "field" })
    local cluster, place
    if checked then
        cluster, place = service:find_cluster(checked.cluster)
    end
    if not cluster then
        return wrong(problem and checks.line(problem) or UNKNOWN_CLUSTER)
    end
    database_users.change(cluster, checked.add or {}, checked.remove or {})
    place.changed = true
    return done()
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
        return action(service, nil, request)
    end
    local order, err = decoded(request.body)
    if not order then
        return wrong(err)
    end
    return action(service, order)
end

return M
