--- Small files: read whole, written whole or not at all.
-- Reasons may name the file's state, never its content, which may be secret.
-- @module dwsync.files
local M = {}

local MAX_BYTES = 1024 * 1024
local NO_SUCH_FILE = 2 -- ENOENT
local FOR_EVERYBODY = tonumber("666", 8) -- less what the umask takes away
local PERMISSIONS = tonumber("1000", 8)
local MAX_LINKS = 40 -- Linux's own limit

-- Opening a directory succeeds on Linux; reading it is what fails. Nothing is read yet: Lua 5.5 loses the reason if it
-- collects garbage to make room for the content.
local function open(path)
    local file, reason, number = io.open(path, "rb")
    if not file then
        return nil, (reason:gsub("^.*: ", "")), number == NO_SUCH_FILE
    end
    local _, read_reason = file:read(0) -- nil without a reason at the end of an empty file
    if read_reason then
        file:close()
        return nil, read_reason, false
    end
    return file
end

--- Reads a file of at most 1 MiB.
-- @tparam string path
-- @treturn[1] string text
-- @treturn[2] nil
-- @treturn[2] string reason
-- @treturn[2] boolean whether the file does not exist
function M.read(path)
    local file, reason, missing = open(path)
    if not file then
        return nil, reason, missing
    end
    local text, read_reason = file:read(MAX_BYTES + 1)
    file:close()
    if not text then
        return read_reason == nil and "" or nil, read_reason -- an empty file reads as nil, too
    elseif #text > MAX_BYTES then
        return nil, "larger than 1 MiB", false
    end
    return text
end

--- The permission bits of a file, where the system has them and luv is there to ask.
-- @tparam string path
-- @treturn ?integer such as 384 (octal 600); nil when they are not known
function M.mode(path)
    local found, uv = pcall(require, "luv")
    if not found or package.config:sub(1, 1) == "\\" then
        return nil
    end
    local stat = uv.fs_stat(path)
    return stat and stat.mode % 512 or nil
end

--- Whether a file of any size can be read; for files that another library will read.
-- @tparam string path
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string reason
function M.is_readable(path)
    local file, reason = open(path)
    if not file then
        return nil, reason
    end
    file:close()
    return true
end

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

--- Writes a file atomically: it is written beside its name, then renamed, so that readers see the old content or the
-- new one. Replaces only a regular file, and follows no link that a stranger could have made. Needs luv.
-- @tparam string path
-- @tparam string text
-- @tparam[opt] integer mode permission bits, such as 384 (octal 600); by default those of the file that is there
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string reason
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
