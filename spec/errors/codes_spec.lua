local error_codes = require "dwsync.errors.codes"
local errors = require "dwsync.errors"

-- As the vendor's documents have them: code, HTTP status, kind, whether to ask again. Where a code comes with several
-- statuses there is a row for each.
local GATEWAY = {
    { "0101", 404, "not_found", false },
    { "0103", 404, "not_found", false },
    { "0103", 500, "not_found", false },
    { "0104", 400, "service", false },
    { "0104", 500, "service", false },
    { "0105", 400, "service", false },
    { "0105", 500, "service", false },
    { "0106", 400, "service", false },
    { "0201", 400, "request", false },
    { "0201", 413, "request", false },
    { "0201", 414, "request", false },
    { "0201", 494, "request", false },
    { "0201", 500, "service", false },
    { "0201", 502, "service", true },
    { "0201", 504, "service", true },
    { "0202", 502, "service", true },
    { "0203", 504, "service", true },
    { "0204", 400, "tls", false },
    { "0301", 401, "auth", false },
    { "0302", 403, "permission", false },
    { "0303", 401, "auth", false },
    { "0304", 403, "permission", false },
    { "0305", 401, "auth", false },
    { "0306", 403, "permission", false },
    { "0307", 401, "auth", false }, -- a new token would help; a client with keys has none to renew
    { "0308", 429, "throttled", true },
    { "0310", 403, "permission", false },
    { "0311", 401, "auth", false },
    { "0401", 403, "permission", false },
    { "0402", 403, "permission", false },
    { "0404", 403, "permission", false },
    { "0405", 403, "permission", false },
    { "0501", 405, "permission", false },
    { "0502", 405, "permission", false },
    { "0601", 500, "service", true },
    { "0602", 400, "request", false },
    { "0605", 500, "service", true },
    { "0606", 500, "service", true },
    { "0607", 400, "config", false },
    { "0608", 500, "service", false },
    { "0609", 500, "service", false },
    { "0610", 502, "service", true },
    { "0611", 500, "service", false },
    { "0612", 500, "service", false },
    { "0613", 503, "service", true },
    { "0705", 500, "service", false },
    { "0801", 403, "permission", false },
    { "0802", 403, "permission", false },
}

local IAM = {
    { "IAM.0001", 401, "auth", false },
    { "IAM.0002", 403, "permission", false },
    { "IAM.0003", 403, "permission", false },
    { "IAM.0004", 404, "not_found", false },
    { "IAM.0005", 409, "request", false },
    { "IAM.0006", 500, "service", true },
    { "IAM.0011", 400, "request", false },
    { "IAM.0012", 429, "throttled", true },
    { "IAM.0061", 401, "auth", false },
    { "IAM.0062", 401, "auth", false },
    { "IAM.0066", 401, "auth", false },
    { "IAM.0067", 401, "auth", false },
    { "IAM.0080", 403, "permission", false },
    { "IAM.0081", 403, "permission", false },
    { "IAM.0082", 403, "permission", false },
    { "IAM.0083", 403, "permission", false },
    { "IAM.1104", 400, "auth", false },
    { "IAM.1105", 400, "auth", false },
    { "IAM.1106", 400, "auth", false },
    { "IAM.1107", 400, "auth", false },
    { "IAM.1108", 401, "auth", false },
    { "IAM.1109", 400, "not_found", false },
}

local DWS = {
    { "DWS.0001", 400, "request", false },
    { "DWS.0005", 500, "service", true },
    { "DWS.0006", 400, "request", false },
    { "DWS.0011", 409, "service", false },
    { "DWS.0015", 403, "not_found", false },
    { "DWS.0015", 400, "not_found", false },
    { "DWS.0020", 403, "permission", false },
    { "DWS.0047", 404, "not_found", false },
    { "DWS.0047", 401, "not_found", false },
    { "DWS.3027", 404, "not_found", false },
    { "DWS.5045", 400, "permission", false },
    { "DWS.5064", 400, "request", false },
    { "DWS.5206", 400, "request", false },
    { "DWS.7023", 403, "service", false },
    { "DWS.7107", 400, "request", false },
    { "DWS.9999", 500, "service", true },
    { "DWS.1234", 417, "service", false }, -- 417 is the service's status for a business failure
    -- Other services that answer on the way.
    { "EPS.0003", 401, "permission", false },
    { "PAP5.0001", 403, "permission", false },
}

