--- Fuzz target: the configuration file. It is settings or an error of kind "config", which shows no secret; it reaches
-- nothing, and leaves nothing of its code behind but the hook that it may have.
local configuration = require "dwsync.cli.configuration"
local errors = require "dwsync.errors"
local sandbox = require "dwsync.cli.sandbox"

local SECRET = "secretsecretsecret"

local function without_functions(value, depth)
    assert(depth < 12, "nested within bounds")
    assert(type(value) ~= "function" and getmetatable(value) == (type(value) == "string" and getmetatable "" or nil))
    if type(value) == "table" then
        for key, item in pairs(value) do
            without_functions(key, depth + 1)
            without_functions(item, depth + 1)
        end
    elseif type(value) == "string" then
        assert(#value <= 4096)
    end
end

-- The globals, and what they hold, must be as they were.
local function state_of()
    local state = {}
    for name, value in pairs(_G) do
        state[name] = value
        for key, item in pairs(type(value) == "table" and name ~= "_G" and value or {}) do
            state[name .. "." .. tostring(key)] = item
        end
    end
    return state
end

local before = state_of()

local function check_state()
    assert(getmetatable("").__index == string)
    local count = 0
    for name, value in pairs(state_of()) do
        assert(before[name] == value, name)
        count = count + 1
    end
    for _ in pairs(before) do
        count = count - 1
    end
    assert(count == 0)
end

local VARIABLES = { HOME = "/home/a" }

local function context_of(text)
    return {
        getenv = function(name)
            return VARIABLES[name]
        end,
        read_file = function()
            return text
        end,
        note = function() end,
    }
end

local function check_settings(settings)
    local hook = settings.on_change
    settings.on_change = nil
    without_functions(settings, 0)
    assert(type(settings.client) == "table" and type(settings.clusters) == "table")
    local given = configuration.client_options({}, settings, context_of "")
    assert(type(given) == "table" and given.sk == nil and given.security_token == nil)
    if hook then
        local good, result = sandbox.call(hook, { status = "FAILED" })
        assert(good or result ~= nil)
    end
end

-- What is meant to be a secret is marked: it must be neither in settings nor in an error.
local function fuzz(text)
    local settings, err = configuration.load({ config = "c" }, context_of(text))
    check_state()
    if settings then
        check_settings(settings)
        check_state()
        return
    end
    assert(errors.is(err) and err.kind == "config", "an error object")
    local shown = tostring(err)
    assert(not shown:find "[%z\1-\8\11-\31\127]" and #shown < 8000, "one line")
    -- A threshold's value is shown, and may be any text.
    assert(shown:find "^config: c: thresholds%." or not shown:find(SECRET, 1, true), "no secret")
end

return {
    fuzz = fuzz,
    grammar = {
        input = { "return {<members>}", "return {<members>}", "<statement>\nreturn {<members>}", "return <value>",
            "<statement>" },
        members = { "", "<member>", "<member>, <members>", "<member>, <member>" },
        member = { "profile = 'p'", "profiles = { p = {<options>} }", "clusters = { <name> = <value> }",
            "clusters = { a = 'id-1' }", "thresholds = {<rules>}", "history = <path>", "on_change = <code>",
            "pass_environment = { 'A', <value> }", "<name> = <value>", "<value>" },
        options = { "", "<option>", "<option>, <options>", "<option>, <option>" },
        option = { "region = 'cn-north-4'", "timeout = <number>", "limit = <number>", "retries = <number>",
            "ca_file = <path>", "proxy = <value>", "metadata = <value>", "credentials = <credentials>",
            "algorithm = 'V11-HMAC-SHA256'", "project_id = <value>", "<name> = <value>", "endpoint = <value>" },
        credentials = { "'file'", "{ source = 'file', path = <path> }", "{ sk = 'secretsecretsecret' }",
            "{ source = 'agency', agency_name = <value>, from = <credentials> }", "<value>",
            "{ source = 'password', user = 'u', password = 'secretsecretsecret' }",
            "{ source = 'token', token = 'secretsecretsecret' }" },
        rules = { "", "stale = { <level> }", "stale = false, <rules>", "slow = { warning_ratio = <number> }",
            "<name> = { <level> }", "volume = <value>", "data = { population = { a = <number> } }",
            "mass_delete = { <level>, <level> }" },
        level = { "warning = <number>", "critical = <number>", "warning = '6h'", "<name> = <value>",
            "warning = false" },
        path = { "'~/a'", "'/a'", "''", "'postgres://u:p@h/d'", "<value>" },
        name = { "a", "x1", "['a b']", "['']", "[1]", "[true]", "[{}]", "['\\27[31m']", "warning", "source", "region" },
        value = { "1", "'a'", "''", "true", "false", "nil", "{}", "<number>", "{ <members> }", "<expression>", "<text>",
            "function() end" },
        text = { "'\\0'", "'\\n'", "'\\255'", "'\\u{202e}'", "[[x]]", "'%s'", "('x'):rep(9)" },
        number = { "0", "1", "-1", "1.5", "1e308", "1/0", "0/0", "-1/0", "math.huge", "2^53", "9223372036854775807",
            "'6h'" },
        expression = { "<value> .. <value>", "#<value>", "-<value>", "<value> == <value>", "(<code>)()", "_ENV", "_G",
            "os", "string", "...", "<value> and <value>", "{ <value>, n = <value> }", "not <value>" },
        code = { "function() end", "function() while true do end end", "function(e) return e end",
            "function() return <value> end", "function() <statement> end" },
        statement = { "local a = <value>", "local a = 'x' for i = 1, 30 do a = a .. a end", "while true do end",
            "x = 1",
            "local t = {} for i = 1, 1e9 do t[i] = i end", "local function f() return f() end f()", "error(<value>)",
            "goto a ::a::", "local t = { <members> } t.t = t return t", "local function f() return 1 + f() end f()",
            "for k, v in <value> do end", "\27Lua", "-- <value>", "<statement> <statement>",
                "local s <close> = <value>",
            "local t = {<members>}; t = t.a.b", "return", "x.y = 'secretsecretsecret' .. 1" },
    },
}
