local tokens = require "dwsync.emulator.tokens"

local NOW = 1761389392.25

describe("the emulator's tokens", function()
    it("are as long as asked, differ, and are found again", function()
        local book = tokens.new()
        local scope = { kind = "domain" }
        local first, second = book:issue(scope, NOW, 60, 5000), book:issue(scope, NOW, 60, 64)
        assert.same({ 5000, 64 }, { #first.text, #second.text })
        assert.is_truthy(first.text:match "^MII[%w+-]+$")
        assert.equal(first, book:find(first.text))
        assert.is_nil(book:find "MIIsomething")
        assert.equal(60, first.expires_at - first.issued_at)
        assert.is_true(first.issued_at <= NOW)
    end)
end)
