--- The emulator: the service on this machine. Starts nginx in a private directory, watches it, leaves nothing behind.
-- It turns luv's event loop, but only while one of its functions runs: it must not be called inside a luv callback.
-- @module dwsync.emulator
-- @usage
-- local emulator = assert(require("dwsync.emulator").start())
-- print(emulator.info.endpoint, emulator.info.ca_file)
-- emulator:stop()
local cjson = require "cjson"
local uv = require "luv"
local checks = require "dwsync.checks"
local accounts = require "dwsync.emulator.accounts"
local certificates = require "dwsync.emulator.certificates"
local keyring = require "dwsync.emulator.keyring"
local nginx_conf = require "dwsync.emulator.nginx_conf"
local nginx_program = require "dwsync.emulator.nginx_program"
local run_directory = require "dwsync.emulator.run_directory"

local M = {}

--- The region the emulator plays, unless accounts name others.
M.REGION = accounts.REGION

--- The name of the one account there is, unless others are named.
M.ACCOUNT = accounts.NAME

--- What `info` holds for signing in without a key.
M.LOGIN = { "user", "user_id", "password", "domain", "domain_id", "agency", "idp_id" }

local START_TIMEOUT, STOP_TIMEOUT = 60000, 30000 -- milliseconds; both take a fraction of this, if the machine is idle
local PORT_ATTEMPTS = 5
local COMPLAINTS_SHOWN = 4096 -- bytes

local Emulator = { __name = "dwsync.emulator" }
Emulator.__index = Emulator

local PRINTABLE = { kind = "string", pattern = "^[\33-\43\45-\126]+$", secret = true,
    expected = "printable text without space and comma" }

local MOST_CLUSTERS, MOST_PLACES = 100000, 200 -- together
local LISTED = 1009 -- clusters in `info`, which must fit one environment variable

local WORDS = "up to 24 small letters, digits and -"

local ACCOUNT = {
    name = { kind = "string", pattern = "^%l[%l%d-]*$", longest = 24, expected = WORDS, required = true },
    ak = PRINTABLE,
    sk = PRINTABLE,
    regions = { kind = "list", least = 1, default = { accounts.REGION },
        of = { kind = "string", pattern = "^%l[%l%d-]*$", longest = 24, expected = WORDS } },
    clusters = { kind = "integer", from = 0, to = MOST_CLUSTERS }, -- in each region
    stories = { kind = "boolean", default = false },
    rate = { kind = "number", noun = "a number of requests a second", above = 0 },
    burst = { kind = "integer", from = 1 },
}

local OPTIONS = {
    port = { kind = "integer", from = 0, to = 65535, default = 0 },
    http_port = { kind = "integer", from = 0, to = 65535, default = 0 },
    seed = { kind = "integer", from = 0, to = 2 ^ 31 - 1, default = 1 },
    records = { kind = "integer", from = 0, to = 10 ^ 7, default = 2500 },
    clusters = { kind = "integer", from = 0, to = MOST_CLUSTERS, default = 0 },
    accounts = { kind = "list", least = 1, of = { kind = "table", fields = ACCOUNT } },
    new_runs = { kind = "number", noun = "a number of seconds", from = 0.01 },
    ak = PRINTABLE,
    sk = PRINTABLE,
    nginx = { kind = "string" },
}

-- What no two accounts may share, nor an account have twice. Raises at the line that called `start`.
local function check_distinct(list)
    local seen, clusters, places = {}, 0, 0
    local function once(kind, value, name)
        if seen[kind .. value] then
            error(("start: %s is there twice"):format(name), 5)
        end
        seen[kind .. value] = true
    end
    for i, account in ipairs(list) do
        once("name ", account.name, ("accounts[%d].name"):format(i))
        if account.ak then
            once("key ", account.ak, ("accounts[%d].ak"):format(i))
        end
        for j, region in ipairs(account.regions) do
            once(i .. " ", region, ("accounts[%d].regions[%d]"):format(i, j))
        end
        places, clusters = places + #account.regions, clusters + account.clusters * #account.regions
    end
    if places > MOST_PLACES or clusters > MOST_CLUSTERS then
        error(("start: accounts have %d regions and %d clusters together, expected at most %d and %d"):format(places,
            clusters, MOST_PLACES, MOST_CLUSTERS), 4)
    end
end

-- One account, which has a cluster of each story.
local function usual_accounts()
    return { { name = accounts.NAME, regions = { accounts.REGION }, stories = true, elsewhere = true } }
end

-- Fills in the accounts and their keys, and makes each number one that prints without a fraction: ids are made of them.
local function completed(options)
    for name, declared in pairs(OPTIONS) do
        if declared.kind == "integer" then
            options[name] = math.floor(options[name])
        end
    end
    options.accounts = options.accounts or usual_accounts()
    local first = options.accounts[1]
    first.ak, first.sk = first.ak or options.ak, first.sk or options.sk
    for _, account in ipairs(options.accounts) do
        account.clusters = math.floor(account.clusters or options.clusters)
    end
    check_distinct(options.accounts)
    for _, account in ipairs(options.accounts) do
        account.ak, account.sk = account.ak or keyring.random_text(20), account.sk or keyring.random_text(40)
        account.password = keyring.random_text(24)
    end
    return options
