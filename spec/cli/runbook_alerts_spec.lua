local messages = require "dwsync.problems.messages"
local runbook_alerts = require "dwsync.cli.runbook_alerts"
local temporary = require "spec.support.temporary"
local told = require "spec.support.told"

local NOW = 1747637723
local MS = NOW * 1000

-- Calls use(alerts, problems, environment) with a history in a file; `files` are those that can be read.
local function with_alerts(use, files)
    return function()
        temporary.with_folder(function(folder)
            local problems = told.make(folder .. "/h.sqlite")
            local environment = { HOME = folder, DWSYNC_HISTORY = folder .. "/h.sqlite" }
            local good, reason = pcall(use, runbook_alerts.new({}, { now = function() return NOW + 0.0009 end,
                getenv = function(name) return environment[name] end, note = function() end,
                read_file = function(path)
                    if (files or {})[path] then
                        return files[path]
                    end
                    return nil, "No such file or directory", true
                end }), problems, environment)
            problems:close()
            assert(good, reason)
        end)
    end
end

local function rules_of(list)
    local rules = {}
    for i, problem in ipairs(list) do
        rules[i] = problem.rule
    end
    table.sort(rules)
    return table.concat(rules, " ")
end

describe("the alerts of a runbook", function()
    it("list what is known of a problem", with_alerts(function(alerts, problems)
        assert.same({}, assert(alerts.list()))
        problems:problem { source_type = "ldap", advice = "look", acknowledged_at = 1, acknowledged_by = "ann",
            acknowledged_note = "n", silenced_until = MS + 1, silenced_by = "bob", episode = 3 }
        assert.same({ { id = messages.problem_id(problems:rows()[1]):sub(1, messages.SHORT_ID), state = "silenced",
            cluster_id = "c-1", cluster_name = "dws-prod", source = "s1", source_type = "ldap", rule = "stale",
            severity = "critical", episode = 3, since = 1747600000000, message = "no successful run for 3 d",
            advice = "look", acknowledged_at = 1, acknowledged_by = "ann", acknowledged_note = "n",
            silenced_until = MS + 1, silenced_by = "bob" } }, assert(alerts.list()))
        problems:problem { silenced_until = MS }
        assert.equal("told", alerts.list()[1].state)
    end))

    it("list those that ended last, where they are asked for", with_alerts(function(alerts, problems)
        problems:problem { rule = "churn", state = "resolved" }
        problems:problem { rule = "stale", source = "" }
        problems:problem { rule = "data", state = "resolved" }
        for _, options in ipairs { false, { all = false } } do
            local list = assert(alerts.list(options or nil))
            assert.equal("stale", rules_of(list))
            assert.is_nil(list[1].source)
        end
        local list = assert(alerts.list { all = true })
        assert.same({ "churn data stale", "stale" }, { rules_of(list), list[1].rule })
    end))

    it("change those that are meant, sign it, and return them as they were", with_alerts(function(alerts, problems)
        local function fill()
            problems:problem {}
            problems:problem { source = "s2" }
            problems:problem { rule = "slow" }
        end
        local function signed(field)
            local list = {}
            for _, row in ipairs(problems:rows()) do
                list[#list + 1] = row[field] and ("%s %s %s"):format(row.rule, row.source, row[field]) or nil
            end
            table.sort(list)
            return list
        end
        fill()
        local none, err = alerts.acknowledge "dws-prod"
        assert.same({ nil, "config" }, { none, err.kind })
        assert.equal("slow", rules_of(assert(alerts.acknowledge("dws-prod", { rule = "slow" }))))
        assert.same({ "slow s1 a runbook" }, signed "acknowledged_by")
        local changed = assert(alerts.acknowledge("c-1", { source = "s2", by = "ann", note = "n" }))
        assert.same({ 1, "told" }, { #changed, changed[1].state })
        assert.same({ "slow s1 a runbook", "stale s2 ann" }, signed "acknowledged_by")
        assert.same({ "stale s2 n" }, signed "acknowledged_note")
        assert.same({ ("stale s2 %d"):format(MS) }, { (signed "acknowledged_at"[2]) })
        assert.equal(3, #assert(alerts.silence("dws-prod", { duration = "2h", all = true })))
        assert.same({ "slow s1 a runbook", "stale s1 a runbook", "stale s2 a runbook" }, signed "silenced_by")
        assert.equal(MS + 7200000, problems:rows()[1].silenced_until)
        assert.equal(1, #assert(alerts.silence("dws-prod", { duration = 60, by = "bob", rule = "slow" })))
        assert.equal("slow s1 bob", signed "silenced_by"[1])
        assert.equal(1, #assert(alerts.unsilence("dws-prod", { rule = "stale", source = "s1" })))
        assert.same({ "slow s1 bob", "stale s2 a runbook" }, signed "silenced_by")
        assert.equal(3, #assert(alerts.unsilence("dws-prod", { all = true })))
        assert.same({}, signed "silenced_by")
    end))

    it("return none that changed meanwhile, and what the history says", with_alerts(function(alerts, problems)
        local ledger = require "dwsync.problems.ledger"
        local change, read = ledger.change, ledger.read
        finally(function() ledger.change, ledger.read = change, read end)
        problems:problem {}
        ledger.change = function() return { changed = false } end
        assert.same({}, alerts.acknowledge "dws-prod")
        ledger.change = function() return nil, "full" end
        assert.same({ nil, "full" }, { alerts.acknowledge "dws-prod" })
        ledger.read = function() return nil, "damaged" end
        assert.same({ nil, "damaged" }, { alerts.acknowledge "dws-prod" })
        assert.same({ nil, "damaged" }, { alerts.list() })
    end))

    it("refuse wrong use, at the line of the script", with_alerts(function(alerts)
        local word, name, note = ("w"):rep(200), ("n"):rep(100), ("n"):rep(500)
        local function refused(method, ...)
            local arguments, count = { ... }, select("#", ...)
            local good, err = pcall(function()
                local result, reason = alerts[method]((table.unpack or unpack)(arguments, 1, count)) -- luacheck: ignore
                return { result, reason } -- no tail call: the line of this one is named
            end)
            return not good and err:match "^(.-runbook_alerts_spec%.lua):%d+: " and err:match ":%d+: (.*)$" or good
        end
        for _, case in ipairs {
            { "acknowledge", true, word }, { "acknowledge", "alerts.acknowledge: the problem is ", word .. "w" },
            { "silence", "alerts.silence: the problem is ", 5, { duration = 60 } },
            { "unsilence", "alerts.unsilence: the problem is missing", nil },
            { "acknowledge", true, "w", { by = name, note = note, rule = word, source = word, all = true } },
            { "acknowledge", "alerts.acknowledge: by is ", "w", { by = name .. "n" } },
            { "acknowledge", "alerts.acknowledge: note is ", "w", { note = note .. "n" } },
            { "acknowledge", "alerts.acknowledge: rule is ", "w", { rule = word .. "w" } },
            { "acknowledge", "alerts.acknowledge: source is ", "w", { source = word .. "w" } },
            { "acknowledge", "alerts.acknowledge: all is ", "w", { all = 1 } },
            { "acknowledge", "alerts.acknowledge: unknown option 'duration'", "w", { duration = 60 } },
            { "silence", true, "w", { duration = 60 } }, { "silence", true, "w", { duration = "366d" } },
            { "silence", "alerts.silence: duration is ", "w", { duration = 59 } },
            { "silence", "alerts.silence: duration is ", "w", { duration = 366 * 86400 + 1 } },
            { "silence", "alerts.silence: duration is missing", "w" },
            { "unsilence", true, "w", { all = true } }, { "unsilence", "alerts.unsilence: unknown option 'by'", "w",
                { by = "a" } },
            { "list", "alerts.list: all is ", { all = 1 } },
            { "tell", "alerts.tell: id is missing", {}, { verdicts = {} } },
            { "tell", "alerts.tell: name is ", { id = "c", name = word .. "w" }, { verdicts = {} } },
            { "tell", "alerts.tell expects what health.evaluate returned, after the cluster", { id = "c" }, 5 },
            { "tell", "alerts.tell expects what health.evaluate returned, after the cluster", { id = "c" },
                { verdicts = 5 } },
            { "tell", true, { id = "c", name = word }, { verdicts = {} } },
        } do
            local found = refused(case[1], case[3], case[4])
            if case[2] == true then
                assert.is_true(found, found)
            else
                assert.equal(case[2], tostring(found):sub(1, #case[2]))
            end
        end
    end))

    it("tell with the channels and the history of the configuration, for two minutes at most", function()
        local telling, channel_options = require "dwsync.cli.telling", require "dwsync.cli.channel_options"
        local open_store, tell, open = telling.open_store, telling.tell, channel_options.open
        finally(function() telling.open_store, telling.tell, channel_options.open = open_store, tell, open end)
        local closed, seen, answer = 0, {}, true
        telling.open_store = function(_, _, settings)
            seen.history = settings.history
            return "store", nil, { close = function() closed = closed + 1 end }
        end
        channel_options.open = function() return { "channel" }, "plan" end
        telling.tell = function(args, _, judge, given, items)
            seen.args, seen.now, seen.given, seen.items = args, judge.now(), given, items
            given.sent()
            given.sent()
            given.failed "first"
            given.failed "second"
            return answer, not answer and "full" or nil
        end
        local function alerts_of(config)
            return runbook_alerts.new({ config = "/c.lua" }, { now = function() return NOW end,
                getenv = function() end, note = function() end, read_file = function() return config end })
        end
        local evaluation = { verdicts = {}, severity = "warning" }
        local found = assert(alerts_of "return { history = '/h' }".tell({ id = "c", name = "n" }, evaluation))
        assert.same({ sent = 2, failed = { "first", "second" } }, found)
        assert.same({ "/h", {}, NOW, "store", { "channel" }, "plan", 120, "run" }, { seen.history, seen.args, seen.now,
            seen.given.store, seen.given.channels, seen.given.plan, seen.given.seconds, seen.given.name })
        assert.same({ { cluster = { id = "c", name = "n" }, evaluation = evaluation, severity = "warning" } },
            seen.items)
        assert.equal(1, closed)
        answer = nil
        assert.same({ nil, "full" }, { alerts_of "return {}".tell({ id = "c" }, evaluation) })
        assert.equal(2, closed)
        telling.open_store = function() return nil, "no history" end
        assert.same({ nil, "no history" }, { alerts_of "return {}".tell({ id = "c" }, evaluation) })
        channel_options.open = function() return nil, "no channel" end
        assert.same({ nil, "no channel" }, { alerts_of "return {}".tell({ id = "c" }, evaluation) })
        local none, err = alerts_of "return 5".tell({ id = "c" }, evaluation)
        assert.same({ nil, "config" }, { none, err.kind })
        none, err = alerts_of "return 5".list()
        assert.same({ nil, "config" }, { none, err.kind })
    end)

    it("need a history that is there", with_alerts(function(alerts, _, environment)
        environment.DWSYNC_HISTORY = environment.HOME .. "/none.sqlite"
        local none, err = alerts.list()
        assert.same({ nil, "config" }, { none, err.kind })
    end))
end)
