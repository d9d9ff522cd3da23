--- nginx.conf as APISIX and Kong write it from the examples' configuration files, with the gateways' own Lua modules:
-- doubles beside this file, or real ones where DWSYNC_APISIX and DWSYNC_KONG are the templates of a Lua path to them.
local lyaml = require "lyaml"
local nginx = require "spec.support.refreshing_nginx"
local uv = require "luv"

local M = {}

local TREE = uv.cwd()

local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

local function write(path, text)
    local file = assert(io.open(path, "w"))
    assert(file:write(text))
    file:close()
end

-- Copies files of an example to where a gateway's Lua path finds them.
local function install(directory, folder, from, names)
    assert(os.execute(("mkdir -p '%s/%s'"):format(directory, folder)))
    for _, name in ipairs(names) do
        write(("%s/%s/%s"):format(directory, folder, name), read(from .. name))
    end
end

local CONFIGURATION = [[
daemon off;
pid nginx.pid;
error_log error.log notice;
worker_processes 2;
%s
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path bodies; proxy_temp_path bodies; fastcgi_temp_path bodies;
    uwsgi_temp_path bodies; scgi_temp_path bodies;
    lua_package_path "%s";
    lua_package_cpath "%s/build/luajit/?.so;;";
%s
}
]]

local function configuration(self, modules, given)
    local main = {}
    for _, module in ipairs(modules) do
        main[#main + 1] = ('load_module "%s";'):format(module)
    end
    main[#main + 1] = uv.getuid() == 0 and "user root;" or nil
    main[#main + 1] = given.main
    local path = ("%s/?.lua;%s/lua/?.lua;%s/lua/?/init.lua;"):format(self.directory, TREE, TREE)
        .. (given.real or ("%s/spec/support/gateways/?.lua;%s/spec/support/gateways/?/init.lua"):format(TREE, TREE))
    local http, ports = given.http:gsub("127%.0%.0%.1:9092", "127.0.0.1:" .. self.port)
    assert(ports == 1, "one server block has the pages")
    return CONFIGURATION:format(table.concat(main, "\n"), path .. ";;", TREE, http)
end

-- ---- APISIX --------------------------------------------------------------------------------------

local APISIX = [[
    init_worker_by_lua_block { require("apisix.plugin").load() }
    server {
        listen 127.0.0.1:PORT;
        server_name gateway.test;
        location = /due {
            content_by_lua_block {
                local store = require("dwsync.nginx.shared.store").new(ngx.shared.dwsync)
                ngx.print(store:get_state "due" ~= nil)
            }
        }
        location = /reload { content_by_lua_block { require("apisix.plugin").load() ngx.print "reloaded" } }
        location / {
            access_by_lua_block {
                local plugin, core = require "apisix.plugin", require "apisix.core"
                local conf = require("cjson").decode(ngx.var.http_conf)
                local gate = plugin.get "dwsync"
                local good, err = gate.check_schema(conf)
                if not good then
                    core.response.exit(400, { message = err })
                end
                ngx.ctx.api_ctx = { var = ngx.var }
                plugin.run_plugin("access", { gate, conf }, ngx.ctx.api_ctx)
            }
            content_by_lua_block { ngx.print("the service, stale: ", ngx.var.http_x_dwsync_stale) }
        }
    }
]]

--- For `configuration` of spec.support.refreshing_nginx.
-- @tparam table setup options of setup that replace those of config.yaml
-- @treturn function(server, modules, threads) → nginx.conf
function M.apisix(setup)
    return function(self, modules, threads)
        local yaml = lyaml.load(read "examples/nginx/apisix/config.yaml")
        for name, value in pairs(setup) do
            yaml.plugin_attr.dwsync[name] = value
        end
        assert(yaml.apisix.extra_lua_path:find("/usr/local/share/dwsync/?.lua", 1, true))
        install(self.directory, "apisix/plugins", "examples/nginx/apisix/", { "dwsync.lua" })
        write(self.directory .. "/local_conf.lua", "return " .. nginx.code(yaml))
        local given, main, http = yaml.nginx_config, {}, {}
        for i, name in ipairs(given.envs) do
            main[i] = ('env "%s";'):format(name)
        end
        main[#main + 1] = threads and given.main_configuration_snippet or nil
        for name, size in pairs(given.http.custom_lua_shared_dict) do
            http[#http + 1] = ("lua_shared_dict %s %s;"):format(name, size)
        end
        http[#http + 1] = given.http_configuration_snippet
        http[#http + 1] = APISIX:gsub("PORT", self.port)
        return configuration(self, modules, { main = table.concat(main, "\n"), http = table.concat(http, "\n"),
            real = os.getenv "DWSYNC_APISIX" })
    end
end

-- ---- Kong ----------------------------------------------------------------------------------------

local KONG = [[
    init_by_lua_block {
        ngx.run_worker_thread = nil -- as Kong's nginx is built
        local handler = require "kong.plugins.dwsync.handler"
        assert(handler.PRIORITY % 1 == 0 and handler.VERSION:find "^%d+%.%d+%.%d+$")
        kong = require("kong.pdk").new({})
        for _, field in ipairs(require("kong.plugins.dwsync.schema").fields) do
            schema = field.config and require("kong.db.schema").new(field.config) or schema
        end
    }
    init_worker_by_lua_block {
        local handler = require "kong.plugins.dwsync.handler"
        local good, err = pcall(handler.init_worker, handler)
        if not good then
            ngx.log(ngx.ERR, err)
        end
    }
    server {
        listen 127.0.0.1:PORT;
        server_name gateway.test;
        location / {
            access_by_lua_block {
                local handler = require "kong.plugins.dwsync.handler"
                local conf = schema:process_auto_fields(require("cjson").decode(ngx.var.http_conf), "insert")
                local good, err = schema:validate(conf)
                if not good then
                    return kong.response.exit(400, err)
                end
                local good, err = coroutine.resume(coroutine.create(handler.access), handler, conf)
                if not good then
                    ngx.log(ngx.ERR, err)
                    return ngx.exit(500)
                end
            }
            content_by_lua_block { ngx.print("the service, stale: ", ngx.var.http_x_dwsync_stale) }
        }
    }
]]

--- For `configuration` of spec.support.refreshing_nginx.
-- @tparam string setup code of the options of setup, in place of those of handler.lua
-- @treturn function(server, modules) → nginx.conf
function M.kong(setup)
    return function(self, modules)
        install(self.directory, "kong/plugins/dwsync", "examples/nginx/kong/", { "handler.lua", "schema.lua" })
        local handler = self.directory .. "/kong/plugins/dwsync/handler.lua"
        local text, times = read(handler):gsub("local SETUP = [^\n]+", function() return "local SETUP = " .. setup end)
        assert(times == 1)
        write(handler, text)
        local directives = { read "examples/nginx/kong/dwsync_pages.conf" }
        for name, value in read "examples/nginx/kong/kong.conf":gmatch "\nnginx_http_([%w_]+) = ([^\n]+)" do
            if name ~= "include" then
                directives[#directives + 1] = ("%s %s;"):format(name, value)
            end
        end
        directives[#directives + 1] = KONG:gsub("PORT", self.port)
        return configuration(self, modules, { main = "", http = table.concat(directives, "\n"),
            real = os.getenv "DWSYNC_KONG" })
    end
end

return M
