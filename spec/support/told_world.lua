--- Collectors as processes that tell real receivers, for specs of what can go wrong on the way. Each receiver is in
-- this process and keeps what came. It must not decide what is good: it gives what was seen.
local core = require "dwsync.core"
local emulators = require "spec.support.emulator"
local history = require "dwsync.history"
local outbox = require "dwsync.problems.outbox"
local patience = require "spec.support.patience"
local problems_store = require "dwsync.problems.store"
local processes = require "spec.support.processes"
local receiver = require "spec.support.receiver"
local runbook = require "spec.support.runbook"
local tables = require "dwsync.history.tables"
local temporary = require "spec.support.temporary"
local transitions = require "dwsync.problems.transitions"
local uv = require "luv"

local M = {}

--- What no output, no table and no process list may show.
M.CANARY = "canary7e57secret"

local World = {}
World.__index = World

local INVENTORY = [[return { interval = 1, lease = 20, accounts = { hq = { regions = { %q }, rate = 100,
    credentials = { source = "file", path = %q }, endpoint = %q, iam_endpoint = %q, ca_file = %q } },
    alerts = { channels = { %s }, %s } }]]

-- How one is declared; its address and its secrets lie in files.
local function declaration(self, name)
    local channel = self.channels[name]
    local path = ("%s/%s.url"):format(self.folder, name)
    if channel.url then
        runbook.write(path, channel.url .. "\n")
    end
    runbook.write(path .. ".secret", M.CANARY .. "\n")
    return ("%s = { kind = %q, %s%s }"):format(name, channel.kind,
        channel.url and ("url = { file = %q }, "):format(path) or "",
        (channel.more or ""):gsub("%$secret", ("{ file = %q }"):format(path .. ".secret")))
end

