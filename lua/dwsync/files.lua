--- Reading a small configuration file whole.
-- It must not be handed secrets to report: reasons name the file's state, never its content.
-- @module dwsync.files
local M = {}

local MAX_BYTES = 1024 * 1024
local NO_SUCH_FILE = 2 -- ENOENT

--- Reads a file.
-- @tparam string path
-- @treturn string text, or nil
-- @treturn string reason when it cannot be read
-- @treturn boolean whether there is no such file
function M.read(path)
    local file, reason, number = io.open(path, "rb")
    if not file then
        return nil, (reason:gsub("^.*: ", "")), number == NO_SUCH_FILE
    end
    local text, read_reason = file:read(MAX_BYTES + 1)
    file:close()
    if not text then
        -- Opening a directory succeeds on Linux; reading it is what fails. An empty file reads as nil, too.
        return read_reason == nil and "" or nil, read_reason, false
    elseif #text > MAX_BYTES then
        return nil, "larger than 1 MiB", false
    end
    return text
end

--- The permission bits of a file, where the system has them and luv is there to ask.
-- @tparam string path
-- @treturn integer such as 384 (octal 600), or nil when nobody can say
function M.mode(path)
    local found, uv = pcall(require, "luv")
    if not found or package.config:sub(1, 1) == "\\" then
        return nil
    end
    local stat = uv.fs_stat(path)
    return stat and stat.mode % 512 or nil
end

--- Whether a file can be read, whatever its size; for files that somebody else will read.
-- @tparam string path
-- @treturn boolean, or nil
-- @treturn string reason when it cannot
function M.is_readable(path)
    local file, reason = io.open(path, "rb")
    if not file then
        return nil, (reason:gsub("^.*: ", ""))
    end
    local _, read_reason = file:read(0) -- nil without a reason at the end of an empty file
    file:close()
    if read_reason then
        return nil, read_reason
    end
    return true
end

return M
