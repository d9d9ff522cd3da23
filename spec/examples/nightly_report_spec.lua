local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local runbook = require "spec.support.runbook"

local TODAY = os.date "!dwsync-%Y-%m-%d.html" -- a day may begin meanwhile: names are matched, not compared
local PAGE = "dwsync%-%d%d%d%d%-%d%d%-%d%d%.html"

describe("examples/nightly_report.lua", function()
    local server
    setup(function() server = emulator.start { records = 100 } end)
    teardown(function() server:stop() end)
    before_each(function() server:reset() end)

    local function only(story)
        local body = cjson.encode { clusters = { { id = server:cluster(story), name = story } } }
        server:fault({ status = 200, body = body }, { match = { path = "/v1.0/" }, times = cjson.null })
    end

    it("writes one page about all clusters and one line, and says by its status that it is worth reading", function()
        runbook.with(server, function(run, folder)
            local status, out, err = run 'dwsync run examples/nightly_report.lua "$DIR"'
            assert.equal("", err)
            assert.equal(3, status)
            assert.matches("^critical: 3 critical, 1 warning, 1 unknown, 3 ok, 1 disabled; wrote .*/files/" .. PAGE
                .. "\n$", out)
            local names = runbook.names(folder)
            assert.equal(1, #names)
            local page = runbook.read(folder .. "/" .. names[1])
            assert.matches("</html>%s*$", page)
            for _, cluster in ipairs(server.info.clusters) do
                assert.truthy(page:find(cluster.name, 1, true), cluster.name)
            end
        end)
    end)

    it("ends with 0 when all is well, else with 3", function()
        for story, expected in pairs { healthy = 0, failing = 3, mass_delete = 3, stuck = 3, never = 3,
            feature_off = 0 } do
            server:reset()
            only(story)
            runbook.with(server, function(run)
                local status, _, err = run 'dwsync run examples/nightly_report.lua "$DIR"'
                assert.equal("", err)
                assert.equal(expected, status, story)
            end)
        end
    end)

    it("keeps the last pages and everything that is not its own", function()
        runbook.with(server, function(run, folder)
            for _, name in ipairs { "dwsync-2020-01-01.html", "dwsync-2020-01-02.html", "dwsync-2020-01-03.html",
                "dwsync-2020-01-01.html.bak", "other.html" } do
                runbook.write(folder .. "/" .. name, "old")
            end
            only "healthy"
            local before = runbook.names(folder)
            local status, out = run 'dwsync run --dry-run examples/nightly_report.lua "$DIR" 2'
            assert.equal(0, status)
            assert.matches("; would write .*\nwould remove dwsync%-2020%-01%-01.html\nwould remove "
                .. "dwsync%-2020%-01%-02.html\n$", out)
            assert.same(before, runbook.names(folder))
            for _ = 1, 2 do -- the second one finds nothing to remove
                assert.equal(0, (run 'dwsync run examples/nightly_report.lua "$DIR" 2'))
                local names = runbook.names(folder)
                assert.same({ "dwsync-2020-01-01.html.bak", "dwsync-2020-01-03.html" }, { names[1], names[2] })
                assert.matches("^" .. PAGE .. "$", names[3])
                assert.is_true(names[3] >= TODAY)
                assert.same({ "other.html" }, { names[4], names[5] })
            end
        end)
    end)

    it("takes the day from the service's clock when this machine's is wrong", function()
        runbook.with(server, function(run, folder)
            only "healthy"
            server:set { clock_offset = 86400 } -- more is not believed
            local status, out, err = run 'dwsync run examples/nightly_report.lua "$DIR"'
            assert.matches("^dwsync: this machine's clock is [^;]+ slow; [^\n]*\n$", err)
            assert.equal(3, status) -- a day on, the emulator's last run is stale
            assert.matches("^critical: 1 critical; wrote ", out)
            assert.is_true(runbook.names(folder)[1] > TODAY)
        end)
    end)

    it("says what is wrong with the key or the network, and leaves no file", function()
        runbook.assert_fails_cleanly(server, 'examples/nightly_report.lua "$DIR"')
    end)

    it("says that it cannot write, and how it is called", function()
        runbook.with(server, function(run)
            only "healthy"
            local status, out, err = run 'dwsync run examples/nightly_report.lua "$DIR/nowhere"'
            assert.equal(1, status)
            assert.equal("", out)
            assert.matches("^dwsync: cannot write .*/nowhere/" .. PAGE .. ": no such file or directory\n$", err)
            for _, arguments in ipairs { "", '"$DIR" 0', '"$DIR" 1.5', '"$DIR" many' } do
                status, out, err = run("dwsync run examples/nightly_report.lua " .. arguments)
                assert.same({ 2, "", "usage: dwsync run nightly_report.lua DIRECTORY [KEEP]\n" }, { status, out, err })
            end
        end)
    end)
end)
