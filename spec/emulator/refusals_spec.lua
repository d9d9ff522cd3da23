local cjson = require "cjson"
local refusals = require "dwsync.emulator.refusals"

local function body_of(refusal)
    return cjson.decode(refusals.response(refusal, "r-1").body)
end

describe("a refusal of the emulator", function()
    it("is worded as the part of the service that refuses words it", function()
        assert.same({ error_code = "APIGW.0306", error_msg = "Access denied", request_id = "r-1" },
            body_of(refusals.make "APIGW.0306"))
        local dws = refusals.make("DWS.5045", "not here")
        assert.same({ error_code = "DWS.5045", error_msg = "not here", errCode = "DWS.5045",
            externalMessage = "not here" }, body_of(dws))
        assert.same({ code = "SMN.0002", message = "The topic is not found.", request_id = "r-1" },
            body_of(refusals.make "SMN.0002"))
        assert.same({ error = { code = 401, message = "who?", title = "Unauthorized" } },
            body_of(refusals.keystone(401, "who?")))
    end)

    it("is none that there is not", function()
        assert.has_error(function() refusals.make "APIGW.9999" end, "APIGW.9999")
    end)

    it("says after how long a throttled client may come back, where the policy says so", function()
        local policy = { limit = 3, window = 60, retry_after = 7 }
        local refusal = refusals.throttled(policy)
        assert.matches("limit:3,time:1 minute$", refusal.message)
        assert.same({ ["Retry-After"] = "7" }, refusals.response(refusal, "r").headers)
        local other = refusals.throttled { limit = 3, window = 1.5 }
        assert.matches("time:2 second$", other.message)
        assert.same({}, refusals.response(other, "r").headers)
    end)

    it("has the status, text and shape of its code", function()
        for code, case in pairs {
            ["APIGW.0101"] = { 404, "The API does not exist or has not been published in the environment" },
            ["APIGW.0201"] = { 400, "Bad request" },
            ["APIGW.0306"] = { 403, "Access denied" },
            ["APIGW.0307"] = { 401, "The token must be updated." },
            ["APIGW.0308"] = { 429,
                "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:1 minute" },
            ["APIGW.0202"] = { 502, "Backend unavailable" },
            ["APIGW.0613"] = { 503, "IAM unavailable" },
            ["APIGW.0203"] = { 504, "Backend timeout" },
            ["DWS.0001"] = { 400, "The request parameter is invalid." },
            ["DWS.0005"] = { 500, "Server failure.", "dws" },
            ["DWS.0015"] = { 403, "The resource is not found or you do not have the permission to access it.", "dws" },
            ["DWS.5045"] = { 400, "The tenant is not allowed to use this function.", "dws" },
            ["DWS.5064"] = { 400, "Invalid UUID." },
            ["DWS.9999"] = { 417, "Internal server error.", "dws" },
            ["SMN.0001"] = { 400, "The request body is invalid.", "smn" },
            ["SMN.0002"] = { 404, "The topic is not found.", "smn" },
            ["CES.0001"] = { 400, "The request body is invalid.", "smn" },
            ["IAM.0004"] = { 404, "The requested resource is not found." },
            ["IAM.0011"] = { 400, "The request body is invalid." },
            ["IAM.0012"] = { 429, "The throttling threshold has been reached. Try again later." },
            ["IAM.1109"] = { 400, "The project does not exist." },
        } do
            local status, message, shape = case[1], case[2], case[3] or "gateway"
            assert.same({ status = status, code = code, message = message, shape = shape }, refusals.make(code))
            assert.equal(status, refusals.response(refusals.make(code), "r").status)
            assert.equal("other", refusals.make(code, "other").message)
        end
        assert.equal("Incorrect IAM authentication information: tail", refusals.make("APIGW.0301", "tail").message)
        assert.equal(401, refusals.make("APIGW.0301", "tail").status)
        assert.is_false((pcall(refusals.make, "APIGW.0301")))
        assert.is_false((pcall(refusals.make, "APIGW.9")))
    end)

    it("of a status is the usual one, and IAM throttles in its own words", function()
        for status, code in pairs { [400] = "DWS.0001", [403] = "DWS.0015", [404] = "APIGW.0101", [417] = "DWS.9999",
            [429] = "APIGW.0308", [500] = "DWS.0005", [502] = "APIGW.0202", [503] = "APIGW.0613",
            [504] = "APIGW.0203" } do
            assert.equal(code, refusals.for_status(status, "/v2/clusters").code)
        end
        for _, status in ipairs { 401, 405, 499, 501, 505 } do
            assert.is_nil(refusals.for_status(status, "/v2/clusters"))
        end
        assert.equal("IAM.0012", refusals.for_status(429, "/v3/auth/tokens").code)
        assert.equal("IAM.0012", refusals.for_status(429, "/v3.0/OS-CREDENTIAL").code)
        assert.equal("APIGW.0308", refusals.for_status(429, "/v30").code)
        assert.equal("DWS.0001", refusals.for_status(400, "/v3/auth/tokens").code)
    end)

    it("has IAM's titles in its older shape", function()
        for status, title in pairs { [400] = "Bad Request", [401] = "Unauthorized", [403] = "Forbidden",
            [404] = "Not Found" } do
            assert.same({ code = status, message = "m", title = title }, body_of(refusals.keystone(status, "m")).error)
        end
        assert.same({ code = 409, message = "m" }, body_of(refusals.keystone(409, "m")).error)
        assert.equal(409, refusals.response(refusals.keystone(409, "m"), "r").status)
    end)
end)
