local bulletins = require "dwsync.cli.bulletin"
local contexts = require "dwsync.cli.context"
local errors = require "dwsync.errors"
local fleet_metrics = require "dwsync.fleet.metrics"
local files = require "dwsync.files"
local temporary = require "spec.support.temporary"

local function sum_of(changes)
    local sum = { now = 0, clusters = 12, alive = 2, late = 0, failing = 0, accounts = {}, latest = {}, failures = {},
        collectors = {}, messages = { unsent = 0, oldest = 0, given_up = 0, lost = 0, states = {} }, by_severity = {} }
    for name, value in pairs(changes or {}) do
        sum[name] = value
    end
    return sum
end

-- A bulletin, and a world of which every part can be set: `now`, `sum`, `asked_to_end`. What was said is in `told`,
-- what the service manager heard in `heard`.
local function bulletin_in(world)
    world.now, world.told, world.heard = world.now or 0, "", {}
    world.totals = { looks = 0, changed = 0, failed = 0, fenced = 0, expired = 0, throttled = 0 }
    world.flushes = 0
    local stderr = { flush = function() world.flushes = world.flushes + 1 end }
    function stderr.write(_, text)
        world.told = world.told .. text
    end
    local manager = {}
    for _, name in ipairs { "alive", "ready", "stopping" } do
        manager[name] = function() table.insert(world.heard, name) end
    end
    function manager.status(_, line)
        table.insert(world.heard, line)
    end
    local bulletin = bulletins.new { manager = manager, file = world.file, metrics = fleet_metrics.new "a",
        monotonic = function() return world.now end,
        schedule = { read = function() return world.sum end },
        context = contexts.new { stderr = stderr, terminal_columns = function() return world.columns end,
            getenv = function() end,
            is_terminal = function(stream) return world.terminal and world.terminal[stream] or false end } }
    world.collector = { name = "a", totals = world.totals }
    bulletin.collector, bulletin.is_stopped = world.collector, function() return world.asked_to_end end
    return bulletin
end

local function said(world)
    local told = world.told
    world.told = ""
    return told
end

local function heard(world)
    local list = world.heard
    world.heard = {}
    return list
end

local function database(bulletin, message, hint, code)
    bulletin:observe { type = "database", error = message and errors.new { kind = "storage", message = message,
        hint = hint, code = code } }
end

local function tick(bulletin, good)
    bulletin:observe { type = "tick", good = good }
end

