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

    it("says after how long a throttled client may come back, where the policy says so", function()
        local policy = { limit = 3, window = 60, retry_after = 7 }
        local refusal = refusals.throttled(policy)
        assert.matches("limit:3,time:1 minute$", refusal.message)
        assert.same({ ["Retry-After"] = "7" }, refusals.response(refusal, "r").headers)
        local other = refusals.throttled { limit = 3, window = 1.5 }
        assert.matches("time:2 second$", other.message)
        assert.same({}, refusals.response(other, "r").headers)
    end)
end)
