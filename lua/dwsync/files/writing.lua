--- Writing of dwsync.files.
-- @module dwsync.files.writing
local M = {}

local FOR_EVERYBODY = tonumber("666", 8) -- less what the umask takes away
local PERMISSIONS = tonumber("1000", 8)
local MAX_LINKS = 40 -- Linux's own limit

-- "EACCES: permission denied: PATH" without the code and the path, which is not the one the caller named.
local function reason_of(message)
    return message:match "^[%u%d]+: ([^:]+)" or message
end

local function write_whole(uv, path, old, text, wanted)
    local mode = wanted or old and old.mode % PERMISSIONS or FOR_EVERYBODY
    local file, reason = uv.fs_open(path, "wx", mode)
    if not file then
        return nil, reason
    end
    if old or wanted then
        uv.fs_fchmod(file, mode) -- what the umask took away
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

-- A link stays a link: its target is written, and made if it is not there. Resolving links ourselves bypasses the
-- kernel's protected_symlinks, so its rule is applied here to each: in a folder like /tmp anybody may have made the
-- link, to a file that only we may write.
local function target_of(uv, path)
    for _ = 1, MAX_LINKS do
        local link = uv.fs_lstat(path)
        if not link or link.type ~= "link" then
            return path
        end
        local folder = path:match "^(.*/)[^/]*$" or ""
        local owner = (uv.fs_stat(folder == "" and "." or folder) or {}).uid
        if link.uid ~= 0 and link.uid ~= uv.getuid() and link.uid ~= owner then
            return nil, "it is a link made by another user"
        end
        local linked = uv.fs_readlink(path)
        path = linked:find "^/" and linked or folder .. linked
    end
    return nil, "too many symbolic links"
end

--- See dwsync.files.
function M.write(path, text, mode)
    local uv = require "luv"
    local stat = uv.fs_stat(path)
    if stat and stat.type ~= "file" then
        return nil, "not a regular file"
    end
    local target, reason = target_of(uv, path)
    if not target then
        return nil, reason
    end
    local beside = ("%s.%d.tmp"):format(target, uv.os_getpid())
    local written
    written, reason = write_whole(uv, beside, stat, text, mode)
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
