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
