--- A file that is there whole or not at all: written beside its name, then renamed.
-- It must not replace anything but a regular file.
-- @module dwsync.whole_file
local uv = require "luv"

local M = {}

local FOR_EVERYBODY = tonumber("666", 8) -- the umask takes away from it
local PERMISSIONS = tonumber("1000", 8)

-- "EACCES: permission denied: PATH" without the code and the path, which is not the one that was asked for.
local function reason_of(message)
    return message:match "^[%u%d]+: ([^:]+)" or message
end

local function write_whole(path, old, text)
    local file, reason = uv.fs_open(path, "wx", FOR_EVERYBODY)
    if not file then
        return nil, reason
    end
    if old then
        uv.fs_fchmod(file, old.mode % PERMISSIONS)
    end
    local position = 0
    while position < #text do
        local written
        written, reason = uv.fs_write(file, text:sub(position + 1), -1)
        if not written then
            break
        end
        position = position + written
    end
    local flushed, why = uv.fs_fsync(file)
    uv.fs_close(file)
    return position == #text and flushed, reason or why
end

--- Writes a file atomically: readers see the old content or the new one.
-- @tparam string path @tparam string text
-- @treturn boolean true, or nil
-- @treturn string reason
function M.write(path, text)
    local target = uv.fs_realpath(path) or path -- a link stays a link
    local stat = uv.fs_stat(target)
    if stat and stat.type ~= "file" then
        return nil, "it is no regular file"
    end
    local beside = ("%s.%d.tmp"):format(target, uv.os_getpid())
    local written, reason = write_whole(beside, stat, text)
    if written then
        written, reason = uv.fs_rename(beside, target)
    end
    if not written then
        uv.fs_unlink(beside)
        return nil, reason_of(tostring(reason))
    end
    return true
end

return M
