--- What the service shows of a cluster: whether there are records, how offset counts, the unit of times.
-- Informs only: these checks never fail.
-- @module dwsync.doctor.content
local access = require "dwsync.doctor.access"

local M = {}

local function records_of(subject)
    return subject.page and subject.page.sync_records or {}
end

--- Is identity-source synchronisation on?
function M.feature(subject)
    if subject.feature_off then
        return "ok", "off: " .. access.summary(subject.feature_off),
            "If accounts should come from an identity source, turn it on in the console."
    elseif not subject.page then
        return "skipped", "no cluster to look at", "Name a CLUSTER."
    elseif #records_of(subject) == 0 then
        return "warning", "no records: it is off, or nothing was ever synchronised",
            "Enable identity-source synchronisation, or wait for the first run."
    end
    local count = subject.page.count
    return "ok", "on: there are records" .. (count and (", %.0f in all"):format(count) or "")
end

-- A record's position on the first page; nil when it is not there.
local function position(records, id)
    for i, record in ipairs(records) do
        if record.id == id then
            return i
        end
    end
end

-- The first record at offset 1 was the second at offset 0 when rows are counted, and not there when pages are. A record
-- that arrived in between moves it down by one.
local function judge(first, second)
    local at = second[1] and position(first, second[1].id)
    if at == 2 then
        return "ok", "offset counts rows, contrary to the documentation; dwsync handles that"
    elseif at == 1 then
        return "warning", "offset 1 gives the records of offset 0: the service ignores offset, or a record arrived",
            "Run it again when no synchronisation is running."
    end
    return "ok", "offset counts pages, as documented"
end

--- How does the service count offset?
function M.paging(subject)
    local first = records_of(subject)
    if #first < 2 then
        return "skipped", "too few records", "Ask about a cluster with two records or more."
    end
    local page, err = subject.client:list_sync_records {
        cluster_id = subject.cluster_id, offset = 1, limit = access.PAGE,
    }
    if not page then
        return "warning", access.summary(err), err.hint
    end
    return judge(first, page.sync_records or {})
end

-- Milliseconds of 1973 to 5138; seconds of the same years are a thousand times less.
local MS_FROM, MS_TO = 1e11, 1e14

--- Are times milliseconds?
function M.time_unit(subject)
    for _, record in ipairs(records_of(subject)) do
        local time = record.start_time
        if time and time >= MS_FROM and time < MS_TO then
            return "ok", "times are milliseconds since the epoch"
        elseif time then
            return "warning", ("start_time %.0f is not a time of our years in milliseconds"):format(time),
                "Report it: dwsync shows and compares times as milliseconds."
        end
    end
    return "skipped", "no records with a time", "Ask about a cluster that has records."
end

return M
