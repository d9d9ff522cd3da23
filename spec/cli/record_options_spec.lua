-- The zone is the process's, so each case has a process of its own.
local argparse = require "argparse"
local command = require "spec.support.command"
local options = require "dwsync.cli.record_options"
local processes = require "spec.support.processes"
local uv = require "luv"

local CODE = [[
local options = require "dwsync.cli.record_options"
local since = options.period({ since = arg[1] }, { now = function() return 1747697400 end }) -- 2025-05-19T23:30:00Z
print(("%.0f"):format(since))]]

local function since_in(zone, text)
    local output = processes.run(("TZ=%s %s - %s <<'END'\n%s\nEND"):format(zone, processes.quoted(uv.exepath()),
        processes.quoted(text), CODE))
    return tonumber(output)
end

describe("a time on the command line", function()
    it("is local where it names no zone", function()
        assert.equal(1747584000000, since_in("CST-8", "2025-05-19")) -- in Shanghai it began at 16:00 of the 18th, UTC
        assert.equal(1747637723000, since_in("CST-8", "2025-05-19T14:55:23"))
        assert.equal(1747612800000, since_in("UTC0", "2025-05-19"))
    end)

    it("is what it says where it names one", function()
        assert.equal(1747637723000, since_in("CST-8", "2025-05-19T06:55:23Z"))
        assert.equal(1747637723000, since_in("CST-8", "2025-05-19T08:55:23+02:00"))
    end)

    it("knows today and yesterday of that zone", function()
        assert.equal(1747670400000, since_in("CST-8", "today")) -- the 20th
        assert.equal(1747584000000, since_in("CST-8", "yesterday"))
        assert.equal(1747612800000, since_in("UTC0", "today"))
    end)

    it("follows summer time", function()
        local berlin = "CET-1CEST,M3.5.0,M10.5.0/3"
        assert.equal(1747605600000, since_in(berlin, "2025-05-19")) -- two hours ahead
        assert.equal(1736722800000, since_in(berlin, "2025-01-13")) -- one
    end)
end)

describe("the options that choose among records", function()
    it("take names separated by commas or blanks", function()
        for text, names in pairs { ["a"] = { "a" }, ["a,b c"] = { "a", "b", "c" }, [" ,a,,b, "] = { "a", "b" } } do
            assert.same(names, options.names_in(text))
        end
        assert.is_nil(options.names_in "")
        assert.is_nil(options.names_in ", ,")
    end)

    it("are of a period whose end is behind its beginning", function()
        local context = { now = function() return command.NOW end }
        local function period(since, till)
            return { options.period({ since = since, ["until"] = till }, context) }
        end
        local now = command.NOW * 1000
        assert.same({}, period())
        assert.same({ now - 3600000 }, period "1h")
        assert.same({ nil, now - 3600000 }, period(nil, "1h"))
        assert.same({ now - 7200000, now - 3600000 }, period("2h", "1h"))
        assert.same({ now - 3600000, now - 3600000, "--since must be before --until" }, period("1h", "1h"))
        assert.equal("--since must be before --until", period("1h", "2h")[3])
        assert.matches('^%-%-since is "nonsense", expected ', period("nonsense", "1h")[3])
        assert.matches('^%-%-until is "nonsense", expected ', period("1h", "nonsense")[3])
        assert.same({ nil, nil }, { period("1h", "nonsense")[1], period("1h", "nonsense")[2] })
    end)

    it("know a source by its id or its type", function()
        local record = { identity_source_id = "S1", identity_source_type = "ldap" }
        for _, case in ipairs { { nil, true }, { {}, false }, { { "S1" }, true }, { { "ldap" }, true },
            { { "s1" }, false }, { { "x", "ldap" }, true }, { { "x", "y" }, false } } do
            assert.equal(case[2], options.is_of(record, case[1]))
        end
    end)

    it("take statuses and sources in any case, and no others", function()
        local records = { command.record("a", 1), command.failed("b", 2),
            command.record("c", 3, { identity_source_id = "S2", identity_source_type = "scim" }) }
        local function ids(...)
            local status, out, err = command.run({ "records", "c1", "-o", "ndjson", ... },
                { service = command.service { c1 = records } })
            local list = {}
            for id in out:gmatch '"id":"(%w+)"' do
                list[#list + 1] = id
            end
            return status == 0 and table.concat(list, " ") or err
        end
        for _, case in ipairs { { "a b c" }, { "b", "--status", "failed" }, { "a c", "--status", "FINISHED,Running" },
            { "c", "--source", "S2" }, { "c", "--source", "SCIM" }, { "a b", "--source", "x,LDAP" },
            { "a b c", "--source", "ldap S2" } } do
            assert.equal(case[1], ids(case[2], case[3]))
        end
        for _, statuses in ipairs { "failed,ok", "," } do
            assert.matches("expected FINISHED, FAILED or RUNNING, separated by commas", ids("--status", statuses), 1,
                true)
        end
        assert.matches("expected ids or types of identity sources, separated by commas", ids("--source", ","), 1, true)
    end)
end)

describe("the options for records", function()
    it("say what is wrong with them by their names", function()
        local parser = argparse "x"
        options.configure(parser, options.limit(parser))
        assert.matches("Which records: --status <names> Only these: FINISHED, FAILED, RUNNING. --since <when> "
            .. "Started at or after: 90m, 7d, yesterday, a local date or time. --until <when> Started before. "
            .. "--source <names> Only these sources: ids or types. --limit <n> Only the newest so many of a cluster.",
            parser:get_help():gsub("%s+", " "), 1, true)
        for option, message in pairs { ["--source=,"] = '--source is ",", expected ids or types of identity sources, '
            .. "separated by commas", ["--limit=x"] = '--limit is "x", expected an integer above 0',
            ["--status=,"] = '--status is ",", expected ' } do
            local good, reason = parser:pparse { option }
            assert.same({ false, message }, { good, reason:sub(1, #message) })
        end
    end)

    it("have a --limit of old that is only understood", function()
        local parser = argparse "x"
        options.limit(parser, true)
        assert.is_nil(parser:get_help():find("--limit", 1, true))
        assert.equal(5, (select(2, parser:pparse { "--limit", "5" })).limit)
    end)
end)
