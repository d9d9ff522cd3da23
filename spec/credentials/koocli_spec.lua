local cjson = require "cjson"
local fakes = require "spec.support.credentials"
local koocli = require "dwsync.credentials.koocli"

local PATH = "/h/.hcloud/config.json"

local function load(document, options, variables)
    return koocli.load({
        getenv = function(name) return (variables or { HOME = "/h" })[name] end,
        read_file = function(path)
            assert.equal(options and options.path or PATH, path)
            if document then
                return type(document) == "string" and document or cjson.encode(document)
            end
            return nil, "No such file or directory", true
        end,
    }, options)
end

local function config(profile, encrypted)
    profile.name = profile.name or "main"
    return { current = "main", authEncrypt = encrypted or "false", profiles = { { name = "other", mode = "AKSK" },
        profile } }
end

describe("KooCLI's configuration", function()
    it("gives the keys of the current profile", function()
        assert.same({ ak = "AK", sk = "hidden", project_id = "p", source = "KooCLI's profile main in " .. PATH },
            load(config { mode = "AKSK", accessKeyId = "AK", secretAccessKey = "hidden", projectId = "p" }))
    end)

    it("gives the keys of the profile that is named, in the file that is named", function()
        local fields = load(config { name = "x", mode = "AKSK", accessKeyId = "AK", secretAccessKey = "hidden" },
            { profile = "x", path = "/other.json" })
        assert.equal("AK", fields.ak)
    end)

    it("gives the temporary keys of single sign-on", function()
        local fields = load(config { mode = "SSO", ssoAuth = { stsToken = { accessKeyId = "AK",
            secretAccessKey = "hidden", securityToken = "hidden-t" } } })
        assert.equal("hidden-t", fields.security_token)
    end)

    it("is found where Terraform's variables say", function()
        local fields = load(config { name = "x", mode = "AKSK", accessKeyId = "AK", secretAccessKey = "hidden" },
            { path = "/tf.json" }, { HW_SHARED_CONFIG_FILE = "/tf.json", HW_PROFILE = "x" })
        assert.equal("AK", fields.ak)
        local context = { getenv = function(name) return ({ HOME = "/h", HW_SHARED_CONFIG_FILE = "~/k.json",
            HW_PROFILE = "x" })[name] end, read_file = function() return nil, "No such file or directory", true end }
        local _, err = koocli.load(context)
        assert.equal("KooCLI's /h/k.json: No such file or directory", err.message)
        fields, err = load(config {}, nil, { HOME = "/h", HW_PROFILE = "x" })
        assert.is_nil(fields)
        assert.equal("KooCLI's profile x in " .. PATH .. ": does not exist", err.message)
    end)

    it("asks for the agency that a profile names", function()
        local function world(profile)
            profile.accessKeyId, profile.secretAccessKey, profile.agencyName = "AKBASE", "hidden", "auditor"
            return fakes.world { credentials = { source = "koocli", path = PATH }, files = {
                [PATH] = cjson.encode(config(profile)) }, answers = { fakes.keys_answer "AKAGENCY" } }
        end
        for _, mode in ipairs { "AKSK", "agency" } do
            local made = world { mode = mode, agencyDomainName = "customer", projectId = "p" }
            local keys = assert(made.get())
            assert.same({ "AKAGENCY", "p" }, { keys.ak, keys.project_id })
            assert.matches("Access=AKBASE,", made.requests[1].headers.Authorization)
            assert.same({ agency_name = "auditor", domain_name = "customer", duration_seconds = 21600 },
                cjson.decode(made.requests[1].body).auth.identity.assume_role)
        end
        local by_id = world { mode = "AKSK", agencyDomainId = "d1" }
        assert(by_id.get())
        assert.same({ agency_name = "auditor", domain_id = "d1", duration_seconds = 21600 },
            cjson.decode(by_id.requests[1].body).auth.identity.assume_role)
        local made = world { mode = "AKSK" }
        local _, err = made.get()
        assert.equal("KooCLI's profile main in " .. PATH .. ": has agencyName but no agencyDomainName", err.message)
        assert.equal("Correct the profile with hcloud configure set, or name another source of credentials.", err.hint)
        assert.same({}, made.requests)
    end)

    it("gives the region of the profile, which is not encrypted", function()
        local function region(document, options)
            return koocli.region({ getenv = function(name) return name == "HOME" and "/h" or nil end,
                read_file = function() return document and cjson.encode(document) end }, options)
        end
        assert.same({ "cn-north-4", "region of KooCLI's profile main in " .. PATH },
            { region(config { region = "cn-north-4" }) })
        assert.equal("r2", (region(config { name = "x", region = "r2" }, { profile = "x" })))
        for _, document in ipairs { config {}, config { region = "" }, config({ region = "cn-north-4" }, "true"), {},
            false } do
            assert.is_nil((region(document)))
        end
    end)

    it("says that it is encrypted, which it is by default", function()
        for _, encrypted in ipairs { "true", "", true } do
            local fields, err, why = load(config({ mode = "AKSK", accessKeyId = "x",
                secretAccessKey = "y" }, encrypted))
            assert.is_nil(fields)
            assert.is_nil(err)
            assert.equal("KooCLI's " .. PATH .. ": its values are encrypted "
                .. "(hcloud configure set --cli-auth-encrypt=false writes them plainly)", why)
        end
    end)

    it("has nothing to give in other modes, without keys, without the profile, without the file", function()
        for why, document in pairs {
            ["profile main in " .. PATH .. ": a profile of mode ecsAgency has no key"] = config { mode = "ecsAgency" },
            ["profile main in " .. PATH .. ": has no key"] = config { mode = "AKSK" },
            ["profile main in " .. PATH .. ": does not exist"] = { authEncrypt = "false", current = "main" },
            [PATH .. ": does not exist"] = false,
        } do
            local fields, err, reason = load(document)
            assert.is_nil(fields)
            assert.is_nil(err)
            assert.equal("KooCLI's " .. why, reason)
        end
        assert.equal("KooCLI: the home directory is unknown", select(3, load(false, nil, {})))
    end)

    it("is an error when half of a pair, the file or the profile that was named is missing", function()
        for message, case in pairs {
            ["profile main in " .. PATH .. ": has accessKeyId but no secretAccessKey"] = {
                config { mode = "AKSK", accessKeyId = "AK" } },
            ["profile main in " .. PATH .. ": has secretAccessKey but no accessKeyId"] = {
                config { mode = "AKSK", secretAccessKey = "hidden" } },
            [PATH .. ": not a JSON object"] = { "hidden" },
            ["/n: No such file or directory"] = { false, { path = "/n" } },
            ["profile z in " .. PATH .. ": does not exist"] = { config {}, { profile = "z" } },
        } do
            local fields, err = load(case[1], case[2])
            assert.is_nil(fields)
            assert.equal("credentials", err.kind)
            assert.equal("KooCLI's " .. message, err.message)
            assert.is_nil(tostring(err):find("hidden", 1, true))
        end
    end)

    it("is read again after a moment while it is being rewritten", function()
        local function of(ak)
            return cjson.encode(config { mode = "AKSK", accessKeyId = ak, secretAccessKey = "hidden" })
        end
        local readings, count = { of "AK1", of("AK2"):sub(1, 30), of "AK2" }, 0
        local made = fakes.world { credentials = { source = "koocli", path = PATH } }
        made.context.read_file = function()
            count = count + 1
            return readings[math.min(count, #readings)]
        end
        assert.equal("AK1", assert(made.get()).ak)
        assert.equal("AK2", assert(made.get()).ak)
    end)
end)
