--- Folders that are gone after a test.
-- It must not delete what it did not make.
local processes = require "spec.support.processes"
local uv = require "luv"

local M = {}

--- Calls a function with the path of a fresh folder; removes the folder afterwards, whatever happened.
-- @tparam function use
function M.with_folder(use)
    local folder = assert(uv.fs_mkdtemp "/tmp/dwsync-spec-XXXXXX")
    local good, reason = pcall(use, folder)
    processes.run("rm -rf " .. processes.quoted(folder))
    if not good then
        error(reason, 0)
    end
end

return M
