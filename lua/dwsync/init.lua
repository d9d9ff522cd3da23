--- dwsync: how the identity-source synchronisations of a Huawei Cloud DWS cluster went, as Lua tables.
-- Requiring it does no I/O, reads no environment and never yields.
-- @module dwsync
-- @usage
-- local dwsync = require "dwsync"
-- local client = assert(dwsync.new{ region = "cn-north-4" })
-- for record in client:sync_records{ cluster_id = id } do print(record.status, record.fail_reason) end
local client = require "dwsync.client"
local core = require "dwsync.core"
local errors = require "dwsync.errors"

local M = {}

--- Makes a client: see dwsync.client.new.
-- @function new
M.new = client.new

--- Runs many functions at the same time: see dwsync.runtime.concurrent.gather.
-- @function gather
function M.gather(functions, options)
    -- A tail call, so that errors blame the caller's line.
    return require("dwsync.runtime.concurrent").gather(functions, options)
end

--- Whether a value is an error object of dwsync.
-- @function is_error
M.is_error = errors.is

--- The version, "0.1.0".
M.version = core.version

return M
