--- Handlers of dwsync.nginx without nginx: a publication for them to read, and what they answer to a request.
local health = require "dwsync.health"
local publication = require "dwsync.nginx.sweep.publication"
local record_list = require "dwsync.nginx.sweep.record_list"
local shared_dict = require "spec.support.shared_dict"
local snapshots = require "dwsync.nginx.shared.snapshot"

local M = {}

local function digest(text)
    local sum = 0
    for i = 1, #text do
        sum = (sum * 31 + text:byte(i)) % 2147483648
    end
    return ("%08x"):format(sum)
end

local Served = {}
Served.__index = Served

--- @tparam number now seconds since the epoch; field `now` of what is returned, to be changed
-- @treturn table with `reader` and `store`
function M.new(now)
    local self = setmetatable({ now = now, dict = shared_dict.new(), was_started = true }, Served)
    self.reader = snapshots.new(self.dict, function() return self.was_started end)
    self.store = self.reader.store
    return self
end

--- Publishes items of a sweep; `records` of an item are judged.
function Served:publish(items, records, metrics)
    for _, item in ipairs(items) do
        item.evaluation = item.records and health.evaluate(item.records, nil, self.now)
        item.text, item.records = item.records and record_list.write(item.records), nil
    end
    assert(self.store:publish(publication.documents(health.overview(items, self.now), records or 100,
        digest, metrics), function() return true end))
end

local function body_of(parts)
    for i, part in ipairs(parts) do
        parts[i] = type(part) == "table" and table.concat(part) or part
    end
    return parts[1] and table.concat(parts)
end

--- Calls does(…) as nginx would for a request.
-- @tparam table request `method` (GET), `args`: by name, `are_too_many`, `if_none_match`, `headers_sent`
-- @treturn table `status`, `headers`, `body` (nil: nothing was printed), `parts` (how many were), `only_headers`,
-- `pauses`, `asked_for` (parameters at most), `exit`, `request_headers`, `results`
function Served:answer(request, does, ...)
    local said, printed = { headers = {}, request_headers = {}, pauses = {} }, {}
    local own_ngx, own_unpack = rawget(_G, "ngx"), rawget(_G, "unpack")
    local ngx = {
        config = { subsystem = "http" }, header = said.headers, headers_sent = request.headers_sent or false,
        var = { args = request.args and "a=b", http_if_none_match = request.if_none_match },
        now = function() return self.now end,
        md5 = function(text) return "md5-" .. #text end,
        sleep = function(seconds) table.insert(said.pauses, seconds) end,
        print = function(part) printed[#printed + 1] = part end,
        send_headers = function() said.only_headers = true end,
        exit = function(status) said.exit = status end,
        req = {
            get_method = function() return request.method or "GET" end,
            get_uri_args = function(most)
                said.asked_for = most
                return request.args, request.are_too_many and "truncated" or nil
            end,
            set_header = function(name, value) said.request_headers[name] = value end,
        },
    }
    rawset(_G, "ngx", ngx)
    rawset(_G, "unpack", own_unpack or table.unpack) -- luacheck: ignore 143
    local function results(good, ...)
        rawset(_G, "ngx", own_ngx)
        rawset(_G, "unpack", own_unpack)
        if not good then
            error((...), 0)
        end
        return { ... }
    end
    said.results = results(pcall(does, ...))
    said.status, said.parts, said.body = ngx.status, #printed, body_of(printed)
    return said
end

return M
