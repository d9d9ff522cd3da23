--- A module that is loaded when something of it is first used.
-- The first result of a process waits for every module that is loaded before it: those that only messages and failures
-- need are taken this way on the path of a plain query. Not for modules that are called often: each use looks
-- through this table first.
-- @module dwsync.lazy

--- Stands for a module until something of it is used.
-- @function lazy
-- @tparam string name
-- @treturn table with everything of the module, which must not have a metatable of its own
return function(name)
    return setmetatable({}, {
        __index = function(self, key)
            local value = require(name)[key]
            self[key] = value
            return value
        end,
    })
end
