local file = require "dwsync.credentials.file"
local fakes = require "spec.support.credentials"
local files = require "dwsync.files"

local PATH = "/h/.huaweicloud/credentials"

-- A context with one file; `read` replaces the reading itself.
local function context(text, variables, read)
    variables = variables or { HOME = "/h" }
    return {
        getenv = function(name) return variables[name] end,
        read_file = read or function(path)
            if path == PATH or path == variables.HUAWEICLOUD_SDK_CREDENTIALS_FILE then
                return text
            end
            return nil, "No such file or directory", true
        end,
    }
end

local function refusal(...)
    local fields, err, why = file.load(...)
    assert.is_nil(fields)
    assert.is_nil(why)
    assert.equal("credentials", err.kind)
    assert.is_nil(tostring(err):find("hidden", 1, true))
    return err.message, err.hint
end

describe("the credentials file", function()
    it("is read in no more steps than it has bytes", function()
        local blanks = (" "):rep(1000000) -- their square would keep a core busy for an hour
        local lines = { "[basic]", "ak = a" .. blanks .. "b", "sk =" .. blanks .. "c" .. blanks, "x =" .. blanks,
            blanks, "[" .. blanks .. "x", ("a"):rep(1000000), "[" .. ("]"):rep(1000000) .. "x" }
        local values = file.parse(table.concat(lines, "\n"), "basic")
        assert.same({ ak = "a" .. blanks .. "b", sk = "c" }, values)
    end)

    it("gives the keys of its section [basic]", function()
        assert.same({
            ak = "AK", sk = "SK", security_token = "T", project_id = "P", source = "credentials file " .. PATH,
            iam_endpoint = "https://iam.x",
        }, file.load(context("[basic]\nak = AK\nsk = SK\nsecurity_token = T\nproject_id = P\n"
            .. "iam_endpoint = https://iam.x\n")))
    end)

    it("does not mix in the keys of other sections", function()
        local fields = file.load(context(
            "ak = top\n[global]\nak = no\nsk = no\nproject_id = no\n[basic]\nak = AK\nsk = SK\n[other]\nak = no\n"))
        assert.equal("AK", fields.ak)
        assert.equal("SK", fields.sk)
        assert.is_nil(fields.project_id)
    end)

    it("may be written by any editor: CRLF, a UTF-8 mark, blanks, comments, empty lines", function()
        local fields = file.load(context(
            "\239\187\191[basic]\r\n\r\n# a comment = x\r\n; another = y\r\n\tak=AK  \r\n  sk   =\tSK\r\n"))
        assert.equal("AK", fields.ak)
        assert.equal("SK", fields.sk)
        assert.equal("AK", file.load(context "  [basic]  \nak = AK\nsk = SK").ak)
    end)

    it("takes values as they are, whatever is in them", function()
        for _, value in ipairs { "a%b", "%(ak)s", "a=b==", "a#b", "a ; b # c", '"quoted"', "'quoted'", "`q`", "a b c",
            "a\\b", "[x]", "${HOME}", "é" } do
            local fields = file.load(context(("[basic]\nak = AK\nsk = %s\n"):format(value)))
            assert.equal(value, fields.sk)
        end
    end)

    it("lets the last of repeated keys count", function()
        assert.equal("new", file.load(context "[basic]\nak = old\nsk = SK\nak = new\n").ak)
    end)

    it("has nothing to give when it is not there and nobody named it", function()
        local fields, err, why = file.load(context(nil, { HOME = "/other" }))
        assert.is_nil(fields)
        assert.is_nil(err)
        assert.equal("credentials file /other/.huaweicloud/credentials: does not exist", why)
    end)

    it("has nothing to give without a home directory", function()
        local fields, err, why = file.load(context(nil, {}))
        assert.is_nil(fields)
        assert.is_nil(err)
        assert.equal("credentials file: the home directory is unknown", why)
    end)

    it("is found in USERPROFILE where there is no HOME", function()
        assert.equal("AK", file.load(context("[basic]\nak = AK\nsk = SK", { USERPROFILE = "/h" })).ak)
    end)

    it("is found where the environment says", function()
        local fields = file.load(context("[basic]\nak = AK\nsk = SK",
            { HOME = "/other", HUAWEICLOUD_SDK_CREDENTIALS_FILE = "/named" }))
        assert.equal("credentials file /named", fields.source)
        assert.equal("AK", file.load(context("[basic]\nak = AK\nsk = SK",
            { HOME = "/h", HUAWEICLOUD_SDK_CREDENTIALS_FILE = "" })).ak)
    end)

    it("is an error when it was named and is not there", function()
        local message, hint = refusal(context(nil, { HUAWEICLOUD_SDK_CREDENTIALS_FILE = "/named" },
            function() return nil, "No such file or directory", true end))
        assert.equal("credentials file /named: No such file or directory", message)
        assert.equal("Make it readable, or correct HUAWEICLOUD_SDK_CREDENTIALS_FILE.", hint)
    end)

    it("is an error when it is there and cannot be read", function()
        local message = refusal(context(nil, nil, function() return nil, "Permission denied", false end))
        assert.equal("credentials file " .. PATH .. ": Permission denied", message)
        message = refusal(context(nil, { HUAWEICLOUD_SDK_CREDENTIALS_FILE = "/" }, files.read))
        assert.equal("credentials file /: Is a directory", message)
    end)

    it("is read as the official parsers read it", function()
        for name, text in pairs {
            ["a colon"] = "[basic]\nak: AK\nsk : S=K:1",
            ["a comment behind the section"] = "[basic] # ours\nak = AK\nsk = S=K:1\n[global] ; x\nak = no\nsk = no",
            ["a comment with a bracket"] = "[basic] # see [x]\nak = AK\nsk = S=K:1",
            ["keys in capitals"] = "[basic]\nAK = AK\nSk = S=K:1",
        } do
            local fields = assert(file.load(context(text)))
            assert.same({ "AK", "S=K:1" }, { fields.ak, fields.sk }, name)
        end
        local fields = file.load(context "[basic]\nak = AK\nsk = SK\niam_endpoint: https://iam.x:8443")
        assert.equal("https://iam.x:8443", fields.iam_endpoint)
    end)

    it("has nothing to give without a section [basic], even when it was named", function()
        for _, text in ipairs { "", "\n# nothing\n", "[global]\nak = hidden\nsk = hidden",
            "[default]\nak = hidden\nsk = hidden", "[Basic]\nak = hidden", "[global]" } do
            for path, variables in pairs { [PATH] = { HOME = "/h" },
                ["/named"] = { HUAWEICLOUD_SDK_CREDENTIALS_FILE = "/named" } } do
                local found, err, why = file.load(context(text, variables))
                assert.is_nil(found)
                assert.is_nil(err)
                assert.equal("credentials file " .. path .. ": has no section [basic]", why)
            end
        end
    end)

    it("is an error without a key pair", function()
        for _, text in ipairs { "ak = hidden\nsk = hidden", "sk: hidden\n[global]\nak = hidden", "[basic]",
            "[basic]\nak =\nsk =   \n", "[basic] # x\n[global]\nak = hidden\nsk = hidden" } do
            local message, hint = refusal(context(text))
            assert.equal("credentials file " .. PATH .. ": section [basic] has no ak and sk", message)
            assert.equal("Write ak = … and sk = … below a line [basic].", hint)
        end
    end)

    it("is an error with half a key pair", function()
        local message, hint = refusal(context "[basic]\nak = hidden\n")
        assert.equal("credentials file " .. PATH .. ": section [basic] has ak but no sk", message)
        assert.equal("Write both of them below [basic].", hint)
        message = refusal(context "[basic]\nsk = hidden\n[global]\nak = hidden\n")
        assert.equal("credentials file " .. PATH .. ": section [basic] has sk but no ak", message)
    end)
end)

