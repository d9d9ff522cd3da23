--- Brings a history that is there, with its parts, to the present schema.
-- @module dwsync.history.migration
local connection = require "dwsync.history.connection"
local schema = require "dwsync.history.schema"

local M = {}

local function with(target, options, caller, work)
    return connection.open(target, options or {}, caller, function(context, engine)
        local result, err = work(context, engine)
        engine:close()
        return result, err
    end)
end

--- What has to be done.
-- @tparam string target see dwsync.history.open
-- @tparam {table,...} parts see dwsync.history.schema
-- @tparam[opt] table options of dwsync.history.open; nothing is changed
-- @treturn ?{table,...} see dwsync.history.schema.plan
-- @treturn dwsync.error
function M.plan(target, parts, options)
    local only_read = { readonly = true }
    for name, value in pairs(options or {}) do
        only_read[name] = value
    end
    return with(target, only_read, "migration.plan", function(context, engine)
        return schema.plan(context, engine, parts)
    end)
end

--- Does it, in one transaction.
-- @tparam string target
-- @tparam {table,...} parts
-- @tparam[opt] table options
-- @treturn ?boolean
-- @treturn dwsync.error
function M.run(target, parts, options)
    return with(target, options, "migration.run", function(context, engine)
        return schema.migrate(context, engine, parts)
    end)
end

return M
