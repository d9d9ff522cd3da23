--- Which clusters are meant by names, ids and patterns such as "prod-*".
-- A UUID is an id and taken as it is. Any other word is looked for among the names and ids of one source after another:
-- a configuration, saved records, the service. It must not ask a source before those in front of it are exhausted.
-- @module dwsync.cluster_names
local checks = require "dwsync.checks"
local display = require "dwsync.text"

local M = {}

local MAX_SHOWN = 10
local WIDTH = 64 -- the longest name of a cluster

local FOUR = "%x%x%x%x"
local UUID = "^" .. FOUR .. FOUR .. ("%-" .. FOUR):rep(4) .. FOUR .. FOUR .. "$"

--- Whether a word is an id whatever clusters there are.
-- @tparam string word
-- @treturn boolean
function M.is_uuid(word)
    return word:find(UUID) ~= nil
end

--- Whether a word stands for several clusters.
-- @tparam string word
-- @treturn boolean
function M.is_pattern(word)
    return word:find "[*?]" ~= nil
end

--- A cluster as messages name it: its name and id, or its id alone.
-- @tparam {id=string,name=?string} cluster
-- @treturn string
function M.shown(cluster)
    local id = display.excerpt(tostring(cluster.id), WIDTH)
    if not cluster.name or cluster.name == "" or cluster.name == cluster.id then
        return id
    end
    return ("%s (%s)"):format(display.excerpt(tostring(cluster.name), WIDTH), id)
end

--- The sources of a look-up: the names of a configuration, if it has any, then another source.
-- @tparam {[string]=string} ids by name
-- @tparam[opt] table last see `one`
-- @treturn {table,...}
function M.sources(ids, last)
    local list = {}
    for i, name in ipairs(checks.names(ids)) do
        list[i] = { id = ids[name], name = name }
    end
    return list[1] and { { place = "in the configuration", list = list }, last } or { last }
end

