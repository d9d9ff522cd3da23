--- A collector: claims looks that are due, looks at many clusters at once, completes what it found; until it is asked
-- to end, or for ever.
--
-- Lookers only ask, the service and what the history holds; one scribe writes: it completes what lookers found, many in
-- one transaction where nothing changed, and claims what they do next. Lookers have connections of their own, so that
-- the scribe never waits for them. No transaction is open while the service is asked.
-- @module dwsync.fleet.collector
local concurrent = require "dwsync.runtime.concurrent"
local core = require "dwsync.core"
local discovery = require "dwsync.fleet.discovery"
local dwsync = require "dwsync"
local endpoints = require "dwsync.client.endpoints"
local errors = require "dwsync.errors"
local files = require "dwsync.files"
local history_accounts = require "dwsync.history.accounts"
local history_tables = require "dwsync.history.tables"
local knowledge = require "dwsync.fleet.known"
local look = require "dwsync.fleet.look"
local runtimes = require "dwsync.runtime"

local M = {}

local Collector = { __name = "dwsync.fleet.collector" }
Collector.__index = Collector

local TICK, REPORT_EVERY, FORGET_EVERY = 0.1, 5, 3600 -- seconds
local IDLE = 60 -- seconds after which a looker looks by itself whether there is something to do
local REST = 0.3 -- seconds without a claim, after one that found nothing
local BATCH = 500 -- completions in one transaction
local MOST_CHANGED = 32 -- completions of looks that found something in one transaction
local MANY = 8 -- looks that found something: their records are in memory until they are completed
local MOST_LISTINGS = 4 -- places looked at, until what was found there is completed
local READERS = 4 -- connections that lookers share
local LEFT = 0.2 -- of a lease, for what comes after the look

--- Makes a collector. Contacts nothing.
-- @tparam table options
-- @tparam dwsync.fleet.schedule options.schedule
-- @tparam dwsync.history.store options.history
-- @tparam dwsync.fleet.inventory options.inventory
-- @tparam string options.name of this collector, different from all others
-- @tparam[opt=32] integer options.concurrency how many clusters are asked at once
-- @tparam[opt] number options.timeout seconds for one look; by default two thirds of the lease
-- @tparam[opt] function(event:table) options.on_event called with what happens
-- @tparam[opt] function(options:table):dwsync.client options.new_client in place of dwsync.new
-- @tparam[opt] {function(),...} options.beside each called again and again beside all that, even while the database
-- does not answer; it waits by itself
-- @tparam[opt] function options.plan whom to tell of problems, see dwsync.problems.plan
-- @treturn dwsync.fleet.collector
function M.new(options)
    local inventory, accounts, readers = options.inventory, {}, {}
    for i = 1, READERS do
        readers[i] = history_tables.beside(options.history)
    end
    for i, account in ipairs(inventory.accounts) do
        accounts[i] = account.name
    end
    return setmetatable({
        schedule = options.schedule, history = options.history, inventory = inventory, name = options.name,
        accounts = accounts, readers = readers,
        host = options.host, pid = options.pid, concurrency = options.concurrency or 32,
        lease = inventory.lease, timeout = options.timeout or inventory.lease * 2 / 3,
        emit = options.on_event or function() end, new_client = options.new_client or dwsync.new,
        beside = options.beside or {}, plan = options.plan,
        bell = concurrent.bell(), scribes_bell = concurrent.bell(), claim_due = 0,
        known = knowledge.new(),
        clients = {}, queue = { first = 1, last = 0 }, done = {}, changed = {}, discovered = {}, returned = {},
        under_way = 0, listings = 0, room_bell = concurrent.bell(),
        counts = {}, totals = { looks = 0, changed = 0, failed = 0, fenced = 0, expired = 0, throttled = 0,
            unwritten = 0 },
        ended = false,
    }, Collector)
end

local function count(self, name, by)
    self.counts[name] = (self.counts[name] or 0) + (by or 1)
    self.totals[name] = self.totals[name] + (by or 1)
end

-- Milliseconds by the database's clock, as the last claim saw it.
local function now_of(self)
    return core.monotonic() * 1000 + self.offset
end

-- ---- looking --------------------------------------------------------------------------------------

