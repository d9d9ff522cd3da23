--- What failures need of dwsync.errors: hints, lines of text, errors made of what the core or a service says.
-- @module dwsync.errors.wording
local lazy = require "dwsync.lazy"
local cluster_names = lazy "dwsync.cluster_names"
local error_codes = lazy "dwsync.errors.codes"
local errors = require "dwsync.errors"
local json = lazy "dwsync.json"
local quantities = lazy "dwsync.quantities"
local text = lazy "dwsync.text"
local timestamps = lazy "dwsync.timestamps"

local M = {}

-- What to do when nothing more precise is known.
local HINTS = {
    config = "Correct the value named above; nothing was sent.",
    credentials = "Set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or write ak and sk below [basic] in "
        .. "~/.huaweicloud/credentials.",
    auth = "Check that the access key and the secret key belong together, are active, and belong to this site.",
    clock = "Set this machine's clock (NTP); requests more than 15 minutes off are refused.",
    permission = "Ask for the action dws:cluster:listIdentifySyncRecords (records) or dws:cluster:list (clusters); a "
        .. "project of another account or region is refused the same way.",
    not_found = "Check the region, the project id and the cluster id (dwsync clusters lists them).",
    throttled = "Wait before trying again, or send fewer requests.",
    request = "Check the parameters; the service will refuse the same request again.",
    service = "The service failed; try again later, and quote the request id when you report it.",
    network = "Check the network, the endpoint's name and the proxy.",
    timeout = "Raise `timeout`, or check what slows the network or the service down.",
    tls = "Check the CA file, the endpoint's name and any proxy on the way that opens TLS.",
    decode = "Check that the endpoint is the service itself and not a proxy or login page.",
    incomplete = "Try again when no synchronisation is running, or with a larger `page_size`.",
    storage = "Check the disk, the permissions and the database server; what was saved before is safe.",
    cancelled = "The caller stopped the request.",
}

-- What an operation needs beside, or instead of, what a refusal's code suggests.
local ACTIONS = { ListDatabaseUsers = "Listing accounts needs the action dws:cluster:listDatabaseUser." }

--- What to do about errors of a kind when nothing more precise is known.
-- @tparam string kind
-- @treturn string
-- @raise for an unknown kind
function M.hint(kind)
    return assert(HINTS[kind], "unknown error kind " .. tostring(kind))
end