end

-- Ports that nothing listens on. A port stays reserved until all are found, so that no two are the same.
local function free_ports(wanted)
    local sockets, ports, err = {}, {}, nil
    for i, port in ipairs(wanted) do
        local socket = uv.new_tcp()
        sockets[i] = socket
        local ok
        ok, err = socket:bind("127.0.0.1", port)
        -- libuv reports a port in use only when listening begins.
        if ok then
            ok, err = socket:listen(1, function() end)
        end
        if not ok then
            err = ("cannot listen on 127.0.0.1:%d: %s"):format(port, err)
            break
        end
        err = nil
        ports[i] = socket:getsockname().port
    end
    for _, socket in ipairs(sockets) do
        socket:close()
    end
    uv.run "nowait" -- closes them now rather than when the loop next turns
    if err then
        return nil, err
    end
    return ports
end

-- Where modules are: the emulator's, and those of dwsync, which LuaRocks may have put into another tree.
local function lua_directories()
    local list = {}
    for i, known in ipairs { M.start, checks.read } do
        local file = debug.getinfo(known, "S").source:gsub("^@", "")
        list[i] = assert(uv.fs_realpath(file)):match "^(.*)/dwsync/"
    end
    return list
end

local function new_directory()
    local parent = uv.os_tmpdir()
    local directory, err = uv.fs_mkdtemp(parent .. "/dwsync-emulator-XXXXXX")
    if not directory then
        return nil, ("cannot make a directory in %s: %s"):format(parent, err)
    end
    return directory
end

local function write_files(directory, files)
    for name, content in pairs(files) do
        local ok, err = run_directory.write(directory, name, content)
        if not ok then
            return nil, err
        end
    end
    return true
end

local function read_file(path)
    local file = io.open(path, "rb")
    if not file then
        return ""
    end
    local text = file:read "*a"
    file:close()
    return text
end

-- Lets the loop turn until `done()` or the time is over.
local function turn_until(done, timeout)
    local timer, expired = uv.new_timer(), false
    uv.update_time() -- the loop's clock is that of its last turn
    timer:start(timeout, 0, function() expired = true end)
    while not done() and not expired do
        uv.run "once"
    end
    timer:close()
    return done()
end

-- Starts nginx: `exited` is set when it has ended, `ready` when it has reported that.
local function spawn_nginx(program, directory)
    local child = { stdout = uv.new_pipe(false) }
    local process, pid = uv.spawn(program.path, {
        args = { "-p", directory .. "/", "-c", directory .. "/nginx.conf", "-e", directory .. "/error.log" },
        stdio = { nil, child.stdout, nil },
        -- Not our environment: a LUA_CPATH meant for another Lua would crash the one in nginx.
        env = { "PATH=" .. (os.getenv "PATH" or ""), "TZ=UTC" },
        -- A session of its own, so that Ctrl-C on a terminal reaches the supervisor alone.
        detached = true,
    }, function(status, signal) child.exited = { status = status, signal = signal } end)
    if not process then
        child.stdout:close()
        return nil, ("cannot run %s: %s"):format(program.path, pid)
    end
    child.process, child.pid = process, pid
    child.stdout:read_start(function(_, data)
        if data and data:find("ready", 1, true) then
            child.ready = true
        end
    end)
    return child
end

local function end_nginx(child)
    local function gone()
        return child.exited
    end
    if not gone() then
        child.process:kill "sigterm"
        if not turn_until(gone, STOP_TIMEOUT) then
            child.process:kill "sigkill"
            turn_until(gone, STOP_TIMEOUT)
        end
    end
    child.stdout:close()
    child.process:close()
    uv.run "nowait"
end

-- What nginx wrote, with what to install when it lacks a Lua module.
local function explained(log)
    local missing = log:match "module '([%w._]+)' not found"
    local hint = ""
    if missing then
        hint = "\nnginx's Lua lacks the module " .. missing .. ": apt-get install lua-cjson lua-luaossl lua-resty-core"
    end
    return "nginx did not start:\n" .. (log ~= "" and log:gsub("%s+$", "") or "its error log is empty") .. hint
end

-- Tries to start on these ports. A failure leaves nothing behind.
local function attempt(options, program, ports)
    local directory, child, ok, err
    directory, err = new_directory()
    if not directory then
        return nil, err
    end

    local seconds, microseconds = uv.gettimeofday()
    local config = {
        seed = options.seed, records = options.records, new_runs = options.new_runs, accounts = options.accounts,
        started = seconds * 1000 + math.floor(microseconds / 1000), supervisor = uv.os_getpid(),
    }
    local files = certificates.generate(seconds)
    files["emulator.json"] = cjson.encode(config)
    files["nginx.conf"] = nginx_conf.text {
        modules = program.modules, lua_directories = lua_directories(), port = ports[1], http_port = ports[2],
        root = uv.getuid() == 0,
    }
    ok, err = write_files(directory, files)
    if ok then
        child, err = spawn_nginx(program, directory)
    end
    if child then
        turn_until(function() return child.ready or child.exited end, START_TIMEOUT)
        if child.ready then
            return setmetatable({ child = child, directory = directory, supervisor = config.supervisor,
                accounts = accounts.list(config) }, Emulator)
        end
        end_nginx(child)
        err = explained(read_file(directory .. "/error.log"))
    end
    run_directory.remove(directory)
    return nil, err
