local files = require "dwsync.files"
local processes = require "spec.support.processes"
local uv = require "luv"

local MODES = { [384] = "600", [416] = "640", [292] = "444", [511] = "777" }

local folder
before_each(function()
    folder = assert(uv.fs_mkdtemp "/tmp/dwsync-spec-XXXXXX")
end)
after_each(function()
    processes.run("rm -rf " .. processes.quoted(folder))
end)

local function content(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

local function make(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
end

local function names()
    local list = {}
    local scan = assert(uv.fs_scandir(folder))
    for name in function() return uv.fs_scandir_next(scan) end do
        list[#list + 1] = name
    end
    table.sort(list)
    return list
end

-- Writes with some of luv's functions replaced.
local function write_with(replaced, ...)
    package.loaded.luv = setmetatable(replaced, { __index = uv })
    local results = { pcall(files.write, ...) }
    package.loaded.luv = uv
    assert(results[1], results[2])
    return results[2], results[3]
end

describe("writing a file", function()
    it("makes it with the mode that any new file has, or with the one that is wished", function()
        make(folder .. "/any", "")
        assert.is_true(files.write(folder .. "/new", "a\r\nb\0c\255"))
        assert.equal("a\r\nb\0c\255", content(folder .. "/new"))
        assert.equal(files.mode(folder .. "/any"), files.mode(folder .. "/new"))
        for mode in pairs(MODES) do
            assert.is_true(files.write(folder .. "/new", "x", mode))
            assert.equal(mode, files.mode(folder .. "/new"))
        end
        assert.is_true(files.write(folder .. "/other", "", 511))
        assert.same({ "", 511 }, { content(folder .. "/other"), files.mode(folder .. "/other") })
        assert.same({ "any", "new", "other" }, names())
    end)

    it("replaces the content of one that is there, and keeps its mode", function()
        for mode, octal in pairs(MODES) do
            make(folder .. "/old", "before")
            assert(os.execute(("chmod %s %s/old"):format(octal, folder)))
            assert.is_true(files.write(folder .. "/old", "after"))
            assert.same({ "after", mode }, { content(folder .. "/old"), files.mode(folder .. "/old") })
            os.remove(folder .. "/old")
        end
    end)

    it("keeps links, and makes what they lead to", function()
        assert(uv.fs_mkdir(folder .. "/below", 448))
        assert(uv.fs_symlink("to", folder .. "/below/near"))
        assert(uv.fs_symlink(folder .. "/below/near", folder .. "/far"))
        for _, text in ipairs { "first", "second" } do
            assert.is_true(files.write(folder .. "/far", text))
            assert.equal(text, content(folder .. "/below/to"))
        end
        assert.same({ "link", "link" }, { uv.fs_lstat(folder .. "/far").type,
            uv.fs_lstat(folder .. "/below/near").type })
        assert.same({ "below", "far" }, names())
    end)

    it("follows 39 links, and no more", function()
        make(folder .. "/0", "")
        for i = 1, 40 do
            assert(uv.fs_symlink(tostring(i - 1), folder .. "/" .. i))
        end
        assert.is_true(files.write(folder .. "/39", "x"))
        assert.equal("x", content(folder .. "/0"))
        assert.same({ nil, "too many symbolic links" }, { files.write(folder .. "/40", "y") })
        assert.equal("x", content(folder .. "/0"))
    end)

    it("follows no link that a stranger could have made", function()
        assert(uv.fs_symlink("to", folder .. "/link"))
        for _, case in ipairs {
            -- of the link, of its folder, ours; whether it is followed
            { 7, 7, 8, true }, { 7, 8, 7, true }, { 0, 7, 8, true }, { 7, 8, 9, false }, { 7, 0, 8, false },
            { 1, 7, 8, false },
        } do
            local good, reason = write_with({
                fs_lstat = function(path)
                    local stat = uv.fs_lstat(path)
                    if stat then
                        stat.uid = case[1]
                    end
                    return stat
                end,
                fs_stat = function(path)
                    local stat = uv.fs_stat(path)
                    if stat and path == folder .. "/" then
                        stat.uid = case[2]
                    end
                    return stat
                end,
                getuid = function() return case[3] end,
            }, folder .. "/link", "x")
            assert.equal(case[4] or nil, good)
            assert.equal(not case[4] and "it is a link made by another user" or nil, reason)
            assert.equal(case[4], os.remove(folder .. "/to") ~= nil)
        end
    end)

    it("takes a link without a folder in its name for one of the working directory", function()
        local asked = {}
        local good, reason = write_with({
            fs_lstat = function(path)
                return path == "dwsync-link" and { type = "link", uid = 7 } or nil
            end,
            fs_stat = function(path)
                asked[#asked + 1] = path
                return path == "." and { uid = 8, type = "directory" } or nil
            end,
            getuid = function() return 9 end,
        }, "dwsync-link", "x")
        assert.same({ nil, "it is a link made by another user" }, { good, reason })
        assert.same({ "dwsync-link", "." }, asked)
    end)

    it("replaces nothing but a regular file", function()
        assert.same({ nil, "not a regular file" }, { files.write(folder, "x") })
        assert.same({ nil, "not a regular file" }, { files.write("/dev/null", "x") })
    end)

    it("goes on where a part was written", function()
        local parts = {}
        assert.is_true(write_with({
            fs_write = function(file, text, offset)
                parts[#parts + 1] = text .. offset
                return uv.fs_write(file, text:sub(1, 2), offset)
            end,
        }, folder .. "/new", "abcde"))
        assert.same({ "abcde-1", "cde-1", "e-1" }, parts)
        assert.equal("abcde", content(folder .. "/new"))
    end)

    it("leaves the old content and nothing beside it when a step fails, and says why without a path", function()
        make(folder .. "/old", "before")
        for _, name in ipairs { "fs_open", "fs_write", "fs_fsync", "fs_rename" } do
            local opened, closed = nil, nil
            local replaced = {
                fs_open = function(...)
                    opened = uv.fs_open(...)
                    return opened
                end,
                fs_close = function(file)
                    closed = file
                    return uv.fs_close(file)
                end,
            }
            replaced[name] = function()
                return nil, "ENOSPC: no space left on device: " .. folder .. "/old.1.tmp", "ENOSPC"
            end
            assert.same({ nil, "no space left on device" }, { write_with(replaced, folder .. "/old", "after") })
            assert.equal(opened, closed)
            assert.same({ "old" }, names())
            assert.equal("before", content(folder .. "/old"))
        end
        assert.same({ nil, "no such file or directory" }, { files.write(folder .. "/not/there", "x") })
        assert.same({ nil, "it broke" }, { write_with({ fs_open = function()
            return nil, "it broke"
        end }, folder .. "/old", "after") })
    end)

    it("writes beside the target, under a name of its own process", function()
        local path
        write_with({ fs_open = function(...)
            path = ...
            return uv.fs_open(...)
        end }, folder .. "/new", "x")
        assert.equal(("%s/new.%d.tmp"):format(folder, uv.os_getpid()), path)
    end)
end)
