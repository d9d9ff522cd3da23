local sending = require "dwsync.emulator.sending"

describe("an answer whose body is repeated", function()
    local own_ngx, printed, client_left

    before_each(function()
        own_ngx, printed, client_left = rawget(_G, "ngx"), {}, false
        rawset(_G, "ngx", { header = {}, print = function(text)
            printed[#printed + 1] = text
            return not client_left
        end, flush = function() return true end })
    end)
    after_each(function() rawset(_G, "ngx", own_ngx) end)

    local function send(text, times)
        sending.send({ status = 200, headers = {} }, { repeat_body = { text = text, times = times } })
        return table.concat(printed)
    end

    it("is so many times its text, in blocks of which the last may be shorter", function()
        local text = ("x"):rep(1000) .. "\n"
        for _, times in ipairs { 0, 1, 2, 500 } do
            printed = {}
            assert.equal(text:rep(times), send(text, times))
        end
        assert.is_true(#printed > 1 and #printed < 500 and #printed[#printed] < #printed[1])
    end)

    it("ends with the client", function()
        client_left = true
        send(("x"):rep(1000), 500)
        assert.equal(1, #printed)
    end)
end)
