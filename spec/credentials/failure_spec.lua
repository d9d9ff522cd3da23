local errors = require "dwsync.errors"
local failure = require "dwsync.credentials.failure"

describe("the failure of a credential source", function()
    it("names the source, and what the answer says of itself", function()
        local err = failure.new("a source", "it failed", "Do this.", { status = 500,
            headers = { ["x-request-id"] = "r1" } })
        assert.is_true(errors.is(err))
        assert.same({ "credentials", "a source: it failed", "Do this.", 500, "r1", true },
            { err.kind, err.message, err.hint, err.status, err.request_id, err.retryable })
    end)

    it("is one harmless line, whatever a path in it holds", function()
        assert.equal("file a?b c: it failed", failure.new("file a\27b\nc", "it failed").message)
    end)

    it("may pass where the service is at fault or busy", function()
        for status, passes in pairs { [200] = false, [403] = false, [428] = false, [429] = true, [430] = false,
            [499] = false, [500] = true, [503] = true } do
            assert.equal(passes, failure.new("s", "m", nil, { status = status, headers = {} }).retryable, status)
        end
        assert.is_false(failure.new("s", "m").retryable)
    end)

    it("needs no hint and no answer", function()
        local err = failure.new("a source", "it failed")
        assert.matches("^Set HUAWEICLOUD_SDK_AK", err.hint)
        assert.is_nil(err.status)
    end)
end)
