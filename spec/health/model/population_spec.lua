local Model = require "dwsync.health.model"
local population = require "dwsync.health.model.population"
local runs = require "spec.health.runs"

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
