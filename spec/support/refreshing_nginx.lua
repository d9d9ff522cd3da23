--- An nginx of our own for a spec: a configuration around what the spec gives, a free port, a private directory; asked
-- over HTTP, watched, ended without a trace. It must not know what is configured.
local core = require "dwsync.core"
local nginx_found = require "spec.support.nginx_found"
local patience = require "spec.support.patience"
local ports = require "spec.support.ports"
local processes = require "spec.support.processes"
local uv = require "luv"

local M = {}

local LOOK_EVERY = 0.01

local Server = {}
Server.__index = Server

-- The top of the tree, from where specs are run.
local TREE = uv.cwd()

local MAIN = [[
daemon off;
pid nginx.pid;
error_log error.log %(level)s;
worker_processes %(workers)d;
worker_shutdown_timeout %(patience)ds;
%(modules)s%(user)s%(main)s
%(threads)s
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path bodies; proxy_temp_path bodies; fastcgi_temp_path bodies;
    uwsgi_temp_path bodies; scgi_temp_path bodies;
    lua_package_path "%(tree)s/lua/?.lua;%(tree)s/lua/?/init.lua;%(tree)s/?.lua;;";
    lua_package_cpath "%(tree)s/build/luajit/?.so;;";
    lua_shared_dict dwsync %(dict)s;
%(http)s
    server {
        listen 127.0.0.1:%(port)d;
%(server)s
    }
}
]]

--- The locations that most specs want.
M.LOCATIONS = [[
        location = /ping { content_by_lua_block { ngx.print("pong\n") } }
        location = /metrics { content_by_lua_block { require("dwsync.nginx").metrics() } }
        location = /health { content_by_lua_block { require("dwsync.nginx").health() } }
        location = /records { content_by_lua_block { require("dwsync.nginx").records() } }
        location = /status { content_by_lua_block { require("dwsync.nginx").status() } }
]]

