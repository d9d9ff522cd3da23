--- Fuzz target: the SDKs' credentials file, against a reader that goes byte by byte; and that no secret gets out.
local errors = require "dwsync.errors"
local file = require "dwsync.credentials.file"
local keys = require "dwsync.credentials.keys"

local BLANK = { [" "] = true, ["\t"] = true, ["\v"] = true, ["\f"] = true, ["\r"] = true }

local function trimmed(text)
    local first, last = 1, #text
    while first <= last and BLANK[text:sub(first, first)] do
        first = first + 1
    end
    while last >= first and BLANK[text:sub(last, last)] do
        last = last - 1
    end
    return text:sub(first, last)
end

local function lines_of(text)
    local lines, start = {}, text:sub(1, 3) == "\239\187\191" and 4 or 1
    for at = start, #text + 1 do
        local byte = text:sub(at, at)
        if byte == "\n" or byte == "\r" or byte == "" then
            lines[#lines + 1] = trimmed(text:sub(start, at - 1))
            start = at + 1
        end
    end
    return lines
end

-- The first place of one of two bytes.
local function first_of(line, one, other)
    for at = 1, #line do
        local byte = line:sub(at, at)
        if byte == one or byte == other then
            return at
        end
    end
end

local function read_naively(text, wanted)
    local section, values
    for _, line in ipairs(lines_of(text)) do
        local equals, close = first_of(line, "=", ":"), first_of(line, "]", "]")
        local key = equals and trimmed(line:sub(1, equals - 1))
        if close and line:sub(1, 1) == "[" then
            section = line:sub(2, close - 1)
            values = values or section == wanted and {} or nil
        elseif section == wanted and key and key ~= "" and not key:find "[^%w_]" then
            local value = trimmed(line:sub(equals + 1))
            values[key:lower()] = value ~= "" and value or values[key:lower()]
        end
    end
    return values
end

local function same(one, other)
    if one == nil or other == nil then
        return one == other
    end
    for name, value in pairs(one) do
        if other[name] ~= value then
            return false
        end
    end
    for name in pairs(other) do
        if one[name] == nil then
            return false
        end
    end
    return true
end

-- Errors name keys and never show values. Others than the grammar's secret may be words of the message itself.
local SECRETS = { "sk", "security_token" }
local SECRET = "secretsecretsecret"

local function check_error(err, values)
    assert(errors.is(err) and err.kind == "credentials", "an error object")
    local shown = tostring(err)
    assert(not shown:find "%c", "one line")
    for _, name in ipairs(SECRETS) do
        local secret = values and values[name]
        local shown_path = values and values.id_token_file or ""
        local telling = secret and secret:find(SECRET, 1, true) and not shown_path:find(secret, 1, true)
        assert(not telling or not shown:find(secret, 1, true), "no secret in an error")
    end
end

local LIMITS = { deadline = math.huge, timeout = 1 }

local function context_of(text)
    return {
        getenv = function() end,
        read_file = function(path)
            if path == "f" then
                return text
            end
            return nil, "does not exist", true
        end,
        iam_endpoints = function(url)
            return { url }
        end,
        api = { endpoints = { iam = { "https://iam" } } },
    }
end

local function fuzz(text)
    local values = file.parse(text, "basic")
    assert(same(values, read_naively(text, "basic")), "as read byte by byte")
    assert(same(file.parse(text, "other"), read_naively(text, "other")), "as read byte by byte")
    local fields, err = file.load(context_of(text), { path = "f" }, LIMITS)
    if not fields and not err then
        assert(not values, "nothing is looked for elsewhere while there is a section")
        return
    elseif not fields then
        return check_error(err, values)
    elseif fields.fetch then
        assert(values.idp_id and values.id_token_file)
        return
    end
    assert(fields.ak == values.ak and fields.sk == values.sk and fields.ak and fields.sk, "both halves")
    local checked, refused = keys.new(fields, "the file")
    if checked then
        local secret = checked.sk
        assert(not secret:find(SECRET, 1, true) or checked.ak:find(secret, 1, true)
            or not tostring(checked):find(secret, 1, true), "no secret in a text")
    else
        check_error(refused, values)
    end
end

return {
    fuzz = fuzz,
    grammar = {
        input = { "<bom>[basic]\n<lines>", "<lines>[<section>]\n<lines><lines>", "<lines>" },
        bom = { "", "", "\239\187\191" },
        lines = { "", "<line>", "<line><end>", "<line><end><lines>", "<lines><lines>" },
        ["end"] = { "\n", "\r\n", "\r", "\n\n" },
        line = { "<key><blank>=<blank><value>", "<key>=<value>", "<key>: <value>", "[<section>]",
            "<blank>[<section>]<blank>", "# <value>",
            "; <key>=<value>", "<key>", "ak = AKIDEXAMPLEAKIDEXAMPLE", "sk = secretsecretsecret", "<blank>",
            "idp_id = <value>", "id_token_file = <value>", "[<section>] # <value>" },
        key = { "ak", "sk", "security_token", "project_id", "iam_endpoint", "idp_id", "id_token_file", "AK", "a k",
            "" },
        section = { "basic", "global", "other", " basic ", "basic]", "[basic", "", "basic] [basic" },
        value = { "AKIDEXAMPLEAKIDEXAMPLE", "secretsecretsecret", "=", "a=b", "\"quoted\"", "%(ak)s", "a # b", "a;b",
            "",
            "\0", "\27[31m", "\226\128\174", "\255", "<blank>", "<value><blank><value>", "<value><value>",
                "https://x" },
        blank = { "", " ", "\t", "  ", "\v", "\f", "\194\160", " <blank>", "\0" },
    },
}
