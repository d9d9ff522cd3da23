--- The private directory of one run: what is in it, and how it goes away.
-- Shared by the supervisor, which makes it, and by nginx, which removes it when the supervisor was killed. Both know
-- every file by name: nothing is ever removed by pattern.
-- @module dwsync.emulator.run_directory
local M = {}

--- Everything that may exist in the directory, files before the directories that hold them.
M.contents = {
    "nginx.conf", "nginx.pid", "error.log", "emulator.json",
    "ca.pem", "leaf.key", "good.pem", "expired.pem", "future.pem", "wronghost.pem", "unknown.pem",
    "bodies",
}

local OWNER_ONLY = tonumber("600", 8) -- the files hold keys, and copies of the directory may lose its mode

--- Writes one file, readable by its owner only, as is the directory. Needs luv, which nginx does not have.
-- @tparam string directory
-- @tparam string name one of @{contents}
-- @tparam string text
-- @treturn true|nil
-- @treturn ?string why not
function M.write(directory, name, text)
    local uv = require "luv"
    local path = directory .. "/" .. name
    local file, err = uv.fs_open(path, "wx", OWNER_ONLY)
    if not file then
        return nil, "cannot create " .. err
    end
    local written
    written, err = uv.fs_write(file, text)
    uv.fs_close(file)
    if written ~= #text then
        return nil, ("cannot write %s: %s"):format(path, err or "the disk is full")
    end
    return true
end

--- Removes the directory and what the emulator put there.
-- @tparam string directory
-- @treturn true|nil
-- @treturn ?string why the directory is still there
function M.remove(directory)
    for _, name in ipairs(M.contents) do
        os.remove(directory .. "/" .. name) -- absent is fine: a start that failed half-way wrote only some of them
    end
    return os.remove(directory)
end

return M
