--- A file that is there whole or not at all: written beside its name, then renamed.
-- It must not replace anything but a regular file, nor what a stranger's link leads to.
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

-- A link stays a link: what it leads to is written. Looking that up goes round the kernel's protected_symlinks, so the
-- same holds here: in a folder like /tmp anybody could have laid the link, to a file that only we may write.
local function target_of(path)
    local link = uv.fs_lstat(path)
    if not link or link.type ~= "link" then
        return path
    end
    local folder = uv.fs_stat(path:match "^(.*/)[^/]*$" or ".") or {}
    if link.uid ~= 0 and link.uid ~= uv.getuid() and link.uid ~= folder.uid then
        return nil, "it is a link that somebody else made"
    end
    return uv.fs_realpath(path) or path
end

--- Writes a file atomically: readers see the old content or the new one.
-- @tparam string path @tparam string text
-- @treturn boolean true, or nil
-- @treturn string reason
function M.write(path, text)
    local target, foreign = target_of(path)
    if not target then
        return nil, foreign
    end
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
