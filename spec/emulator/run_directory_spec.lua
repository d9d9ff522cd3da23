local directories = require "dwsync.emulator.run_directory"
local temporary = require "spec.support.temporary"
local uv = require "luv"

describe("the directory of a run", function()
    it("has files that only their owner can read", function()
        temporary.with_folder(function(folder)
            assert.is_true(directories.write(folder, "leaf.key", "secret"))
            assert.equal("600", ("%o"):format(uv.fs_stat(folder .. "/leaf.key").mode % 512))
            local written, why = directories.write(folder, "leaf.key", "another")
            assert.is_nil(written)
            assert.matches("^cannot create EEXIST: ", why)
        end)
    end)

    it("has none of its files open when they are written, or cannot be", function()
        local open, close, write, files = uv.fs_open, uv.fs_close, uv.fs_write, {}
        finally(function() uv.fs_open, uv.fs_close, uv.fs_write = open, close, write end)
        uv.fs_open = function(...)
            local file, err = open(...)
            files[file] = true
            return file, err
        end
        uv.fs_close = function(file)
            files[file] = nil
            return close(file)
        end
        temporary.with_folder(function(folder)
            assert.is_true(directories.write(folder, "ca.pem", "text"))
            uv.fs_write = function() return nil, "EIO" end
            assert.is_nil((directories.write(folder, "leaf.key", "text")))
            assert.same({}, files)
        end)
    end)

    it("says what went wrong with a file, or that the disk is full", function()
        local write = uv.fs_write
        finally(function() uv.fs_write = write end)
        temporary.with_folder(function(folder)
            for name, case in pairs { ["ca.pem"] = { { 3 }, "the disk is full" },
                ["leaf.key"] = { { nil, "EIO: i/o error" }, "EIO: i/o error" } } do
                uv.fs_write = function() return case[1][1], case[1][2] end
                assert.same({ nil, ("cannot write %s/%s: %s"):format(folder, name, case[2]) },
                    { directories.write(folder, name, "text") })
            end
        end)
    end)

    it("goes with all that the emulator put there, and stays for what it did not", function()
        temporary.with_folder(function(folder)
            local path = folder .. "/run"
            assert(uv.fs_mkdir(path, 448))
            assert(directories.write(path, "ca.pem", "text"))
            assert(directories.write(path, "a stranger's", "text"))
            assert.is_nil((directories.remove(path)))
            assert.is_nil(uv.fs_stat(path .. "/ca.pem"))
            assert(os.remove(path .. "/a stranger's"))
            assert.is_true(directories.remove(path))
            assert.is_nil(uv.fs_stat(path))
        end)
    end)

    it("knows every file by name, and removes no other", function()
        local names = { "nginx.conf", "nginx.pid", "error.log", "emulator.json", "ca.pem", "leaf.key", "good.pem",
            "expired.pem", "future.pem", "wronghost.pem", "unknown.pem" }
        for _, stranger in ipairs { false, "nginx.conf~", "bodies~" } do
            temporary.with_folder(function(folder)
                local path = folder .. "/run"
                assert(uv.fs_mkdir(path, 448))
                assert(uv.fs_mkdir(path .. "/bodies", 448))
                for _, name in ipairs(names) do
                    assert(directories.write(path, name, "text"))
                end
                if stranger then
                    assert(directories.write(path, stranger, "text"))
                end
                assert.equal(not stranger, directories.remove(path) == true)
                assert.equal(stranger ~= false, uv.fs_stat(path) ~= nil)
            end)
        end
    end)
end)
