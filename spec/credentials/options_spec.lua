local options = require "dwsync.credentials.options"

local TEXT = " is not a non-empty text without line breaks"
local MISSING = " is missing, expected a non-empty text without line breaks"

-- An agency asked for with itself.
local endless = { source = "agency", agency_name = "a" }
endless.from = endless

local function agency(field, value)
    return { source = "agency", agency_name = "a", [field] = value }
end

describe("the option credentials", function()
    it("is taken as it is in every form", function()
        for _, given in ipairs {
            function() end, {}, { ak = "AK", sk = 7 }, { source = "environment" }, { source = "terraform" },
            { source = "oidc", idp_id = "idp", id_token_file = "/token" },
            { source = "password", user = "u", password = "two\nlines" },
            agency("duration", 900), agency("duration", 86400), agency("from", function() end),
            agency("from", { source = "token", token = "t" }),
        } do
            assert.equal(given, options.check(given, "credentials"))
        end
    end)

    it("is refused with what is wrong, and no value of it shows", function()
        for _, case in ipairs {
            { { ak = "AK", sk = "hidden", security_tokn = "hidden" }, "unknown option 'credentials.security_tokn'. "
                .. "Did you mean 'security_token'? The options are ak, algorithm, expires_at, iam_endpoint, identity, "
                .. "project_id, security_token, sk, token." },
            { { source = "metadata", sk = "hidden" },
                "unknown option 'credentials.sk'. The options are endpoint, project_id, source." },
            { { source = "password", user = "u", password = 7 },
                "credentials.password is not a text that is not empty" },
            { { source = "token", token = "" }, "credentials.token" .. TEXT },
            { { source = "token", token = "hidden\n" }, "credentials.token" .. TEXT },
            { { source = "agency" }, "credentials.agency_name" .. MISSING },
            { { source = "oidc", id_token_file = "/hidden" }, "credentials.idp_id" .. MISSING },
            { { source = "oidc", idp_id = "hidden" }, "credentials.id_token_file" .. MISSING },
            { { source = "password", password = "hidden" }, "credentials.user" .. MISSING },
            { { source = "password", user = "hidden" },
                "credentials.password is missing, expected a text that is not empty" },
            { agency("duration", 899), "credentials.duration is 899, expected a number of seconds from 900 to 86400" },
            { agency("duration", 86401),
                "credentials.duration is 86401, expected a number of seconds from 900 to 86400" },
            { agency("duration", 1000.5),
                "credentials.duration is 1000.5, expected a number of seconds from 900 to 86400" },
            { agency("from", "hidden"), "credentials.from is a string, expected a table or a function" },
            { agency("from", { source = "token", sk = "hidden" }),
                "unknown option 'credentials.from.sk'. The options are project_id, source, token." },
            { endless, "credentials.from.from.from.from is nested too deeply" },
        } do
            local good, message = options.check(case[1], "credentials")
            assert.is_nil(good)
            assert.equal(case[2], message)
        end
    end)
end)
