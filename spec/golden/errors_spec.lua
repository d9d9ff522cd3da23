-- The kind and the advice for each code, status and failure of the core.
local errors = require "dwsync.errors"
local kept = require "spec.golden.kept"

local NOW = 1747637723

local function line_of(err)
    return ("%s%s\n    %s"):format(err.retryable and "again: " or "", errors.summary(err), err.hint)
end

local function sorted(set)
    local list = {}
    for value in pairs(set) do
        list[#list + 1] = value
    end
    table.sort(list)
    return list
end

-- Every code that the file of codes names.
local function codes()
    local found = {}
    for line in io.lines "lua/dwsync/errors/codes.lua" do
        local number, code = line:match '^    %["(%d+)"%]', line:match '^    %["(%u+%.%d+)"%]'
        if number then
            found["APIGW." .. number] = true
        elseif code then
            found[code] = true
        end
    end
    found["APIG.0308"], found["APIC.0101"], found["APIW.0101"], found["DWS.9999"] = true, true, true, true
    found["APIGW.0201"] = true
    return sorted(found)
end

local function answer(status, body, headers)
    return errors.from_response({ status = status, headers = headers or {}, body = body or "" }, { now = NOW,
        secrets = { "s3cr3t-key" } })
end

describe("errors", function()
    it("of codes are as kept", function()
        local lines = {}
        for _, code in ipairs(codes()) do
            local err = answer(401, ('{"error_code":"%s","error_msg":"why","request_id":"r-1"}'):format(code))
            lines[#lines + 1] = line_of(err)
        end
        for _, status in ipairs { 400, 499, 500, 502, 503, 504 } do
            lines[#lines + 1] = line_of(answer(status, '{"error_code":"APIG.0201","error_msg":"why"}'))
        end
        for _, code in ipairs { "0301", "0303", "0305", "0307" } do
            for _, message in ipairs { "signature expired", "AK access failed to reach the limit,forbidden",
                "Incorrect IAM authentication information: verify aksk signature fail", "ak not exist",
                "decrypt token fail", "token expires", "x-auth-token not found", "other" } do
                lines[#lines + 1] = line_of(answer(401, ('{"error_code":"APIGW.%s","error_msg":"%s"}'):format(code,
                    message)))
            end
        end
        kept.compare("errors.codes.txt", table.concat(lines, "\n") .. "\n")
    end)

    it("of answers are as kept", function()
        local lines = {}
        for _, status in ipairs { 199, 300, 301, 399, 400, 401, 403, 404, 405, 407, 408, 409, 417, 421, 425, 429,
            499, 500,
            501, 502, 503, 504, 599 } do
            lines[#lines + 1] = line_of(answer(status, "<p>it says s3cr3t-key</p>"))
        end
        for _, body in ipairs { "", " \n",
            '{"errorCode":"X.1","errorMsg":"b"}', '{"errCode":"X.1","externalMessage":"c"}',
            '{"workload_res_code":7,"workload_res_str":"d"}', '{"code":"X.1","message":"e"}', '{"error_code":"X.1"}',
            '{"error_code":"","errorCode":"X.2","message":"f"}', '{"error":{"code":401,"message":"g"}}', "[]",
            '{"error_code":"X.1","error_msg":"' .. ("long "):rep(400) .. '"}', ("long "):rep(100) } do
            lines[#lines + 1] = line_of(answer(400, body))
        end
        for _, headers in ipairs { { ["retry-after"] = "0" }, { ["retry-after"] = "7" }, { ["retry-after"] = "86401" },
            { ["retry-after"] = "soon" }, { ["retry-after"] = "Mon, 19 May 2025 06:55:33 GMT" },
            { ["retry-after"] = "Mon, 19 May 2025 06:55:33 GMT", date = "Mon, 19 May 2025 06:55:30 GMT" },
            { ["retry-after"] = "Mon, 19 May 2025 06:55:13 GMT" }, { ["x-request-id"] = "a", ["x-iam-trace-id"] = "b" },
            { ["x-iam-trace-id"] = "s3cr3t-key" }, { ["content-encoding"] = "Identity" },
            { ["content-encoding"] = "gzip" }, { date = "Mon, 19 May 2025 06:55:30 GMT" } } do
            local err = answer(503, "x", headers)
            lines[#lines + 1] = ("%s\n    pause %s, their time %s"):format(line_of(err), tostring(err.retry_after),
                tostring(err.server_time))
        end
        for _, location in ipairs { "https://a.example/b?token=1", "/c" } do
            lines[#lines + 1] = line_of(answer(302, "", { location = location }))
        end
        kept.compare("errors.answers.txt", table.concat(lines, "\n") .. "\n")
    end)

    it("of the core are as kept", function()
        local lines = {}
        for _, code in ipairs { "resolve", "connect", "handshake", "descriptors", "proxy", "too_large", "other" } do
            lines[#lines + 1] = line_of(errors.from_core { kind = "network", code = code, message = "why" })
        end
        for _, message in ipairs { "certificate has expired", "certificate is not yet valid",
            "subject name does not match", "the CA file has no certificate", "self-signed certificate" } do
            for _, context in ipairs { {}, { ca_file = "/ca.pem", now = NOW } } do
                lines[#lines + 1] = line_of(errors.from_core({ kind = "tls", code = "certificate",
                    message = message }, {},
                    context))
            end
        end
        for _, kind in ipairs { "config", "credentials", "auth", "clock", "permission", "not_found", "throttled",
            "request",
            "service", "network", "timeout", "tls", "decode", "incomplete", "storage", "cancelled" } do
            local err = errors.new { kind = kind, message = "why.", code = "X.1", status = 400, attempts = 2,
                request_id = "r" }
            lines[#lines + 1] = line_of(errors.about(err, { operation = "ListClusters", cluster_id = "id-1",
                cluster = "dws-prod" }))
        end
        lines[#lines + 1] = line_of(errors.from_core({ kind = "decode", message = "expected an object",
            beginning = "<html> s3cr3t-key " .. ("x"):rep(300) }, { "s3cr3t-key" }))
        lines[#lines + 1] = line_of(errors.from_core("a text", { "text" }))
        kept.compare("errors.core.txt", table.concat(lines, "\n") .. "\n")
    end)
end)
