--- A shared dict of nginx's, as a table: the methods that dwsync uses, with a clock and a capacity of the spec's.
-- It must never evict: dwsync asks for the methods that do not.
local M = {}

local Dict = {}
Dict.__index = Dict

--- @tparam[opt] table options `capacity` in bytes of keys and values (a million), `now`: function
-- @treturn table
function M.new(options)
    options = options or {}
    return setmetatable({ entries = {}, size = options.capacity or 1000000, now = options.now or function()
        return 0
    end }, Dict)
end

local function live(self, key)
    local entry = self.entries[key]
    if entry and entry.till and entry.till <= self.now() then
        self.entries[key] = nil
        return nil
    end
    return entry
end

local function used(self)
    local bytes = 0
    for key, entry in pairs(self.entries) do
        bytes = bytes + #key + #tostring(entry.value)
    end
    return bytes
end

function Dict:get(key)
    local entry = live(self, key)
    return entry and entry.value
end

-- As nginx does it: what was there goes first, also when the new value then finds no room.
function Dict:safe_set(key, value, seconds)
    self.entries[key] = nil
    if value == nil then
        return true
    elseif used(self) + #key + #tostring(value) > self.size then
        return nil, "no memory"
    end
    self.entries[key] = { value = value, till = seconds and self.now() + seconds }
    return true
end

function Dict:safe_add(key, value, seconds)
    if live(self, key) then
        return false, "exists"
    end
    return self:safe_set(key, value, seconds)
end

function Dict:ttl(key)
    local entry = live(self, key)
    if not entry then
        return nil, "not found"
    end
    return entry.till and entry.till - self.now() or 0
end

function Dict:delete(key)
    self.entries[key] = nil
end

function Dict:incr(key, value, init)
    local entry = live(self, key)
    if not entry and not init then
        return nil, "not found"
    end
    local number = (entry and entry.value or init) + value
    local good, err = self:safe_set(key, number)
    return good and number, err
end

function Dict:get_keys(most)
    local keys = {}
    most = most == 0 and math.huge or most or 1024
    for key in pairs(self.entries) do
        keys[#keys + 1] = #keys < most and key or nil
    end
    return keys
end

function Dict:capacity()
    return self.size
end

function Dict:free_space()
    return self.size - used(self)
end

return M
