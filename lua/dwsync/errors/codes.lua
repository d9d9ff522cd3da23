--- What the codes of gateway, IAM and DWS mean: the kind of error, whether asking again can help, what to do.
-- Sources: the vendor's API signing guide (gateway table), the IAM and DWS API references, and the Terraform provider
-- for codes seen in practice.
-- @module dwsync.errors.codes
local M = {}

local LOCKED = "More than five refusals lock the key for five minutes: wait, and check the secret key first."
local CLUSTER = "Check the cluster id (dwsync clusters lists them), or the permission: the service says the same then."

-- The gateway's codes without their prefix: APIGW. on Huawei Cloud, APIG. on Open Telekom Cloud, APIC. in ROMA.
local GATEWAY = {
    ["0101"] = { kind = "not_found", hint = "The API is not published there: check the region and the endpoint." },
    ["0103"] = { kind = "not_found", retryable = false },
    ["0104"] = { kind = "service", retryable = false },
    ["0105"] = { kind = "service", retryable = false },
    ["0106"] = { kind = "service", retryable = false },
    ["0202"] = { kind = "service", retryable = true },
    ["0203"] = { kind = "service", retryable = true },
    ["0204"] = { kind = "tls", retryable = false },
    ["0301"] = { kind = "auth", retryable = false },
    ["0302"] = { kind = "permission", hint = "This IAM user is not allowed to call the API: ask an administrator." },
    ["0303"] = { kind = "auth", retryable = false },
    ["0304"] = { kind = "permission", retryable = false },
    ["0305"] = { kind = "auth", retryable = false },
    ["0306"] = { kind = "permission", retryable = false },
    ["0307"] = { kind = "auth", retryable = false, hint = "Get a new token, from the region of the endpoint." },
    ["0308"] = { kind = "throttled", retryable = true },
    ["0310"] = { kind = "permission", hint = "The project is not available: check its state in the console." },
    ["0311"] = { kind = "auth", retryable = false },
    ["0401"] = { kind = "permission", hint = "This machine's address is not known to the gateway." },
    ["0402"] = { kind = "permission", hint = "This machine's address is not allowed: ask for access." },
    ["0404"] = { kind = "permission", retryable = false },
    ["0405"] = { kind = "permission", retryable = false },
    ["0501"] = { kind = "permission", hint = "The quota is used up: ask for a larger one." },
    ["0502"] = { kind = "permission", hint = "The account is frozen (arrears?): check it in the console." },
    ["0601"] = { kind = "service", retryable = true },
    ["0602"] = { kind = "request", retryable = false },
    ["0605"] = { kind = "service", retryable = true },
    ["0606"] = { kind = "service", retryable = true },
    ["0607"] = { kind = "config", hint = "Use https: this API is not offered over http." },
    ["0608"] = { kind = "service", retryable = false },
    ["0609"] = { kind = "service", retryable = false },
    ["0610"] = { kind = "service", retryable = true },
    ["0611"] = { kind = "service", retryable = false },
    ["0612"] = { kind = "service", retryable = false },
    ["0613"] = { kind = "service", retryable = true },
    ["0705"] = { kind = "service", retryable = false },
    ["0801"] = { kind = "permission", hint = "The service cannot be reached in this region: check the region." },
    ["0802"] = { kind = "permission", hint = "This user may not use this region: check the region." },
}

local OTHERS = {
    -- DWS: 401 is not always about authentication, and 403 not always about permission.
    ["DWS.0001"] = { kind = "request" },
    ["DWS.0006"] = { kind = "request" },
    ["DWS.0011"] = { kind = "service", hint = "The cluster is busy; try again later." },
    ["DWS.0015"] = { kind = "not_found", hint = CLUSTER },
    ["DWS.0020"] = { kind = "permission", hint = "The account is restricted (arrears?): check it in the console." },
    ["DWS.0047"] = { kind = "not_found", hint = CLUSTER },
    ["DWS.3027"] = { kind = "not_found", hint = "The cluster was deleted." },
    ["DWS.5045"] = { kind = "permission", hint = "Identity-source synchronisation may be off: enable it." },
    ["DWS.5064"] = { kind = "request", hint = "The cluster id must be a UUID (dwsync clusters lists them)." },
    ["DWS.5206"] = { kind = "request", hint = "This version of the cluster lacks the function: upgrade the cluster." },
    ["DWS.7023"] = { kind = "service", hint = "The cluster's state does not allow it: see dwsync clusters." },
    -- The enterprise project service, which says 401 for a missing permission.
    ["EPS.0003"] = { kind = "permission", hint = "Ask for permission in the cluster's enterprise project." },
    -- IAM
    ["IAM.0002"] = { kind = "permission" },
    ["IAM.0003"] = { kind = "permission" },
    ["IAM.0004"] = { kind = "not_found" },
    ["IAM.0012"] = { kind = "throttled", retryable = true },
    ["IAM.1104"] = { kind = "auth", hint = "The access key is blacklisted: make a new one." },
    ["IAM.1105"] = { kind = "auth", hint = "The access key expired: make a new one." },
    ["IAM.1106"] = { kind = "auth", hint = "The access key's user no longer exists: make a new key." },
    ["IAM.1107"] = { kind = "auth", hint = "The access key is inactive: activate it in IAM." },
    ["IAM.1108"] = { kind = "auth", hint = "The security token expired: get new temporary credentials." },
    ["IAM.1109"] = { kind = "not_found", hint = "The project does not exist: check `project_id`." },
}

-- Texts of 0301 and 0303, which have many causes.
local REFUSALS = {
    { "signature expired", "clock", nil },
    { "AK access failed to reach the limit", "auth", LOCKED },
    { "verify aksk signature fail", "auth",
        "The secret key does not match the access key: enter the one that was made with it, or make a new pair in "
            .. "the console (a proxy that changes requests looks the same)." },
    { "ak not exist", "auth", "The access key is unknown here: deleted, mistyped, or from another site." },
    { "decrypt token fail", "auth", "The token is damaged, or from another site: get a new one." },
    { "token expires", "auth", "The token expired: get a new one." },
    { "x-auth-token not found", "auth", "No credentials reached the gateway: does a proxy strip Authorization?" },
}

local function find_refusal(message)
    for _, refusal in ipairs(REFUSALS) do
        if message:find(refusal[1], 1, true) then
            return { kind = refusal[2], hint = refusal[3], retryable = false }
        end
    end
end

--- What is known about a code.
-- @tparam string code as the service wrote it
-- @tparam string message the text beside it
-- @tparam integer status the HTTP status, which decides between several meanings of one code
-- @treturn table {kind =, hint =, retryable =}, each nil when unknown; or nil for an unknown code
function M.find(code, message, status)
    local number = code:match "^API[GC]W?%.(%d+)$"
    if number == "0201" then
        if status < 500 then
            return { kind = "request", retryable = false }
        end
        return { kind = "service", retryable = status == 502 or status == 504 }
    elseif number then
        return number:find "^030[135]$" and find_refusal(message) or GATEWAY[number]
    end
    return OTHERS[code]
end

return M
