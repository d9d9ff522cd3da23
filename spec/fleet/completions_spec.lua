local fleets = require "spec.support.fleet"
local temporary = require "spec.support.temporary"

local COLUMNS = [[due_at - $now, planned_at - due_at, state, failures, error, looked_at - $now, asked_at - $now,
    page_mark, read_at - $now, next_at, severity, seen_at, leased_by, longest_gap]]
local ROW = " FROM dwsync_schedule WHERE kind = 'cluster'"
local NAMES = { "due", "planned", "state", "failures", "error", "looked", "asked", "mark", "read", "next_at",
    "severity", "seen_at", "leased_by", "longest_gap" }

describe("the row of a cluster after a look", function()
    local NETWORK = { error = "x", failure = { kind = "network" } }

    -- Calls use(complete): complete(ms, result) claims the cluster, lets time pass, completes, and returns the row.
    local function with_cluster(use)
        return function()
            temporary.with_folder(function(folder)
                fleets.with(folder .. "/h.sqlite", function(fleet)
                    local schedule = fleet:open()
                    fleet:fill(schedule, fleets.inventory { hq = { regions = { "cn-north-4" }, rate = 100 } },
                        { hq = { "c1" } })
                    fleet:rows "UPDATE dwsync_schedule SET due_at = 9e12 WHERE kind = 'place'"
                    use(function(ms, result)
                        fleet:rows(("UPDATE dwsync_schedule SET due_at = %d WHERE kind = 'cluster'"):format(fleet.now))
                        fleet:rows "UPDATE dwsync_accounts SET paused_until = NULL"
                        local items = assert(schedule:claim({ name = "a", lease_ms = 5000 }, 1))
                        fleet:pass(ms)
                        assert.equal(0, assert(schedule:complete { { item = items[1], result = result } }))
                        local row = {}
                        local columns = COLUMNS:gsub("%$now", ("%d"):format(fleet.now))
                        for i, value in pairs(fleet:rows("SELECT " .. columns .. ROW)[1]) do
                            row[NAMES[i]] = value
                        end
                        row.planned = assert(row.planned == 0) and nil
                        return row
                    end, fleet)
                end)
            end)
        end
    end

    it("keeps what the result says, and else what was known", with_cluster(function(complete)
        local expected = { state = "active", failures = 0, looked = 0, asked = 0 }
        for _, step in ipairs {
            { 1000, {}, { due = 43093 } },
            { 1000, { mark = "m", severity = "ok", seen_at = 5, evaluation = { next_at = 77 }, read_whole = true },
                { due = 42093, mark = "m", read = 0, next_at = 77, severity = "ok", seen_at = 5, longest_gap = 1000 } },
            { 3000, {}, { due = 39093, read = -3000, longest_gap = 3000 } },
            { 2000, { evaluation = {} }, { due = 37093, read = -5000, next_at = 0 } },
            { 0, { evaluation = { next_at = 9 }, mark = "n", severity = "warning", seen_at = 6 },
                { next_at = 9, mark = "n", severity = "warning", seen_at = 6 } },
            { 0, { verdicts = {} }, { next_at = 0 } },
            { 1000, NETWORK, { due = 38546, failures = 1, error = "x", looked = -1000, read = -6000 } },
            { 0, { error = "off", disabled = true, severity = "disabled", verdicts = {},
                failure = { kind = "permission" } }, { due = 1284609, state = "disabled", severity = "disabled",
                failures = 0, error = "off", looked = 0 } },
            { 0, NETWORK, { due = 38546, failures = 1, error = "x" } },
            { 100, {}, { due = 35993, failures = 0, error = false, state = "active", read = -6100 } },
        } do
            for name, value in pairs(step[3]) do
                expected[name] = value or nil
            end
            assert.same(expected, complete(step[1], step[2]))
        end
    end))

    it("is due twice as late after each failure, up to a quarter of an hour, or when the service says", with_cluster(
        function(complete)
            complete(1000, {})
            for failures, due in ipairs { 38546, 77093, 154186, 308373, 578201, 578201 } do
                local row = complete(0, NETWORK)
                assert.same({ failures, due }, { row.failures, row.due })
            end
            for retry_after, due in pairs { [7000] = 7000000, [1] = 578201 } do
                assert.equal(due, complete(0, { error = "x", retry_after = retry_after,
                    failure = { kind = "throttled", retry_after = retry_after } }).due)
            end
            assert.equal(0, complete(0, {}).failures)
            assert.equal(38546, complete(0, NETWORK).due)
        end))
end)
