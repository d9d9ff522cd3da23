--- What processes that use the same keys let each other know: methods of dwsync.request.key_guard.
-- @module dwsync.request.key_guard_exchange
local errors = require "dwsync.errors"

local Guard = {}

--- The keys that the service refused since it last accepted them, for other processes that use them.
-- @tparam function digest function(secret) → text that does not reveal it
-- @treturn {table,...} fit to be written as JSON
function Guard:refused(digest)
    local list = {}
    for _, state in pairs(self.states) do
        if state.refusals > 0 and state.last then
            local last = state.last
            list[#list + 1] = {
                ak = state.ak,
                site = state.site,
                sk_digest = state.sk and digest(state.sk) or state.sk_digest,
                refusals = state.refusals,
                blocked_until = state.blocked_until,
                blocked_date = state.blocked_date,
                used = state.used,
                last = { kind = last.kind, code = last.code, message = last.message, hint = last.hint },
            }
        end
    end
    return list
end

--- Takes over what another process learned; newer knowledge of this one stays.
-- @tparam {table,...} list what `refused` gave
-- @tparam function digest the same as there
function Guard:restore(list, digest)
    for _, entry in ipairs(list) do
        local site = entry.site or "" -- an older version's
        local id = self.id_of(entry.ak, site)
        local state = self.states[id]
        if not state or state.used < entry.used then
            self.states[id] = {
                ak = entry.ak,
                site = site,
                sk_digest = entry.sk_digest,
                digest = digest,
                refusals = entry.refusals,
                blocked_until = entry.blocked_until,
                blocked_date = entry.blocked_date,
                used = entry.used,
                last = errors.new(entry.last),
                outstanding = {},
            }
        end
    end
end

return Guard
