local uv = require "luv"
local nginx_program = require "dwsync.emulator.nginx_program"
local curl = dofile "spec/emulator/curl.lua"

local INSTALL = "on Debian or Ubuntu: apt-get install nginx libnginx-mod-http-lua lua-cjson lua-luaossl; elsewhere "
    .. "install OpenResty"

describe("the search for nginx", function()
    local directory

    before_each(function() directory = assert(uv.fs_mkdtemp(uv.os_tmpdir() .. "/dwsync-spec-XXXXXX")) end)
    after_each(function() curl.shell("rm -rf " .. curl.quoted(directory)) end)

    -- An nginx of which only -V is ever asked.
    local function fake(version_text)
        local file = assert(io.open(directory .. "/nginx", "w"))
        file:write("#!/bin/sh\ncat >&2 <<'E'\n", version_text, "\nE\n")
        file:close()
        uv.fs_chmod(directory .. "/nginx", tonumber("755", 8))
        return directory .. "/nginx"
    end

    it("finds nginx and the two modules it loads, in order", function()
        local program = assert(nginx_program.find())
        assert.is_truthy(uv.fs_stat(program.path))
        if #program.modules > 0 then
            assert.is_truthy(program.modules[1]:find("ndk_http_module.so", 1, true))
            assert.is_truthy(program.modules[2]:find("ngx_http_lua_module.so", 1, true))
        end
    end)

    it("looks where it is told, first come first served", function()
        local path = fake "nginx version: openresty/1.21\nconfigure arguments: --add-module=../ngx_lua-0.10.21"
        assert.same({ path = path, modules = {} },
            nginx_program.find(nil, "/nonexistent:" .. directory .. ":/usr/sbin"))
    end)

    it("looks in PATH first, and knows the Lua module by its other name, too", function()
        local path = fake "nginx version: nginx/1\nconfigure arguments: --add-module=/x/lua-nginx-module-0.10"
        local getenv = os.getenv
        finally(function() os.getenv = getenv end) -- luacheck: ignore 122
        os.getenv = function(name) return name == "PATH" and directory or nil end -- luacheck: ignore 122
        assert.same({ path = path, modules = {} }, nginx_program.find())
        fake "nginx version: nginx/1\nconfigure arguments: --add-module=/x/luaXnginx-module-0.10"
        assert.equal(("nginx lacks its Lua module, /usr/local/nginx/modules/ndk_http_module.so (%s)"):format(INSTALL),
            (select(2, nginx_program.find())))
    end)

    it("looks for modules below the prefix, where nginx says nothing else", function()
        fake("nginx version: nginx/1\nconfigure arguments: --prefix=" .. directory .. " --with-x")
        assert.equal(("nginx lacks its Lua module, %s/modules/ndk_http_module.so (%s)"):format(directory, INSTALL),
            (select(2, nginx_program.find(nil, directory))))
    end)

    it("asks through a pipe that it closes, or says why there is none", function()
        local path, popen, closed = fake "nginx ngx_lua", io.popen, 0
        finally(function() io.popen = popen end) -- luacheck: ignore 122
        io.popen = function(command) -- luacheck: ignore 122
            local pipe = popen(command)
            return { read = function(_, what) return pipe:read(what) end, close = function()
                closed = closed + 1
                return pipe:close()
            end }
        end
        assert.is_table(nginx_program.find(path))
        assert.equal(1, closed)
        io.popen = function() return nil, "no more processes" end -- luacheck: ignore 122
        assert.same({ nil, path .. " -V failed: no more processes" }, { nginx_program.find(path) })
    end)

    it("says what to install when there is no nginx", function()
        local program, err = nginx_program.find(nil, directory)
        assert.is_nil(program)
        assert.equal("nginx is not installed (" .. INSTALL .. ")", err)
    end)

    it("says what to install when nginx has no Lua module", function()
        local modules = directory .. "/modules"
        local path = fake("nginx version: nginx/1.22.1\nconfigure arguments: --modules-path=" .. modules)
        local program, err = nginx_program.find(path)
        assert.is_nil(program)
        assert.equal(("nginx lacks its Lua module, %s/ndk_http_module.so (%s)"):format(modules, INSTALL), err)
    end)

    it("takes the modules of another directory when it is told one", function()
        local path = fake "nginx version: nginx/1.22.1\nconfigure arguments: --modules-path=/nonexistent"
        for _, name in ipairs { "ndk_http_module.so", "ngx_http_lua_module.so" } do
            assert(io.open(directory .. "/" .. name, "w")):close()
        end
        assert.same({ path = path, modules = { directory .. "/ndk_http_module.so",
            directory .. "/ngx_http_lua_module.so" } }, nginx_program.find(path, nil, directory))
    end)

    it("does not take another program for nginx", function()
        local program, err = nginx_program.find "/bin/true"
        assert.is_nil(program)
        assert.equal("/bin/true -V failed: ", err)
        assert.same({ nil, "/nonexistent/nginx is not a program that can be run" },
            { nginx_program.find "/nonexistent/nginx" })
        assert.same({ nil, directory .. " is not a program that can be run" }, { nginx_program.find(directory) })
    end)
end)
