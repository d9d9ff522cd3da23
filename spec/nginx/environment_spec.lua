local environment = require "dwsync.nginx.environment"
local processes = require "spec.support.processes"
local variables = require "dwsync.credentials.variables"

describe("the environment inside nginx", function()
    it("is what is set of the variables that are read anywhere", function()
        local captured = environment.capture(function(name)
            return name == "HUAWEICLOUD_SDK_AK" and "ak" or nil
        end)
        assert.same({ HUAWEICLOUD_SDK_AK = "ak" }, captured)
    end)

    it("notes what else is asked for", function()
        local captured, recorded = environment.capture(function(name)
            return name == "ONE_MORE" and "1" or nil
        end)
        assert.equal("1", recorded "ONE_MORE")
        assert.equal("1", captured.ONE_MORE)
    end)

    it("knows every variable that a source of credentials or the client names", function()
        local known = {}
        for _, name in ipairs(variables.NAMES) do
            known[name] = true
        end
        for _, variable in ipairs(variables.UNREAD) do
            known[variable[1]] = true
        end
        local text = processes.run "cat lua/dwsync/*.lua lua/dwsync/client/*.lua lua/dwsync/request/*.lua "
            .. processes.run "cat lua/dwsync/credentials/*.lua"
        local count = 0
        for name in text:gmatch '"([A-Z][A-Z_]+)"' do
            if name:find "^HUAWEICLOUD_SDK_" or name:find "^HW_" or name:find "^HC_" or name:find "^DWSYNC_" then
                count = count + 1
                assert.is_true(known[name] or name:find "_$" ~= nil, name)
            end
        end
        assert.is_true(count > 20)
    end)
end)
