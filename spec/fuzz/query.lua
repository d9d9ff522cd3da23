--- Fuzz target: query strings, as nginx's handlers records() and health() answer them. The records chosen are those
-- that a reader finds who looks at each; whatever is wrong is refused in one line.
local Store = require "dwsync.nginx.shared.store"
local core = require "dwsync.core"
local health = require "dwsync.nginx.serve.health"
local json = require "dwsync.json"
local judging = require "dwsync.health"
local publication = require "dwsync.nginx.sweep.publication"
local record_list = require "dwsync.nginx.sweep.record_list"
local records = require "dwsync.nginx.serve.records"
local snapshots = require "dwsync.nginx.shared.snapshot"
local timestamps = require "dwsync.timestamps"

local NOW = 1750000000

-- ---- what is served --------------------------------------------------------------------------------

local RECORDS = {}
for i, status in ipairs { "FINISHED", "FAILED", "RUNNING", "FINISHED", "PAUSED", "FAILED" } do
    RECORDS[i] = { id = "r" .. i, status = status, start_time = (NOW - i * 3600) * 1000,
        identity_source_id = i % 2 == 0 and "s%1" or "S,2", identity_source_type = i % 2 == 0 and "ldap" or "ad" }
end
RECORDS[6].start_time = nil

-- As a sweep publishes it, of a cluster and of one that could not be asked.
local dict = loadfile "spec/support/shared_dict.lua"().new()

local function publish()
    local overview = judging.overview({
        { cluster = { id = "c1" }, fetched_at = NOW, text = record_list.write(RECORDS),
            evaluation = judging.evaluate(RECORDS, nil, NOW) },
        { cluster = { id = "c2" }, error = { kind = "network", message = "no route" } },
    }, NOW)
    local documents = publication.documents(overview, 1000, function(text) return assert(core.sha256(text)) end)
    assert(Store.new(dict):publish(documents, function() return true end))
end

publish()
local READER = snapshots.new(dict)

local SETTINGS = { records = 1000, stale_after = 3600 }

-- ---- as nginx ---------------------------------------------------------------------------------------

local function unescaped(text)
    return (text:gsub("+", " "):gsub("%%(%x%x)", function(code)
        return string.char(tonumber(code, 16))
    end))
end

