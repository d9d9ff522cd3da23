local emulators = require "spec.support.emulator"
local nginx = require "spec.support.refreshing_nginx"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local uv = require "luv"

local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

-- What stands behind the gates of the example.
local BACKEND = [[
    server {
        listen unix:backend.sock;
        location / { content_by_lua_block { ngx.print("stale: ", ngx.var.http_x_dwsync_stale or "nobody says") } }
    }
}
]]

describe("examples/nginx/nginx.conf", function()
    local service, server

    -- The example with the places of this machine; each is there as often as expected, so that none is missed.
    local function adapted(self, modules)
        local text = read "examples/nginx/nginx.conf"
        local function put(pattern, replacement, times)
            local count
            text, count = text:gsub(pattern, (replacement:gsub("%%", "%%%%")))
            assert.equal(times or 1, count, pattern)
        end
        local loading = {}
        for i, module in ipairs(modules) do
            loading[i] = ('load_module "%s";'):format(module)
        end
        local client = service:options()
        client.getenv = nil -- a function cannot enter a thread
        put("include /etc/nginx/modules%-enabled/%*%.conf;", "daemon off;\n" .. table.concat(loading, "\n"))
        put("user www%-data;", uv.getuid() == 0 and "user root;" or "")
        put("pid /run/nginx%.pid;", "pid nginx.pid;")
        put("error_log /var/log/nginx/error%.log", "error_log error.log")
        put("worker_processes auto;", "worker_processes 2;")
        put("lua_package_path [^\n]+", ('lua_package_path "%s/lua/?.lua;%s/lua/?/init.lua;;";'):format(uv.cwd(),
            uv.cwd()) .. "client_body_temp_path b; proxy_temp_path b; fastcgi_temp_path b; uwsgi_temp_path b; "
            .. "scgi_temp_path b;")
        put("lua_package_cpath [^\n]+", ('lua_package_cpath "%s/build/luajit/?.so;;";'):format(uv.cwd()))
        put('client = { region = "cn%-north%-4" }', "client = " .. nginx.code(client))
        put("127%.0%.0%.1:8080", "127.0.0.1:" .. self.port)
        put("http://127%.0%.0%.1:8081", '"http://unix:' .. self.directory .. '/backend.sock:"', 2)
        put("\n}\n$", "\n" .. BACKEND:gsub("unix:backend.sock", ('"unix:%s/backend.sock"'):format(self.directory)))
        return text
    end

    setup(function()
        service = emulators.start()
        server = nginx.start { configuration = adapted, workers = 2 }
        server:get_until("/metrics", 200)
    end)
    teardown(function()
        server:stop()
        service:stop()
    end)

    it("serves metrics, health, records and the page", function()
        assert.equal(503, server:get("/health").status) -- the emulator's stories are no good ones
        assert.equal(200, server:get("/status").status)
        assert.equal(200, server:get("/records?cluster=" .. service:cluster "healthy").status)
        assert.equal(200, server:get("/health?max_age=6h&cluster=" .. service:cluster "healthy").status)
    end)

    it("has a gate that denies, and one that tells", function()
        assert.equal(503, server:get("/reports/today").status)
        assert.equal("stale: 1", server:get("/portal/").body)
    end)

    it("is checked before a start and a reload as the unit does it", function()
        local check = ("DWSYNC_NGINX_CHECK=1 timeout %d %s -p %s/ -c %s/nginx.conf -e stderr"):format(
            patience.seconds, processes.quoted(server.program.path), processes.quoted(server.directory),
            processes.quoted(server.directory))
        assert.equal(0, select(2, processes.run(check .. " 2>&1")))
    end)

    it("complains about nothing but the cluster that is not allowed to be asked", function()
        for line in server:log():gmatch "[^\n]+" do
            assert.truthy(not line:find "%[warn%]" or line:find("not allowed to use this function", 1, true), line)
        end
        assert.equal("", server:complaints())
    end)
end)

describe("examples/nginx/nginx-dwsync.service", function()
    it("is a unit that systemd takes", function()
        if select(2, processes.run "command -v systemd-analyze >/dev/null") ~= 0 then
            pending "systemd-analyze is not installed"
            return
        end
        local out, status = processes.run "systemd-analyze verify examples/nginx/nginx-dwsync.service 2>&1"
        assert.same({ "", 0 }, { out, status })
        -- 2.0 of 10
        out, status = processes.run("systemd-analyze security --offline=yes --threshold=20 "
            .. "examples/nginx/nginx-dwsync.service 2>&1")
        assert.equal(0, status, out)
    end)

    it("leaves room for the tasks of 128 processors, also while old workers end, and none written in bytes", function()
        local unit = read "examples/nginx/nginx-dwsync.service"
        local threads = tonumber(read("examples/nginx/nginx.conf"):match "thread_pool dwsync threads=(%d+);")
        assert.is_true(tonumber(unit:match "\nTasksMax=(%d+)\n") >= 2 * 128 * (threads + 2) + 1)
        assert.matches("\nMemoryMax=%d+%%\n", unit)
    end)

    it("names nothing that the configuration does not have", function()
        local unit = read "examples/nginx/nginx-dwsync.service"
        local before, reload = unit:match "ExecStartPre=([^\n]+)", unit:match "ExecReload=([^\n]+)"
        assert.equal(before, reload)
        assert.matches(" DWSYNC_NGINX_CHECK=1 /usr/sbin/nginx -c /etc/nginx-dwsync/nginx.conf ", before, 1, true)
        assert.truthy(unit:find("/etc/nginx-dwsync/nginx.conf", 1, true))
        assert.truthy(read("examples/nginx/nginx.conf"):find("env HUAWEICLOUD_SDK_CREDENTIALS_FILE;", 1, true))
    end)
end)