--- A Lua value as Lua code.
function M.code(value)
    if type(value) ~= "table" then
        return type(value) == "string" and ("%q"):format(value):gsub("\\\n", "\\n") or tostring(value)
    end
    local parts = {}
    for name, item in pairs(value) do
        parts[#parts + 1] = ("[%s] = %s"):format(M.code(name), M.code(item))
    end
    return "{ " .. table.concat(parts, ", ") .. " }"
end

--- The http block of a configuration with a refresher.
-- @tparam table|string options of setup, or the code of its call
-- @treturn string
function M.refreshing(options)
    local call = type(options) == "string" and options
        or ('require("dwsync.nginx").setup %s'):format(M.code(options))
    return ([[
    init_by_lua_block { %s }
    init_worker_by_lua_block { require("dwsync.nginx").start() }
]]):format(call)
end

local function read(path)
    local file = io.open(path, "rb")
    local text = file and file:read "*a" or ""
    if file then
        file:close()
    end
    return text
end

local function write(path, text)
    local file = assert(io.open(path, "wb"))
    assert(file:write(text))
    file:close()
end

local function configuration(options, program, port)
    local modules = {}
    for i, module in ipairs(program.modules) do
        modules[i] = ('load_module "%s";\n'):format(module)
    end
    local values = {
        level = options.level or "notice",
        workers = options.workers or 1,
        modules = table.concat(modules),
        user = uv.getuid() == 0 and "user root;\n" or "",
        main = options.main or "",
        threads = program.threads and "thread_pool dwsync threads=4;" or "",
        tree = TREE,
        patience = patience.seconds,
        dict = options.dict or "8m",
        http = options.http or "",
        port = port,
        server = options.server or M.LOCATIONS,
    }
    return (MAIN:gsub("%%%((%w+)%)[sd]", function(name) return tostring(values[name]) end))
end

-- Runs nginx; `exited` is set when it ends.
local function spawn(self)
    local environment = { "PATH=" .. (os.getenv "PATH" or ""), "TZ=UTC" }
    for _, variable in ipairs(self.options.env or {}) do
        environment[#environment + 1] = variable
    end
    local pipe = uv.new_pipe(false)
    self.stderr = ""
    self.process, self.pid = uv.spawn(self.program.path, {
        args = { "-p", self.directory .. "/", "-c", self.directory .. "/nginx.conf", "-e", "error.log" },
        env = environment,
        stdio = { nil, nil, pipe },
    }, function(status)
        self.exited = status
    end)
    assert(self.process, self.pid)
    self.pipe = pipe
    pipe:read_start(function(_, text)
        self.stderr = self.stderr .. (text or "")
    end)
end

--- Starts one.
-- @tparam table options `http` (see `refreshing`), `server` (locations), `workers`, `dict` (size), `main`, `env`
-- ({"NAME=value",...}), `level` of the log, `may_fail`; or `configuration`: function(server, modules, threads) that
-- returns the whole nginx.conf
-- @treturn table; with `may_fail` perhaps one whose `exited` is set
function M.start(options)
    local program, held, release = nginx_found(), ports.hold(1)
    local self = setmetatable({ options = options, program = program, port = held[1] }, Server)
    self.directory = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/dwsync-spec-XXXXXX"))
    write(self.directory .. "/nginx.conf", options.configuration
        and options.configuration(self, program.modules, program.threads)
        or configuration(options, program, self.port))
    spawn(self)
    patience.wait_until(function()
        return self.exited or #self:workers() >= (options.workers or 1)
    end, "nginx to start")
    release()
    if self.exited and not options.may_fail then
        local log = self:log()
        self:stop()
        error(log, 0)
    end
    return self
end

--- The error log so far. @treturn string
function Server:log()
    return read(self.directory .. "/error.log")
end

--- How often a text is in the log. @treturn integer
function Server:logged(text)
    local count, from = 0, 1
    local log = self:log()
    while true do
        local _, last = log:find(text, from, true)
        if not last then
            return count
        end
        count, from = count + 1, last + 1
    end
end

--- Lines of the log that say that something is wrong. @treturn string
function Server:complaints()
    local lines = {}
    for line in self:log():gmatch "[^\n]+" do
        if line:find "%[error%]" or line:find "%[crit%]" or line:find "%[alert%]" then
            lines[#lines + 1] = line
        end
    end
    return table.concat(lines, "\n")
end

--- Process ids of the workers that are there now, those that are about to end included. @treturn {integer,...}
function Server:workers()
    local pids = {}
    for pid in read(("/proc/%d/task/%d/children"):format(self.pid, self.pid)):gmatch "%d+" do
        pids[#pids + 1] = tonumber(pid)
    end
    return pids
end

--- Sends a signal to the master, or to another of its processes.
function Server:signal(name, pid)
    assert(uv.kill(pid or self.pid, name))
end

--- Asks for something.
-- @tparam string path
-- @tparam[opt] table more `method`, `headers`
-- @treturn table response
function Server:get(path, more)
    self.pool = self.pool or core.pool { timeout = patience.seconds }
    assert(self.pool:submit(true, {
        method = more and more.method or "GET",
        url = ("http://127.0.0.1:%d%s"):format(self.port, path),
        headers = more and more.headers,
        body = more and more.body,
    }))
    local _, response, err = self.pool:next()
    return assert(response, err and err.message)
end

--- Its configuration. @treturn string
function Server:configuration()
    return read(self.directory .. "/nginx.conf")
end

--- Replaces the configuration; the next reload reads it. @tparam string text
function Server:reconfigure(text)
    write(self.directory .. "/nginx.conf", text)
end

local Load = {}
Load.__index = Load

local AT_ONCE = 8

--- Begins to ask without a pause, while `turn` is called; counts answers in `answered` and `failed`.
-- @tparam {string,...} paths
-- @treturn table
function Server:load(paths)
    return setmetatable({ server = self, paths = paths, begun = 0, answered = 0, failed = 0,
        pool = core.pool { concurrency = AT_ONCE, timeout = patience.seconds } }, Load)
end

function Load:submit()
    self.begun = self.begun + 1
    local path = self.paths[self.begun % #self.paths + 1]
    assert(self.pool:submit(path, { url = ("http://127.0.0.1:%d%s"):format(self.server.port, path) }))
end

function Load:count(response)
    self.answered = self.answered + 1
    self.failed = self.failed + ((not response or response.status >= 500) and 1 or 0)
end

--- Takes what was answered, and asks anew.
function Load:turn()
    while self.pool:pending() < AT_ONCE do
        self:submit()
    end
    local tag, response = self.pool:next(LOOK_EVERY)
    while tag do
        self:count(response)
        tag, response = self.pool:next(0)
    end
end

--- Waits for what is still to be answered.
function Load:finish()
    while self.pool:pending() > 0 do
        local tag, response = self.pool:next(LOOK_EVERY)
        if tag then
            self:count(response)
        end
    end
    self.pool:close()
end

--- Asks until the answer is the one that is waited for.
-- @tparam string path
-- @tparam integer|string|function wanted its status, a text in its body, or a function(response)
-- @treturn table response
function Server:get_until(path, wanted)
    local response
    return patience.wait_until(function()
        response = self:get(path)
        local good
        if type(wanted) == "function" then
            good = wanted(response)
        elseif type(wanted) == "number" then
            good = response.status == wanted
        else
            good = response.body:find(wanted, 1, true)
        end
        return good and response
    end, function()
        return ("%s to answer %s; it said %d %s"):format(path, tostring(wanted), response.status,
            response.body:sub(1, 2000))
    end)
end

--- Waits until the log says something. @tparam string text
function Server:wait_for_log(text)
    patience.wait_until(function() return self:log():find(text, 1, true) end, "the log to say: " .. text)
end

--- Memory of a process in KiB, without what it only shares. @tparam integer pid @treturn integer
function M.memory(pid)
    local text = read(("/proc/%d/smaps_rollup"):format(pid))
    local clean, dirty = text:match "Private_Clean:%s+(%d+)", text:match "Private_Dirty:%s+(%d+)"
    return tonumber(clean or 0) + tonumber(dirty or 0)
end

--- Threads of a process. @tparam integer pid @treturn integer
function M.threads(pid)
    return tonumber(read(("/proc/%d/status"):format(pid)):match "Threads:%s+(%d+)" or 0)
end

--- Ends it, sees that nothing of it is left, and that nothing crashed. Safe twice.
-- @tparam[opt] string signal "sigterm"
function Server:stop(signal)
    if self.stopped then
        return
    end
    self.stopped = true
    if self.pool then
        self.pool:close()
    end
    local workers = self.exited and {} or self:workers()
    if not self.exited then
        self.process:kill(signal or "sigterm")
        patience.wait_until(function() return self.exited end, "nginx to end")
    end
    for _, pid in ipairs(workers) do
        assert(uv.kill(pid, 0) ~= 0, "a worker outlived nginx")
    end
    self.pipe:close()
    self.process:close()
    uv.run "nowait"
    local log = self:log()
    processes.run("rm -rf " .. processes.quoted(self.directory))
    assert(not log:find "exited on signal [^9]" and not log:find("[emerg]", 1, true), log)
end

return M