--- The clusters that have a word as their name or id.
-- @tparam string word
-- @tparam {{id=string,name=?string},...} list
-- @treturn {{id=string,name=?string},...} more than one when the word is ambiguous
function M.named(word, list)
    local found, seen = {}, {}
    for _, cluster in ipairs(list) do
        if (cluster.id == word or cluster.name == word) and not seen[cluster.id] then
            found[#found + 1], seen[cluster.id] = cluster, true
        end
    end
    return found
end

-- ---- what is wrong ---------------------------------------------------------------------------------

-- "a, b, c and 4 more"
local function enumerate(texts)
    local shown = math.min(#texts, MAX_SHOWN)
    local more = #texts > shown and (" and %d more"):format(#texts - shown) or ""
    return table.concat(texts, ", ", 1, shown) .. more
end

local function names_of(sources)
    local names, seen = {}, {}
    for _, source in ipairs(sources) do
        for _, cluster in ipairs(source.list or {}) do
            local name = tostring(cluster.name or cluster.id)
            if not seen[name] then
                names[#names + 1], seen[name] = display.excerpt(name, WIDTH), true
            end
        end
    end
    table.sort(names)
    return names
end

local function places_of(sources)
    local places = {}
    for i, source in ipairs(sources) do
        places[i] = source.place
    end
    return table.concat(places, " and ")
end

local function unknown(word, sources)
    local names, places = names_of(sources), places_of(sources)
    local message = M.is_pattern(word) and "no cluster matches '%s' %s%s" or "unknown cluster '%s', looked for %s%s"
    return {
        kind = "config",
        message = message:format(display.excerpt(word, WIDTH), places, checks.guess(word, names)),
        hint = #names > 0 and ("The clusters are %s."):format(enumerate(names))
            or "There are no clusters there.",
    }
end

local function ambiguous(word, found, source)
    local shown = {}
    for i, cluster in ipairs(found) do
        shown[i] = M.shown(cluster)
    end
    return {
        kind = "config",
        message = ("%d clusters are called '%s' %s: %s"):format(#found, display.excerpt(word, WIDTH), source.place,
            enumerate(shown)),
        hint = "Name the one that is meant by its id.",
    }
end

-- ---- choosing ----------------------------------------------------------------------------------------

-- The clusters of a source, read once.
local function list_of(source, word)
    local err
    if not source.list then
        source.list, err = source.read(word)
    end
    return source.list, err
end

-- A cluster with the name that a source gives it, if one that was read does.
local function with_name(id, sources)
    for i = #sources, 1, -1 do
        for _, cluster in ipairs(sources[i].list or {}) do
            if cluster.id == id and cluster.name then
                return { id = id, name = cluster.name }
            end
        end
    end
    return { id = id }
end

--- The one cluster of a list that a word means; a UUID, too, must be in it.
-- @tparam string word
-- @tparam table source see `one`; it has its `list`
-- @treturn {id=string,name=?string} the list's own, or nil
-- @treturn table problem for dwsync.errors.new
function M.listed(word, source)
    local found = M.named(word, source.list)
    if #found == 1 then
        return found[1]
    end
    return nil, found[1] and ambiguous(word, found, source) or unknown(word, { source })
end

--- The cluster that one word means.
-- @tparam string word
-- @tparam {table,...} sources in the order in which they are asked: `place` ("in the configuration", for messages), and
-- the clusters, each with `id` and perhaps `name`: `list`, or `read`: function(word) → list, or nil and
-- an error
-- @treturn {id=string,name=?string} or nil
-- @treturn table problem for dwsync.errors.new, or the error of a source
function M.one(word, sources)
    if M.is_uuid(word) then
        return with_name(word, sources)
    end
    for _, source in ipairs(sources) do
        local list, err = list_of(source, word)
        local found = list and M.named(word, list)
        if not found then
            return nil, err
        elseif #found == 1 then
            return { id = found[1].id, name = found[1].name }
        elseif found[1] then
            return nil, ambiguous(word, found, source)
        end
    end
    return nil, unknown(word, sources)
end

local function matcher(word)
    if not M.is_pattern(word) then
        return function(text)
            return text == word
        end
    end
    local pattern = word:gsub("%*+", "*"):gsub("[^%w*?]", "%%%0"):gsub("%*", ".*"):gsub("%?", ".")
    pattern = "^" .. pattern .. "$"
    return function(text)
        return tostring(text):find(pattern) ~= nil
    end
end

--- Whether a name, an id or a pattern stands for a cluster.
-- @tparam string word
-- @tparam {id=string,name=?string} cluster
-- @treturn boolean
function M.matches(word, cluster)
    local matches = matcher(word)
    return matches(cluster.id) or cluster.name ~= nil and matches(cluster.name)
end

-- Whether a cluster, which a source has, has an id or a name, in any source that was read, that matches.
local function is_meant(cluster, matches, sources)
    if matches(cluster.id) then
        return true
    end
    for _, source in ipairs(sources) do
        for _, other in ipairs(source.list or {}) do
            if other.id == cluster.id and other.name and matches(other.name) then
                return true
            end
        end
    end
    return false
end

-- A pattern is about what there is: the last source has it, those in front only give names.
local function matching(word, sources)
    local list, err
    for _, source in ipairs(sources) do
        list, err = list_of(source, word)
        if not list then
            return nil, err
        end
    end
    local found, matches = {}, matcher(word)
    for _, cluster in ipairs(list) do
        if is_meant(cluster, matches, sources) then
            found[#found + 1] = cluster.name and { id = cluster.id, name = cluster.name }
                or with_name(cluster.id, sources)
        end
    end
    if not found[1] and word ~= "*" then -- "all" may be none
        return nil, unknown(word, sources)
    end
    return found
end

-- The clusters without those excluded, and the words that exclude none.
local function without(chosen, exclude, sources)
    local kept, matchers, idle = chosen, {}, {}
    for i, word in ipairs(exclude) do
        matchers[i] = matcher(word)
    end
    for i, matches in ipairs(matchers) do
        local left = {}
        for _, cluster in ipairs(kept) do
            left[#left + 1] = not is_meant(cluster, matches, sources) and cluster or nil
        end
        idle[#idle + 1] = #left == #kept and exclude[i] or nil
        kept = left
    end
    return kept, idle
end

--- The clusters that words and patterns mean, each once, in the order of the words.
-- @tparam {string,...} words
-- @tparam {table,...} sources see `one`; a pattern is matched against the clusters of the last one, by the names that
-- any of them gives those
-- @tparam[opt] {string,...} exclude words and patterns
-- @treturn {{id=string,name=?string},...} or nil
-- @treturn table problem, see `one`; beside clusters: the words of `exclude` that exclude none
function M.choose(words, sources, exclude)
    local chosen, seen = {}, {}
    for _, word in ipairs(words) do
        local found, problem
        if M.is_pattern(word) then
            found, problem = matching(word, sources)
        else
            found, problem = M.one(word, sources)
            found = found and { found }
        end
        if not found then
            return nil, problem
        end
        for _, cluster in ipairs(found) do
            if not seen[cluster.id] then
                chosen[#chosen + 1], seen[cluster.id] = cluster, true
            end
        end
    end
    local kept, idle = without(chosen, exclude or {}, sources)
    if chosen[1] and not kept[1] then
        return nil, { kind = "config", message = "all clusters that were named are excluded, too",
            hint = "Name fewer to exclude." }
    end
    return kept, idle
end

return M
