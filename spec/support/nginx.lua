--- An nginx for specs: one worker, a private directory, a free port; started and ended by the spec.
-- It must not know what runs in it: the configuration's middle part is the spec's.
local core = require "dwsync.core"
local nginx_found = require "spec.support.nginx_found"
local patience = require "spec.support.patience"
local ports = require "spec.support.ports"
local processes = require "spec.support.processes"
local uv = require "luv"

local M = {}

-- "ready" comes from the worker, when it can be asked.
local CONFIGURATION = [[
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log notice;
%s
events { worker_connections 512; }
http {
    access_log off;
    default_type text/plain;
    client_body_temp_path bodies;
    proxy_temp_path bodies;
    fastcgi_temp_path bodies;
    uwsgi_temp_path bodies;
    scgi_temp_path bodies;
    lua_package_path "%s/lua/?.lua;%s/lua/?/init.lua;%s/?.lua;%s/spec/support/?.lua;;";
    lua_package_cpath "%s/luajit/?.so;;";
%s
}
]]

local READY = [[
    init_worker_by_lua_block {
        %s
        ngx.timer.at(0, function() io.stdout:write("ready\n") io.stdout:flush() end)
    }
]]

local Nginx = {}
Nginx.__index = Nginx

-- The modules built for LuaJIT, beside those of the Lua that runs the spec.
local function build_directory()
    local core_path = assert(package.searchpath("dwsync.core", package.cpath))
    return assert(uv.fs_realpath(core_path)):match "^(.*)/[^/]+/dwsync/core%.so$"
end

local function write(path, text)
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
end

local function configuration(program, given)
    local tree, parts = uv.cwd(), {}
    for _, module in ipairs(program.modules) do
        parts[#parts + 1] = ('load_module "%s";'):format(module)
    end
    if uv.getuid() == 0 then
        parts[#parts + 1] = "user root;" -- or nginx would give its directories to nobody
    end
    parts[#parts + 1] = given.main
    return CONFIGURATION:format(table.concat(parts, "\n"), tree, tree, tree, tree, build_directory(),
        READY:format(given.init_worker or "") .. given.http)
end

--- Starts one.
-- @tparam table given `main` and `http`: directives of these contexts; "PORT" and "PORT2" in `http` become ports nobody
-- else has; `init_worker`: Lua code; `variables`: its whole environment, {"NAME=value", …}
-- @treturn table with `url` and `directory`
function M.start(given)
    local program = nginx_found()
    local directory = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/dwsync-spec-nginx-XXXXXX"))
    local pool = core.pool { concurrency = 64, timeout = patience.seconds }
    local aside = core.pool { timeout = patience.seconds }
    local self = setmetatable({ directory = directory, pool = pool, aside = aside }, Nginx)
    local held, release = ports.hold(2)
    self.port, self.port2 = held[1], held[2]
    self.url = "http://127.0.0.1:" .. self.port
    local text = configuration(program, given):gsub("PORT2", self.port2):gsub("PORT", self.port)
    write(directory .. "/nginx.conf", text)
    local words = { "-i", "PATH=" .. os.getenv "PATH" }
    for _, variable in ipairs(given.variables or {}) do
        words[#words + 1] = variable
    end
    for _, word in ipairs { program.path, "-p", directory .. "/", "-c", directory .. "/nginx.conf", "-e",
        directory .. "/error.log" } do
        words[#words + 1] = word
    end
    local good, child = pcall(processes.start, "env", words, "(ready)\n")
    release()
    if not good then
        local log = self:error_log()
        self:remove()
        error(child .. "\n" .. log, 0)
    end
    self.child = child
    return self
end

--- What nginx and its Lua code logged.
-- @treturn string
function Nginx:error_log()
    local file = assert(io.open(self.directory .. "/error.log"))
    local text = file:read "*a"
    file:close()
    return text
end

--- Begins a request; `finish` tells about it.
-- @param tag
-- @tparam string path
-- @tparam[opt] table more fields of the request
function Nginx:ask(tag, path, more)
    local request = { url = self.url .. path, max_response_bytes = 2 ^ 26 }
    for name, value in pairs(more or {}) do
        request[name] = value
    end
    assert(self.pool:submit(tag, request))
end

--- Waits for the next answer of those that were asked for.
-- @return tag
-- @treturn table response, or nil
-- @treturn table err
function Nginx:finish()
    return self.pool:next()
end

--- Sends what was asked for until a condition holds; answers that come meanwhile are lost.
-- @tparam function condition
-- @tparam string what for the message when it never does
function Nginx:drive_until(condition, what)
    patience.wait_until(function()
        self.pool:next(0.002)
        return condition()
    end, what)
end

--- Ends the requests 1 to `count` that have no answer yet.
-- @tparam integer count
function Nginx:abandon(count)
    for tag = 1, count do
        self.pool:cancel(tag)
    end
    while self.pool:pending() > 0 do
        self.pool:next()
    end
end

--- Asks and waits, beside what was asked for.
-- @tparam string path
-- @treturn string body
-- @treturn number status
function Nginx:get(path)
    assert(self.aside:submit(path, { url = self.url .. path, max_response_bytes = 2 ^ 26 }))
    local _, response, err = self.aside:next()
    assert(response, err and err.message)
    return response.body, response.status
end

function Nginx:remove()
    self.pool:close()
    self.aside:close()
    assert(os.execute("rm -r " .. processes.quoted(self.directory)))
end

--- Ends it, and sees that nothing of it is left.
-- @treturn string everything that was logged
function Nginx:stop()
    self.child:stop "sigterm"
    local log = self:error_log()
    self:remove()
    return log
end

return M
