--- A module that is loaded when something of it is first used.
-- The first result of a process waits for every module that is loaded before it: those that only messages and failures
-- need are taken this way on the path of a plain query. Not for modules that are called often: each use looks
-- through this table first.
-- @module dwsync.lazy
-- @usage local text = lazy "dwsync.text"
local M = {}

local waiting = {} -- names of modules that are not loaded yet, as keys

--- Loads what was taken lazily so far, and what that takes: for a process that must not read files later on.
function M.load()
    local name = next(waiting)
    while name do
        waiting[name] = nil
        require(name)
        name = next(waiting)
    end
end

--- What a call of this module does: stands for a module until something of it is used.
-- @tparam table _ this module
-- @tparam string name
-- @tparam[opt] table own a module to which the other one adds what is seldom needed; by default an empty table
-- @treturn table `own`, with everything of the module besides
local function take(_, name, own)
    if not package.loaded[name] then
        waiting[name] = true
    end
    return setmetatable(own or {}, {
        __index = function(self, key)
            waiting[name] = nil
            local value = require(name)[key]
            self[key] = value
            return value
        end,
    })
end

return setmetatable(M, { __call = take })