local function client_of(self, item)
    local id = item.account .. "\0" .. item.region .. "\0" .. (item.project_id or "")
    local client = self.clients[id]
    if client then
        return client
    end
    local account, settings = self.inventory.by_name[item.account], {}
    if not account then
        return nil, errors.new { kind = "config",
            message = ("the account %s is not in this collector's inventory"):format(item.account) }
    end
    for name, value in pairs(account.client) do
        settings[name] = value
    end
    settings.region = item.region ~= "" and item.region or nil
    settings.project_id = item.project_id
    if not settings.region and not settings.endpoint then -- only IAM is asked, which knows all regions
        local iam, wrong = endpoints.iam { getenv = os.getenv, iam_endpoint = settings.iam_endpoint,
            allow_http = settings.allow_http }
        if not iam then
            return nil, wrong
        end
        settings.endpoint = iam[1]
    end
    local err
    client, err = self.new_client(settings)
    self.clients[id] = client
    return client, err
end

-- Sources of keys that ask nobody: what IAM may refuse is left to looks, which are guarded.
local LOCAL = { environment = true, file = true, koocli = true }

-- What tells keys apart without being one; a temporary key is known by what it was got with.
local function digest_of(self, account)
    if not LOCAL[(account.client.credentials or {}).source or ""] then
        return false
    end
    local client = client_of(self, { account = account.name, region = account.regions and account.regions[1] or "" })
    local keys = client and client:credentials()
    local text = keys and (keys.identity or keys.ak and keys.ak .. "\0" .. keys.sk)
    return text and core.sha256(text) or false
end

--- Takes over the inventory into the schedule.
-- @treturn ?boolean
-- @treturn dwsync.error
function Collector:sync()
    local keys = {}
    for _, account in ipairs(self.inventory.accounts) do
        keys[account.name] = digest_of(self, account) or nil
        local there, err = true, nil
        if account.list_accounts then
            there, err = history_tables.extend(self.history, history_accounts.part)
        end
        if not there then
            return nil, err
        end
    end
    return self.schedule:sync(self.inventory, { keys = keys, collector = self.name })
end

local function serves(region)
    return endpoints.serves { region = region, getenv = os.getenv, read_file = files.read }
end

local function perform(self, item, history, timeout)
    local client, err = client_of(self, item)
    if not client then
        return nil, { failure = err, error = errors.summary(err, true) }
    end
    local context = { client = client, history = history, inventory = self.inventory, known = self.known,
        timeout = timeout,
        serves = serves, now = function() return now_of(self) end }
    if item.kind == "account" then
        return discovery.projects(context, item)
    elseif item.kind == "place" then
        return discovery.clusters(context, item)
    end
    local _
    context.list_accounts = self.inventory.by_name[item.account].list_accounts
    _, context.rules, context.rules_mark = self.inventory:settings_of(item.account, { id = item.cluster_id,
        name = item.name })
    return nil, look.at(context, item)
end

-- A look that raises, such as at a damaged row, is a failure of its cluster: with its looker it would be missed only
-- by the end, which would wait for it without end.
local function tried(self, item, history, timeout)
    local ran, found, result = pcall(perform, self, item, history, timeout)
    if ran then
        return found, result
    end
    local err = errors.new { kind = "decode", message = "looking at it went wrong: " .. tostring(found),
        hint = "Its row in the database is damaged, or dwsync has a defect: report this message." }
    return nil, { failure = err, error = errors.summary(err, true), changed = item.failures == 0 }
end

local function take(queue)
    if queue.first > queue.last then
        return nil
    end
    local item = queue[queue.first]
    queue[queue.first], queue.first = nil, queue.first + 1
    return item
end

