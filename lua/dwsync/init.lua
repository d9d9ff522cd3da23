--- dwsync: how the identity-source synchronisations of Huawei Cloud DWS clusters went, as Lua tables.
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

--- Makes a client. Reads the environment and configuration files, contacts nothing.
-- @function new
-- @tparam[opt] dwsync.client.options given options
-- @treturn[1] dwsync.client
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "config"
-- @raise for unknown options
-- @usage local client = assert(dwsync.new{ region = "cn-north-4" })
M.new = client.new

--- Runs functions at the same time, each in blocking style; a client works unchanged inside them.
-- @function gather
-- @tparam {function,...} functions each returns a result, or nil and an error
-- @tparam[opt] table options
-- @tparam[opt=32] integer options.concurrency how many run at once, 1 to 1024
-- @tparam[opt] function():?boolean options.stop called about four times a second and whenever something arrives: when
-- it returns true, unfinished functions fail with the error {kind = "cancelled"}; not called in nginx's event loop
-- @tparam[opt=false] boolean options.shared keeps connections open for the process's next gather, in any thread
-- @treturn {[integer]=any} results by position in `functions`; nil where one failed
-- @treturn {[integer]=any} errors by position: what a function returned behind nil, or raised
-- @raise for unknown options and values out of range
-- @usage
-- local lists, errs = dwsync.gather { function() return client:all_sync_records { cluster_id = id } end }
function M.gather(functions, options)
    -- A tail call, so that errors blame the caller's line.
    return require("dwsync.runtime.concurrent").gather(functions, options)
end

--- Whether a value is an error object of dwsync.
-- @function is_error
-- @tparam any value
-- @treturn boolean
M.is_error = errors.is

--- The version, such as "0.2.0".
-- @tfield string version
M.version = core.version

return M
