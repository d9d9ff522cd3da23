--- Whether the sources that someone relies on synchronised successfully not long ago. Pure.
-- It must not ask anybody: it judges the facts of a publication.
-- @module dwsync.nginx.freshness
local M = {}

local function is_meant(source, name)
    return name == nil or source.id == name or source.type == name or source.type == name:lower()
end

--- The sources that were asked for.
-- @tparam table facts of dwsync.nginx.shared.snapshot
-- @tparam table query optional `cluster` (an id), `source` (an id or a type)
-- @treturn {table,...} sources: {cluster = id, source = table}; for a cluster without any and if no source is named,
-- one without `source`
function M.select(facts, query)
    local found = {}
    for _, cluster in ipairs(facts.clusters) do
        if query.cluster == nil or cluster.id == query.cluster then
            local sources = cluster.sources or {}
            for _, source in ipairs(sources) do
                if is_meant(source, query.source) then
                    found[#found + 1] = { cluster = cluster.id, source = source }
                end
            end
            if #sources == 0 and not query.source then
                found[#found + 1] = { cluster = cluster.id }
            end
        end
    end
    return found
end

--- Judges them.
-- @tparam table facts
-- @tparam table query as for `select`, and `max_age` in seconds
-- @tparam number now seconds since the epoch
-- @treturn boolean whether the last success of each is at most so old
-- @treturn ?number age in seconds of the oldest of them; nil when one has none
-- @treturn ?string why they are not fresh
function M.judge(facts, query, now)
    local found = M.select(facts, query)
    if #found == 0 then
        return false, nil, "there is no such source"
    end
    local oldest = 0
    for _, item in ipairs(found) do
        local success = item.source and item.source.last_success
        if not success then
            return false, nil, item.source and ("source %s of cluster %s never synchronised successfully"):format(
                tostring(item.source.id), item.cluster) or ("cluster %s never synchronised"):format(item.cluster)
        end
        oldest = math.max(oldest, now - success / 1000)
    end
    if oldest > query.max_age then
        return false, oldest, ("the last success is %.0f s ago, more than %.0f s"):format(oldest, query.max_age)
    end
    return true, oldest
end

return M
