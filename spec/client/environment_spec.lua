local cjson = require "cjson"
local dwsync = require "dwsync"
local emulators = require "spec.support.emulator"

local service, healthy

setup(function()
    service = emulators.start()
    healthy = service:cluster "healthy"
end)
teardown(function()
    service:stop()
end)
before_each(function()
    service:reset()
end)

describe("a client in an environment", function()
    it("takes its region from the option, dwsync's variable, Terraform's, or KooCLI's profile", function()
        local function region(variables, more)
            local options = { read_file = function(path)
                return path == "/h/.hcloud/config.json" and cjson.encode { authEncrypt = "false", current = "a",
                    profiles = { { name = "a", region = "cn-east-2" }, { name = "b", region = "cn-east-3" } } } or nil
            end, getenv = function(name) return variables[name] end }
            for name, value in pairs(more or {}) do
                options[name] = value
            end
            local client, err = dwsync.new(options)
            return client and client:option "region", err
        end
        local all = { HOME = "/h", DWSYNC_REGION = "cn-north-1", HW_REGION_NAME = "cn-north-2" }
        assert.equal("cn-north-4", region(all, { region = "cn-north-4" }))
        assert.equal("cn-north-1", region(all))
        all.DWSYNC_REGION = ""
        assert.equal("cn-north-2", region(all))
        all.HW_REGION_NAME = nil
        assert.equal("cn-east-2", region(all))
        assert.equal("cn-east-3", region(all, { credentials = { source = "koocli", profile = "b" } }))
        assert.equal("cn-east-3", region(all, { credentials = { source = "agency", agency_name = "n", domain = "d",
            from = { source = "koocli", profile = "b" } } }))
        local none, err = region(all, { credentials = { ak = "AK", sk = "hidden" } })
        assert.is_nil(none)
        assert.equal("region is not set", err.message)
        assert.is_nil((region(all, { endpoint = "https://dws.example" })))
        all.HOME = "/elsewhere"
        assert.is_nil((region(all)))
    end)

    it("is refused for a file that cannot be read, by the name of where that comes from", function()
        for _, case in ipairs {
            { "ca_file", { ca_file = "/not/there" } },
            { "client_cert", { client_cert = "/not/there" } },
            { "client_key", { client_key = "/not/there" } },
            { "DWSYNC_CA_FILE", {}, { DWSYNC_CA_FILE = "/not/there" } },
            { "ca_file", { ca_file = "/not/there" }, { DWSYNC_CA_FILE = "/nor/this" } },
        } do
            case[2].region, case[2].getenv = "cn-north-4", function(name)
                return (case[3] or {})[name]
            end
            local client, err = dwsync.new(case[2])
            assert.is_nil(client)
            assert.same({ "config", case[1], case[1] .. " /not/there: No such file or directory" },
                { err.kind, err.option, err.message })
        end
    end)

    it("is refused for a region that is none, by the name of where that comes from", function()
        for _, case in ipairs { { "region", "a/b" }, { "DWSYNC_REGION", nil, "a/b" },
            { "HW_REGION_NAME", nil, nil, "a/b" } } do
            for _, endpoint in ipairs { "https://dws.example", false } do
                local variables = { DWSYNC_REGION = case[3], HW_REGION_NAME = case[4] }
                local client, err = dwsync.new { region = case[2], endpoint = endpoint or nil, project_id = "p",
                    getenv = function(name) return variables[name] end }
                assert.is_nil(client)
                assert.same({ "config", case[1],
                    case[1] .. ' is "a/b", expected letters, digits, "-", "_" and "." only' },
                    { err.kind, err.option, err.message })
            end
        end
    end)

    it("takes its region and CA file from DWSYNC_REGION and DWSYNC_CA_FILE", function()
        local variables = { DWSYNC_REGION = service.info.region, DWSYNC_CA_FILE = service.info.ca_file }
        local client = service:client {
            region = false,
            ca_file = false,
            getenv = function(name)
                return variables[name]
            end,
        }
        assert(client:list_sync_records { cluster_id = healthy, limit = 1 })
    end)
end)
