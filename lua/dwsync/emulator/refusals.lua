--- How the service refuses: codes, statuses, texts and body shapes of the gateway, of DWS and of IAM.
-- @module dwsync.emulator.refusals
local cjson = require "cjson"

local M = {}

-- "gateway" is {error_code, error_msg, request_id}; "dws" adds the older pair of names that some DWS answers carry;
-- "smn" names them code and message; "keystone", see M.keystone, is what IAM returns, with an HTTP status for a code.
local CODES = {
    ["APIGW.0101"] = { 404, "The API does not exist or has not been published in the environment" },
    ["APIGW.0201"] = { 400, "Bad request" }, -- or 413, 414, 494
    ["APIGW.0301"] = { 401, "Incorrect IAM authentication information: " },
    ["APIGW.0306"] = { 403, "Access denied" },
    ["APIGW.0307"] = { 401, "The token must be updated." },
    ["APIGW.0308"] = {
        429, "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:1 minute",
    },
    ["APIGW.0202"] = { 502, "Backend unavailable" },
    ["APIGW.0613"] = { 503, "IAM unavailable" },
    ["APIGW.0203"] = { 504, "Backend timeout" },
    ["DWS.0001"] = { 400, "The request parameter is invalid." },
    ["DWS.0005"] = { 500, "Server failure.", "dws" },
    ["DWS.0015"] = { 403, "The resource is not found or you do not have the permission to access it.", "dws" },
    ["DWS.5045"] = { 400, "The tenant is not allowed to use this function.", "dws" },
    ["DWS.5064"] = { 400, "Invalid UUID." },
    ["DWS.9999"] = { 417, "Internal server error.", "dws" },
    -- SMN and Cloud Eye have codes of their own, which are not published.
    ["SMN.0001"] = { 400, "The request body is invalid.", "smn" },
    ["SMN.0002"] = { 404, "The topic is not found.", "smn" },
    ["CES.0001"] = { 400, "The request body is invalid.", "smn" },
    ["IAM.0004"] = { 404, "The requested resource is not found." },
    ["IAM.0011"] = { 400, "The request body is invalid." },
    ["IAM.0012"] = { 429, "The throttling threshold has been reached. Try again later." },
    ["IAM.1109"] = { 400, "The project does not exist." },
}

-- What an ordered failure returns when the order has a status and no body.
local BY_STATUS = {
    [400] = "DWS.0001", [403] = "DWS.0015", [404] = "APIGW.0101", [417] = "DWS.9999", [429] = "APIGW.0308",
    [500] = "DWS.0005", [502] = "APIGW.0202", [503] = "APIGW.0613", [504] = "APIGW.0203",
}

local TITLES = { [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden", [404] = "Not Found" }

--- Makes a refusal.
-- @tparam string code
-- @tparam ?string message instead of the usual one; for 0301 the tail that follows the usual beginning
-- @treturn {status=integer,code=string,message=string,shape=string} a refusal
function M.make(code, message)
    local entry = assert(CODES[code], code)
    local text = message or entry[2]
    if code == "APIGW.0301" then
        text = entry[2] .. assert(message)
    end
    return { status = entry[1], code = code, message = text, shape = entry[3] or "gateway" }
end

--- Makes a refusal in IAM's older shape, the status for a code.
-- @tparam integer status
-- @tparam string message
-- @treturn table a refusal
function M.keystone(status, message)
    return { status = status, code = status, message = message, shape = "keystone" }
end

--- Refuses too many calls.
-- @tparam {limit=integer,window=number,retry_after=?number} policy see the setting `throttle`
-- @treturn table a refusal
function M.throttled(policy)
    local time = policy.window == 60 and "1 minute" or ("%d second"):format(math.ceil(policy.window))
    local refusal = M.make("APIGW.0308", ("The throttling threshold has been reached: "
        .. "policy user over ratelimit,limit:%d,time:%s"):format(policy.limit, time))
    if policy.retry_after then
        refusal.headers = { ["Retry-After"] = ("%s"):format(policy.retry_after) }
    end
    return refusal
end

--- Writes a refusal as it goes on the wire.
-- @tparam table refusal
-- @tparam string request_id
-- @treturn {status=integer,headers=table,body=string}
function M.response(refusal, request_id)
    local body = { error_code = refusal.code, error_msg = refusal.message }
    if refusal.shape == "keystone" then
        body = { error = { code = refusal.code, message = refusal.message, title = TITLES[refusal.status] } }
    elseif refusal.shape == "smn" then
        body = { request_id = request_id, code = refusal.code, message = refusal.message }
    elseif refusal.shape == "dws" then
        body.errCode, body.externalMessage = refusal.code, refusal.message
    else
        body.request_id = request_id
    end
    return { status = refusal.status, headers = refusal.headers or {}, body = cjson.encode(body) }
end

--- Returns the usual refusal of a status, if it has one.
-- @tparam integer status
-- @tparam string path IAM throttles in its own words
-- @treturn ?table refusal
function M.for_status(status, path)
    local code = BY_STATUS[status]
    if status == 429 and path:find "^/v3[./]" then
        code = "IAM.0012"
    end
    return code and M.make(code) or nil
end

return M
