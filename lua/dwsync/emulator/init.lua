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
local certificates = require "dwsync.emulator.certificates"
local keyring = require "dwsync.emulator.keyring"
local nginx_conf = require "dwsync.emulator.nginx_conf"
local nginx_program = require "dwsync.emulator.nginx_program"
local run_directory = require "dwsync.emulator.run_directory"
local stories = require "dwsync.emulator.stories"

local M = {}

--- The region the emulator plays.
M.REGION = "emu-north-1"

--- What `info` holds for signing in without a key.
M.LOGIN = { "user", "user_id", "password", "domain", "domain_id", "agency", "idp_id" }

local START_TIMEOUT, STOP_TIMEOUT = 60000, 30000 -- milliseconds; both take a fraction of this, if the machine is idle
local PORT_ATTEMPTS = 5
local COMPLAINTS_SHOWN = 4096 -- bytes

local Emulator = { __name = "dwsync.emulator" }
Emulator.__index = Emulator

local PRINTABLE = { kind = "string", pattern = "^[\33-\43\45-\126]+$", secret = true,
    expected = "printable text without space and comma" }

local OPTIONS = {
    port = { kind = "integer", from = 0, to = 65535, default = 0 },
    http_port = { kind = "integer", from = 0, to = 65535, default = 0 },
    seed = { kind = "integer", from = 0, to = 2 ^ 31 - 1, default = 1 },
    records = { kind = "integer", from = 0, to = 10 ^ 7, default = 2500 },
    clusters = { kind = "integer", from = 0, to = 1000, default = 0 }, -- their list must fit one environment variable
    ak = PRINTABLE,
    sk = PRINTABLE,
    nginx = { kind = "string" },
}

-- Fills in the keys, and makes each number one that prints without a fraction: ids are made of them.
local function completed(options)
    for name, declared in pairs(OPTIONS) do
        if declared.kind == "integer" then
            options[name] = math.floor(options[name])
        end
    end
    options.ak, options.sk = options.ak or keyring.random_text(20), options.sk or keyring.random_text(40)
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
        seed = options.seed, records = options.records, clusters = options.clusters, ak = options.ak, sk = options.sk,
        started = seconds * 1000 + math.floor(microseconds / 1000), region = M.REGION,
        project_id = stories.hex_id(options.seed, "project"), supervisor = uv.os_getpid(),
        password = keyring.random_text(24),
    }
    for name, value in pairs(stories.identity(options.seed)) do
        config[name] = value
    end
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
            return setmetatable({ child = child, directory = directory, config = config }, Emulator)
        end
        end_nginx(child)
        err = explained(read_file(directory .. "/error.log"))
    end
    run_directory.remove(directory)
    return nil, err
end

local function info_of(config, ports, directory)
    local endpoint = "https://127.0.0.1:" .. ports[1]
    local info = {
        endpoint = endpoint, iam_endpoint = endpoint, metadata_endpoint = "http://127.0.0.1:" .. ports[2],
        ca_file = directory .. "/ca.pem", region = config.region, project_id = config.project_id,
        ak = config.ak, sk = config.sk, clusters = stories.clusters(config), pid = config.supervisor,
    }
    for _, name in ipairs(M.LOGIN) do
        info[name] = config[name]
    end
    return info
end

--- Starts the service and waits until it answers. Wrong options raise.
-- @tparam ?table options `port` and `http_port` (0: any free one), `seed` (1), `records` of the large story (2500),
--   `clusters` besides those of the stories (0), `ak` and `sk` (random), `nginx` (path of the program)
-- @treturn Emulator|nil with the table `info`: endpoint, iam_endpoint, metadata_endpoint, ca_file, region, project_id,
--   ak, sk, clusters (list of {id, name, story}), pid (of the calling process, which supervises), and what is named in
--   @{LOGIN}
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
            self.info = info_of(self.config, ports, self.directory)
            return self
        end
        -- Another program may have taken a port since we saw it free; only then is another try worth it.
        if not err:find("Address already in use", 1, true) then
            break
        end
    end
    return nil, err
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