describe("the credentials file of a client", function()
    local TEXT = "[basic]\nak = AK1\nsk = hidden\n"

    local function world(text_files, mode, options)
        local made = fakes.world { files = text_files, variables = { HOME = "/h" }, credentials = options }
        made.context.file_mode = function() return mode end
        return made
    end

    it("that is replaced while the program runs is picked up", function()
        local texts = { [PATH] = TEXT }
        local made = world(texts)
        assert.equal("AK1", made.get().ak)
        texts[PATH] = TEXT:gsub("AK1", "AK2")
        assert.equal("AK2", made.get().ak)
    end)

    it("may be named by the caller", function()
        local made = world({ ["/other"] = TEXT }, nil, { source = "file", path = "/other" })
        assert.equal("AK1", made.get().ak)
        local keys, err = world({}, nil, { source = "file", path = "/other" }).get()
        assert.is_nil(keys)
        assert.equal("credentials file /other: No such file or directory", err.message)
        assert.equal("Make it readable, or correct path in `credentials`.", err.hint)
    end)

    it("is warned of once when others can read it", function()
        for mode, warned in pairs { [384] = false, [256] = false, [420] = true, [416] = true, [388] = true,
            [385] = true } do
            local made = world({ [PATH] = TEXT }, mode)
            made.context.file_mode = function(path) return path == PATH and mode or nil end
            made.get()
            made.get()
            assert.equal(warned and 1 or 0, #made.events)
        end
        local made = world({ [PATH] = TEXT }, 420)
        made.get()
        assert.same({ type = "warning", message = "credentials file " .. PATH
            .. " is open to others (mode 644): chmod 600 " .. PATH }, made.events[1])
    end)

    it("that is being rewritten is read again after a moment", function()
        for _, half in ipairs { "", "[basic]\nak = AK2\n", "[basic]\nak = AK2\nsk = hid" } do
            local readings, count = { "[basic]\nak = AK1\nsk = hidden\n", half, "[basic]\nak = AK2\nsk = hidden2\n" }, 0
            local made = world {}
            made.context.read_file = function()
                count = count + 1
                return readings[math.min(count, #readings)]
            end
            assert.equal("hidden", made.get().sk)
            assert.equal("hidden2", assert(made.get()).sk)
        end
    end)

    it("with half of an id token's pair is an error", function()
        for key, other in pairs { idp_id = "id_token_file", id_token_file = "idp_id" } do
            local keys, err = world({ [PATH] = TEXT .. key .. " = x\n" }).get()
            assert.is_nil(keys)
            assert.equal(("credentials file %s: section [basic] has %s but no %s"):format(PATH, key, other),
                err.message)
        end
    end)
end)
