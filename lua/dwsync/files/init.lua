--- Small files: read whole, written whole or not at all.
-- Reasons may name the file's state, never its content, which may be secret.
-- @module dwsync.files
local lazy = require "dwsync.lazy"

local M = lazy("dwsync.files.writing", {})

local MAX_BYTES = 1024 * 1024
local NO_SUCH_FILE = 2 -- ENOENT

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

--- Writes a file atomically: it is written beside its name, then renamed, so that readers see the old content or the
-- new one. Replaces only a regular file, and follows no link that a stranger could have made. Needs luv.
-- @function write
-- @tparam string path
-- @tparam string text
-- @tparam[opt] integer mode permission bits, such as 384 (octal 600); by default those of the file that is there
-- @treturn[1] boolean true
-- @treturn[2] nil
-- @treturn[2] string reason

return M
