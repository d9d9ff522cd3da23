local settled_file = require "dwsync.credentials.settled_file"

local function is_whole(text)
    return text:find "\n$" ~= nil
end

-- A file whose readings are given in turn, false for one that is not there; the last one stays.
local function world(...)
    local made = { clock = 1000, slept = 0, read = 0, list = { ... } }
    made.context = {
        readings = {},
        runtime = {
            monotonic = function() return made.clock end,
            sleep = function(seconds)
                made.slept, made.clock = made.slept + 1, made.clock + seconds
            end,
        },
        read_file = function()
            made.read = made.read + 1
            local text = made.list[math.min(made.read, #made.list)]
            if text then
                return text
            end
            return nil, "No such file or directory", true
        end,
    }
    function made.get(timeout)
        return settled_file.read(made.context, "/f", is_whole, { deadline = made.clock + (timeout or 60) })
    end
    return made
end

describe("a file that others rewrite", function()
    it("is read once while it stays the same, and the first time", function()
        local made = world("one\n", "one\n", "one\n")
        assert.equal("one\n", made.get())
        assert.equal("one\n", made.get())
        assert.equal("half", world("half").get())
        assert.same({ 2, 0 }, { made.read, made.slept })
    end)

    it("is read again after a moment when it changed, until it is whole and stays as it is", function()
        for _, halves in ipairs { { "" }, { "t" }, { false }, { "", "t", "tw" }, { "torn\n" } } do
            local made = world("one\n", (table.unpack or unpack)(halves)) -- luacheck: ignore 113
            made.list[#made.list + 1] = "two\n"
            assert.equal("one\n", made.get())
            assert.equal("two\n", made.get())
            assert.equal(#halves + 1, made.slept)
            assert.equal("two\n", made.get())
            assert.equal(#halves + 1, made.slept)
        end
    end)

    it("is taken as it is when it stays half for a second, and is not waited for again", function()
        for _, half in ipairs { "", "half", false } do
            local made = world("one\n", half)
            made.get()
            local text, reason, missing = made.get()
            assert.same({ half or nil, not half and "No such file or directory" or nil, not half or nil },
                { text, reason, missing })
            assert.is_true(made.clock >= 1001 and made.clock < 1001.1)
            local slept = made.slept
            assert.equal(half or nil, (made.get()))
            assert.equal(slept, made.slept)
            assert.equal("one\n", settled_file.last_whole(made.context, "/f"))
        end
    end)

    it("is not waited for beyond the deadline", function()
        local made = world("one\n", "half")
        made.get()
        assert.equal("half", made.get(0.12))
        assert.equal(3, made.slept)
    end)

    it("was never whole as long as nothing whole was read", function()
        local made = world("half", "other half")
        made.get()
        assert.equal("other half", made.get())
        assert.equal(0, made.slept)
        assert.is_nil(settled_file.last_whole(made.context, "/f"))
    end)
end)