local GATEWAY_HINTS = {
    ["0101"] = "The API is not published there: check the region and the endpoint.",
    ["0302"] = "This IAM user is not allowed to call the API: ask an administrator.",
    ["0307"] = "Get a new token, from the region of the endpoint.",
    ["0310"] = "The project is not available: check its state in the console.",
    ["0401"] = "This machine's address is not known to the gateway.",
    ["0402"] = "This machine's address is not allowed: ask for access.",
    ["0501"] = "The quota is used up: ask for a larger one.",
    ["0502"] = "The account is frozen (arrears?): check it in the console.",
    ["0607"] = "Use https: this API is not offered over http.",
    ["0801"] = "The service cannot be reached in this region: check the region.",
    ["0802"] = "This user may not use this region: check the region.",
}

local CLUSTER = "Check the cluster id (dwsync clusters lists them), or the permission: the service says the same then."
-- What is known whatever the status: what to do, or true.
local KNOWN = {
    ["DWS.0001"] = true,
    ["DWS.0006"] = true,
    ["DWS.0011"] = "The cluster is busy; try again later.",
    ["DWS.0015"] = CLUSTER,
    ["DWS.0020"] = "The account is restricted (arrears?): check it in the console.",
    ["DWS.0047"] = CLUSTER,
    ["DWS.3027"] = "The cluster was deleted.",
    ["DWS.5045"] = "Identity-source synchronisation may be off: enable it.",
    ["DWS.5064"] = "The cluster id must be a UUID (dwsync clusters lists them).",
    ["DWS.5206"] = "This version of the cluster lacks the function: upgrade the cluster.",
    ["DWS.7023"] = "The cluster's state does not allow it: see dwsync clusters.",
    ["EPS.0003"] = "Ask for permission in the cluster's enterprise project.",
    ["IAM.0002"] = true,
    ["IAM.0003"] = true,
    ["IAM.0004"] = true,
    ["IAM.0012"] = true,
    ["IAM.1104"] = "The access key is blacklisted: make a new one.",
    ["IAM.1105"] = "The access key expired: make a new one.",
    ["IAM.1106"] = "The access key's user no longer exists: make a new key.",
    ["IAM.1107"] = "The access key is inactive: activate it in IAM.",
    ["IAM.1108"] = "The security token expired: get new temporary credentials.",
    ["IAM.1109"] = "The project does not exist: check `project_id`.",
}

local NO_CODE = {
    { 301, "service", false }, { 302, "service", false }, { 400, "request", false }, { 401, "auth", false },
    { 403, "permission", false }, { 404, "not_found", false }, { 405, "request", false }, { 407, "config", false },
    { 408, "service", true }, { 421, "service", true }, { 425, "service", true }, { 413, "request", false },
    { 417, "service", false }, { 429, "throttled", true }, { 500, "service", true }, { 501, "service", false },
    { 502, "service", true }, { 503, "service", true }, { 504, "service", true },
}

local function failing(status, body)
    return errors.from_response({ status = status, headers = {}, body = body }, { now = 0 })
end

