local files = require "dwsync.files"

local function with_file(content, use)
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write(content)
    file:close()
    local results = { pcall(use, path) }
    os.remove(path)
    assert(results[1], results[2])
end

describe("reading a file", function()
    it("gives every byte of it", function()
        local content = "a\r\nb\0c\255"
        with_file(content, function(path)
            assert.equal(content, files.read(path))
        end)
    end)

    it("gives an empty text for an empty file", function()
        with_file("", function(path)
            assert.equal("", files.read(path))
        end)
    end)

    it("accepts a file of exactly 1 MiB and refuses one byte more", function()
        with_file(("x"):rep(1048576), function(path)
            assert.equal(1048576, #files.read(path))
        end)
        with_file(("x"):rep(1048577), function(path)
            assert.same({ nil, "larger than 1 MiB", false }, { files.read(path) })
        end)
    end)

    it("tells a file that is not there from one that cannot be read", function()
        with_file("", function(path)
            local text, reason, missing = files.read(path .. ".not-there")
            assert.is_nil(text)
            assert.equal("No such file or directory", reason)
            assert.is_true(missing)
            text, reason, missing = files.read(path .. "/below-a-file")
            assert.is_nil(text)
            assert.equal("Not a directory", reason)
            assert.is_false(missing)
        end)
    end)

    it("says why not, even when files are collected meanwhile", function()
        for _ = 1, 100 do
            io.open "/dev/null" -- its finaliser resets errno
            assert.equal("Is a directory", (select(2, files.read "/")))
        end
    end)

    it("refuses a directory", function()
        local text, reason, missing = files.read "/"
        assert.is_nil(text)
        assert.equal("Is a directory", reason)
        assert.is_false(missing)
    end)

    it("gives a reason without the path, even when that holds a colon", function()
        local _, reason = files.read "/not-there: really: not/there"
        assert.equal("No such file or directory", reason)
    end)
end)

describe("the mode of a file", function()
    it("is its permission bits, or unknown when it is not there", function()
        with_file("x", function(path)
            assert(os.execute("chmod 640 " .. path))
            assert.equal(416, files.mode(path)) -- octal 640
        end)
        assert.is_nil(files.mode "/no/such/file")
    end)
end)

describe("a file that somebody else will read", function()
    it("is readable whatever its size, or empty", function()
        for _, content in ipairs { "", "x", ("x"):rep(2 * 1048576) } do
            with_file(content, function(path)
                assert.is_true(files.is_readable(path))
            end)
        end
    end)

    it("is not when it is missing or a directory, with the reason", function()
        assert.same({ nil, "Is a directory" }, { files.is_readable "/" })
        with_file("", function(path)
            assert.same({ nil, "No such file or directory" }, { files.is_readable(path .. ".not-there") })
        end)
    end)
end)
