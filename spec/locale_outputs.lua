-- locale_outputs.lua LOCALE FOLDER: sets the locale, as a host program may, when everything is loaded, and prints every
-- output that a program may read, of records and verdicts with numbers that have a fraction.
local alerts = require "dwsync.alerts"
local checks = require "dwsync.checks"
local content = require "dwsync.history.content"
local health = require "dwsync.health"
local history = require "dwsync.history"
local input = require "dwsync.cli.input"
local json = require "dwsync.json"
local overviews = require "spec.report.overviews"
local promql = require "dwsync.alerts.promql"
local publication = require "dwsync.nginx.sweep.publication"
local report = require "dwsync.report"

local locale, folder = arg[1], arg[2]
local NOW = 1763971200

assert(os.setlocale(locale), "there is no locale " .. locale)

local function show(name, text)
    io.write("== ", name, "\n", text, "\n")
end

local function render(format, how, what)
    local pieces = {}
    report[how](format, what, function(text)
        pieces[#pieces + 1] = text
    end, { long = true })
    show(how .. " " .. format, table.concat(pieces))
end

local rows = {}
for i = 1, 40 do
    local start = (NOW - i * 3600) * 1000
    rows[i] = { id = "r" .. i, identity_source_id = "s", identity_source_type = "ldap", start_time = start,
        end_time = start + 1500 * i, add_count = i, update_count = i * 7 % 11, delete_count = 0, failed_count = i % 3,
        status = "FINISHED", load = i / 4, third = i / 3, tiny = i / 1e20, more = { 0.75, { deep = -1.5e300 } } }
end

local columns = { "id", "start_time", "add_count", "status", "load", "third", "tiny" }
for _, format in ipairs(report.formats) do
    render(format, "render", { name = "sync_records", rows = rows, columns = columns, every_field = true })
end
local items = overviews.stories().clusters
items[#items + 1] = { cluster = { id = "more" }, evaluation = health.evaluate(rows, nil, NOW), fetched_at = NOW + 0.25,
    severity = "warning", records = rows }
local overview = health.overview(items, NOW + 0.5)
for _, format in ipairs(report.health_formats) do
    render(format, "render_health", overview)
end
for _, document in ipairs(publication.documents(overview, 100, function() return "" end)) do
    show("document " .. document.name, table.concat(document.pieces))
end
local rules = { mass_delete = { warning_ratio = 0.125, critical_ratio = 0.5 }, stale = { factor = 2.5 } }
show("alerts", alerts.render(assert(health.rules(rules))))
show("promql", promql.number and promql.number(0.25) or "")

for _, row in ipairs(rows) do
    show("content", assert(content.encode(row)))
end
local store = assert(history.open(folder .. "/history.db"))
assert(assert(store:save("c", rows)).inserted == #rows)
assert(assert(store:save("c", rows)).unchanged == #rows)
for _, record in ipairs(assert(store:records { cluster_id = "c", since = rows[40].start_time - 0.5 })) do
    show("kept", assert(content.encode(record)))
end
store:close()

show("shown", checks.shown(0.25))
show("json", json.encode(assert(json.decode '{"load":0.75}')))
local file = assert(io.open(folder .. "/records.ndjson", "wb"))
report.render("ndjson", { name = "sync_records", rows = rows, columns = {}, every_field = true }, function(text)
    file:write(text)
end)
file:close()
for _, record in ipairs(assert(input.read(folder .. "/records.ndjson", {}))) do
    show("read", assert(content.encode(record)))
end
