--- One emulator for a spec: started once, put back to its beginning between tests, asked and ordered over its own
-- admin interface. It must not be a client: what the client does is what specs look at.
local cache = require "dwsync.credentials.cache"
local cjson = require "cjson"
local core = require "dwsync.core"
local dwsync = require "dwsync"
local emulator = require "dwsync.emulator"
local key_guard = require "dwsync.request.key_guard"
local patience = require "spec.support.patience"

local M = {}

local Running = {}
Running.__index = Running

--- Starts one.
-- @tparam[opt] table options of dwsync.emulator.start
-- @treturn table with `info`
function M.start(options)
    local program = assert(emulator.start(options))
    local pool = core.pool { timeout = patience.seconds }
    return setmetatable({ program = program, info = program.info, pool = pool }, Running)
end

--- Ends it, and sees that nothing of it is left.
function Running:stop()
    self.pool:close()
    assert(self.program:stop())
end

--- What an admin action answers, decoded.
-- @tparam string method
-- @tparam string action "faults", "settings", "requests", "records"
-- @tparam[opt] table|string order the body, a table is encoded
-- @treturn table
function Running:admin(method, action, order)
    assert(self.pool:submit(true, {
        method = method,
        url = self.info.endpoint .. "/_emulator/" .. action,
        body = type(order) == "table" and cjson.encode(order) or order,
        ca_file = self.info.ca_file,
    }))
    local _, response, err = self.pool:next()
    assert(response, err and err.message)
    assert(response.status == 200, response.body)
    return cjson.decode(response.body)
end

--- Settings, data, locks, faults and the journal as at the start; this process forgets its refusals and
-- the credentials it fetched, too.
function Running:reset()
    key_guard.shared:forget()
    cache.shared:forget()
    self:admin("DELETE", "settings")
    self:admin("DELETE", "faults")
    self:admin("DELETE", "requests")
end

--- Orders a fault for requests of records.
-- @tparam table action
-- @tparam[opt] table more `times` (cjson.null: for ever), `skip`, `match`
function Running:fault(action, more)
    local order = { match = { path = "sync-records" }, action = action }
    for name, value in pairs(more or {}) do
        order[name] = value
    end
    self:admin("POST", "faults", order)
end

--- Changes settings.
-- @tparam table changes
function Running:set(changes)
    self:admin("POST", "settings", changes)
end

--- What was asked since the last reset.
-- @treturn table `requests` (list of {method, uri, status}), `total`, `connections`, `tls_sessions_reused`
function Running:journal()
    return self:admin("GET", "requests")
end

--- How many requests were answered since the last reset.
-- @tparam[opt] number expected so many are waited for: nginx notes a request that the client left a moment after the
-- client did
-- @treturn number
function Running:asked(expected)
    local total
    patience.wait_until(function()
        total = self:journal().total
        return total >= (expected or 0)
    end, function() return ("%d requests; there were %d"):format(expected, total) end)
    return total
end

--- The id of the cluster that tells a story.
-- @tparam string story
-- @treturn string
function Running:cluster(story)
    for _, cluster in ipairs(self.info.clusters) do
        if cluster.story == story then
            return cluster.id
        end
    end
    error("no cluster tells " .. story)
end

--- The URL of a story's records, to ask for without the client.
-- @tparam string story
-- @tparam[opt] string host instead of the address, for other certificates
-- @treturn string
function Running:records_url(story, host)
    local endpoint = host and self.info.endpoint:gsub("127%.0%.0%.1", host) or self.info.endpoint
    return ("%s/v1/%s/clusters/%s/db-manager/sync-records"):format(endpoint, self.info.project_id, self:cluster(story))
end

local function no_variable() end

--- The options of a client of it, which looks at nothing on this machine.
-- @tparam[opt] table more options that replace these; false leaves one out
-- @treturn table
function Running:options(more)
    local options = {
        endpoint = self.info.endpoint,
        iam_endpoint = self.info.iam_endpoint,
        region = self.info.region,
        project_id = self.info.project_id,
        ca_file = self.info.ca_file,
        credentials = { ak = self.info.ak, sk = self.info.sk },
        getenv = no_variable,
        metadata = false,
    }
    for name, value in pairs(more or {}) do
        options[name] = value or nil
    end
    return options
end

--- A client of it.
-- @tparam[opt] table more as for `options`
-- @treturn dwsync.client
function Running:client(more)
    return assert(dwsync.new(self:options(more)))
end

return M
