local cjson = require "cjson"
local emulator = require "spec.support.emulator"
local files = require "dwsync.files"
local receiver = require "spec.support.receiver"
local runbook = require "spec.support.runbook"
local uv = require "luv"

-- A command that runs while this process receives.
local function run_beside(command)
    local status
    local child = assert(uv.spawn("sh", { args = { "-c", command } }, function(code) status = code end))
    while not status do
        uv.run "once"
    end
    child:close()
    return status
end

describe("examples/gone_accounts.lua", function()
    local server, cluster
    setup(function()
        server = emulator.start()
        cluster = server:cluster "mass_delete"
    end)
    teardown(function() server:stop() end)
    before_each(function() server:reset() end)

    local function gone(run, options, variables)
        variables = variables or {}
        variables.DWSYNC_HISTORY = variables.DWSYNC_HISTORY or "history.db"
        return run(('cd "$DIR" && DWSYNC_HISTORY="$DIR/$DWSYNC_HISTORY" dwsync run %s "%s/examples/gone_accounts.lua" '
            .. 'mass-delete "$DIR/gone.csv"'):format(options or "", uv.cwd()), variables)
    end

    local function hold(is_held)
        server:admin("POST", "records", is_held and { cluster = cluster, hold = 1 }
            or { cluster = cluster, release = true })
    end

    it("writes who went with a mass deletion, once, for its owner alone", function()
        runbook.with(server, function(run, folder)
            hold(true)
            local status, out, err = gone(run)
            assert.same({ 0, "mass-delete: no mass deletion\n", "" }, { status, out, err })
            hold(false)
            status, out, err = gone(run, "--dry-run")
            assert.equal(3, status, err)
            assert.matches("would look who went, write ", out, 1, true)
            assert.is_nil(runbook.read(folder .. "/gone.csv"))
            status, out, err = gone(run)
            assert.equal(3, status, err)
            assert.matches("^mass%-delete: 475 of .*; the lists show who went: 473 accounts: written to ", out)
            assert.equal(384, files.mode(folder .. "/gone.csv"))
            local text = runbook.read(folder .. "/gone.csv")
            assert.equal(475, select(2, text:gsub("\n", "")))
            assert.matches('^# run [%x-]+\nname,user_type,last_seen,missed_at\n"[%w.]+","COMMON","20', text)
            assert.is_nil((out .. err):find(text:match '\n"([%w.]+)"', 1, true))
            status, out = gone(run)
            assert.equal(0, status)
            assert.matches("has the accounts that went with run", out, 1, true)
        end)
    end)

    it("says that nobody looked before, and what a history is needed for", function()
        runbook.with(server, function(run, folder)
            local status, _, err = gone(run)
            assert.equal(4, status)
            assert.matches("who went is not known: nobody looked at the accounts before\n$", err)
            assert.same({ "history.db" }, runbook.names(folder))
            status, _, err = run "dwsync run examples/gone_accounts.lua mass-delete"
            assert.equal(2, status)
            assert.matches("^usage: ", err)
        end)
    end)

    it("sends the list to a webhook, and tries again where that does not take it", function()
        runbook.with(server, function(run, folder)
            hold(true)
            gone(run)
            hold(false)
            local got, answer = {}, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
            receiver.with(function(body)
                got[#got + 1] = cjson.decode(body)
                return answer
            end, function(url)
                local function call()
                    local words
                    gone(function(command, variables)
                        variables.GONE_WEBHOOK_URL = url
                        words = { command, variables }
                    end)
                    return run_beside(runbook.line(server, folder, words[1], words[2]))
                end
                assert.equal(1, call())
                assert.is_nil(runbook.read(folder .. "/gone.csv"))
                answer = nil
                assert.equal(3, call())
            end)
            assert.equal(2, #got)
            assert.equal(473, #got[2].accounts)
            assert.equal(cluster, got[2].cluster_id)
            assert.truthy(runbook.read(folder .. "/gone.csv"):find('"' .. got[2].accounts[1] .. '"', 1, true))
        end)
    end)

    it("fails cleanly where the service cannot be asked", function()
        runbook.assert_fails_cleanly(server, 'examples/gone_accounts.lua healthy "$DIR/gone.csv"',
            { DWSYNC_HISTORY = "/tmp/nowhere/history.db" })
    end)
end)
