-- What the emulator serves of each story: its records by and by, and the sums of all; clusters, ids and later runs.
local cjson = require "cjson"
local kept = require "spec.golden.kept"
local stories = require "dwsync.emulator.stories"

local OPTIONS = { seed = 1, started = 1747637723055, records = 970, new_runs = 6, clusters = 3 }
local NUMBERS = { "start_time", "end_time", "add_count", "update_count", "delete_count", "failed_count" }

-- Times in milliseconds before the emulator's start.
local function number_of(record, name)
    local value = record[name]
    return value and (name:find "_time" and OPTIONS.started - value or value)
end

local function line_of(record)
    local parts = { record.id, record.identity_source_id, record.identity_source_type, record.status }
    for _, name in ipairs(NUMBERS) do
        local value = number_of(record, name)
        parts[#parts + 1] = value and ("%.0f"):format(value) or "-"
    end
    parts[#parts + 1] = record.fail_reason ~= cjson.null and ("%q"):format(record.fail_reason) or nil
    return table.concat(parts, " ")
end

local function sums_of(count, record_at)
    local sums, by_status = {}, {}
    for index = 0, count - 1 do
        local record = record_at(index)
        by_status[record.status] = (by_status[record.status] or 0) + 1
        for i, name in ipairs(NUMBERS) do
            sums[i] = (sums[i] or 0) + (number_of(record, name) or 0)
        end
    end
    for i, sum in ipairs(sums) do
        sums[i] = ("%.0f"):format(sum)
    end
    return ("%d, FINISHED %d, FAILED %d, RUNNING %d, sums %s"):format(count, by_status.FINISHED or 0,
        by_status.FAILED or 0, by_status.RUNNING or 0, table.concat(sums, " "))
end

describe("the emulator's stories", function()
    it("are as kept", function()
        local lines = { stories.hex_id(1, "project"), stories.hex_id(2, "project") }
        for _, cluster in ipairs(stories.clusters(OPTIONS)) do
            local count, record_at = stories.records(cluster, OPTIONS)
            lines[#lines + 1] = ("\n%s %s %s: %s"):format(cluster.story, cluster.name, cluster.id,
                sums_of(count, record_at))
            for index = 0, count - 1 do
                if index < 8 or index % 24 == 0 or index >= count - 2 then
                    lines[#lines + 1] = line_of(record_at(index))
                end
            end
            if cluster.story == "healthy" then
                local like = { identity_source_id = "source", identity_source_type = "scim" }
                lines[#lines + 1] = line_of(stories.arrival(cluster, OPTIONS, 1, OPTIONS.started))
                lines[#lines + 1] = line_of(stories.arrival(cluster, OPTIONS, 2, OPTIONS.started, like))
                lines[#lines + 1] = line_of(stories.turn(cluster, OPTIONS, 2))
                lines[#lines + 1] = tostring(stories.turns(cluster, OPTIONS, OPTIONS.started + 1000000))
            end
        end
        OPTIONS.label, OPTIONS.stories = "elsewhere", false
        for _, cluster in ipairs(stories.clusters(OPTIONS)) do
            lines[#lines + 1] = ("%s %s"):format(cluster.id, cluster.name)
        end
        assert.same({ "healthy", "failing", "mass_delete", "stuck", "partial", "two_sources", "never", "feature_off",
            "large" }, stories.names)
        kept.compare("stories.txt", table.concat(lines, "\n") .. "\n")
    end)
end)
