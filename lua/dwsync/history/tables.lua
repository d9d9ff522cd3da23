--- Tables of other rooms beside the records: in the same database, by the same engines and transactions.
-- @module dwsync.history.tables
local identity = require "dwsync.history.identity"
local schema = require "dwsync.history.schema"
local transaction = require "dwsync.history.transaction"

local M = {}

--- Makes the tables of a part, or brings them to the present version.
-- @tparam dwsync.history.store store
-- @tparam table part see dwsync.history.schema
-- @treturn ?integer version; 0 where there are none and the history is readonly
-- @treturn dwsync.error
function M.extend(store, part)
    return schema.extend(store.context, store.engine, part)
end

--- Runs work in one transaction.
-- @tparam dwsync.history.store store
-- @tparam string mode "read" or "write"
-- @tparam ?string cluster_id whose other writers are excluded
-- @tparam function work see dwsync.history.transaction
-- @return its result, or nil, err
function M.run(store, mode, cluster_id, work)
    return transaction.run(store.context, store.engine, mode, cluster_id and identity.cell(cluster_id), work)
end

return M