--- Writes the inventory as the channels are now.
-- @tparam[opt=""] string more of `alerts`, Lua
function World:write_inventory(more)
    local declared, names = {}, {}
    for name in pairs(self.channels) do
        names[#names + 1] = name
    end
    table.sort(names)
    for i, name in ipairs(names) do
        declared[i] = declaration(self, name)
    end
    local info = self.emulator.info
    runbook.write(self.folder .. "/key", ("[basic]\nak = %s\nsk = %s\n"):format(info.ak, info.sk))
    runbook.write(self.folder .. "/fleet.lua", INVENTORY:format(info.region, self.folder .. "/key", info.endpoint,
        info.iam_endpoint, info.ca_file, table.concat(declared, ", "), more or ""))
end

-- A receiver for each channel that has none yet, one within the other; then the work itself.
local function with_receivers(self, names, use)
    local name = table.remove(names)
    if not name then
        return use(self)
    end
    local channel, list = self.channels[name], {}
    self.received[name] = list
    receiver.with(function(body, key)
        list[#list + 1] = { at = core.monotonic(), body = body, key = key }
        return channel.answer and channel.answer(#list, body)
    end, function(url)
        channel.url = ("%s/%s?access_token=%s"):format(url, M.CANARY, M.CANARY)
        with_receivers(self, names, use)
    end)
end

--- Runs a function in one and ends all of it whatever happens.
-- @tparam table options `channels`: by name `kind`, `more` (Lua; `$secret` is a secret), `answer(number, body)` as of
-- spec.support.receiver, `is_elsewhere`: its receiver is the spec's; `target` of the history, by default a file;
-- `clusters` of the emulated service (0)
-- @tparam function use(world)
function M.with(options, use)
    temporary.with_folder(function(folder)
        local self = setmetatable({ folder = folder, channels = options.channels, received = {}, children = {},
            target = options.target or folder .. "/h.sqlite",
            emulator = emulators.start { clusters = options.clusters or 1 } }, World)
        self.history = assert(history.open(self.target))
        self.store = assert(problems_store.open(self.history))
        local names = {}
        for name, channel in pairs(self.channels) do
            names[#names + 1] = not channel.is_elsewhere and name or nil
        end
        local good, reason = pcall(with_receivers, self, names, use)
        for _, child in ipairs(self.children) do
            if not child.exited then
                child.process:kill "sigkill"
                child:wait()
            end
        end
        self.history:close()
        self.emulator:stop()
        assert(good, reason)
    end)
end

-- ---- processes ------------------------------------------------------------------------------------

local function words_of(self, code, words)
    local list = { "env", "-i", "PATH=/usr/bin:/bin", "HOME=" .. self.folder, "DWSYNC_HISTORY=" .. self.target,
        "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath, uv.exepath() }
    if code then
        list[#list + 1], list[#list + 2] = "-e", code
    end
    list[#list + 1] = uv.cwd() .. "/lua/bin/dwsync"
    for _, word in ipairs(words) do
        list[#list + 1] = word
    end
    for i, word in ipairs(list) do
        list[i] = processes.quoted(word)
    end
    return table.concat(list, " ")
end

--- Starts a collector, and waits until it collects.
-- @tparam string name
-- @tparam[opt] table more `code`: Lua that it runs first; `before`: what the shell does first
-- @treturn table of spec.support.processes
function World:collect(name, more)
    more = more or {}
    local child = processes.start("sh", { "-c", ("%s exec %s 2>&1"):format(more.before or "", words_of(self, more.code,
        { "collect", "--fleet", self.folder .. "/fleet.lua", "--name", name })) }, "dwsync: (collecting [^\n]*)")
    self.children[#self.children + 1] = child
    self:note_processes()
    return child
end

--- Runs a command to its end.
-- @treturn string what it printed
-- @treturn number exit status
function World:run(...)
    local child = processes.start("sh", { "-c", words_of(self, nil, { ... }) .. " 2>&1; echo status $?" },
        "status (%d+)\n")
    self.children[#self.children + 1] = child
    local output = child:wait()
    return output:gsub("status %d+\n$", ""), tonumber(child.ready)
end

--- Ends one in order.
function World.stop(_, child)
    child.process:kill "sigterm"
    child:wait()
    assert(child.exited == "with status 0", child.exited .. "\n" .. child.output)
end

--- Lets time pass.
function World.pass(_, seconds)
    local till = core.monotonic() + seconds
    patience.wait_until(function() return core.monotonic() >= till end, "time to pass")
end

--- Opens the history anew, when its server was another one, or ended connections.
function World:reconnect()
    self.history:close()
    patience.wait_until(function()
        self.history = history.open(self.target)
        self.store = self.history and problems_store.open(self.history)
        return self.store
    end, "the database")
end

--- Kills one.
function World.kill(_, child)
    child.process:kill "sigkill"
    child:wait()
end

--- Keeps the command lines of the processes, for `leaks`.
function World:note_processes()
    for _, child in ipairs(self.children) do
        local file = io.open(("/proc/%d/cmdline"):format(child.process:get_pid() or 0))
        if file then
            self.seen = (self.seen or "") .. file:read "*a"
            file:close()
        end
    end
end

--- Where a secret is shown that may not be: "output", "database", "process list".
-- @treturn {string,...}
function World:leaks()
    local places = { ["process list"] = self.seen or "", output = "", database = "" }
    for _, child in ipairs(self.children) do
        places.output = places.output .. child.output
    end
    for _, name in ipairs { "dwsync_problems", "dwsync_outbox", "dwsync_channels", "dwsync_heartbeat",
        "dwsync_collectors", "dwsync_accounts", "dwsync_schedule" } do
        local found = tables.run(self.history, "read", nil, function(session)
            return session:rows("SELECT * FROM " .. name)
        end)
        for _, row in ipairs(found or {}) do
            for _, cell in pairs(row) do
                places.database = places.database .. tostring(cell) .. "\n"
            end
        end
    end
    if not self.target:find "://" then
        places.database = places.database .. runbook.read(self.target)
    end
    local list = {}
    for place, text in pairs(places) do
        list[#list + 1] = text:find(M.CANARY, 1, true) and place or nil
    end
    return list
end

-- ---- problems -------------------------------------------------------------------------------------

--- The time by the database's clock, milliseconds.
function World:now()
    return self:rows("SELECT $now")[1][1]
end

--- Runs a statement; `$now` is the database's time.
function World:rows(sql)
    return assert(tables.run(self.history, "write", false, function(session)
        local found = session:rows((sql:gsub("%$now", "(SELECT " .. session.clock .. ")")))
        for _, row in ipairs(found or {}) do
            for i, cell in pairs(row) do
                row[i] = tonumber(cell) or cell
            end
        end
        return found or {}
    end))
end

--- Looks at clusters, as a collector does: what they say of one rule.
-- @tparam string severity
-- @tparam integer first of the clusters
-- @tparam[opt] integer last
-- @tparam[opt] {string,...} to channels, by default all
function World:look(severity, first, last, to)
    local names = to or {}
    for name in pairs(to and {} or self.channels) do
        names[#names + 1] = name
    end
    local now = self:now()
    assert(tables.run(self.history, "write", false, function(session)
        for i = first, last or first do
            local key = { cluster_id = ("told-%04d"):format(i), source = "s", rule = "failing" }
            problems_store.change_in(session, key.cluster_id, function(rows)
                local row = transitions.look(rows[1], key, { severity = severity, raises = severity ~= "ok",
                    message = "it is " .. severity }, now)
                outbox.add(session, { row or rows[1] }, function() return { to = names } end, now)
                return { row }
            end)
        end
        return true
    end))
end

--- Waits until nothing is owed any more.
function World:await_told()
    patience.wait_until(function()
        return self:rows("SELECT count(*) FROM dwsync_outbox WHERE state = 'owed'")[1][1] == 0
    end, "all to be told")
end

--- Waits until a channel got so many messages.
function World:await(name, count)
    patience.wait_until(function() return #self.received[name] >= count end,
        function() return ("message %d of channel %s, there are %d"):format(count, name, #self.received[name]) end)
end

--- How many messages came with each key, sorted: {1, 1, 2}.
function World:times(name)
    local counts, list = {}, {}
    for _, message in ipairs(self.received[name]) do
        counts[message.key] = (counts[message.key] or 0) + 1
    end
    for _, count in pairs(counts) do
        list[#list + 1] = count
    end
    table.sort(list)
    return list
end

return M
