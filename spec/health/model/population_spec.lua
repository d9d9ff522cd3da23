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
end)
