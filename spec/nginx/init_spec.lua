local served = require "spec.support.served"
local shared_dict = require "spec.support.shared_dict"

local NAMES = { "gate", "health", "health_table", "is_fresh", "metrics", "metrics_text", "records", "setup", "start",
    "status", "stop", "verdicts" }

local CLIENT = { region = "cn-north-4", credentials = { ak = "AK", sk = "SK" } }

-- nginx is replaced by what dwsync asks it for; the refresher by what it is given.
describe("dwsync.nginx", function()
    local nginx, ngx, own, timers, made, now, own_refresher, own_exit

    local REFRESHER = "dwsync.nginx.sweep.refresher"

    before_each(function()
        own, own_refresher, own_exit = rawget(_G, "ngx"), package.loaded[REFRESHER], os.exit
        os.exit = function() error "it ended nginx" end -- luacheck: ignore 122
        timers, made, now = {}, {}, 1763971200
        ngx = {
            NOTICE = 6, WARN = 5, ERR = 4, logged = {},
            shared = { dwsync = shared_dict.new(), other = shared_dict.new() },
            worker = { pid = function() return 77 end, id = function() return 3 end,
                exiting = function() return "exiting" end },
            get_phase = function() return "init" end, now = function() return now end,
            update_time = function() now = now + 1 end,
            crc32_short = function(text)
                ngx.drawn = text
                return 2 ^ 31
            end,
            md5 = function(text) return "md5 " .. text end,
            log = function(level, ...) table.insert(ngx.logged, table.concat({ level, ... }, " ")) end,
            run_worker_thread = function(...) return table.concat({ ... }, " ") end,
            config = { subsystem = "http" },
            timer = {
                every = function(period, action)
                    timers[#timers + 1] = { period, action }
                    return ngx.timers_fail ~= period, ngx.timers_fail == period and "too many" or nil
                end,
                at = function(delay, action)
                    timers[#timers + 1] = { delay, action }
                    return ngx.timers_fail ~= delay, ngx.timers_fail == delay and "too many" or nil
                end,
            },
        }
        rawset(_G, "ngx", ngx)
        package.loaded[REFRESHER] = { new = function(checked, host)
            local refresher = { checked = checked, host = host, ticks = {}, stops = 0 }
            function refresher.period() return checked.interval / 10 end
            function refresher:tick(premature) table.insert(self.ticks, premature) end
            function refresher:stop() self.stops = self.stops + 1 end
            made[#made + 1] = refresher
            return refresher
        end }
        package.loaded["dwsync.nginx"] = nil
        nginx = require "dwsync.nginx"
    end)
    after_each(function()
        rawset(_G, "ngx", own)
        os.exit = own_exit -- luacheck: ignore 122
        package.loaded[REFRESHER], package.loaded["dwsync.nginx"] = own_refresher, nil
    end)

    local function setup_with(more)
        local given = { clusters = { "one" }, client = CLIENT }
        for name, value in pairs(more or {}) do
            given[name] = value
        end
        return nginx.setup(given)
    end

    local function refusal(does, ...)
        local good, message = pcall(does, ...)
        assert.is_false(good)
        return message
    end

    -- ---- setup -----------------------------------------------------------------------------------

    it("has the functions that its documentation names", function()
        local names = {}
        for name in pairs(nginx) do
            names[#names + 1] = name
        end
        table.sort(names)
        assert.same(NAMES, names)
    end)

    it("raises at setup what is wrong, as the caller's mistake", function()
        for _, case in ipairs {
            { {}, "clusters is missing, expected " },
            { { clusters = "all", interval = "often" }, "interval is \"often\"" },
            { { clusters = "all", dict = "nowhere" }, 'unknown shared dict "nowhere": put "lua_shared_dict nowhere '
                .. '16m;" into http {}' },
        } do
            case[1].client = CLIENT
            local message = refusal(function() nginx.setup(case[1]) end)
            assert.truthy(message:find("dwsync.nginx: " .. case[2], 1, true), message)
            assert.matches("init_spec.lua:%d+: ", message)
        end
        assert.matches("setup was not called in init_by_lua$", refusal(nginx.start))
    end)

    it("takes a file as the history only where there are threads", function()
        for _, case in ipairs { { "/h.db", true, true }, { "/h.db", false, false }, { "postgres://db/d", false, true },
            { "postgres://db/d", true, true }, { nil, false, true } } do
            ngx.run_worker_thread = case[2] and function() end or nil
            local good, message = pcall(setup_with, { history = case[1] })
            assert.equal(case[3], good, message)
            assert.equal(case[3], not tostring(message):find("history: this nginx has no threads, and a file would "
                .. "hold up its event loop: use postgres://", 1, true))
        end
    end)

    it("ends nginx when it shall only be checked, in init, after the check", function()
        local getenv, stderr, said = os.getenv, io.stderr, {}
        finally(function() os.getenv, io.stderr = getenv, stderr end) -- luacheck: ignore 122
        io.stderr = { write = function(_, text) table.insert(said, text) end } -- luacheck: ignore 122
        function os.exit(code) table.insert(said, code) end -- luacheck: ignore 122
        for _, case in ipairs { { "1", "init", true }, { "0", "init", false }, { "1", "content", false },
            { nil, "init", false } } do
            function os.getenv(name) -- luacheck: ignore 122
                if name == "DWSYNC_NGINX_CHECK" then
                    return case[1]
                end
            end
            ngx.get_phase, said = function() return case[2] end, {}
            assert.is_false((pcall(nginx.setup, {})))
            assert.same({}, said)
            setup_with()
            assert.same(case[3] and { "dwsync.nginx: setup is fine\n", 0 } or {}, said)
        end
    end)

    -- ---- start and stop --------------------------------------------------------------------------

    it("starts one refresher, which ticks at once and then by its period", function()
        setup_with { interval = 50 }
        nginx.start()
        nginx.start()
        assert.same({ 1, 2, 5, 0 }, { #made, #timers, timers[1][1], timers[2][1] })
        timers[2][2](false)
        timers[1][2](true)
        assert.same({ false, true }, made[1].ticks)
        setup_with { interval = 50 }
        nginx.start()
        assert.same({ 1, 2, 0 }, { #made, #timers, made[1].stops })
    end)

    it("replaces it after a setup with other options, and keeps a timer for each period", function()
        setup_with { interval = 50 }
        nginx.start()
        for count, more in ipairs { { dict = "other" }, { dict = "other", thread_pool = "p" },
            { dict = "other", thread_pool = "p", jitter = 0 }, { dict = "other", thread_pool = "p", jitter = 0,
                lease = 2 }, { dict = "other", thread_pool = "p", jitter = 0, lease = 2, records = 7 } } do
            more.interval = 50
            setup_with(more)
            nginx.start()
            assert.same({ count + 1, 1, 2 + count }, { #made, made[count].stops, #timers })
        end
        local last = made[#made]
        timers[1][2](false)
        assert.same({ 0, 1 }, { #made[1].ticks, #last.ticks })
        setup_with { interval = 60 }
        nginx.start()
        assert.equal(6, timers[#timers - 1][1])
        timers[1][2](false) -- of the other period
        assert.same({ 1, 0 }, { #last.ticks, #made[#made].ticks })
        timers[#timers - 1][2](false)
        assert.equal(1, #made[#made].ticks)
        nginx.stop()
        timers[#timers - 1][2](false)
        assert.same({ 1, 1 }, { #made[#made].ticks, made[#made].stops })
        nginx.stop()
        nginx.start()
        assert.same({ 1, 8 }, { made[7].stops, #made })
    end)

    it("raises when nginx has no timer for it, and begins anew at the next start", function()
        for _, delay in ipairs { 5, 0 } do
            setup_with { interval = 50 }
            ngx.timers_fail = delay
            local message = refusal(function() nginx.start() end)
            assert.matches("init_spec.lua:%d+: dwsync.nginx: cannot make a timer: too many$", message)
            assert.equal(1, made[#made].stops)
            ngx.timers_fail = nil
            timers = {}
            nginx.start()
            assert.equal(delay == 5 and 5 or 0, timers[1] and timers[1][1])
            assert.equal(0, made[#made].stops)
            nginx.stop()
        end
        assert.equal(4, #made)
    end)

    it("has none in a process that is no worker", function()
        setup_with()
        ngx.worker.id = function() end
        nginx.start()
        assert.same({ 0, 0 }, { #made, #timers })
    end)

    it("gives it what a worker has", function()
        setup_with { thread_pool = "pool", dict = "other" }
        nginx.start()
        local host = made[1].host
        assert.equal(ngx.shared.other, host.dict)
        assert.same({ "0000000077.0003.000001", 1763971201, "exiting", "md5 x", "pool a b" }, { host.owner, host.now(),
            host.exiting(), host.digest "x", host.run_in_thread("a", "b") })
        assert.equal(require("dwsync.core").monotonic, host.monotonic)
        assert.same({ 0.5, 0.5 }, { host.random(), host.random() })
        assert.matches("^77 1763971201%.000 2$", ngx.drawn)
        for _, level in ipairs { "info", "warn", "error" } do
            host.log(level, level)
        end
        assert.same({ "6 dwsync:  info", "5 dwsync:  warn", "4 dwsync:  error" }, ngx.logged)
        local action = function() end
        host.begin(action)
        assert.same({ 0, action }, timers[#timers])
        ngx.run_worker_thread = nil
        setup_with()
        nginx.start()
        assert.equal("0000000077.0003.000002", made[2].host.owner)
        assert.is_nil(made[2].host.run_in_thread)
    end)

    -- ---- handlers --------------------------------------------------------------------------------

    it("raises where setup was not called, as the caller's mistake", function()
        for _, name in ipairs(NAMES) do
            if name ~= "setup" and name ~= "stop" then
                local message = refusal(function() nginx[name]() end)
                assert.matches("init_spec.lua:%d+: dwsync.nginx: setup was not called in init_by_lua$", message)
            end
        end
        nginx.stop()
    end)

    it("names the line that misuses a function", function()
        setup_with()
        local line
        local function user(does)
            line = debug.getinfo(1, "l").currentline + 1
            local result = does {}
            return result
        end
        local function above(does)
            local result = user(does)
            return result
        end
        for _, name in ipairs { "gate", "is_fresh", "verdicts" } do
            local message = refusal(above, nginx[name])
            assert.truthy(message:find(("init_spec.lua:%d: dwsync.nginx: %s: "):format(line, name), 1, true), message)
        end
    end)

    it("calls the handlers with what was set up", function()
        setup_with()
        local http = served.new(now)
        for name, status in pairs { metrics = 503, health = 503, records = 503, status = 503 } do
            assert.equal(status, http:answer({}, nginx[name]).status or 503, name)
        end
        for name, results in pairs { metrics_text = { nil, "the first sweep has not ended yet" },
            health_table = { nil, "the first sweep has not ended yet" } } do
            local HINT = "nothing is refreshed"
            local said = http:answer({}, nginx[name]).results
            assert.is_nil(said[1])
            assert.matches(HINT, said[2])
            nginx.start()
            assert.same(results, http:answer({}, nginx[name]).results)
            nginx.stop()
            package.loaded["dwsync.nginx"] = nil
            nginx = require "dwsync.nginx"
            setup_with()
        end
        assert.same({ nil, "nothing" }, { http:answer({}, nginx.verdicts, "one").results[1],
            http:answer({}, nginx.verdicts, "one").results[2]:match "^nothing" })
        assert.same({ false, nil, "no data yet" }, http:answer({}, nginx.is_fresh, { max_age = 1 }).results)
        assert.equal(503, http:answer({}, nginx.gate, { max_age = 1 }).exit)
    end)

    it("says in stream {} which of them answer HTTP", function()
        setup_with()
        ngx.config.subsystem = "stream"
        local answers = { gate = true, health = true, metrics = true, records = true, status = true }
        for _, name in ipairs(NAMES) do
            if answers[name] then
                assert.matches("init_spec.lua:%d+: dwsync.nginx: " .. name .. " answers HTTP; in stream {} use "
                    .. "is_fresh, verdicts, health_table or metrics_text$", refusal(function() nginx[name]() end))
            end
        end
        assert.same({ false, nil, "no data yet" }, { nginx.is_fresh { max_age = 1 } })
    end)
end)
