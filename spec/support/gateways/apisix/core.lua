--- What the plugin of APISIX uses of apisix.core, doing what APISIX documents of it.
-- It must not know dwsync.
-- luacheck: globals ngx
local cjson = require "cjson"

local TYPES = { string = "string", boolean = "boolean", object = "table" }

local check

-- Each returns what is wrong. A keyword that is missing here raises, so that no schema seems to be checked.
local KEYWORDS = {
    type = function(name, value)
        return type(value) ~= TYPES[name] and "wrong type: expected " .. name .. ", got " .. type(value)
    end,
    pattern = function(pattern, value)
        return not ngx.re.find(value, pattern) and ("failed to match pattern %q"):format(pattern)
    end,
    minLength = function(least, value)
        return #value < least and "string too short"
    end,
    maxLength = function(most, value)
        return #value > most and "string too long"
    end,
    required = function(names, value)
        for _, name in ipairs(names) do
            if value[name] == nil then
                return ('property "%s" is required'):format(name)
            end
        end
    end,
    properties = function(properties, value)
        for name, schema in pairs(properties) do
            if value[name] == nil then
                value[name] = schema.default
            elseif value[name] ~= nil then
                local good, err = check(schema, value[name])
                if not good then
                    return ('property "%s" validation failed: %s'):format(name, err)
                end
            end
        end
    end,
    additionalProperties = function(_, value, schema)
        for name in pairs(value) do
            if not schema.properties[name] then
                return "additional properties forbidden, found " .. name
            end
        end
    end,
    default = function() end,
    ["$comment"] = function() end,
}

local ORDER = { "type", "pattern", "minLength", "maxLength", "properties", "required", "additionalProperties",
    "default", "$comment" }

function check(schema, value)
    for keyword in pairs(schema) do
        assert(KEYWORDS[keyword], keyword)
    end
    for _, keyword in ipairs(ORDER) do
        local problem = schema[keyword] ~= nil and KEYWORDS[keyword](schema[keyword], value, schema)
        if problem then
            return false, problem
        end
    end
    return true
end

local function exit(code, body)
    ngx.status = code
    ngx.print(type(body) == "table" and cjson.encode(body) .. "\n" or body)
    return ngx.exit(code)
end

return {
    log = {
        error = function(...) ngx.log(ngx.ERR, ...) end,
        warn = function(...) ngx.log(ngx.WARN, ...) end,
    },
    schema = { check = check, plugin_injected_schema = { ["$comment"] = "injected", _meta = { type = "object" } } },
    request = { set_header = function(_, name, value) ngx.req.set_header(name, value) end },
    response = { set_header = function(name, value) ngx.header[name] = value end, exit = exit },
}
