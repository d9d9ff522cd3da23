local sending = require "dwsync.emulator.sending"

local unpack = table.unpack or unpack -- luacheck: ignore 113

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

describe("an answer", function()
    local own_ngx, log, fails_at

    before_each(function()
        own_ngx, log, fails_at = rawget(_G, "ngx"), {}, nil
        local function note(...)
            log[#log + 1] = table.concat({ ... }, " ")
            return #log ~= fails_at
        end
        rawset(_G, "ngx", {
            header = setmetatable({}, { __newindex = function(_, name, value) note(name .. ":", value) end }),
            HTTP_CLOSE = 444, ERROR = -1,
            print = function(text) return note("print", text) end,
            flush = function(wait) return note("flush", tostring(wait)) end,
            sleep = function(seconds) return note("sleep", seconds) end,
            exit = function(status) return note("exit", status) end,
        })
    end)
    after_each(function() rawset(_G, "ngx", own_ngx) end)

    it("is sent whole, or spoilt as its action says", function()
        for _, case in ipairs {
            { nil, "X: 1", "Content-Length: 7", "print abcdefg" },
            { { reset = "body" }, "X: 1", "Content-Length: 7", "print abc", "flush true", "exit 444" },
            { { reset = "head" }, "X: 1", "Content-Length: 7", "print abcdefg" },
            { { truncate = 2 }, "X: 1", "Content-Length: 2", "print ab" },
            { { truncate = 0 }, "X: 1", "Content-Length: 0", "print " },
            { { truncate = 2, content_length = 3 }, "X: 1", "Content-Length: 3", "print ab", "flush true", "exit -1" },
            { { content_length = 7 }, "X: 1", "Content-Length: 7", "print abcdefg" },
            { { content_length = 6 }, "X: 1", "Content-Length: 6", "print abcdefg" },
            { { content_length = 8 }, "X: 1", "Content-Length: 8", "print abcdefg", "flush true", "exit -1" },
            { { drip = { bytes = 3, interval = 0.5 } }, "X: 1", "Content-Length: 7", "print abc", "flush true",
                "sleep 0.5", "print def", "flush true", "sleep 0.5", "print g", "flush true", "sleep 0.5" },
            { { repeat_body = { text = "ab", times = 2 } }, "X: 1", "print abab", "flush true" },
            { { repeat_body = { text = "", times = 1 } }, "X: 1", "print ", "flush true" },
            { { repeat_body = { text = "", times = 3 } }, "X: 1", "print ", "flush true" },
        } do
            log = {}
            sending.send({ status = 202, headers = { X = "1" }, body = "abcdefg" }, case[1])
            assert.same({ unpack(case, 2) }, log)
            assert.equal(202, rawget(_G, "ngx").status)
        end
    end)

    it("stops dripping when the client left, at what is printed or flushed", function()
        for at, last in pairs { [3] = "print abc", [4] = "flush true" } do
            log, fails_at = {}, at
            sending.send({ status = 200, headers = { X = "1" }, body = "abcdefg" },
                { drip = { bytes = 3, interval = 1 } })
            assert.same({ at, last }, { #log, log[#log] })
        end
    end)

    it("is silence and then the end", function()
        sending.send({ silent_for = 9, status = 200 }, { truncate = 1 })
        assert.same({ "sleep 9", "exit 444" }, log)
        log = {}
        sending.close_without_answer()
        assert.same({ "exit 444" }, log)
    end)

    it("is repeated in blocks of 64 KiB at most, a text longer than that whole", function()
        local function lengths(text, times)
            log = {}
            sending.send({ status = 200, headers = {} }, { repeat_body = { text = text, times = times } })
            local list = {}
            for _, line in ipairs(log) do
                list[#list + 1] = line:find "^print" and #line - 6 or nil
            end
            return list
        end
        assert.same({ 65536, 65536, 1024 }, lengths(("x"):rep(1024), 129))
        assert.same({ 65536 }, lengths(("x"):rep(1024), 64))
        assert.same({ 70000, 70000 }, lengths(("x"):rep(70000), 2))
        assert.same({}, lengths("x", 0))
        fails_at = 2
        assert.same({ 65536 }, lengths(("x"):rep(1024), 129))
    end)
end)
