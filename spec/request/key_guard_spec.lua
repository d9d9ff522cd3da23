local errors = require "dwsync.errors"
local key_guard = require "dwsync.request.key_guard"

local KEYS = { ak = "AK", sk = "hidden" }
local SITE = "https://dws.cn-north-4.myhuaweicloud.com"
local NOW = 1761389392
local REFUSED = errors.new { kind = "auth", code = "APIGW.0301", message = "verify aksk signature fail" }

local function refuse(guard, times, keys, now)
    for _ = 1, times do
        local ticket = assert(guard:enter(keys or KEYS, SITE, now or NOW, NOW + 30))
        guard:leave(ticket, now or NOW, false, REFUSED, now or NOW)
    end
end

-- What a process that shares nothing but a text is told.
local function handed_on(guard, other)
    local function digest(secret)
        return "digest of " .. #secret .. secret:sub(-1)
    end
    local list = guard:refused(digest)
    other = other or key_guard.new()
    other:restore(list, digest)
    return other, list
end

describe("refusals that are handed on", function()
    it("give way to what a process knows itself from then on, and are only those that count", function()
        for later, blocked in pairs { [-1] = true, [0] = false, [1] = false } do
            local guard, other = key_guard.new(), key_guard.new()
            refuse(guard, 3)
            other:leave(assert(other:enter(KEYS, SITE, NOW + later, NOW + 30)), NOW + later, true)
            handed_on(guard, other)
            assert.equal(blocked, other:enter(KEYS, SITE, NOW + 2, NOW + 30) == nil, later)
        end
        local guard = key_guard.new()
        local ticket = assert(guard:enter(KEYS, SITE, NOW, NOW + 30))
        assert.same({}, (select(2, handed_on(guard))))
        guard:leave(ticket, NOW, false, REFUSED, NOW)
        assert.equal(1, #(select(2, handed_on(guard))))
        guard:leave(assert(guard:enter(KEYS, SITE, NOW, NOW + 30)), NOW, true)
        assert.same({}, (select(2, handed_on(guard))))
    end)

    it("block the key in the other process, too, and never hold the secret", function()
        local guard = key_guard.new()
        refuse(guard, 3)
        local other, list = handed_on(guard)
        local ticket, err = other:enter(KEYS, SITE, NOW + 1, NOW + 30)
        assert.is_nil(ticket)
        assert.equal("auth", err.kind)
        assert.equal("AK", list[1].ak)
        assert.equal("digest of 6n", list[1].sk_digest)
        assert.is_truthy(other:enter(KEYS, SITE, NOW + 300, NOW + 330))
    end)

    it("count on, so that all processes together stop in time", function()
        local guard = key_guard.new()
        refuse(guard, 2)
        local other = handed_on(guard)
        refuse(other, 1)
        assert.is_nil((other:enter(KEYS, SITE, NOW, NOW + 30)))
    end)

    it("leave one try to a corrected secret", function()
        local guard = key_guard.new()
        refuse(guard, 3)
        local other = handed_on(guard)
        local corrected = { ak = "AK", sk = "another" }
        assert.is_truthy(other:enter(corrected, SITE, NOW + 1, NOW + 30))
        assert.is_nil((other:enter(corrected, SITE, NOW + 1, NOW + 30)))
    end)

    it("are none once the key was taken, and replace nothing that is newer", function()
        local guard = key_guard.new()
        refuse(guard, 2)
        local newer = key_guard.new()
        refuse(newer, 1, KEYS, NOW + 10)
        guard:leave(assert(guard:enter(KEYS, SITE, NOW + 20, NOW + 50)), NOW + 20, true)
        assert.same({}, guard:refused(tostring))
        handed_on(newer, guard)
        assert.same({}, guard:refused(tostring))
    end)
end)

describe("a key that is refused", function()
    it("is not used any more after the third time in a row, for five minutes", function()
        local guard = key_guard.new()
        refuse(guard, 3)
        for _, now in ipairs { NOW, NOW + 299.9 } do
            local ticket, err = guard:enter(KEYS, SITE, now, now + 30)
            assert.is_nil(ticket)
            assert.equal("auth", err.kind)
            assert.equal("APIGW.0301", err.code)
            assert.equal(REFUSED, err.cause)
            assert.is_false(err.retryable)
            assert.equal("access key AK was refused 3 times in a row (verify aksk signature fail); nothing is sent "
                .. "with it until 2025-10-25T10:54:52.000Z", err.message)
            assert.matches("^Check the secret key", err.hint)
            assert.is_nil(tostring(err):find("hidden", 1, true))
        end
        assert.is_truthy(guard:enter(KEYS, SITE, NOW + 300, NOW + 330))
    end)

    it("may be tried once after the pause, and not again when that fails", function()
        local guard = key_guard.new()
        refuse(guard, 3)
        refuse(guard, 1, KEYS, NOW + 300)
        local ticket, err = guard:enter(KEYS, SITE, NOW + 599, NOW + 600)
        assert.is_nil(ticket)
        assert.matches("was refused 3 times", err.message)
    end)

    it("starts anew with each success", function()
        local guard = key_guard.new()
        for _ = 1, 5 do
            refuse(guard, 2)
            guard:leave(assert(guard:enter(KEYS, SITE, NOW, NOW + 30)), NOW, true)
        end
    end)

    it("is not counted when nobody can say what came of it", function()
        local guard = key_guard.new()
        for _ = 1, 10 do
            guard:leave(assert(guard:enter(KEYS, SITE, NOW, NOW + 30)), NOW)
        end
    end)

    it("is the same at all regions of a site, under .com and under .cn, and another one elsewhere", function()
        for endpoint, same in pairs { ["https://dws.cn-north-12.myhuaweicloud.cn"] = true,
            ["https://iam.myhuaweicloud.cn"] = true, ["https://iam.cn-east-3.myhuaweicloud.com"] = true,
            ["https://dws.eu-west-101.myhuaweicloud.eu"] = false, ["https://dws.example"] = false } do
            local guard = key_guard.new()
            refuse(guard, 3)
            assert.equal(not same, guard:enter(KEYS, endpoint, NOW, NOW + 30) ~= nil, endpoint)
        end
    end)

    it("does not stop other keys", function()
        local guard = key_guard.new()
        refuse(guard, 3)
        assert.is_truthy(guard:enter({ ak = "OTHER", sk = "hidden" }, SITE, NOW, NOW + 30))
    end)

    it("may be tried once with a corrected secret", function()
        local guard = key_guard.new()
        refuse(guard, 3)
        local corrected = { ak = "AK", sk = "hidden too" }
        local ticket = assert(guard:enter(corrected, SITE, NOW, NOW + 30))
        assert.is_nil(guard:enter(corrected, SITE, NOW, NOW + 30))
        guard:leave(ticket, NOW, true)
        assert.is_truthy(guard:enter(corrected, SITE, NOW, NOW + 30))
    end)

    it("tells of the clock when that is what was refused", function()
        local guard = key_guard.new()
        local late = errors.new { kind = "clock", message = "signature expired" }
        for _ = 1, 3 do
            guard:leave(assert(guard:enter(KEYS, SITE, NOW, NOW + 30)), NOW, false, late, NOW)
        end
        local _, err = guard:enter(KEYS, SITE, NOW, NOW + 30)
        assert.equal("clock", err.kind)
        assert.equal(late.hint, err.hint)
    end)

    it("is tried again when someone forgets the refusals", function()
        local guard = key_guard.new()
        refuse(guard, 3)
        guard:forget()
        assert.is_truthy(guard:enter(KEYS, SITE, NOW, NOW + 30))
    end)
end)

describe("a key that nothing proves yet", function()
    it("has no more requests under way than refusals are left", function()
        local guard = key_guard.new()
        local tickets = {}
        for i = 1, 3 do
            tickets[i] = assert(guard:enter(KEYS, SITE, NOW, NOW + 30))
        end
        local ticket, err = guard:enter(KEYS, SITE, NOW, NOW + 30)
        assert.is_nil(ticket)
        assert.is_nil(err)
        guard:leave(tickets[1], NOW, false, REFUSED, NOW)
        assert.is_nil(guard:enter(KEYS, SITE, NOW, NOW + 30))
        guard:leave(tickets[2], NOW, true)
        for _ = 1, 100 do
            assert.is_truthy(guard:enter(KEYS, SITE, NOW, NOW + 30))
        end
    end)

    it("gets back the place of a request that was dropped", function()
        local guard = key_guard.new()
        for _ = 1, 3 do
            guard:enter(KEYS, SITE, NOW, NOW + 30)
        end
        assert.is_nil(guard:enter(KEYS, SITE, NOW + 29, NOW + 60))
        assert.is_truthy(guard:enter(KEYS, SITE, NOW + 30, NOW + 60))
    end)

    it("is forgotten after a day without use", function()
        local guard = key_guard.new()
        for i = 1, 99 do
            guard:enter({ ak = "AK" .. i, sk = "s" }, SITE, NOW, NOW + 30)
        end
        guard:enter({ ak = "AK98", sk = "s" }, SITE, NOW + 1, NOW + 30)
        guard:enter(KEYS, SITE, NOW + 86401, NOW + 86431)
        local kept = {}
        for _, state in pairs(guard.states) do
            kept[#kept + 1] = state.ak
        end
        table.sort(kept)
        assert.same({ "AK", "AK98" }, kept)
    end)

    it("has its site read out of an address once, for a few addresses at a time", function()
        local find, guard = string.match, key_guard.new()
        local function enter(first, last)
            local read = 0
            string.match = function(...) -- luacheck: ignore
                read = read + 1
                return find(...)
            end
            for i = first, last do
                guard:enter(KEYS, ("https://h%d.example.org"):format(i), NOW, NOW + 30)
            end
            string.match = find -- luacheck: ignore
            return read
        end
        local each = enter(1, 1)
        assert.equal(0, enter(1, 1))
        assert.equal(199 * each, enter(2, 200))
        assert.equal(0, enter(200, 200))
        assert.equal(each, enter(1, 1))
    end)
end)
