-- Two collectors that list accounts into one PostgreSQL database, one of which is killed while they work.
local collecting = require "spec.support.collecting"
local emulators = require "spec.support.emulator"
local history = require "dwsync.history"
local patience = require "spec.support.patience"
local postgres = require "spec.support.postgres"
local runbook = require "spec.support.runbook"
local temporary = require "spec.support.temporary"

-- By name; none may be there twice.
local function names_of(list)
    local names = {}
    for _, account in ipairs(list) do
        assert.is_nil(names[account.name], account.name)
        names[account.name] = true
    end
    return names
end

describe("accounts that two collectors list", function()
    local service, server
    setup(function() service, server = emulators.start(), postgres.start() end)
    teardown(function()
        service:stop()
        server:stop()
    end)

    it("are each there once, and only who went is gone, also after one of them was killed", function()
        temporary.with_folder(function(folder)
            local cluster, url = service:cluster "mass_delete", server:url(server:create_database())
            service:admin("POST", "accounts", { cluster = cluster, add = { { name = "stays" }, { name = "goes" } } })
            service:admin("POST", "records", { cluster = cluster, hold = 1 })
            collecting.write_inventory(folder, service.info)
            local inventory = runbook.read(folder .. "/fleet.lua"):gsub("lease = 20", "lease = 2")
            runbook.write(folder .. "/fleet.lua", (inventory:gsub("rate = 100,", "rate = 100, list_accounts = true,")))
            local first = collecting.start(folder, "--name a", { DWSYNC_HISTORY = url })
            local second = collecting.start(folder, "--name b", { DWSYNC_HISTORY = url })
            local store
            patience.wait_until(function()
                store = store or history.open(url, { readonly = true })
                return store and (store:accounts { cluster_id = cluster } or {})[1]
            end, "accounts")
            local before = names_of(assert(store:accounts { cluster_id = cluster }))
            service:admin("POST", "accounts", { cluster = cluster, remove = { "goes" } })
            service:admin("POST", "records", { cluster = cluster, release = true })
            first:stop "sigkill"
            first:wait()
            local gone
            patience.wait_until(function()
                gone = assert(store:accounts { cluster_id = cluster, gone = true })
                return gone[1]
            end, "who went")
            local there = names_of(assert(service:client():all_database_users { cluster_id = cluster }))
            gone = names_of(gone)
            assert.same({ true, nil, true, nil }, { there.stays, there.goes, gone.goes, gone.stays })
            for name in pairs(before) do
                assert.equal(there[name] == nil, gone[name] == true, name)
            end
            for name in pairs(gone) do
                assert.is_true(before[name], name)
            end
            store:close()
            second:stop "sigterm"
            second:wait()
        end)
    end)
end)