local function check(code, status, kind, retryable)
    local err = failing(status, ('{"error_code":"%s","error_msg":"told so"}'):format(code))
    local what = ("%s with HTTP %d"):format(code, status)
    assert.equal(kind, err.kind, what)
    assert.equal(retryable, err.retryable, what)
    assert.equal(code, err.code)
    assert.is_true(#err.hint > 10, what)
end

describe("the meaning of a code", function()
    it("of the gateway is the same under each of its prefixes", function()
        for _, row in ipairs(GATEWAY) do
            for _, prefix in ipairs { "APIGW.", "APIG.", "APIC." } do
                check(prefix .. row[1], row[2], row[3], row[4])
            end
        end
    end)

    it("of IAM is what its reference says", function()
        for _, row in ipairs(IAM) do
            check(row[1], row[2], row[3], row[4])
        end
    end)

    it("of DWS goes before its status", function()
        for _, row in ipairs(DWS) do
            check(row[1], row[2], row[3], row[4])
        end
    end)

    it("of IAM, DWS and their neighbours is the code's under any status", function()
        for _, rows in ipairs { DWS, IAM } do
            for _, row in ipairs(rows) do
                local known = error_codes.find(row[1], "", 299)
                if known then
                    assert.equal(row[3], known.kind, row[1])
                    assert.equal(row[1] == "IAM.0012" or nil, known.retryable, row[1])
                end
                assert.equal(KNOWN[row[1]] or false, known and (known.hint or true) or false, row[1])
            end
        end
    end)

    it("of the gateway comes with what to do, where that is known", function()
        for _, row in ipairs(GATEWAY) do
            assert.equal(GATEWAY_HINTS[row[1]], error_codes.find("APIG." .. row[1], "", row[2]).hint, row[1])
        end
    end)

    it("of a failing backend is the service's from 500 on", function()
        assert.equal("request", error_codes.find("APIG.0201", "", 499).kind)
        assert.equal("service", error_codes.find("APIG.0201", "", 500).kind)
    end)

    it("is the status's where there is no code", function()
        for _, row in ipairs(NO_CODE) do
            local err = failing(row[1], "")
            assert.equal(row[2], err.kind, tostring(row[1]))
            assert.equal(row[3], err.retryable, tostring(row[1]))
        end
    end)

    it("is not known for a code of nobody", function()
        assert.is_nil(error_codes.find("XYZ.0001", "", 400))
        assert.is_nil(error_codes.find("APIGW.9999", "", 400))
        assert.is_nil(error_codes.find("0301", "", 401))
        assert.is_nil(error_codes.find("xAPIGW.0301", "", 401))
    end)
end)

describe("an authentication refusal", function()
    local PREFIX = "Incorrect IAM authentication information: "
    -- text, kind, a word of the hint
    local TEXTS = {
        { "verify aksk signature fail", "auth", "secret key does not match the access key: enter the one" },
        { "verify aksk signature fail,canonicalRequest:GET|/v1/||host:h||host|e3b0", "auth", "does not match" },
        { "AK access failed to reach the limit,forbidden", "auth", "five minutes" },
        { "Get secretKey failed,ak:AKEXAMPLE,err:ak not exist", "auth", "unknown here" },
        { "calc ak sk signature fail:signature expired", "clock", "clock" },
        { "signature expired, signature time:20250101T000000Z, server time:20250101T010000Z", "clock", "clock" },
        { "decrypt token fail", "auth", "damaged" },
        { "token expires, expires_at:2025-01-01T00:00:00Z", "auth", "token expired" },
        { "x-auth-token not found", "auth", "No credentials reached" },
        { "Unauthorized", "auth", "belong together" },
        { "something new", "auth", "belong together" },
    }

    it("is told apart by its text, and never asked again", function()
        for _, code in ipairs { "APIGW.0301", "APIG.0301", "APIGW.0303", "APIGW.0305" } do
            for _, row in ipairs(TEXTS) do
                local err = failing(401, ('{"error_code":"%s","error_msg":"%s"}'):format(code, PREFIX .. row[1]))
                assert.equal(row[2], err.kind, row[1])
                assert.is_false(err.retryable, row[1])
                assert.is_truthy(err.hint:find(row[3], 1, true), row[1] .. " → " .. err.hint)
            end
        end
    end)

    it("keeps the text of other codes out of it", function()
        local err = failing(403, '{"error_code":"APIGW.0302","error_msg":"signature expired"}')
        assert.equal("permission", err.kind)
    end)
end)