end

local function account_info(account)
    local info = { name = account.name, ak = account.ak, sk = account.sk, projects = {}, clusters = 0 }
    for _, name in ipairs(M.LOGIN) do
        info[name] = account[name]
    end
    for _, place in ipairs(account.places) do
        info.projects[place.region] = place.id
        info.clusters = info.clusters + place:count()
    end
    return info
end

local function first_of(list, count)
    local first = {}
    for i = 1, math.min(count, #list) do
        first[i] = list[i]
    end
    return first
end

local function info_of(self, ports)
    local endpoint = "https://127.0.0.1:" .. ports[1]
    local account = self.accounts[1]
    local home = account.places[1]
    local info = {
        endpoint = endpoint, iam_endpoint = endpoint, metadata_endpoint = "http://127.0.0.1:" .. ports[2],
        ca_file = self.directory .. "/ca.pem", region = home.region, project_id = home.id, ak = account.ak,
        sk = account.sk, clusters = first_of(home:list(), LISTED), pid = self.supervisor, accounts = {}, regions = {},
    }
    for _, name in ipairs(M.LOGIN) do
        info[name] = account[name]
    end
    for i, one in ipairs(self.accounts) do
        info.accounts[i] = account_info(one)
        for region in pairs(one.regions) do
            info.regions[region] = endpoint
        end
    end
    return info
end

--- Starts the service and waits until it answers. Wrong options raise.
-- @tparam ?table options `port` and `http_port` (0: any free one), `seed` (1), `records` of the large story (2500),
--   `clusters` besides those of the stories (0), `ak` and `sk` (random), `nginx` (path of the program), `new_runs`
--   (every so many seconds one healthy cluster of a hundred has a new run; nil: none has), and `accounts` in place of
--   the one: a list of {name, ak, sk, regions, clusters, stories, rate, burst}: its keys (random), its regions
--   (@{REGION}), how many healthy clusters (`clusters`) and whether one of each story (false) in each region, how many
--   requests of DWS a second are answered (all) and how many at once (those of a second)
-- @treturn Emulator|nil with the table `info`: endpoint, iam_endpoint, metadata_endpoint, ca_file, pid (of the calling
--   process, which supervises), regions (endpoint by region), accounts (list of {name, ak, sk, projects, clusters}: ids
--   of projects by region, how many clusters; and what is named in @{LOGIN}); and of the first account in its first
--   region: region, project_id, ak, sk, clusters (list of {id, name, story}; the first 1009), what is named in @{LOGIN}
-- @treturn ?string why not
function M.start(options)
    options = completed(checks.arguments(OPTIONS, options or {}, "start"))
    local program, err = nginx_program.find(options.nginx)
    if not program then
        return nil, err
    end
    local self
    for _ = 1, PORT_ATTEMPTS do
        local ports
        ports, err = free_ports { options.port, options.http_port }
        if not ports then
            return nil, err
        end
        self, err = attempt(options, program, ports)
        if self then
            self.info = info_of(self, ports)
            return self
        end
        -- Another program may have taken a port since we saw it free; only then is another try worth it.
        if not err:find("Address already in use", 1, true) then
            break
        end
    end
    return nil, err
end

--- Lists the clusters that an account began with.
-- @tparam string name of the account
-- @tparam ?string region none: its first
-- @treturn {{id=string,name=string,story=string},...}
function Emulator:clusters(name, region)
    for _, account in ipairs(self.accounts) do
        for _, place in ipairs(account.name == name and account.places or {}) do
            if place.region == (region or place.region) then
                return place:list()
            end
        end
    end
    error(("no account %s in a region %s"):format(tostring(name), tostring(region)), 2)
end

--- Stops nginx and removes its directory. Safe twice.
-- @treturn true|nil
-- @treturn ?string what could not be removed
function Emulator:stop()
    if self.stopped then
        return true
    end
    self.stopped = true
    end_nginx(self.child)
    return run_directory.remove(self.directory)
end

--- Returns what nginx wrote to its error log so far, the end of it when it is long; "" when all is well.
-- @treturn string safe to print: requests that nginx quotes may hold anything
function Emulator:complaints()
    return (read_file(self.directory .. "/error.log"):sub(-COMPLAINTS_SHOWN):gsub("[^\n\32-\126]", "?"))
end

--- Lets the event loop turn until `done()` holds or nginx has ended by itself.
-- @tparam function done
-- @treturn boolean false when nginx has ended
function Emulator:serve_until(done)
    while not done() do
        if self.child.exited then
            return false
        end
        uv.run "once"
    end
    return true
end

return M
