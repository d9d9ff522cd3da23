local Model = require "dwsync.health.model"
local population = require "dwsync.health.model.population"
local runs = require "spec.health.runs"

local unpack = table.unpack or unpack -- luacheck: ignore 113

local DAY = runs.DAY

-- The model of runs in the order of their ends.
local function model_of(list, given)
    local model = Model.new({ id = "s1", runs = list, ended = list }, given)
    model.run = list
    model:take(#list)
    return model
end

local function daily(count, change)
    local list = {}
    for i = 1, count do
        list[i] = runs.run((count - i) * DAY + 600, { add_count = 1, update_count = 7, delete_count = 1 })
        for name, value in pairs(change and change(i) or {}) do
            list[i][name] = value
        end
    end
    return list
end

local function before(list, given)
    local accounts, by, run = population.before(model_of(list, given), #list + 1)
    return accounts, by, run and run.id
end

local function first_is(adds)
    return function(i)
        return i == 1 and { add_count = adds, update_count = 0, delete_count = 0 } or nil
    end
end

describe("a population", function()
    it("is what somebody said, before all else", function()
        assert.same({ 12, "given" }, { before(daily(20, first_is(5000)), 12) })
    end)

    it("is the first import and what was added and deleted since", function()
        local list = daily(20, first_is(5000))
        list[10].delete_count = 101
        assert.same({ 5000 + 19 - 119, "import", list[1].id }, { before(list) })
    end)

    it("never gets below nothing", function()
        local list = daily(20, first_is(5000))
        list[20].delete_count = 9000
        assert.equal(0, (before(list)) >= 0 and 0 or 1)
    end)

    it("takes no run for an import when the later ones add as much", function()
        local _, by = before(daily(20, function() return { add_count = 500, update_count = 0, delete_count = 0 } end))
        assert.not_equal("import", by)
    end)

    it("is estimated from the changes of working days, or by a greater run", function()
        assert.same({ 9 * 125, "changes" }, { before(daily(20)) })
        local list = daily(20, function(i) return i == 9 and { update_count = 4000 } or nil end)
        assert.same({ 4002, "greatest", list[9].id }, { before(list) })
    end)

    it("is not known of a few quiet days", function()
        assert.is_nil(population.before(model_of(daily(2)), 3))
        assert.is_nil(population.before(model_of {}, 1))
    end)

    it("is said with what it is known by, an estimate with two digits", function()
        assert.same({ "about 4918 accounts", "by the first import and what was added and deleted since" },
            { population.words(4918, "import") })
        assert.same({ "perhaps 14000 accounts", "estimated from how many change in a working day" },
            { population.words(13625, "changes") })
        assert.same({ "1 account" }, { population.words(1, "given") })
        assert.equal("perhaps 7 accounts", (population.words(7, "changes")))
    end)

    it("is a fact with its source", function()
        local list = daily(20, first_is(5000))
        local fact = population.fact(model_of(list), 21)
        assert.same({ 5000, "accounts", "import" }, { fact.value, fact.unit, fact.by })
        assert.matches("^about 5000 accounts, by the first import .*, the run of 2025%-", fact.text)
        assert.matches("^12 accounts, as the option", population.fact(model_of(list, 12), 21).text)
        assert.matches("^not known: ", population.fact(model_of {}, 1).text)
    end)

    it("goes by what came before a run, and not by the run itself nor by its day", function()
        local list = daily(12, function() return { add_count = 0, delete_count = 0 } end)
        list[4].update_count, list[8].update_count, list[12].update_count = 2000, 3000, 4000
        local model = model_of(list)
        for at, known in pairs {
            [3] = { nil }, [4] = { 875, "changes" }, [5] = { 2000, "greatest", list[4] },
            [8] = { 2000, "greatest", list[4] }, [9] = { 3000, "greatest", list[8] },
            [12] = { 3000, "greatest", list[8] }, [13] = { 4000, "greatest", list[12] },
        } do
            assert.same(known, { population.before(model, at) })
        end
        list = daily(6, first_is(100))
        list[5].update_count = 300
        model = model_of(list)
        assert.same({ 100, "import", list[1] }, { population.before(model, 5) })
        assert.same({ 12500, "changes" }, { population.before(model, 6) })
        assert.same({ 1, 1, 2, 3, 4, 5, 6, 7, 7 }, (function()
            local days, two_a_day = {}, {}
            two_a_day[1] = runs.run(6 * DAY + 6000)
            for i, run in ipairs(daily(7)) do
                two_a_day[i + 1] = run
            end
            model = model_of(two_a_day)
            for i = 1, 8 do
                days[i] = population.day_of(model, i)
            end
            days[9] = population.day_of(model, 9) - 1
            return days
        end)())
    end)

    it("knows a day to the millisecond", function()
        local midnight = 20000 * DAY * 1000
        local list = {}
        for i, time in ipairs { midnight - 1, midnight, midnight + DAY * 1000 - 1, midnight + DAY * 1000 } do
            list[i] = runs.run(0, { start_time = time - 60000, end_time = time })
        end
        local model = model_of(list)
        for i, day in ipairs { 1, 2, 2, 3, 4 } do
            assert.equal(day, population.day_of(model, i))
        end
    end)

    it("takes absent numbers for none", function()
        for _, name in ipairs { "add_count", "update_count", "delete_count" } do
            local list = daily(3, function() return { update_count = 0, delete_count = 0, add_count = 0 } end)
            list[2].add_count, list[2].update_count, list[2].delete_count = nil, nil, nil
            list[2][name] = 9
            assert.same({ 9, "greatest", list[2] }, { population.before(model_of(list), 4) })
        end
    end)

    it("goes by a list, unless an import and what followed make up much less of all accounts", function()
        local list = daily(5, first_is(900))
        for _, case in ipairs {
            { 1000, nil, { 1000, "list" } }, { 1001, nil, { 900, "import" } }, { 1001, "IAM", { 1001, "list" } },
            { 100, nil, { 100, "list" } },
        } do
            local read = list[5].end_time + 1
            local model = Model.new({ id = "s1", runs = list, ended = list, open = {} }, nil, nil, { type = case[2],
                counts = { { from = read, till = read, accounts = case[1] } } })
            model.run, model.now = list, runs.NOW * 1000
            model:take(#list)
            local accounts, by = population.before(model, 6)
            assert.same(case[3], { accounts, by })
        end
    end)

    it("is said in whole accounts, of a list with their type and when it was read", function()
        local at = runs.NOW * 1000
        for _, case in ipairs {
            { "1 account", "by the list of 2025-10-25T10:49:52Z", 1, "list", { at = at, has_changed = false } },
            { "13 accounts", "by the list of 2025-10-25T10:49:52Z and the runs since", 12.5, "list",
                { at = at, has_changed = true } },
            { "12 IAM accounts", "by the list of 2025-10-25T10:49:52Z", 12.4, "list", { at = at, type = "IAM" } },
            { "about 3 accounts", "by its greatest run", 2.5, "greatest" },
            { "perhaps 10 accounts", "estimated from how many change in a working day", 10.4, "changes" },
            { "perhaps 100 accounts", "estimated from how many change in a working day", 99.5, "changes" },
            { "perhaps 1000 accounts", "estimated from how many change in a working day", 1000, "changes" },
            { "perhaps 1100 accounts", "estimated from how many change in a working day", 1050, "changes" },
            { "perhaps 0 accounts", "estimated from how many change in a working day", 0.4, "changes" },
        } do
            assert.same({ case[1], case[2] }, { population.words(unpack(case, 3, 5)) })
        end
    end)

    it("is a clause and a fact where a list says it, a fact alone else", function()
        local list = daily(5, first_is(900))
        local read = list[5].end_time + 1
        local model = Model.new({ id = "s1", runs = list, ended = list, open = {} }, nil, nil, { type = "IAM",
            counts = { { from = read, till = read, accounts = 1200 } } })
        model.run, model.now = list, runs.NOW * 1000
        model:take(#list)
        assert.equal("; there were 1200 IAM accounts, by the list of 2025-10-25T10:40:52Z",
            population.clause(model, 6))
        assert.same({ { name = "population", text = "1200 IAM accounts, by the list of 2025-10-25T10:40:52Z",
            value = 1200, unit = "accounts", by = "list" }, 1200 }, { population.fact(model, 6) })
        model = model_of(list)
        assert.equal("", population.clause(model, 6))
        assert.same({ { name = "population", text = "about 900 accounts, by the first import and what was added and "
            .. "deleted since, the run of 2025-10-21T10:40:52Z", value = 900, unit = "accounts", by = "import" }, 900 },
            { population.fact(model, 6) })
        model = model_of(daily(5))
        assert.same({ { name = "population", text = "perhaps 1100 accounts, estimated from how many change in a "
            .. "working day", value = 1125, unit = "accounts", by = "changes" }, 1125 }, { population.fact(model, 6) })
        assert.same({ { name = "population", text = "not known: no first import on record, and too few days to "
            .. "estimate it" } }, { population.fact(model_of {}, 1) })
    end)

    it("changes its source where an import, a greater run or the changes of days just do or do not count", function()
        local quiet = " 0/0/0"
        for _, case in ipairs {
            { "10 import 1", "10/0/0" .. quiet:rep(4) },
            { "9 greatest 1", "9/0/0" .. quiet:rep(4) },
            { "100 import 1", "100/10/0" .. quiet:rep(4) },
            { "111 greatest 1", "100/0/11" .. quiet:rep(4) },
            { "111 greatest 1", "100/11/0" .. quiet:rep(4) },
            { "95 import 1", "100/5/5" .. quiet:rep(4) },
            { "21 import 2", "5/5/0 21/0/0" .. quiet:rep(4) },
            { "350 changes", "5/0/5 20/0/0" .. quiet:rep(4) },
            { "10 import 3", quiet:rep(2) .. " 10/0/0 0/0/0" },
            { "10 greatest 4", quiet:rep(3) .. " 10/0/0 0/0/0" },
            { "120 import 1", "100/0/0" .. (" 5/0/0"):rep(4) },
            { "750 changes", "100/0/0" .. (" 5/0/0"):rep(3) .. " 6/0/0" },
            { "100 import 1", "100/0/0 0/120/0" .. quiet },
            { "3500 changes", "100/0/0 0/121/0" .. quiet:rep(4) },
            { "40 import 1", "100/0/0 0/60/60" .. quiet },
            { "3500 changes", "100/0/0 0/60/61" .. quiet:rep(4) },
            { "96 import 2", "3/0/2 100/0/0 0/0/4" },
            { "0 greatest", quiet:rep(5) },
            { "unknown", quiet:rep(2) },
            { "0 greatest", quiet:rep(3) },
            { "625 changes", (" 1/3/1"):rep(9) },
            { "500 changes", (" 1/2/1"):rep(9) },
            { "350 changes", (" 0/2/0"):rep(9) .. " 0/9/0" },
            { "1125 changes", (" 0/9/0"):rep(9), 3 },
            { "393.75 changes", (" 0/9/0"):rep(9), 4 },
            { "315 changes", (" 0/9/0"):rep(9), 7 },
            { "315 changes", (" 0/9/0"):rep(3), 7 },
            { "unknown", (" 0/9/0"):rep(2), 7 },
            { "11250 changes", (" 0/90/0"):rep(10) .. (" 0/9/0"):rep(18) },
            { "1125 changes", (" 0/90/0"):rep(9) .. (" 0/9/0"):rep(19) },
            { "1125 changes", (" 0/90/0"):rep(11) .. (" 0/9/0"):rep(19) },
            { "11250 changes", (" 0/90/0"):rep(12) .. (" 0/9/0"):rep(18) },
            { "140625 changes", (" 0/1125/0 0/9/0"):rep(4) },
            { "1125 greatest 1", "0/1125/0" .. (" 0/9/0"):rep(4) },
            { "1125 changes", "0/1124/0" .. (" 0/9/0"):rep(4) },
            { "2 greatest 3", " 0/0/0 0/0/0 0/2/0" },
            { "105 import 1", "100/0/0 5/0/0" },
            { "unknown", "100/0/0 6/0/0" },
        } do
            local list, count, i = {}, select(2, case[2]:gsub("%S+", "")), 0
            for adds, updates, deletes in case[2]:gmatch "(%d+)/(%d+)/(%d+)" do
                i = i + 1
                list[i] = runs.run((count - i) * DAY * (case[3] or 1) + 600, { add_count = tonumber(adds),
                    update_count = tonumber(updates), delete_count = tonumber(deletes), id = tostring(i) })
            end
            local accounts, by, id = before(list)
            assert.equal(case[1], table.concat({ accounts and ("%.8g"):format(accounts) or "unknown", by, id }, " "),
                case[2])
        end
    end)
end)
