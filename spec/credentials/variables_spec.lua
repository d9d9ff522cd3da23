local variables = require "dwsync.credentials.variables"

local function context(values)
    return { getenv = function(name) return values[name] end }
end

describe("a variable", function()
    it("that is empty is not set", function()
        assert.is_nil(variables.get(context { A = "" }, "A"))
        assert.equal(" ", variables.get(context { A = " " }, "A"))
    end)

    it("is the first of several when it is set", function()
        assert.equal("B", variables.first_set(context { A = "", B = "b", C = "c" }, { "A", "B", "C" }))
        assert.is_nil(variables.first_set(context { A = "" }, { "A", "B" }))
    end)

    it("goes with another one, or not at all", function()
        assert.same({ "a", "b" }, { variables.pair(context { A = "a", B = "b" }, "test", "A", "B") })
        assert.same({}, { variables.pair(context {}, "test", "A", "B") })
        local one, err = variables.pair(context { A = "", B = "hidden" }, "test", "A", "B")
        assert.is_nil(one)
        assert.equal("test: B is set but A is not", err.message)
        assert.equal("credentials", err.kind)
        assert.equal("Set both variables, or neither so that the next source is tried.", err.hint)
        assert.is_nil(tostring(err):find("hidden", 1, true))
    end)

    it("that is of no effect is told, with what takes its place", function()
        local function names(values, chosen)
            local list = {}
            for i, variable in ipairs(variables.without_effect(context(values).getenv, chosen)) do
                list[i] = variable[1]
                assert.is_string(variable[2])
            end
            return list
        end
        assert.same({}, names { HUAWEICLOUD_SDK_AK = "x", HW_ACCESS_KEY = "x", HW_INSECURE = "" })
        assert.same({ "HW_INSECURE", "OS_PASSWORD" }, names { OS_PASSWORD = "x", HW_INSECURE = "true" })
        assert.same({}, names({ HW_ASSUME_ROLE_AGENCY_NAME = "x" }, false))
        assert.same({ "HW_ASSUME_ROLE_AGENCY_NAME" }, names({ HW_ASSUME_ROLE_AGENCY_NAME = "x" }, true))
    end)

    it("is read or said to be of no effect, if it is one of the official SDKs' or Terraform's", function()
        local known = { HW_REGION_NAME = true }
        for _, name in ipairs(variables.CREDENTIALS) do
            known[name] = true
        end
        for _, variable in ipairs(variables.UNREAD) do
            assert.is_nil(known[variable[1]], variable[1])
            known[variable[1]] = true
        end
        for names in ([[HUAWEICLOUD_SDK_ AK SK SECURITY_TOKEN PROJECT_ID DOMAIN_ID IDP_ID ID_TOKEN_FILE CREDENTIALS_FILE
            REGIONS_FILE IAM_ENDPOINT STS_ENDPOINT TYPE;
            HC_CONTAINER_ CREDENTIALS_FULL_URI AUTHORIZATION_TOKEN_FILE;
            HW_ ACCESS_KEY SECRET_KEY SECURITY_TOKEN AUTH_TOKEN USER_ID USER_NAME USER_PASSWORD REGION_NAME PROJECT_ID
            PROJECT_NAME DOMAIN_ID DOMAIN_NAME AUTH_URL CLOUD INSECURE MAX_RETRIES SIGNING_ALGORITHM
            ENTERPRISE_PROJECT_ID SHARED_CONFIG_FILE PROFILE;
            HW_ASSUME_ROLE_ AGENCY_NAME DOMAIN_NAME DOMAIN_ID DURATION IDP_ID ID_TOKEN ID_TOKEN_FILE;
            ]]):gmatch "([^;]+);" do
            local prefix, rest = names:match "^%s*(%S+)%s+(.*)$"
            for name in rest:gmatch "%S+" do
                assert.is_true(known[prefix .. name], prefix .. name)
            end
        end
    end)

    it("names the home directory, under either name", function()
        assert.equal("/h", variables.home(context { HOME = "/h", USERPROFILE = "C:" }))
        assert.equal("C:", variables.home(context { USERPROFILE = "C:" }))
    end)

    it("is among those that a client reads, if it gives credentials or says where to", function()
        local names = {}
        for _, name in ipairs(variables.NAMES) do
            names[name] = (names[name] or 0) + 1
        end
        for _, name in ipairs { "DWSYNC_CA_FILE", "DWSYNC_METADATA", "DWSYNC_REGION", "HW_REGION_NAME", "HOME",
            "USERPROFILE" } do
            assert.equal(1, names[name], name)
            names[name] = nil
        end
        for _, name in ipairs(variables.CREDENTIALS) do
            assert.equal(1, names[name], name)
            assert.matches("^H%u+_[%u_]+$", name)
            names[name] = nil
        end
        assert.same({}, names)
    end)

    it("of OpenStack is of no effect, and has a twin", function()
        local twins = {}
        for _, variable in ipairs(variables.UNREAD) do
            if variable[1]:find "^OS_" then
                assert.equal("set its twin of HW_… or HUAWEICLOUD_SDK_…", variable[2])
                twins[#twins + 1] = variable[1]:sub(4)
            end
        end
        table.sort(twins)
        assert.equal("ACCESS_KEY AGENCY_DOMAIN_NAME AGENCY_NAME AUTH_TOKEN AUTH_URL CACERT CERT DELEGATED_PROJECT "
            .. "DOMAIN_ID DOMAIN_NAME INSECURE KEY PASSWORD PROJECT_DOMAIN_ID PROJECT_DOMAIN_NAME PROJECT_ID "
            .. "PROJECT_NAME REGION_NAME SECRET_KEY TENANT_ID TENANT_NAME USERNAME USER_DOMAIN_ID USER_DOMAIN_NAME "
            .. "USER_ID", table.concat(twins, " "))
    end)
end)
