local command = require "spec.support.command"
local run = command.run

local OLD = { command.record("old", 8), command.record("older", 9) }

-- A service whose records become these after so many seconds.
local function later(seconds, records)
    return function(request, clock)
        return command.service { c1 = clock.now - command.NOW < seconds and OLD or records }(request)
    end
end

-- How often the first page was asked for.
local function looks(requests)
    local count = 0
    for _, request in ipairs(requests) do
        count = count + (request.url:find "[?&]offset=0" and 1 or 0)
    end
    return count
end

local RULES = { "--set", "slow=off", "--set", "volume=off" }

local function wait(service, ...)
    local arguments = { "wait", "c1", ... }
    for _, word in ipairs(RULES) do
        arguments[#arguments + 1] = word
    end
    return run(arguments, { service = service })
end

describe("dwsync wait", function()
    it("ends with 0 at once when all is fresh and ok", function()
        local status, out, err, requests = wait(command.service { c1 = command.healthy() }, "--fresh", "6h")
        assert.equal(0, status)
        assert.equal("ready: name-c1: its last run finished 29 min ago\n", out)
        assert.equal("", err)
        assert.equal(1, looks(requests))
    end)

    it("ends with 1 at once, and says so, where synchronisation is off", function()
        local status, out, err, requests = wait(command.service { c1 = command.OFF }, "--timeout", "10m")
        assert.same({ 1, "refused: name-c1: identity-source synchronisation is off (DWS.5045)\n", "" },
            { status, out, err })
        assert.equal(1, looks(requests))
        assert.equal(1, (wait(command.service { c1 = command.OFF }, "--accept", "warning", "--set", "disabled=ok")))
        status = run({ "wait", "--all-clusters" }, { service = command.service { c1 = command.healthy(),
            c2 = command.OFF } })
        assert.equal(1, status)
    end)

    it("looks again until it is", function()
        local status, out, err, requests = wait(later(100, { command.record("new", 0.1), OLD[1] }), "--timeout", "10m")
        assert.equal(0, status)
        assert.matches("^ready: name%-c1: ", out)
        assert.equal("dwsync: waiting: name-c1: its last run ended 7 h 59 min ago\n", err)
        assert.equal(5, looks(requests)) -- at 0, 30, 60, 90 and 120 s
    end)

    it("ends with 1 as soon as a run failed", function()
        local status, out, _, requests = wait(later(40, { command.failed("new", 0.1), OLD[1] }))
        assert.equal(1, status)
        assert.equal("refused: name-c1: its last run failed: LDAP: error code 49 - data 52e\n", out)
        assert.equal(3, looks(requests))
    end)

    it("ends with 1 when a verdict is worse than accepted, and with 0 when it is accepted", function()
        local service = command.service { c1 = { command.record("new", 0.1, { delete_count = 30 }), command.record("o",
            1) } }
        local status, out = wait(service)
        assert.equal(1, status)
        assert.matches("^refused: name%-c1: warning: ", out)
        assert.equal(0, (wait(service, "--accept", "warning")))
        assert.equal(0, (wait(service, "--set", "mass_delete=off", "--set", "churn=off")))
    end)

    it("ends with 3 when the time is up, and takes no longer", function()
        local last
        local status, out, err, requests = wait(function(request, clock)
            last = clock.now
            return command.service { c1 = OLD }(request)
        end, "--timeout", "70s")
        assert.equal(3, status)
        assert.equal("timed out: name-c1: its last run ended 8 h ago\n", out)
        assert.matches("^dwsync: waiting: ", err)
        assert.equal(4, looks(requests))
        assert.equal(command.NOW + 70, last)
    end)

    it("waits neither longer nor shorter when somebody sets the clock", function()
        for _, step in ipairs { 3600, -3600 } do
            local service, asked = command.service { c1 = OLD }, 0
            local status = wait(function(request, clock)
                asked = asked + (request.url:find "[?&]offset=0" and 1 or 0)
                if asked == 2 then
                    clock.now, clock.stepped = clock.now + step, clock.stepped + step
                end
                return service(request)
            end, "--timeout", "5m")
            assert.equal(3, status)
            assert.equal(11, asked) -- at 0, 30, … and 300 s
        end
    end)

    it("looks once with --timeout 0", function()
        local status, _, err, requests = wait(command.service { c1 = OLD }, "--timeout", "0")
        assert.equal(3, status)
        assert.equal("", err)
        assert.equal(1, looks(requests))
    end)

    it("goes on through failures that may pass, and says so once", function()
        local status, _, err = wait(function(request, clock)
            if clock.now - command.NOW < 50 then
                return 500, '{"error_code":"DWS.0005","error_msg":"Server failure"}'
            end
            return command.service { c1 = command.healthy() }(request)
        end, "--retries", "0")
        assert.equal(0, status)
        assert.equal("dwsync: waiting: service: the cluster 'c1' could not be looked up: Server failure\n", err)
    end)

    it("ends at once with a failure that stays", function()
        local status, out = wait(command.service { c1 = 403 })
        assert.equal(1, status)
        assert.equal("refused: name-c1: not_found: no such cluster\n", out)
        local err
        status, out, err = run({ "wait", "--all-clusters" }, { service = function()
            return 403, '{"error_code":"APIGW.0302","error_msg":"not allowed"}'
        end })
        assert.equal(1, status)
        assert.equal("", out)
        assert.matches("^dwsync: permission: ListClusters: not allowed", err)
    end)

    it("waits for all clusters, and names those in the way", function()
        local status, out = run({ "wait", "--all-clusters", "--timeout", "0" },
            { service = command.service { c1 = command.healthy(), c2 = OLD, c3 = command.healthy() } })
        assert.equal(3, status)
        assert.equal("timed out: name-c2: its last run ended 7 h 59 min ago\n", out)
        status, out = run({ "wait", "--all-clusters" }, { service = command.service {} })
        assert.equal(1, status)
        assert.equal("refused: the project has no clusters\n", out)
    end)

    it("names at most five of those in the way, and how many there are", function()
        for count, more in pairs { [2] = "", [5] = "", [6] = "; and 1 more", [8] = "; and 3 more" } do
            local clusters, arguments = {}, { "wait", "--timeout", "0" }
            for i = 1, count do
                clusters["c" .. i], arguments[#arguments + 1] = OLD, "c" .. i
            end
            for _, word in ipairs(RULES) do
                arguments[#arguments + 1] = word
            end
            local status, out = run(arguments, { service = command.service(clusters) })
            local names = {}
            for i = 1, math.min(count, 5) do
                names[i] = ("name-c%d: its last run ended 7 h 59 min ago"):format(i)
            end
            assert.same({ 3, "timed out: " .. table.concat(names, "; ") .. more .. "\n" }, { status, out })
        end
    end)

    it("looks each half a minute for ten minutes, unless something else is said", function()
        local function sleeps(...)
            local list = {}
            local status = run({ "wait", "c1", "--set", "slow=off", "--set", "volume=off", ... },
                { service = command.service { c1 = OLD }, sleep = function(seconds) list[#list + 1] = seconds end })
            assert.equal(3, status)
            return { #list, list[1], list[#list] }
        end
        assert.same({ 20, 30, 30 }, sleeps())
        assert.same({ 4, 30, 10 }, sleeps("--timeout", "100"))
        assert.same({ 5, 20, 20 }, sleeps("--timeout", "100", "--interval", "20"))
    end)

    it("judges records on stdin once", function()
        assert.equal(0, (run({ "wait", "--input", "-" }, { stdin = command.lines(command.healthy()) })))
        assert.equal(3, (run({ "wait", "--input", "-" }, { stdin = command.lines(OLD) })))
        assert.equal(2, (run({ "wait", "--input", "-" }, { stdin = "x" })))
    end)

    it("refuses what is not a length of time", function()
        for _, option in ipairs { "--fresh", "--interval", "--timeout" } do
            local status, _, err = run { "wait", "c1", option, "soon" }
            assert.equal(2, status)
            assert.matches(option .. ' is "soon", expected a length of time ', err, 1, true)
        end
        assert.equal(2, (run { "wait", "c1", "--fresh", "0" }))
        assert.equal(2, (run { "wait", "c1", "--accept", "critical" }))
    end)

    it("is interrupted with 130", function()
        local status, out, err = run({ "wait", "c1" }, { service = command.service { c1 = OLD }, sleep = function()
            error("interrupted!", 0)
        end })
        assert.equal(130, status)
        assert.equal("", out)
        assert.matches("dwsync: interrupted\n$", err)
    end)
end)

describe("dwsync wait, of looks that are made up,", function()
    local errors = require "dwsync.errors"
    local judgement = require "dwsync.cli.judgement"
    local wait_command = require "dwsync.cli.commands.wait"

    it("gives each look what is left of the time, a minute at most and a second at least", function()
        local new, calls, time, options = judgement.new, {}, 1000, nil
        finally(function() judgement.new = new end)
        judgement.new = function(args, _, without)
            options = { args.timeout or "its own", without }
            return { chosen = { client = {
                monotonic = function() return time end,
                sleep = function(_, seconds)
                    calls[#calls + 1] = "sleep " .. seconds
                    time = time + seconds
                end,
            } }, overview = function(_, given)
                calls[#calls + 1] = ("look %s%s"):format(given.timeout, given.records and " with records" or "")
                local items = { { cluster = { id = "c1" }, error = errors.new { kind = "network", message = "m" } } }
                return { clusters = items }, nil, items
            end }
        end
        local context = require("dwsync.cli.context").new { stdout = command.stream(), stderr = command.stream() }
        assert.equal(3, wait_command.run({ timeout = 100, interval = 45 }, context))
        assert.same({ "look 60 with records", "sleep 45", "look 55 with records", "sleep 45", "look 10 with records",
            "sleep 10", "look 1 with records" }, calls)
        assert.same({ "its own", { "stale" } }, options)
        assert.equal("timed out: c1: network: m\n", context.stdout.text)
        assert.equal("dwsync: waiting: c1: network: m\n", context.stderr.text)
        calls, time = {}, 0
        assert.equal(3, wait_command.run({}, context))
        assert.same({ "look 60 with records", "sleep 30", "look 60 with records" }, { calls[1], calls[2], calls[3] })
        assert.same({ 41, 600 }, { #calls, time })
    end)

    it("takes what can be meant", function()
        for _, case in ipairs {
            { "--accept", "ok", true }, { "--accept", "unknown", true }, { "--accept", "warning", true },
            { "--accept", "critical", false }, { "--fresh", "1s", true }, { "--fresh", "0s", false },
            { "--interval", "1s", true }, { "--interval", "0s", false }, { "--timeout", "0", true },
        } do
            local arguments = { "wait", "c1", case[1], case[2] }
            if case[1] ~= "--timeout" then
                arguments[5], arguments[6] = "--timeout", "0"
            end
            local _, _, err = command.run(arguments, { service = command.service { c1 = command.healthy(3) } })
            assert.equal(case[3], not err:find("See dwsync wait --help", 1, true), case[1] .. " " .. case[2])
        end
    end)
end)
