local checks = require "dwsync.checks"
local configuration_keys = require "dwsync.cli.configuration_keys"
local core = require "dwsync.core"
local dwsync = require "dwsync"
local transport = require "dwsync.runtime.transport"

-- A good value for each transport option, other than its default.
local GOOD = {
    connect_timeout = 7,
    max_response_bytes = 4096,
    ca_file = "README.md", -- any file that can be read
    client_cert = "README.md",
    client_key = "README.md",
    proxy = "http://proxy.example:3128",
    user_agent = "mine/1.0",
    allow_http = true,
    compressed = true,
}

describe("each transport option", function()
    for _, name in ipairs(checks.names(transport.options)) do
        it(("travels from dwsync.new to the request that a runtime performs: %s"):format(name), function()
            local sent
            local client = assert(dwsync.new {
                region = "cn-north-4",
                project_id = "p",
                credentials = { ak = "AKEXAMPLE", sk = "hidden" },
                getenv = function() end,
                [name] = assert(GOOD[name], "give this spec a value for it"),
                runtime = {
                    now = core.now,
                    sleep = function() end,
                    perform = function(request)
                        sent = request
                        return { status = 200, headers = {}, body = '{"count":0,"sync_records":[]}' }
                    end,
                },
            })
            assert(client:list_sync_records { cluster_id = "c" })
            assert.equal(GOOD[name], sent[name])
        end)

        it(("may be in a profile of the configuration file: %s"):format(name), function()
            local checked = assert(configuration_keys.check { profiles = { p = { [name] = GOOD[name] } } })
            assert.equal(GOOD[name], checked.profiles.p[name])
        end)

        it(("is known to the core's pool: %s"):format(name), function()
            core.pool({ [name] = GOOD[name] }):close()
        end)
    end

    it("has the default that its documentation names", function()
        local checked = assert(checks.values(transport.options, {}))
        assert.same({ connect_timeout = 10, max_response_bytes = 16777216 }, checked)
    end)

    it("is part of the trust or not, and is never shown where it may hold a password", function()
        local from = { other = 1 }
        for name, value in pairs(GOOD) do
            from[name] = value
        end
        assert.same({ ca_file = GOOD.ca_file, client_cert = GOOD.client_cert, client_key = GOOD.client_key,
            proxy = GOOD.proxy, allow_http = true }, transport.trust(from))
        assert.same({}, transport.trust {})
        local _, problem = checks.values(transport.options, { proxy = "http://u:hidden\n@p" })
        assert.is_nil(checks.line(problem):find("hidden", 1, true))
        local _, shown = checks.values(transport.options, { user_agent = "hidden\n" })
        assert.truthy(checks.line(shown):find("hidden", 1, true))
    end)

    it("that is given is copied, where it is known which are", function()
        local given = transport.given { proxy = "", allow_http = false, other = 1 }
        table.sort(given)
        assert.same({ "allow_http", "proxy" }, given)
        assert.same({ proxy = "p" }, transport.copy({ proxy = "p", ca_file = "c" }, {}, { "proxy" }))
    end)

    it("is copied, and nothing else is", function()
        assert.same({ proxy = "", url = "u" }, transport.copy({ proxy = "", secret = "s" }, { url = "u" }))
    end)
end)
