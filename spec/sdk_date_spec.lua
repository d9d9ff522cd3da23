local sdk_date = require "dwsync.sdk_date"
local timestamps = require "dwsync.timestamps"

describe("the date that a request is signed with", function()
    it("is in UTC, without a fraction", function()
        assert.equal("20251025T104952Z", sdk_date.of(1761389392))
        assert.equal("20251025T104952Z", sdk_date.of(1761389392.999))
        assert.equal("20251025T104953Z", sdk_date.of(1761389393))
        assert.equal("19700101T000000Z", sdk_date.of(0))
    end)

    it("is the one that timestamps write", function()
        assert.equal(sdk_date.of, timestamps.to_sdk_date)
    end)
end)
