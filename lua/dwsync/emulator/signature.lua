--- Verifies request signatures as the gateway does, from the published signing guide alone. It must not share anything
-- with the signer that it judges.
-- @module dwsync.emulator.signature
local algorithms = require "dwsync.emulator.algorithms"

local M = {}

local function decode(text)
    return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function encode(text)
    return (text:gsub("[^%w%-_.~]", function(char) return ("%%%02X"):format(char:byte()) end))
end

local function canonical_uri(path)
    -- Segment by segment: an encoded slash belongs to its segment and stays encoded.
    local uri = path:gsub("[^/]+", function(segment) return encode(decode(segment)) end)
    return uri:sub(-1) == "/" and uri or uri .. "/"
end

local function canonical_query(query)
    local pairs_found = {}
    for item in query:gmatch "[^&]+" do
        local name, value = item:match "^([^=]*)=?(.*)$"
        pairs_found[#pairs_found + 1] = { decode(name), decode(value) }
    end
    -- By raw name, then raw value; "+" is an ordinary character here, a space arrives as %20.
    table.sort(pairs_found, function(a, b)
        if a[1] ~= b[1] then
            return a[1] < b[1]
        end
        return a[2] < b[2]
    end)
    for i, pair in ipairs(pairs_found) do
        pairs_found[i] = encode(pair[1]) .. "=" .. encode(pair[2])
    end
    return table.concat(pairs_found, "&")
end

-- The value of a header that should come once; the first one otherwise.
local function single(value)
    if type(value) == "table" then
        return value[1]
    end
    return value
end

local function trimmed(value)
    return (value:gsub("^%s+", ""):gsub("%s+$", ""))
end

local function canonical_headers(headers, signed)
    local lines = {}
    for _, name in ipairs(signed) do
        local values = headers[name]
        if type(values) ~= "table" then
            values = { values or "" }
        end
        local sorted = {}
        for i, value in ipairs(values) do
            sorted[i] = trimmed(value)
        end
        table.sort(sorted)
        for _, value in ipairs(sorted) do
            lines[#lines + 1] = name .. ":" .. value .. "\n"
        end
    end
    return table.concat(lines)
end

-- The two forms: the access key alone, or with the scope of V11 behind it.
local PLAIN = "^Access=([^,%s]+),%s*SignedHeaders=([^,%s]+),%s*Signature=(%x+)%s*$"
local SCOPED = "^Credential=([^,%s]+),%s*SignedHeaders=([^,%s]+),%s*Signature=(%x+)%s*$"
local SCOPE = "^(.+)/(%d%d%d%d%d%d%d%d/[^/]+/[^/]+)$"

--- Takes an Authorization header apart.
-- @tparam ?string authorization
-- @treturn ?table `algorithm`, `access` (the AK), `signed_headers` (sorted list), `signature`, and for V11 `scope`
--   (`YYYYMMDD/region/service`); nil when the gateway would not recognise it
function M.parse(authorization)
    if type(authorization) ~= "string" then
        return nil
    end
    local name, rest = authorization:match "^(%S+)%s+(.*)$"
    local algorithm = algorithms.by_name[name]
    if not algorithm then
        return nil
    end
    local access, names, signature = rest:match(algorithm.scoped and SCOPED or PLAIN)
    local scope
    if access and algorithm.scoped then
        access, scope = access:match(SCOPE)
    end
    if not access then
        return nil
    end
    local signed_headers = {}
    for header in names:gmatch "[^;]+" do
        signed_headers[#signed_headers + 1] = header:lower()
    end
    table.sort(signed_headers)
    return {
        algorithm = name, access = access, scope = scope, signed_headers = signed_headers, signature = signature,
    }
end

--- Writes the canonical request of what was received.
-- @tparam table request `method`; `uri` (path and query exactly as on the request line); `headers`
--   (lower-case name → value or list of values); `body`
-- @tparam table authorization see @{parse}
-- @treturn string
function M.canonical_request(request, authorization)
    local algorithm = algorithms.by_name[authorization.algorithm]
    local path, query = request.uri:match "^([^?]*)%??(.*)$"
    -- UNSIGNED-PAYLOAD comes in that header too: whatever it says takes the hash's place.
    local payload_hash = single(request.headers[algorithm.content_header]) or algorithm.hash(request.body or "")
    return table.concat({
        request.method:upper(), canonical_uri(path), canonical_query(query),
        canonical_headers(request.headers, authorization.signed_headers),
        table.concat(authorization.signed_headers, ";"), payload_hash,
    }, "\n")
end

--- Writes the string to sign.
-- @tparam string canonical_request
-- @tparam table authorization see @{parse}
-- @tparam string date the X-Sdk-Date header
-- @treturn string
function M.string_to_sign(canonical_request, authorization, date)
    local algorithm = algorithms.by_name[authorization.algorithm]
    local lines = { authorization.algorithm, date }
    lines[#lines + 1] = authorization.scope -- V11 has this line more
    lines[#lines + 1] = algorithm.hash(canonical_request)
    return table.concat(lines, "\n")
end

--- Says whether the signature fits the request.
-- @tparam table request see @{canonical_request}
-- @tparam table authorization see @{parse}
-- @tparam string secret
-- @treturn boolean
-- @treturn string the canonical request that was computed
function M.verify(request, authorization, secret)
    local canonical_request = M.canonical_request(request, authorization)
    local date = single(request.headers["x-sdk-date"])
    local string_to_sign = M.string_to_sign(canonical_request, authorization, date)
    local algorithm = algorithms.by_name[authorization.algorithm]
    return algorithm.fits(authorization, secret, string_to_sign), canonical_request
end

return M
