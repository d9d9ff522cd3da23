--- The accounts of a cluster's database: what its runs made of them, and what was made by hand.
-- Who came and went follows from the runs alone, so it needs no state and no clock: a run that was taken away has not
-- happened. Accounts of an LDAP source have no type of their own at the service: they look like those made by hand.
-- @module dwsync.emulator.database_users
local cjson = require "cjson"

local M = {}

local MOST_RUNS = 2000 -- a story of 300,000 would take minutes; those before left the accounts of the beginning
local AT_FIRST = 420   -- accounts of a source before its first run

local BY_HAND = { "Ruby", "dbadmin", "etl_loader", "bi_reader" }
local ROLES = { ["role_finance"] = true, ["role_readonly"] = true }

local FAMILY = { "chen", "wang", "li", "zhang", "liu", "bauer", "novak", "silva", "okafor", "haddad", "ivanova",
    "rossi", "tanaka", "dupont", "jensen", "kowalski" }
local GIVEN = { "wei", "na", "jun", "min", "lei", "anna", "petr", "joao", "ada", "omar", "olga", "luca", "yuki",
    "marie", "lars", "ewa" }

local function name_of(id, number)
    local family, given = number % 16, math.floor(number / 16) % 16
    return ("%s.%s.%s%d"):format(GIVEN[given + 1], FAMILY[family + 1], id:sub(1, 4), number)
end

local TYPES = { oneaccess = "OneAccess", iam = "IAM" }

local function add(source, id, count)
    for number = 1, count do
        source[#source + 1] = { name = name_of(id, number), login = true, user_type = source.type }
    end
end

-- Which ones go is as good as chance, and follows from the run.
local function remove(source, id, count)
    local place = tonumber(id:sub(1, 6), 16) or #id
    for number = 1, math.min(count, #source) do
        local at = (place + number * 7919) % #source + 1
        source[at] = source[#source]
        source[#source] = nil
    end
end

local function count_of(value)
    return type(value) == "number" and value > 0 and math.floor(value) or 0
end

-- By source, and in the order in which they first ran.
local function sources_of(cluster, records)
    local list, by_id = {}, {}
    records:each_run(MOST_RUNS, function(run)
        local id = tostring(run.identity_source_id)
        local source = by_id[id]
        if not source then
            source = { type = TYPES[run.identity_source_type] or "COMMON" }
            by_id[id], list[#list + 1] = source, source
            add(source, id, cluster.story == "mass_delete" and 0 or AT_FIRST)
        end
        local run_id = tostring(run.id)
        add(source, run_id, count_of(run.add_count))
        remove(source, run_id, count_of(run.delete_count))
    end)
    return list
end

local function by_name(a, b)
    if a.name ~= b.name then
        return a.name < b.name
    end
    return a.user_type < b.user_type
end

--- The accounts of a cluster, by name.
-- @tparam table cluster `users_by_hand`: what was ordered, see `change`
-- @tparam dwsync.emulator.sequence records
-- @treturn {{name=string,login=boolean,user_type=string},...}
function M.list(cluster, records)
    local ordered = cluster.users_by_hand or { added = {}, removed = {} }
    local users = {}
    local function put(user)
        if not ordered.removed[user.name] then
            users[#users + 1] = user
        end
    end
    for _, name in ipairs(BY_HAND) do
        put { name = name, login = true, user_type = "COMMON" }
    end
    for name in pairs(ROLES) do
        put { name = name, login = false, user_type = "COMMON" }
    end
    for _, source in ipairs(sources_of(cluster, records)) do
        for _, user in ipairs(source) do
            put(user)
        end
    end
    for _, user in ipairs(ordered.added) do
        users[#users + 1] = user
    end
    table.sort(users, by_name)
    return users
end

--- Adds and removes accounts by hand.
-- @tparam table cluster changed
-- @tparam {{name=string,login=?boolean,user_type=?string},...} added
-- @tparam {string,...} removed names
function M.change(cluster, added, removed)
    local ordered = cluster.users_by_hand or { added = {}, removed = {}, version = 0 }
    local kept, is_removed = {}, {}
    for _, name in ipairs(removed) do
        is_removed[name], ordered.removed[name] = true, true
    end
    for _, user in ipairs(ordered.added) do
        kept[#kept + 1] = not is_removed[user.name] and user or nil
    end
    for _, user in ipairs(added) do
        kept[#kept + 1] = { name = user.name, login = user.login ~= false, user_type = user.user_type or "COMMON" }
    end
    ordered.added, ordered.version = kept, ordered.version + 1
    cluster.users_by_hand = ordered
end

-- Kept while nothing changes: pages are asked for one by one.
local kept = {}

local function known(cluster, records)
    local by_hand = cluster.users_by_hand
    local version = ("%s %d"):format(records.version, by_hand and by_hand.version or 0)
    if kept.cluster ~= cluster or kept.version ~= version then
        kept = { cluster = cluster, version = version, users = M.list(cluster, records) }
    end
    return kept.users
end

--- Writes a slice of those that fit as JSON.
-- @tparam table cluster
-- @tparam dwsync.emulator.sequence records
-- @tparam table wanted `login` (boolean) and `user_type`; nil: all
-- @tparam integer position of the first
-- @tparam integer size at most
-- @treturn string
function M.json(cluster, records, wanted, position, size)
    local parts, passed = {}, 0
    for _, user in ipairs(known(cluster, records)) do
        if (wanted.login == nil or user.login == wanted.login)
            and (wanted.user_type == nil or user.user_type == wanted.user_type) then
            passed = passed + 1
            if passed > position then
                parts[#parts + 1] = ('{"name":%s,"login":%s,"user_type":%s}'):format(cjson.encode(user.name),
                    tostring(user.login), cjson.encode(user.user_type))
            end
            if #parts == size then
                break
            end
        end
    end
    return "[" .. table.concat(parts, ",") .. "]"
end

return M
