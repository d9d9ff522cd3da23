local errors = require "dwsync.errors"
local transient = require "dwsync.errors.transient"

local function failed(kind, retryable, code)
    return { error = errors.new { kind = kind, message = "m", retryable = retryable, code = code } }
end

describe("a failure", function()
    it("may pass by its kind, or where the error says so", function()
        local passing = { network = true, timeout = true, throttled = true, service = true, incomplete = true,
            decode = true }
        for _, kind in ipairs { "config", "credentials", "auth", "clock", "permission", "not_found", "throttled",
            "request", "service", "network", "timeout", "tls", "decode", "incomplete", "storage", "cancelled" } do
            assert.equal(passing[kind] or false, transient.may_pass(failed(kind, false).error), kind)
            assert.is_true(transient.may_pass(failed(kind, true).error), kind)
        end
    end)

    it("makes going on pointless where all clusters have one that stays", function()
        local auth, gone, off = failed "auth", failed "not_found", failed("permission", false, "DWS.5045")
        for _, case in ipairs {
            { nil, {}, true }, { nil, { {} }, false }, { nil, { failed "network" }, false }, { auth, { auth }, false },
            { auth, { auth, gone }, true }, { gone, { gone, auth }, true }, { nil, { auth, {} }, true },
            { nil, { {}, auth }, true }, { nil, { auth, failed "service" }, true },
            { off, { off }, false }, { nil, { off }, true }, { auth, { off, auth }, true },
            { auth, { auth, off }, true },
        } do
            assert.equal(case[1] and case[1].error, transient.final_failure(case[2], case[3]))
        end
    end)
end)
