local content = require "dwsync.history.content"
local history = require "dwsync.history"
local merge = require "dwsync.history.merge"
local page = require "dwsync.history.page"
local statements = require "dwsync.history.statements"
local transaction = require "dwsync.history.transaction"

local CLUSTER, NOW, MANY = "cluster", 1761389392000, 100

local store

local function record(i, more)
    local made = { id = ("%03d"):format(i * 37 % 1000), start_time = 1000 + i, status = "FINISHED", add_count = i }
    for name, value in pairs(more or {}) do
        made[name] = value
    end
    return made
end

local function records(first, last, more)
    local list = {}
    for i = first, last do
        list[#list + 1] = record(i, more)
    end
    return list
end

-- Saves a page, and returns the statements about records that this took.
local function save(list)
    local asked = {}
    local summary = assert(transaction.run(store.context, store.engine, "write", CLUSTER, function(session)
        local watched = setmetatable({ rows = function(_, sql)
            asked[#asked + 1] = sql:find "dwsync_records" and sql or nil
            return session:rows(sql)
        end }, { __index = session })
        return page.merge_into(watched, CLUSTER, merge.read(list), NOW)
    end))
    return summary, asked
end

-- The texts of all records, and those of their earlier versions.
local function kept()
    local found = { now = {}, before = {} }
    for _, row in ipairs(assert(store.engine:rows "SELECT record_id, version, content FROM dwsync_records")) do
        found.now[row[1]] = row[2] .. row[3]
    end
    for _, row in ipairs(assert(store.engine:rows "SELECT record_id, version, content FROM dwsync_versions")) do
        found.before[row[1] .. row[2]] = row[3]
    end
    return found
end

describe("saving a page of many records", function()
    before_each(function()
        store = assert(history.open ":memory:")
    end)

    after_each(function()
        store:close()
    end)

    it("asks once for the time of those that are known", function()
        local list = records(51, MANY)
        for i = 1, 50 do
            table.insert(list, i % 2 == 0 and 1 or #list + 1, record(i))
        end
        save(list)
        local summary, asked = save(list)
        assert.equal(MANY, summary.unchanged)
        assert.same({ statements.between(1, "1001", "1100", MANY) }, asked)
    end)

    it("asks for few by their names alone", function()
        save(records(1, MANY))
        local summary, asked = save(records(1, 2))
        assert.equal(2, summary.unchanged)
        assert.same(statements.contents(1, { "037", "074" }), asked)
    end)

    it("asks by name for those that are not found there", function()
        save(records(1, MANY))
        local summary, asked = save(records(4, MANY + 3))
        assert.same({ 97, 3 }, { summary.unchanged, summary.inserted })
        assert.same(statements.contents(1, { "737", "774", "811" })[1], asked[2])
    end)

    it("finds each that changed, wherever it is and whatever changed in it", function()
        save(records(1, MANY))
        for place, i in ipairs { 1, 2, 50, 99, 100 } do
            for at, more in ipairs { { add_count = 5000 }, { start_time = 7 }, { start_time = 5000 },
                { start_time = false }, { fail_reason = "it's" } } do
                local list, changed = records(1, MANY), record(i, more)
                changed.start_time = changed.start_time or nil
                list[i] = changed
                local summary = save(list)
                assert.same({ changed.id, #summary.revised }, { summary.revised[1], 1 }, place .. "/" .. at)
                assert.equal(MANY - 1, summary.unchanged)
                assert.equal(2 * at .. content.encode(changed), kept().now[changed.id])
                assert.equal(1, #save(records(1, MANY)).revised)
            end
        end
    end)

    it("knows them among more of the same time, and without any time", function()
        local others = {}
        for i = 1, 3 * MANY do
            others[i] = record(1 + i % MANY, { id = "other" .. i })
        end
        save(others)
        for _, start in ipairs { 1050, false } do
            local list = records(1, MANY, { start_time = start })
            for _, one in ipairs(list) do
                one.start_time = one.start_time or nil
            end
            save(list)
            list[50].add_count = -1
            local summary = save(list)
            assert.same({ MANY - 1, { list[50].id } }, { summary.unchanged, summary.revised })
        end
    end)

    it("takes what is kept for changed where it goes on behind a NUL", function()
        save(records(1, MANY))
        assert(store.engine:rows(("UPDATE dwsync_records SET content = content || CAST(x'00' AS TEXT) || 'more' "
            .. "WHERE record_id = '%s'"):format(record(50).id)))
        assert.same({ record(50).id }, save(records(1, MANY)).revised)
    end)

    it("keeps what saving one by one keeps", function()
        local random = require("spec.health.runs").random(71)
        local function some()
            local list = {}
            for _ = 1, 40 + random(60) do
                local i = random(150)
                list[#list + 1] = record(i, { status = random(9) == 1 and "RUNNING" or "FINISHED",
                    add_count = random(12) == 1 and random(3) or nil, start_time = random(30) == 1 and i or nil })
            end
            return list
        end
        local states, earlier = {}, {}
        for _ = 1, 30 do
            local list = some()
            local changed, archive, expected = merge.decide(merge.read(list), states, earlier, NOW)
            for _, state in ipairs(archive) do
                earlier[state.name] = earlier[state.name] or {}
                table.insert(earlier[state.name], state.content)
            end
            for _, state in ipairs(changed) do
                states[state.name] = { name = state.name, version = state.version, saved_at = state.saved_at,
                    status = state.status, content = state.content }
            end
            assert.same(expected, (save(list)))
        end
        local found, count = kept(), 0
        for name, state in pairs(states) do
            assert.equal(state.version .. state.content, found.now[name])
            for i, text in ipairs(earlier[name] or {}) do
                assert.equal(text, found.before[name .. i])
                count = count + 1
            end
        end
        assert.is_true(count > 100)
    end)
end)
