-- Names of accounts are in the history and in what `dwsync accounts` prints: whatever else is said is searched for some
-- that nobody else could have said.
local collecting = require "spec.support.collecting"
local emulators = require "spec.support.emulator"
local files = require "dwsync.files"
local history = require "dwsync.history"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local runbook = require "spec.support.runbook"
local temporary = require "spec.support.temporary"

local CANARY = "canary"
local NAMES = { "canary.stays", "canary 'quoted' \"twice\"", "canary.李娜", "canary.goes" }

describe("names of accounts", function()
    local service, cluster

    setup(function()
        service = emulators.start()
        cluster = service:cluster "mass_delete"
    end)
    teardown(function()
        service:stop()
    end)
    before_each(function()
        service:reset()
        local add = {}
        for i, name in ipairs(NAMES) do
            add[i] = { name = name }
        end
        service:admin("POST", "accounts", { cluster = cluster, add = add })
        service:admin("POST", "records", { cluster = cluster, hold = 1 })
    end)

    local function delete()
        service:admin("POST", "accounts", { cluster = cluster, remove = { "canary.goes" } })
        service:admin("POST", "records", { cluster = cluster, release = true })
    end

    local function has(text)
        return (text:lower():find(CANARY, 1, true))
    end

    -- By every command, each with what it must have said to have been worth searching.
    local COMMANDS = {
        ["records dws-mass-delete --debug"] = "FINISHED",
        ["health dws-mass-delete --debug"] = "mass_delete",
        ["health dws-mass-delete --explain mass_delete -o json --debug"] = "lists who went%.",
        ["check dws-mass-delete --debug"] = "mass_delete",
        ["report dws-mass-delete -o html --debug"] = "mass_delete",
        ["report dws-mass-delete -o prometheus --debug"] = "dwsync_",
        ["replay dws-mass-delete --from-history"] = "CRITICAL",
        ["wait dws-mass-delete --fresh 6h --timeout 0 --debug"] = "mass%-delete",
        ["history pull --accounts dws-mass-delete -o json --debug"] = "unchanged",
        ["history list dws-mass-delete -o csv"] = "FINISHED",
        ["history stats"] = "dws%-mass%-delete",
        ["history prune --accounts --older-than 0s"] = "1",
        ["notify dws-mass-delete --dry-run --debug --webhook-url-file URL"] = "accounts",
        ["alerts list"] = "",
        ["clusters --debug"] = "dws%-mass%-delete",
        ["doctor --debug"] = "dwsync",
    }

    it("stand in nothing that a command says but accounts, with --debug, too", function()
        runbook.with(service, function(run, folder)
            runbook.write(folder .. "/url", "http://127.0.0.1:1/hook\n")
            local variables = { DWSYNC_HISTORY = folder .. "/history.db", DWSYNC_CONFIG = "" }
            local function said(words)
                local command = "dwsync " .. words:gsub("URL", folder .. "/url")
                local _, out, err = run("unset DWSYNC_CONFIG; " .. command, variables)
                return out, err
            end
            local pulled, noted = said "history pull --accounts dws-mass-delete --debug"
            assert.is_nil(has(pulled .. noted), noted)
            delete()
            pulled, noted = said "history pull --accounts dws-mass-delete --debug"
            assert.is_nil(has(pulled .. noted), noted)
            assert.matches("db%-manager/users", noted)
            local out, err = said "accounts dws-mass-delete --gone -o ndjson"
            assert.truthy(has(out), out .. err)
            assert.is_nil(has(err))
            local last = "history prune --accounts --older-than 0s"
            local words = {}
            for command in pairs(COMMANDS) do
                words[#words + 1] = command ~= last and command or nil
            end
            table.sort(words)
            words[#words + 1] = last
            for _, command in ipairs(words) do
                out, err = said(command)
                assert.matches(COMMANDS[command], out .. err, nil, command)
                assert.is_nil(has(out .. err), command)
            end
            assert.equal(384, files.mode(folder .. "/history.db"))
        end)
    end)

    it("stand in verdicts and pages with show_accounts, harmless and few", function()
        local add = {}
        for i = 1, 11 do
            add[i] = { name = ("<b>canary.%02d"):format(i) }
        end
        service:admin("POST", "accounts", { cluster = cluster, add = add })
        runbook.with(service, function(run, folder)
            local function said(config, words)
                runbook.write(folder .. "/config.lua", ("return { history = %q, %s }"):format(folder .. "/history.db",
                    config))
                return (select(2, run("dwsync " .. words, { DWSYNC_CONFIG = folder .. "/config.lua" })))
            end
            said("", "history pull --accounts dws-mass-delete")
            local names = {}
            for i, user in ipairs(add) do
                names[i] = user.name
            end
            service:admin("POST", "accounts", { cluster = cluster, remove = names })
            service:admin("POST", "records", { cluster = cluster, release = true })
            said("", "history pull --accounts dws-mass-delete")
            local word = "health dws-mass-delete -o json"
            assert.is_nil(has(said("", word)))
            assert.is_nil(has(said("show_accounts = false", word)))
            assert.matches('went: \\"<b>canary.01\\".*canary.0%d\\" and %d+ more', said("show_accounts = true", word))
            local page = said("show_accounts = true", "report dws-mass-delete -o html")
            assert.matches("canary.0%d&quot; and %d+ more%.<", page)
            assert.is_nil(page:find("<b>canary", 1, true))
            assert.is_nil(page:find("canary.11", 1, true))
            assert.is_nil(has(said("show_accounts = true", "report dws-mass-delete -o prometheus")))
        end)
    end)

    it("stand in nothing that collect says, serves or writes but its history", function()
        temporary.with_folder(function(folder)
            collecting.write_inventory(folder, service.info)
            local inventory = runbook.read(folder .. "/fleet.lua")
            runbook.write(folder .. "/fleet.lua", (inventory:gsub("rate = 100,", "rate = 100, list_accounts = true,")))
            local child = collecting.start(folder, ("--name a --metrics-file %s/m.prom"):format(folder))
            local function until_kept(query)
                patience.wait_until(function()
                    local store = history.open(folder .. "/h.sqlite", { readonly = true })
                    local found = store and store:accounts(query)
                    if store then
                        store:close()
                    end
                    return found and found[1]
                end, "accounts")
            end
            until_kept { cluster_id = cluster }
            delete()
            until_kept { cluster_id = cluster, gone = true }
            child:stop "sigterm"
            child:wait()
            assert.is_nil(has(child.output))
            assert.is_nil(has(runbook.read(folder .. "/m.prom")))
            assert.truthy(has(processes.run(("cat %s/h.sqlite*"):format(folder))))
        end)
    end)

    it("stand in no error about a list that cannot be kept or read", function()
        runbook.with(service, function(run, folder)
            local variables = { DWSYNC_HISTORY = folder .. "/history.db" }
            local function pull()
                local status, out, err = run("unset DWSYNC_CONFIG; dwsync history pull --accounts dws-mass-delete "
                    .. "--retries 0 --debug", variables)
                return status, out .. err
            end
            for _, body in ipairs { '{"users":null}', '{"users":[]}', '{"users":[{"name":"canary"},{"name":7}]}',
                '{"users":[{"name":"canary","user_type":["canary"]}]}',
                '{"users":[{"name":"canary"},{"login":true}]}' } do
                service:admin("POST", "faults", { match = { path = "/users" }, action = { status = 200, body = body },
                    times = 9 })
                local status, said = pull()
                assert.equal(1, status, body)
                assert.is_nil(has(said), said)
                service:admin("DELETE", "faults")
            end
            local store = assert(history.open(folder .. "/history.db", { readonly = true }))
            assert.is_nil(assert(store:accounts { cluster_id = cluster }).look)
            store:close()
        end)
    end)
end)
