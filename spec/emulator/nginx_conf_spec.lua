local nginx_conf = require "dwsync.emulator.nginx_conf"

local function text(changes)
    local options = { modules = {}, lua_directories = { "/a" }, port = 8443, http_port = 8080, root = false }
    for name, value in pairs(changes or {}) do
        options[name] = value
    end
    return nginx_conf.text(options)
end

describe("the emulator's nginx.conf", function()
    it("loads the modules in order before all else, quoted", function()
        assert.matches('^load_module "/m/one.so";\nload_module "/m/t\\"wo\\\\.so";\ndaemon off;\n',
            text { modules = { "/m/one.so", '/m/t"wo\\.so' } })
        assert.matches("^daemon off;\nmaster_process off;\n", text())
    end)

    it("names the user only where root starts it", function()
        assert.matches("^user root;\ndaemon off;", text { root = true })
        assert.is_nil(text():find("user root", 1, true))
    end)

    it("finds Lua in the directories given, then where nginx looks, then where packages are", function()
        local conf = text { lua_directories = { "/a", '/b"' } }
        assert.is_truthy(conf:find('lua_package_path "/a/?.lua;/a/?/init.lua;/b\\"/?.lua;/b\\"/?/init.lua;;;'
            .. "/usr/local/share/lua/5.1/?.lua;/usr/local/share/lua/5.1/?/init.lua;/usr/share/lua/5.1/?.lua;"
            .. '/usr/share/lua/5.1/?/init.lua";\n', 1, true), conf)
        assert.is_truthy(conf:find('lua_package_cpath ";;/usr/local/lib/lua/5.1/?.so;'
            .. "/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;/usr/lib/aarch64-linux-gnu/lua/5.1/?.so;"
            .. '/usr/lib/lua/5.1/?.so;/usr/lib64/lua/5.1/?.so";\n', 1, true), conf)
    end)

    it("serves each certificate under its name, localhost first, and the plain services", function()
        local servers = {}
        for listen, name, rest in text():gmatch "listen ([^\n]*);\n%s*server_name ([^\n]*);\n(.-)\n    }" do
            servers[#servers + 1] = ("%s %s %s %s"):format(listen, name, rest:match "ssl_certificate (%S+);" or "-",
                rest:match 'location / { content_by_lua_block { require%("dwsync.emulator.gateway"%)%.([%w_]+)%(%) } }')
        end
        assert.same({
            "127.0.0.1:8443 ssl localhost good.pem serve",
            "127.0.0.1:8443 ssl expired.localhost expired.pem serve",
            "127.0.0.1:8443 ssl future.localhost future.pem serve",
            "127.0.0.1:8443 ssl wronghost.localhost wronghost.pem serve",
            "127.0.0.1:8443 ssl unknown.localhost unknown.pem serve",
            "127.0.0.1:8080 localhost - serve_plain",
        }, servers)
        assert.matches("\n    }\n}\n$", text())
    end)
end)