local function decoded(query)
    local arguments, count = {}, 0
    for part in query:gmatch "[^&]+" do
        local name, value = part:match "^([^=]*)=(.*)$"
        name, value = unescaped(name or part), value and unescaped(value) or true
        count = count + 1
        if count > 20 then
            return arguments, "truncated"
        elseif name ~= "" then
            local before = arguments[name]
            if before == nil then
                arguments[name] = value
            elseif type(before) == "table" then
                before[#before + 1] = value
            else
                arguments[name] = { before, value }
            end
        end
    end
    return arguments
end

-- As ngx.print takes it: lists in lists.
local function add(sent, value)
    for _, part in ipairs(type(value) == "table" and value or {}) do
        add(sent, part)
    end
    sent[#sent + 1] = type(value) ~= "table" and tostring(value) or nil
end

local function serve(handler, arguments, truncated)
    local sent = {}
    _G.ngx = {
        header = {},
        var = { args = "given" },
        now = function()
            return NOW
        end,
        print = function(...)
            add(sent, { ... })
        end,
        send_headers = function() end,
        sleep = function() end,
        req = {
            get_method = function()
                return "GET"
            end,
            get_uri_args = function()
                return arguments, truncated
            end,
        },
    }
    handler.serve(SETTINGS, READER)
    local answer = { status = _G.ngx.status, body = table.concat(sent), header = _G.ngx.header }
    _G.ngx = nil
    return answer
end

-- ---- as a person would ------------------------------------------------------------------------------

local function set_of(text, change)
    local set
    for name in (text or ""):gmatch "[^,]+" do
        set = set or {}
        set[name] = true
        set[change(name)] = true
    end
    return set
end

local function chosen_by(arguments)
    local statuses = set_of(arguments.status, string.upper)
    local sources = set_of(arguments.source, string.lower)
    local since = arguments.since and timestamps.point(arguments.since, NOW)
    local till = arguments["until"] and timestamps.point(arguments["until"], NOW)
    local ids = {}
    for _, record in ipairs(RECORDS) do
        local start = record.start_time
        local fits = (not statuses or statuses[record.status])
            and (not sources or sources[record.identity_source_id] or sources[record.identity_source_type])
            and (not since or start and start >= since) and (not till or start and start < till)
        ids[#ids + 1] = fits and record.id or nil
    end
    return ids
end

local function check_records(answer, arguments)
    local body = json.decode(answer.body)
    local offset, limit = tonumber(arguments.offset or 0), tonumber(arguments.limit or 100)
    local ids = chosen_by(arguments)
    assert(body.cluster_id == "c1" and arguments.cluster == "c1", "the cluster")
    assert(body.count == #ids and body.offset == offset and body.limit == limit, "the numbers")
    assert(#body.sync_records == math.max(0, math.min(#ids - offset, limit)), "the page")
    for i, record in ipairs(body.sync_records) do
        assert(record.id == ids[offset + i], "the record")
    end
end

local function check_health(answer, arguments)
    local body = json.decode(answer.body)
    assert(type(body.healthy) == "boolean" and body.healthy == (answer.status == 200))
    for _, source in ipairs(body.sources or {}) do
        local name = arguments.source
        assert(not name or name == source.id or name == source.type or name:lower() == source.type, "the source")
        assert(not arguments.cluster or arguments.cluster == source.cluster, "the cluster")
    end
end

local REFUSALS = { [400] = true, [404] = true, [503] = true }

local function check_refusal(answer)
    assert(REFUSALS[answer.status], tostring(answer.status))
    local body = json.decode(answer.body)
    assert(type(body.error) == "string" and body.error ~= "" and #body.error < 1000 and not body.error:find "%c",
        answer.body)
end

local function fuzz(query)
    local arguments, truncated = decoded(query)
    local answer = serve(records, arguments, truncated)
    assert(not truncated or answer.status == 400, "too many")
    local good = answer.status == 200
    ;(good and check_records or check_refusal)(answer, arguments)
    answer = serve(health, decoded(query))
    ;(REFUSALS[answer.status] and answer.status ~= 503 and check_refusal or check_health)(answer, arguments)
end

return {
    fuzz = fuzz,
    grammar = {
        input = { "cluster=c1&<pairs>", "<pairs>", "<pair>", "cluster=c1" },
        pairs = { "<pair>", "<pair>&<pairs>", "<pair>&<pair>" },
        pair = { "status=<statuses>", "source=<sources>", "since=<point>", "until=<point>", "offset=<number>",
            "limit=<number>", "max_age=<number><unit>", "cluster=<word>", "<name>=<word>", "<name>", "=", "&" },
        statuses = { "FAILED", "finished", "RUNNING", "PAUSED", "", "<statuses>,<statuses>", "%46AILED", "," },
        sources = { "s%251", "S,2", "ldap", "AD", "S%2C2", "<word>", "<sources>,<sources>" },
        point = { "24h", "90m", "2h", "2025-06-15", "2025-06-15T12:00:00%2B02:00", "<number><number><number>",
            "1750000000000", "<number>d", "-1", "<word>" },
        number = { "0", "1", "2", "9", "1000", "1001", "<number><number>", "1.5", "0x10", "1e3", ".", "+1", "" },
        unit = { "s", "m", "h", "d", "", "y" },
        name = { "cluster", "status", "source", "since", "until", "offset", "limit", "max_age", "stat", "%00",
            "__index" },
        word = { "c1", "c2", "c3", "..", "%2e", "a+b", "%0A", "%zz", "%", "%1b[31m", "%C3%BC", "%ff", "%E2%80%AE",
            "<word><word>" },
    },
}
