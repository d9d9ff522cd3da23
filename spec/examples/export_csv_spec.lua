local emulator = require "spec.support.emulator"
local runbook = require "spec.support.runbook"

local HEADER = "started,ended,seconds,outcome,identity_source_type,identity_source_id,add_count,update_count,"
    .. "delete_count,failed_count,fail_reason,id"

-- The rows of a CSV file (RFC 4180), each a list of cells, read by rules of its own.
local function rows_of(text)
    local rows, row, position = {}, {}, 1
    while position <= #text do
        local quoted, after = text:match('^"(.-)"()[,\n]', position)
        while quoted and select(2, quoted:gsub('"', "")) % 2 == 1 do -- a doubled quote, not the end
            local more
            more, after = text:match('^(.-)"()[,\n]', after)
            quoted = quoted .. '"' .. more
        end
        local cell = quoted and quoted:gsub('""', '"')
        if not cell then
            cell, after = text:match("^([^,\n]*)()", position)
        end
        row[#row + 1] = cell
        if text:sub(after, after) == "\n" then
            rows[#rows + 1], row = row, {}
        end
        position = after + 1
    end
    return rows
end

describe("examples/export_csv.lua", function()
    local server
    setup(function() server = emulator.start { records = 100 } end)
    teardown(function() server:stop() end)
    before_each(function() server:reset() end)

    local function file_of(folder, story)
        return runbook.read(("%s/%s.csv"):format(folder, server:cluster(story)))
    end

    it("writes a file a cluster, and none that looks as if a cluster that cannot be asked had no runs", function()
        runbook.with(server, function(run, folder)
            local status, out, err = run 'dwsync run examples/export_csv.lua "$DIR"'
            assert.equal(0, status)
            assert.equal("dws-feature-off: identity-source synchronisation is off (DWS.5045)\n", err)
            assert.matches("168 runs, 168 of them new to the history: ", out, 1, true)
            for story, count in pairs { healthy = 168, failing = 168, mass_delete = 168, stuck = 120, partial = 96,
                two_sources = 252, never = 0, large = 100 } do
                local text = file_of(folder, story)
                assert.equal(HEADER, text:match "^[^\n]*")
                local rows = rows_of(text)
                assert.equal(count + 1, #rows, story)
                for _, row in ipairs(rows) do
                    assert.equal(12, #row)
                end
            end
            assert.is_nil(file_of(folder, "feature_off"))
            assert.equal(9, #runbook.names(folder)) -- eight, and the history
        end)
    end)

    it("gives a spreadsheet times and outcomes, and no formula", function()
        runbook.with(server, function(run, folder)
            run 'dwsync run examples/export_csv.lua "$DIR"'
            local seen = 0
            for _, row in ipairs(rows_of(file_of(folder, "partial"))) do
                for _, cell in ipairs(row) do
                    assert.is_nil(cell:find "^[=+@\t\r-]", cell)
                    seen = seen + (cell:find "^'[=+]" and 1 or 0)
                end
            end
            assert.is_true(seen > 10) -- of two of the reasons
            assert.matches("\n%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%dZ,[%d-]+T[%d:.]+Z,%d+%.?%d*,failed,ldap,",
                file_of(folder, "failing"))
            assert.matches("\n[^,\n]+,,,running,ldap,", file_of(folder, "stuck"))
        end)
    end)

    it("takes the days that it is told", function()
        runbook.with(server, function(run, folder)
            run 'dwsync run examples/export_csv.lua "$DIR" 1'
            assert.equal(25, #rows_of(file_of(folder, "healthy")))
        end)
    end)

    it("goes on to export what the service has forgotten, from the history that is named", function()
        runbook.with(server, function(run, folder)
            local named = { DWSYNC_HISTORY = folder .. "/kept.sqlite" }
            run('dwsync run examples/export_csv.lua "$DIR"', named)
            local before = file_of(folder, "healthy")
            server:admin("POST", "records", { cluster = server:cluster "healthy", records = {} })
            local _, out = run('dwsync run examples/export_csv.lua "$DIR"', named)
            assert.matches("168 runs, 0 of them new to the history: ", out, 1, true)
            assert.equal(before, file_of(folder, "healthy"))
            assert.truthy(runbook.read(folder .. "/kept.sqlite"))
            assert.is_nil(runbook.read(folder .. "/history.sqlite"))
        end)
    end)

    it("writes nothing with --dry-run", function()
        runbook.with(server, function(run, folder)
            local _, out = run 'dwsync run --dry-run examples/export_csv.lua "$DIR"'
            assert.matches("168 runs, 168 of them new to the history: ", out, 1, true)
            assert.same({}, runbook.names(folder))
        end)
    end)

    it("says what is wrong with the key, the network, the folder or its call", function()
        runbook.assert_fails_cleanly(server, 'examples/export_csv.lua "$DIR"')
        runbook.with(server, function(run, folder)
            local status, out, err = run 'dwsync run examples/export_csv.lua "$DIR/nowhere"'
            assert.same({ 1, "" }, { status, out })
            assert.matches("^dwsync: storage: ", err)
            assert.same({}, runbook.names(folder))
            status, out, err = run('dwsync run examples/export_csv.lua "$DIR/nowhere"', { DWSYNC_HISTORY = ":memory:" })
            assert.same({ 1, "" }, { status, out })
            assert.matches("^dwsync: cannot write .*/nowhere/[%x-]+%.csv: no such file or directory\n$", err)
            status, out, err = run 'dwsync run examples/export_csv.lua "$DIR" 0'
            assert.same({ 2, "", "usage: dwsync run export_csv.lua DIRECTORY [DAYS]\n" }, { status, out, err })
        end)
    end)
end)
