local environment = require "dwsync.credentials.environment"

local function load(variables)
    return environment.load { getenv = function(name) return variables[name] end }
end

describe("credentials in the environment", function()
    it("are the key pair and what belongs to it", function()
        assert.same({ ak = "AK", sk = "SK", security_token = "T", project_id = "P", source = "the environment" }, load {
            HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "SK", HUAWEICLOUD_SDK_SECURITY_TOKEN = "T",
            HUAWEICLOUD_SDK_PROJECT_ID = "P",
        })
        assert.same({ ak = "AK", sk = "SK", source = "the environment" },
            load { HUAWEICLOUD_SDK_AK = "AK", HUAWEICLOUD_SDK_SK = "SK" })
    end)

    it("are none when neither half is set, and the reason names the variables", function()
        for _, variables in ipairs { {}, { HUAWEICLOUD_SDK_AK = "", HUAWEICLOUD_SDK_SK = "" },
            { HUAWEICLOUD_SDK_SECURITY_TOKEN = "T" } } do
            local fields, err, why = load(variables)
            assert.is_nil(fields)
            assert.is_nil(err)
            assert.equal("environment: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK are not set", why)
        end
    end)

    it("are an error when only half of the pair is set", function()
        local cases = {
            ["environment: HUAWEICLOUD_SDK_AK is set but HUAWEICLOUD_SDK_SK is not"] =
                { HUAWEICLOUD_SDK_AK = "hidden" },
            ["environment: HUAWEICLOUD_SDK_SK is set but HUAWEICLOUD_SDK_AK is not"] =
                { HUAWEICLOUD_SDK_SK = "hidden", HUAWEICLOUD_SDK_AK = "" },
        }
        for message, variables in pairs(cases) do
            local fields, err = load(variables)
            assert.is_nil(fields)
            assert.equal("credentials", err.kind)
            assert.equal(message, err.message)
            assert.equal("Set both variables, or neither so that the next source is tried.", err.hint)
            assert.is_nil(tostring(err):find("hidden", 1, true))
        end
    end)
end)
