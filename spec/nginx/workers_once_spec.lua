local emulators = require "spec.support.emulator"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"

-- The owner's process id stands in the lease: nobody but a spec asks for it.
local LOCATIONS = nginx.LOCATIONS .. [[
        location = /owner {
            content_by_lua_block { ngx.print((ngx.shared.dwsync:get("dwsync.1:lease") or "nobody"):match "%S*$") }
        }
        location = /noted {
            content_by_lua_block { ngx.print(ngx.shared.dwsync:get("dwsync.3:state:due") and "yes" or "no") }
        }
        location = /self { content_by_lua_block { ngx.print(ngx.worker.pid()) } }
]]

describe("the refresher among workers", function()
    local service, server

    setup(function()
        service = emulators.start()
    end)
    teardown(function()
        service:stop()
    end)
    before_each(function()
        service:reset()
    end)
    after_each(function()
        if server then
            server:stop()
        end
    end)

    local function start(workers, more)
        local client = service:options()
        client.getenv = nil -- a function cannot enter a thread
        local options = { clusters = { service:cluster "healthy" }, interval = 1, jitter = 0, lease = 1,
            client = client }
        for name, value in pairs(more or {}) do
            options[name] = value
        end
        server = nginx.start { http = nginx.refreshing(options), server = LOCATIONS, workers = workers }
        server:get_until("/health", 200)
    end

    local function owner()
        return tonumber(server:get("/owner").body:match "^0*(%d+)%.") or 0
    end

    local function sweeps()
        return tonumber(server:get("/metrics").body:match 'dwsync_sweeps_total{outcome="complete"} (%d+)' or 0)
    end

    local function wait_for_sweeps(count)
        local till = sweeps() + count
        patience.wait_until(function() return sweeps() >= till end, "more sweeps")
    end

    for _, workers in ipairs { 1, 4 } do
        it(("is one of %d, and asks as often as one"):format(workers), function()
            start(workers, { lease = 3600 }) -- no owner is ever too late to renew it
            wait_for_sweeps(2)
            -- A request a sweep, however many workers there are; one may be under way.
            local before, asked, after = sweeps(), service:asked(), sweeps()
            assert.is_true(asked >= before and asked <= after + 1,
                ("%d requests in %d to %d sweeps"):format(asked, before, after))
            assert.equal("", server:complaints())
        end)
    end

    it("moves to another one when its owner is killed", function()
        start(4)
        local first = patience.wait_until(function() return owner() ~= 0 and owner() end, "an owner")
        server:signal("sigkill", first)
        patience.wait_until(function() return owner() ~= 0 and owner() ~= first end, "another owner")
        wait_for_sweeps(2)
        assert.equal(200, server:get("/health").status)
    end)

    it("is handed on at once when nginx reloads, and does not sweep again for it", function()
        start(2, { interval = 3600, lease = 3600 })
        -- What was found is there a moment before it is noted when to look again.
        server:get_until("/noted", "yes")
        local first, asked = owner(), service:asked()
        server:signal "sighup"
        -- With a lease of an hour, whoever waits for its end does not come in time.
        patience.wait_until(function() return owner() ~= first and owner() ~= 0 end, "a new owner")
        patience.wait_until(function() return #server:workers() == 2 end, "the old workers to end")
        assert.equal(200, server:get("/health").status)
        assert.equal(asked, service:asked())
    end)

    it("takes up a changed configuration at once when nginx reloads", function()
        start(2, { interval = 3600 })
        local healthy = service:cluster "healthy":gsub("-", "%%-")
        server:reconfigure((server:configuration():gsub(healthy, service:cluster "failing")))
        server:signal "sighup"
        server:get_until("/health", service:cluster "failing")
        assert.is_nil(server:get("/health").body:find(service:cluster "healthy", 1, true))
    end)

    -- Counts the ticks in each worker; the later of two timers of a kind waits for the earlier.
    local TIMERS = [[
        ticks = 0
        local every = ngx.timer.every
        ngx.timer.every = function(period, action)
            local running
            return every(period, function(...)
                ticks = ticks + 1
                if not running then
                    running = true
                    action(...)
                    running = false
                end
            end)
        end
    ]]

    local function code_of(options)
        local client = service:options()
        client.getenv = nil
        options.client, options.lease, options.jitter = client, options.lease or 1, 0
        return nginx.code(options)
    end

    local function wait_for_ticks(count)
        local first = tonumber(server:get("/ticks").body)
        server:get_until("/ticks", function(response) return tonumber(response.body) >= first + count end)
    end

    local MORE = [[
        location = /ticks { content_by_lua_block { ngx.print(ticks) } }
        location = /stop { content_by_lua_block { require("dwsync.nginx").stop() } }
        location = /start { content_by_lua_block { require("dwsync.nginx").start() } }
        location = /change { content_by_lua_block {
            require("dwsync.nginx").setup(CHANGED)
            require("dwsync.nginx").start()
        } }
    ]]

    it("is one, however often it is started, ends when it is stopped, and takes up changed options", function()
        local changed = code_of { clusters = { service:cluster "failing" }, interval = 3600 }
        server = nginx.start {
            http = ([[
                init_by_lua_block { require("dwsync.nginx").setup %s }
                init_worker_by_lua_block { %s
                    require("dwsync.nginx").start()
                    require("dwsync.nginx").start()
                }
            ]]):format(code_of { clusters = { service:cluster "healthy" }, interval = 1 }, TIMERS),
            server = LOCATIONS .. MORE:gsub("CHANGED", function() return changed end),
        }
        server:get_until("/health", 200)
        wait_for_sweeps(3)
        local before, asked, after = sweeps(), service:asked(), sweeps()
        assert.is_true(asked >= before and asked <= after + 1,
            ("%d requests in %d to %d sweeps"):format(asked, before, after))
        server:get "/stop"
        assert.equal(0, owner())
        local stopped = sweeps() -- a sweep under way publishes nothing
        wait_for_ticks(6)
        assert.equal(stopped, sweeps())
        server:get "/start"
        wait_for_sweeps(1)
        server:get "/change"
        server:get_until("/health", service:cluster "failing")
        server:get_until("/noted", "yes")
        wait_for_ticks(3)
        asked = service:asked()
        wait_for_ticks(6)
        assert.equal(asked, service:asked())
        assert.equal("", server:complaints())
    end)

    it("keeps its lease through a long sweep where no timer overlaps another", function()
        server = nginx.start {
            http = ([[
                init_by_lua_block { require("dwsync.nginx").setup %s }
                init_worker_by_lua_block { %s require("dwsync.nginx").start() }
            ]]):format(code_of { clusters = { service:cluster "healthy" }, interval = 1, lease = 3 }, TIMERS),
            server = LOCATIONS, workers = 3,
        }
        server:get_until("/health", 200)
        local first, asked, swept = owner(), service:asked(), sweeps()
        service:fault({ delay = 4 }, { times = 1 })
        patience.wait_until(function() return service:asked() > asked + 1 end, "the slow answer")
        wait_for_sweeps(1)
        assert.equal(first, owner())
        assert.is_true(sweeps() > swept)
    end)

    it("survives twenty reloads under load: no timer, thread or memory is lost", function()
        start(2)
        local load = server:load { "/ping", "/health", "/metrics", "/records", "/status" }
        local function reload()
            local old = {}
            for _, pid in ipairs(server:workers()) do
                old[pid] = true
            end
            server:signal "sighup"
            patience.wait_until(function()
                load:turn()
                local workers = server:workers()
                for _, pid in ipairs(workers) do
                    if old[pid] then
                        return false
                    end
                end
                return #workers == 2
            end, "the old workers to end")
        end
        for _ = 1, 3 do
            reload()
        end
        local before = nginx.memory(server.pid)
        for _ = 1, 17 do
            reload()
        end
        local grown = nginx.memory(server.pid) - before
        assert.is_true(grown < 1500, ("the master grew by %d KiB"):format(grown))
        wait_for_sweeps(2)
        patience.wait_until(function()
            load:turn()
            return load.answered > 100
        end, "answers")
        load:finish()
        assert.equal(0, load.failed)
        for _, pid in ipairs(server:workers()) do
            -- Itself, four of the pool, and perhaps one that looks up a name.
            assert.is_true(nginx.threads(pid) <= 6)
        end
        assert.equal("", server:complaints())
    end)
end)