local function file(self, item, found, result)
    local entry = { item = item, result = result, found = found }
    if result.given_up then
        self.returned[#self.returned + 1] = item
        self.emit { type = "database", error = result.failure }
        return
    elseif found then
        self.discovered[#self.discovered + 1] = entry
        self.scribes_bell:ring(1) -- others wait for this one to be completed
    elseif result.changed then
        self.changed[#self.changed + 1] = entry
        self.scribes_bell:ring(#self.changed >= MANY and 1 or 0)
    else
        self.done[#self.done + 1] = entry
    end
    count(self, "looks")
    self.emit { type = "look", item = item, result = result, now = now_of(self) }
    if result.failure and not result.disabled then
        count(self, "failed")
        count(self, "throttled", result.failure.kind == "throttled" and 1 or 0)
        self.emit { type = "failure", item = item, error = result.failure }
    end
end

-- Lists of clusters are long, and held until they are completed: few places are looked at at once.
local function wait_for_room(self, item)
    while item.kind ~= "cluster" and self.listings >= MOST_LISTINGS and not self.ended do
        self.room_bell:wait(TICK)
    end
    self.listings = self.listings + (item.kind == "cluster" and 0 or 1)
end

local function make_room(self)
    self.listings = self.listings - 1
    self.room_bell:ring(1)
end

local function looker(self, history)
    while not self.ended do
        local item = take(self.queue)
        if item then
            self.under_way = self.under_way + 1
            wait_for_room(self, item)
        end
        local left = item and (item.lease_ends - now_of(self)) / 1000 -- of the lease, in which it must be completed
        if item and left > self.lease * LEFT then
            local found, result = tried(self, item, history, math.min(self.timeout, left * (1 - LEFT)))
            self.under_way = self.under_way - 1
            file(self, item, found, result)
            if item.kind ~= "cluster" and not found then
                make_room(self)
            end
        elseif item then
            self.under_way = self.under_way - 1
            count(self, "expired") -- it waited too long here
            self.returned[#self.returned + 1] = item
            if item.kind ~= "cluster" then
                make_room(self)
            end
        else
            self.bell:wait(IDLE)
        end
    end
    return true
end

-- ---- completing and claiming ----------------------------------------------------------------------

local function first_of(list, most)
    local first = {}
    for i = 1, math.min(most, #list) do
        first[i] = list[i]
    end
    return first
end

local function rest_of(list, first)
    local rest = {}
    for i = first + 1, #list do
        rest[i - first] = list[i]
    end
    return rest
end

-- Counts looks that could not be written because the disk is full, even if they would have been refused later.
local function note_unwritten(self, batch, err)
    if err.code ~= "full" then
        return
    end
    for _, entry in ipairs(batch) do
        count(self, "unwritten", entry.is_unwritten and 0 or 1)
        entry.is_unwritten = true
    end
end

local function count_fenced(self, entry)
    count(self, "fenced", entry.is_unwritten and 0 or 1)
end

local function complete_unchanged(self)
    while self.done[1] do
        local batch = first_of(self.done, BATCH)
        local fenced, err = self.schedule:complete(batch, self.plan)
        if not fenced then
            note_unwritten(self, batch, err)
            return nil, err
        end
        for _, entry in ipairs(fenced > 0 and batch or {}) do
            if entry.is_fenced then
                count_fenced(self, entry)
            end
        end
        self.done = rest_of(self.done, #batch)
    end
    return true
end

-- What became of a look that found something.
local function settle(self, entry, outcome)
    if outcome.error then
        count(self, "failed")
        self.emit { type = "failure", item = entry.item, error = outcome.error }
    elseif outcome.is_outdated then
        self.returned[#self.returned + 1] = entry.item
    elseif outcome.through == nil then
        self.changed[#self.changed + 1] = entry
    elseif not outcome.through then
        count_fenced(self, entry)
    elseif not entry.result.error then
        count(self, "changed")
        self.known:keep(entry.item, entry.result.known, outcome.summary)
        self.emit { type = "changed", item = entry.item, result = entry.result, summary = outcome.summary }
    end
end

local function complete_changed(self)
    for _ = 1, math.ceil(#self.changed / MOST_CHANGED) do
        local batch = first_of(self.changed, MOST_CHANGED)
        local outcomes, err = self.schedule:complete_changed(batch, self.plan)
        if not outcomes then
            note_unwritten(self, batch, err)
            return nil, err
        end
        self.changed = rest_of(self.changed, #batch) -- lookers may have added some meanwhile
        for i, entry in ipairs(batch) do
            settle(self, entry, outcomes[i])
        end
    end
    return true
end

local function complete_discoveries(self)
    while self.discovered[1] do
        local entry = self.discovered[1]
        local through, err = self.schedule:complete_discovery(entry.item, entry.found, entry.result)
        if through == nil then
            note_unwritten(self, { entry }, err)
            return nil, err
        end
        table.remove(self.discovered, 1)
        make_room(self)
        if not through then
            count_fenced(self, entry)
        end
    end
    return true
end

local function give_back(self)
    local returned = self.returned
    local good, err = true, nil
    if returned[1] then
        self.returned = {}
        good, err = self.schedule:give_back(returned)
    end
    if not good then -- later: an account waits for the looks that tried its key
        for _, item in ipairs(returned) do
            table.insert(self.returned, item)
        end
    end
    return good, err
end

local function complete_all(self)
    local good, err = give_back(self)
    if good then
        good, err = complete_unchanged(self)
    end
    if good then
        good, err = complete_discoveries(self)
    end
    if good then
        good, err = complete_changed(self)
    end
    return good, err
end

local function claim_more(self)
    local waiting = self.queue.last - self.queue.first + 1
    local room = 2 * self.concurrency - waiting - self.under_way
    if self.draining or room < self.concurrency / 2 or core.monotonic() < self.claim_due then
        return true
    end
    local items, err, now = self.schedule:claim({ name = self.name, lease_ms = self.lease * 1000,
        accounts = self.accounts }, room)
    if not items then
        return nil, err
    end
    self.offset = now - core.monotonic() * 1000
    for _, item in ipairs(items) do
        self.queue.last = self.queue.last + 1
        self.queue[self.queue.last] = item
        count(self, "expired", item.expired and 1 or 0)
    end
    self.claim_due = items[1] and 0 or core.monotonic() + REST
    self.bell:ring(#items)
    return true
end

local function report(self, state)
    local counts = self.counts
    self.counts = {}
    local drain, err, forgotten = self.schedule:report { name = self.name, host = self.host, pid = self.pid,
        version = dwsync.version, state = state, lease_ms = self.lease * 1000, counts = counts,
        accounts = self.accounts }
    if forgotten then
        self:sync() -- where that fails, the next report says so again
    end
    if err then
        for name, value in pairs(counts) do
            self.counts[name] = (self.counts[name] or 0) + value
        end
        return nil, err
    end
    self.draining = self.draining or drain
    return true
end

local function steps(self)
    local good, err = complete_all(self)
    if good then
        good, err = claim_more(self)
    end
    if good and core.monotonic() >= self.report_due then
        good, err = report(self, self.draining and "draining" or "running")
        self.report_due = core.monotonic() + REPORT_EVERY
    end
    if good and core.monotonic() >= self.forget_due then
        self.forget_due = core.monotonic() + FORGET_EVERY -- whatever comes of it: looks are worth more
        good, err = self.schedule:forget()
    end
    return good and true, err
end

-- What is queued goes back; what is under way ends.
local function drain(self)
    local rest = {}
    for item in function() return take(self.queue) end do
        rest[#rest + 1] = item
    end
    local good, err = self.schedule:give_back(rest)
    while good and (self.under_way > 0 or self.done[1] or self.changed[1] or self.discovered[1]) do
        good, err = complete_all(self)
        runtimes.current().sleep(TICK)
    end
    if good then
        good, err = report(self, "ended")
    end
    return good, err
end

local function scribe(self)
    self.report_due, self.forget_due = 0, 0
    while not self.draining do
        if self.stop() then
            self.draining = true
        end
        local good, err = steps(self)
        if not good then
            self.report_due = err.code == "full" and 0 or self.report_due -- that it has room again shows when writing
            self.emit { type = "database", error = err }
        elseif self.failing then
            self.emit { type = "database" }
        end
        self.failing = not good
        self.emit { type = "tick", good = good }
        if good then
            self.scribes_bell:wait(TICK)
        else
            runtimes.current().sleep(TICK)
        end
    end
    return drain(self)
end

-- However the scribe ends: lookers must not wait for one that is gone.
local function scribe_till_end(self)
    local ran, good, err = pcall(scribe, self)
    self.ended = true
    self.bell:ring(self.concurrency)
    if not ran then
        error(good, 0)
    end
    return good, err
end

--- Collects until `stop` returns true, or somebody drains it.
-- @tparam function():boolean stop asked about ten times a second
-- @treturn ?boolean true when it ended in order
-- @treturn dwsync.error what kept it from giving its looks back
function Collector:run(stop)
    self.stop = stop
    local functions = { function() return scribe_till_end(self) end }
    for i = 1, self.concurrency do
        local history = self.readers[(i - 1) % READERS + 1]
        functions[#functions + 1] = function() return looker(self, history) end
    end
    for _, work in ipairs(self.beside) do
        functions[#functions + 1] = function()
            while not self.ended do
                work()
            end
            return true
        end
    end
    local results, errs = concurrent.gather(functions, { concurrency = #functions })
    for _, reader in ipairs(self.readers) do
        if reader ~= self.history then
            reader.engine:close()
        end
    end
    for i = 1, #functions do
        if errs[i] and not errors.is(errs[i]) then
            error(errs[i], 0)
        end
    end
    return results[1], errs[1]
end

return M