local function detail(self)
    local parts = {}
    parts[#parts + 1] = self.code and not self.code:find "^%l" and self.code or nil
    parts[#parts + 1] = self.status and ("HTTP %d"):format(self.status) or nil
    parts[#parts + 1] = self.request_id and ("request id %s"):format(self.request_id) or nil
    parts[#parts + 1] = (self.attempts or 0) > 1 and ("%d attempts"):format(self.attempts) or nil
    return #parts > 0 and (" (%s)"):format(table.concat(parts, ", ")) or ""
end

-- What is wrong before the service is asked, whatever it would be asked for.
local OF_THE_CALLER = { config = true, credentials = true }

-- "ListSyncRecords of cluster dws-prod (1f2e…): "
local function subject(self)
    if OF_THE_CALLER[self.kind] then
        return ""
    end
    local cluster = self.cluster_id and "cluster " .. cluster_names.shown { id = self.cluster_id,
        name = self.cluster }
    local about = self.operation and cluster and self.operation .. " of " .. cluster or self.operation or cluster
    return about and about .. ": " or ""
end

--- See dwsync.errors.
function M.summary(err, bare)
    local line = ("%s: %s%s%s"):format(err.kind, bare and "" or subject(err), (err.message:gsub("%.$", "")),
        detail(err))
    return line:find "%?$" and line or line .. "."
end

-- What a summary says in brackets behind the message.
local DETAILS = { { "^HTTP (%d+)$", "status", tonumber }, { "^request id (.+)$", "request_id", tostring },
    { "^(%d+) attempts$", "attempts", tonumber }, { "^(%u%w*%.%d+)$", "code", tostring } }

local function read_details(list)
    local fields = {}
    for part in (list .. ", "):gmatch "(.-), " do
        local found
        for _, detailed in ipairs(DETAILS) do
            local value = part:match(detailed[1])
            if value then
                fields[detailed[2]], found = detailed[3](value), true
            end
        end
        if not found then
            return nil
        end
    end
    return fields
end

--- See dwsync.errors.
function M.from_summary(summary)
    local kind, message = summary:match "^(%l[%l_]*): (.*)%.$"
    if not HINTS[kind or ""] then
        return errors.new { kind = "service", message = summary }
    end
    local before, list = message:match "^(.*) %(([^()]*)%)$"
    local fields = list and read_details(list)
    message, fields = fields and before or message, fields or {}
    fields.kind, fields.message = kind, message
    return errors.new(fields)
end

-- The tenant is not allowed to use this function: that is about the cluster, not about the caller.
local FEATURE_OFF = "DWS.5045"

--- See dwsync.errors.
function M.is_feature_off(err)
    return type(err) == "table" and err.code == FEATURE_OFF
end

--- See dwsync.errors.
function M.feature_off(cluster)
    return errors.new { kind = "permission", code = FEATURE_OFF,
        message = "the tenant is not allowed to use this function", cluster_id = cluster.id, cluster = cluster.name }
end

--- See dwsync.errors.
function M.about(err, about)
    if not errors.is(err) then
        return err
    elseif err.cluster_id and about.cluster_id and err.cluster_id ~= about.cluster_id then
        local copy = {}
        for name, value in pairs(err) do
            copy[name] = value
        end
        copy.cluster_id, copy.cluster = about.cluster_id, about.cluster
        err = setmetatable(copy, getmetatable(err))
    end
    for _, name in ipairs { "operation", "cluster_id", "cluster" } do
        err[name] = err[name] or about[name]
    end
    local action = err.status == 403 and ACTIONS[err.operation]
    if action and not err.hint:find(action, 1, true) then
        err.hint = err.hint == HINTS.permission and action or err.hint .. " " .. action
    end
    return err
end

-- ---- from the core -------------------------------------------------------------------------------

local PROXY = "Check the proxy's user and password (`proxy`, or https_proxy), and whether it lets this host pass."

local CORE_HINTS = {
    resolve = "Check the name: the region may have a different host (set `endpoint`), or DNS is down.",
    connect = "Check that the endpoint's address and port can be reached from here (firewall, proxy).",
    handshake = "Check that the endpoint speaks TLS 1.2 or later and nothing between here and it interferes.",
    descriptors = "Raise the limit of open files (ulimit -n), or do less at once.",
    proxy = PROXY,
    too_large = "Request smaller pages with `page_size`, or raise `max_response_bytes`.",
}

local OTHER_CA = "None of the CAs in `ca_file` (%s) signed this certificate: name the PEM file of the one that did."
local UNKNOWN_CA = "If a private CA, or that of a proxy on the way, signed this certificate, name its PEM file with "
    .. "`ca_file`; never switch verification off."

local function by_the_clock(now)
    return now and (" (%s)"):format((timestamps.to_iso(math.floor(now) * 1000):gsub("%.000", ""))) or ""
end

-- What to do about what OpenSSL says of a certificate.
local CERTIFICATE_HINTS = {
    { "expired", function(_, now)
        return ("The certificate has expired, if this machine's clock%s is right: inform the endpoint's operator.")
            :format(by_the_clock(now))
    end },
    { "not yet valid", function(_, now)
        return ("Check this machine's clock%s: the certificate is not valid yet."):format(by_the_clock(now))
    end },
    { "subject name", function()
        return "The certificate is for another host: check the endpoint's name."
    end },
    { "the CA file has no certificate", function(ca_file)
        return ("Name a PEM file with the CA's certificate, which begins with -----BEGIN CERTIFICATE-----: `ca_file`%s "
            .. "has none."):format(ca_file and (" (%s)"):format(text.excerpt(ca_file)) or "")
    end },
    { "", function(ca_file)
        return ca_file and OTHER_CA:format(text.excerpt(ca_file)) or UNKNOWN_CA
    end },
}

local function hint_of(err, context)
    for _, entry in ipairs(err.code == "certificate" and CERTIFICATE_HINTS or {}) do
        if tostring(err.message):find(entry[1], 1, true) then
            return entry[2](context.ca_file, context.now)
        end
    end
    return CORE_HINTS[err.code]
end

-- How much is shown of a body that is not what it should be.
local SHOWN = 200

-- How much of a foreign text is examined: more than is shown, so that a secret at the cut is masked whole.
local EXAMINED = 16384

local function shown(foreign, secrets, width)
    local examined = text.beginning(foreign, EXAMINED)
    return text.excerpt(text.redact(examined, secrets) .. (#examined < #foreign and "…" or ""), width)
end

-- Certificates, proxies and servers have their say in what libcurl reports, and a body is foreign altogether.
local function core_message(err, secrets)
    local message = shown(err.message, secrets)
    if not (err.beginning and err.beginning:find "%S") then
        return message
    end
    return ("%s; it begins: %s"):format(message, shown(err.beginning, secrets, SHOWN))
end

--- See dwsync.errors.
function M.from_core(err, secrets, context)
    if errors.is(err) then
        return err
    elseif type(err) ~= "table" then
        err = { kind = "network", message = tostring(err) }
    end
    return errors.new {
        kind = err.kind,
        code = err.code,
        message = core_message(err, secrets or {}),
        hint = hint_of(err, context or {}),
        retryable = err.code == "handshake" or nil,
    }
end

-- ---- from an answer of the service ---------------------------------------------------------------

-- Pairs of fields in which the services write code and message, in the order of preference; each may have "message".
local SHAPES = {
    { "error_code", "error_msg" },
    { "errorCode", "errorMsg" },
    { "errCode", "externalMessage" },
    { "workload_res_code", "workload_res_str" },
    { "code" },
}

local function scalar(value)
    if value == nil then -- as nearly always
        return nil
    end
    local kind = type(value)
    return (kind == "string" and value ~= "" or kind == "number") and tostring(value):sub(1, EXAMINED + 1) or nil
end

local function find_shape(body)
    for _, shape in ipairs(SHAPES) do
        local code = scalar(body[shape[1]])
        if code then
            return code, scalar(body[shape[2]]) or scalar(body.message) or ""
        end
    end
end

-- As much as the core reads of an answer that is not 2xx; other runtimes may hand over more.
local BODY = 65536

--- See dwsync.errors.
function M.read_body(response)
    local beginning = response.body:sub(1, BODY)
    local body = json.decode(beginning)
    if body or #beginning < BODY or not beginning:find "^%s*{" then
        return body or {}
    end
    body = {}
    for name, value in beginning:gmatch '"([%w_]+)"%s*:%s*"([^"]*)' do
        body[name] = body[name] or value
    end
    return body
end

--- See dwsync.errors.
function M.find_code(body)
    local code, message = find_shape(body)
    if code then
        return code, message
    end
    for _, value in pairs(body) do
        if type(value) == "table" then
            code, message = find_shape(value)
            if code then
                return code, message
            end
        end
    end
end

-- Codes with which a service says that all is well.
local SUCCESS = { ["DWS.0000"] = true, ["0"] = true }

--- The code with which a body declares a failure; for dwsync.errors.declared_failure.
-- @tparam table body decoded, with a member that may hold one
-- @treturn ?string
function M.declared_code(body)
    local code = scalar(body.error_code) or scalar(body.errorCode) or scalar(body.errCode)
        or scalar(body.workload_res_code)
    return not SUCCESS[code] and code or nil
end

-- A longer pause is a mistake, and what waited for it would never be heard of again.
local LONGEST_PAUSE = 86400 -- seconds

--- See dwsync.errors.
function M.retry_after(response, now)
    local value = response.headers["retry-after"] or ""
    local date = timestamps.from_http(value)
    local seconds = date and math.ceil(date - (timestamps.from_http(response.headers.date or "") or now))
        or value:match "^%d+$" and tonumber(value)
    return seconds and math.max(0, math.min(seconds, LONGEST_PAUSE)) or nil
end

local KIND_OF_STATUS = { [401] = "auth", [403] = "permission", [404] = "not_found", [407] = "config",
    [408] = "service", [417] = "service", [421] = "service", [425] = "service", [429] = "throttled" }

local function kind_of_status(status)
    return KIND_OF_STATUS[status] or (status >= 400 and status < 500) and "request" or "service"
end

local RETRYABLE_STATUS = { [408] = true, [421] = true, [425] = true, [429] = true, [500] = true, [502] = true,
    [503] = true, [504] = true }

local function shown_location(response, secrets)
    local location = response.headers.location
    return location and (" to " .. shown(location:match "^[^?]*", secrets)) or ""
end

-- Returns the message, fit to be shown, and perhaps a hint.
local function describe(response, code, message, secrets)
    if response.status >= 300 and response.status < 400 then
        local location = shown_location(response, secrets)
        return "the service redirected the request" .. location .. "; redirects are not followed",
            "Set `endpoint` to the service's own address."
    elseif response.status == 407 then
        return "the proxy refused: HTTP 407", PROXY
    elseif code then
        return message ~= "" and shown(message, secrets) or "the service gave no reason"
    elseif not response.body:find "%S" then
        return "the service answered with an empty body"
    end
    local coding = response.headers["content-encoding"] or "identity"
    if coding:lower() ~= "identity" then -- which nothing here undoes
        return ("the service answered HTTP %d with a body in the content coding %s"):format(response.status,
            shown(coding, secrets))
    end
    return ("the service answered HTTP %d: %s"):format(response.status, shown(response.body, secrets, SHOWN))
end

--- See dwsync.errors.
function M.from_response(response, context)
    local body = context.body or M.read_body(response)
    local code, message = M.find_code(body)
    local secrets = context.secrets or {}
    local what, hint = describe(response, code, message, secrets)
    local known = code and error_codes.find(code, message, response.status) or {}
    local pause = M.retry_after(response, context.now)
    local retryable = known.retryable
    if retryable == nil then
        retryable = RETRYABLE_STATUS[response.status] or false
    end
    return errors.new {
        kind = known.kind or kind_of_status(response.status),
        code = code and shown(code, secrets) or nil,
        message = what,
        hint = hint or known.hint or (pause or 0) > 0 and ("The service asks to wait %s."):format(
            quantities.duration(pause)) or nil,
        status = response.status,
        request_id = M.request_id(response, secrets, body),
        retryable = retryable,
        retry_after = pause,
        server_time = timestamps.from_http(response.headers.date or ""),
    }
end

--- See dwsync.errors.
function M.request_id(response, secrets, body)
    secrets = secrets or {}
    local id = response.headers["x-request-id"] or response.headers["x-iam-trace-id"]
        or body and scalar(body.request_id)
    return id and shown(id, secrets) or nil
end

return M
