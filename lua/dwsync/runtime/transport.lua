--- The transport options: how a request travels. dwsync.new and the configuration file take them, and they reach the
-- runtime in each request. This is the one list of them in Lua; src/lua/pool.c reads the same names.
-- @module dwsync.runtime.transport
local M = {}

--- Declarations by name, see dwsync.checks.
M.options = {
    connect_timeout = { kind = "number", noun = "a number of seconds", above = 0, to = 1e6, default = 10 },
    max_response_bytes = { kind = "integer", above = 0, default = 16 * 1024 * 1024 },
    ca_file = { kind = "string" },
    client_cert = { kind = "string" },
    client_key = { kind = "string" },
    proxy = { kind = "string", empty = true, secret = true }, -- "" connects directly; a URL may hold a password
    user_agent = { kind = "string" },
    allow_http = { kind = "boolean" },
    compressed = { kind = "boolean" },
}

local NAMES = {}
for name in pairs(M.options) do
    NAMES[#NAMES + 1] = name
end

-- Those that say which way a request takes, and whom it believes at the end of it.
local TRUST = { "ca_file", "client_cert", "client_key", "proxy", "allow_http" }

--- The way and the trust of requests, for keys of what is kept from their answers.
-- @tparam table from
-- @treturn table
function M.trust(from)
    local trust = {}
    for _, name in ipairs(TRUST) do
        trust[name] = from[name]
    end
    return trust
end

--- Those of these options that are given: a list for `copy`.
-- @tparam table from
-- @treturn {string,...}
function M.given(from)
    local names = {}
    for _, name in ipairs(NAMES) do
        names[#names + 1] = from[name] ~= nil and name or nil
    end
    return names
end

--- Copies these options, and nothing else.
-- @tparam table from
-- @tparam table to
-- @tparam[opt] {string,...} names of those that are given, where that is known
-- @treturn table to
function M.copy(from, to, names)
    names = names or NAMES
    for i = 1, #names do -- for each request: half of what pairs costs
        local name = names[i]
        to[name] = from[name]
    end
    return to
end

return M