describe("what a collector says of the database", function()
    it("is each failure once, and that it answers again only after one", function()
        local world = { sum = sum_of() }
        local bulletin = bulletin_in(world)
        database(bulletin)
        assert.equal("", said(world))
        database(bulletin, "no connection.", "Start it.")
        assert.equal("dwsync: no connection; looks go on when it answers\n        Start it.\n", said(world))
        database(bulletin, "no connection.", "Start it.")
        assert.equal("", said(world))
        database(bulletin, "it is starting.", "Wait.")
        assert.equal("dwsync: it is starting; looks go on when it answers\n        Wait.\n", said(world))
        database(bulletin, "no connection.", "Start it.")
        assert.equal("", said(world))
        database(bulletin)
        assert.equal("dwsync: the database answers again\n", said(world))
        database(bulletin)
        assert.equal("", said(world))
        database(bulletin, "it is starting.", "Wait.")
        assert.equal("dwsync: it is starting; looks go on when it answers\n        Wait.\n", said(world))
    end)

    it("is that it is full, and that it can be written again", function()
        local world = { sum = sum_of() }
        local bulletin = bulletin_in(world)
        database(bulletin, "its storage is full.", "Make room.", "full")
        assert.equal("dwsync: its storage is full; looks are kept when there is room\n        Make room.\n",
            said(world))
        database(bulletin)
        assert.equal("dwsync: the database can be written again\n", said(world))
    end)

    it("is in the metrics and in the status, every ten seconds while that lasts", function()
        local world = { sum = sum_of() }
        local bulletin = bulletin_in(world)
        database(bulletin, "no connection.")
        assert.is_false(bulletin.metrics.database_up)
        assert.same({ "waiting for the database" }, heard(world))
        database(bulletin)
        assert.is_true(bulletin.metrics.database_up)
        assert.same({}, heard(world))
        world.now = 10
        tick(bulletin, true)
        assert.same({ "alive", "ready", "12 clusters, 0 looks/s here, none late, 2 collectors" }, heard(world))
        world.now = 19.9
        database(bulletin, "no connection.")
        assert.same({}, heard(world))
        world.now = 20
        database(bulletin, "no connection.")
        database(bulletin, "no connection.")
        assert.same({ "12 clusters, 0 looks/s here, none late, 2 collectors, the database does not answer" },
            heard(world))
        world.now = 29.9
        database(bulletin, "no connection.")
        assert.same({}, heard(world))
        world.now = 30
        database(bulletin)
        assert.same({}, heard(world))
        database(bulletin, "no connection.")
        assert.equal(1, #heard(world))
    end)
end)

describe("what a collector says of the fleet", function()
    it("is how many looks a second it had since the last time, to a tenth", function()
        local world = { sum = sum_of { clusters = 1, alive = 1 } }
        local bulletin = bulletin_in(world)
        world.totals.looks = 50
        tick(bulletin, true)
        assert.same({ "alive", "ready", "1 cluster, 0 looks/s here, none late, 1 collector" }, heard(world))
        world.now, world.totals.looks = 9.9, 55
        tick(bulletin, true)
        assert.same({ "alive" }, heard(world))
        world.now, world.totals.looks = 10, 62
        world.sum = sum_of { late = 1, failing = 2 }
        tick(bulletin, true)
        assert.same({ "alive", "12 clusters, 1.2 looks/s here, 1 late, 2 collectors, 2 failing" }, heard(world))
        world.now, world.totals.looks = 30, 65
        world.sum = sum_of { failing = 1 }
        tick(bulletin, true)
        assert.same({ "alive", "12 clusters, 0.2 looks/s here, none late, 2 collectors, 1 failing" }, heard(world))
    end)

    it("is what begins, with what to do, and what ends", function()
        local world = { sum = sum_of() }
        local bulletin = bulletin_in(world)
        tick(bulletin, true)
        assert.equal("", said(world))
        world.now, world.sum = 10, sum_of { alive = 0 }
        tick(bulletin, true)
        assert.equal("dwsync: no collector is running: nothing is looked at\n"
            .. "        Start dwsync collect on one machine or more.\n", said(world))
        world.now = 20
        tick(bulletin, true)
        assert.equal("", said(world))
        world.now, world.sum = 30, sum_of()
        tick(bulletin, true)
        assert.equal("dwsync: a collector is running again\n", said(world))
    end)

    it("is what was known last when the database does not say it", function()
        local world = { sum = sum_of() }
        local bulletin = bulletin_in(world)
        tick(bulletin, true)
        heard(world)
        world.now, world.sum = 10, nil
        tick(bulletin, true)
        assert.same({ "alive", "12 clusters, 0 looks/s here, none late, 2 collectors" }, heard(world))
        assert.equal("", said(world))
    end)

    it("goes to the service manager: alive always, ready once and not before the database answered", function()
        local world = { sum = sum_of() }
        local bulletin = bulletin_in(world)
        tick(bulletin, false)
        assert.same({ "alive" }, heard(world))
        tick(bulletin, true)
        tick(bulletin, true)
        tick(bulletin, false)
        assert.same({ "alive", "ready", "12 clusters, 0 looks/s here, none late, 2 collectors", "alive", "alive" },
            heard(world))
    end)
end)

describe("what a collector says of its end", function()
    it("is once that looks under way are finished, to the service manager, too", function()
        local world = { asked_to_end = true }
        local bulletin = bulletin_in(world)
        tick(bulletin, false)
        assert.equal("", said(world))
        world.collector.draining = true
        tick(bulletin, false)
        tick(bulletin, false)
        assert.equal("dwsync: ending: looks under way are finished, the others given back\n", said(world))
        assert.same({ "alive", "alive", "stopping", "alive" }, heard(world))
        assert.is_true(bulletin.is_ending)
    end)

    it("names the command that drained it, and how to take that back", function()
        local world = { asked_to_end = false }
        local bulletin = bulletin_in(world)
        world.collector.draining = true
        tick(bulletin, true)
        assert.equal("dwsync: dwsync fleet drain a: ending\n"
            .. "        Until dwsync fleet drain --undo it will not collect under this name.\n", said(world))
    end)
end)

describe("the metrics of a collector", function()
    it("count the gap between two looks at a cluster that went well", function()
        local bulletin = bulletin_in {}
        local function look(kind, looked_at, err)
            bulletin:observe { type = "look", now = 100000, item = { kind = kind, looked_at = looked_at },
                result = { error = err } }
            return bulletin.metrics.gaps.count
        end
        assert.equal(1, look("cluster", 40000))
        assert.equal(60, bulletin.metrics.gaps.sum)
        assert.equal(1, look("cluster", nil))
        assert.equal(1, look("place", 40000))
        assert.equal(1, look("cluster", 40000, "service: no."))
        assert.equal(2, look("cluster", 99000))
        assert.equal(61, bulletin.metrics.gaps.sum)
    end)

    it("are written to their file at each refresh, and a failure is said once, and its end", function()
        temporary.with_folder(function(folder)
            local world = { sum = sum_of(), file = folder .. "/later/m.prom" }
            local bulletin = bulletin_in(world)
            local failed = "^dwsync: metrics file " .. folder:gsub("%p", "%%%0")
                .. "/later/m%.prom: [^\n]+\n        It is tried again every 10 s%.\n$"
            tick(bulletin, true)
            assert.matches(failed, said(world))
            world.now = 10
            tick(bulletin, true)
            assert.equal("", said(world))
            assert(require("luv").fs_mkdir(folder .. "/later", 448))
            world.now = 20
            tick(bulletin, true)
            assert.equal(("dwsync: metrics file %s: it is written again\n"):format(world.file), said(world))
            world.now = 30
            database(bulletin, "no connection.", "Start it.")
            assert.equal("dwsync: no connection; looks go on when it answers\n        Start it.\n", said(world))
            assert.matches('dwsync_fleet_database_up{collector="a"} 0\n', files.read(world.file))
            world.now, world.totals.looks = 40, 77
            tick(bulletin, true)
            assert.matches('dwsync_fleet_looks_total{collector="a"} 77\n', files.read(world.file))
            assert(os.remove(world.file))
            assert(os.remove(folder .. "/later"))
            world.now = 50
            tick(bulletin, true)
            assert.matches(failed, said(world))
        end)
    end)

    it("need no file", function()
        local world = { sum = sum_of() }
        tick(bulletin_in(world), true)
        assert.equal("", said(world))
    end)
end)

describe("the line of a collector in a terminal", function()
    local LINE = "12 clusters, 0 looks/s here, none late, 2 collectors"

    it("is drawn once a second, and goes where a message is written", function()
        local world = { sum = sum_of(), terminal = { stderr = true } }
        local bulletin = bulletin_in(world)
        bulletin:draw()
        assert.equal("\r\27[Kwaiting for the database", said(world))
        tick(bulletin, true)
        world.now = 0.9
        bulletin:draw()
        assert.equal("", said(world))
        world.now = 1
        bulletin:draw()
        assert.equal("\r\27[K" .. LINE, said(world))
        bulletin:note("something", "Do it.")
        assert.equal("\r\27[Kdwsync: something\n        Do it.\n", said(world))
        bulletin:note "else"
        assert.equal("dwsync: else\n", said(world))
        world.now = 2
        bulletin:draw()
        assert.equal("\r\27[K" .. LINE, said(world))
        assert.equal(3, world.flushes) -- of the three lines that have no end
    end)

    it("leaves a column of the terminal free, of 80 where none is known", function()
        local world = { sum = sum_of { late = 1234567, failing = 1234567 }, terminal = { stderr = true } }
        local bulletin = bulletin_in(world)
        bulletin.metrics.database_up = false
        tick(bulletin, true)
        bulletin:draw()
        local drawn = said(world):gsub("^\r\27%[K", "")
        assert.equal(79, require("dwsync.text").width(drawn))
        world = { sum = world.sum, columns = 30, terminal = { stderr = true, stdout = true } }
        bulletin = bulletin_in(world)
        tick(bulletin, true)
        bulletin:draw()
        drawn = said(world):gsub("^\r\27%[K", "")
        assert.equal(29, require("dwsync.text").width(drawn))
    end)

    it("is not drawn elsewhere", function()
        local world = { sum = sum_of(), terminal = { stdout = true } }
        bulletin_in(world):draw()
        assert.equal("", said(world))
    end)
end)
