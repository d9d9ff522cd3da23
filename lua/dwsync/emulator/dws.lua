--- The DWS operations: synchronisation records, accounts of the database and the cluster list.
-- Handlers take the service and a request, and return a response, or nil and a refusal.
-- @module dwsync.emulator.dws
local cjson = require "cjson"
local database_users = require "dwsync.emulator.database_users"
local places = require "dwsync.emulator.place"
local refusals = require "dwsync.emulator.refusals"

local M = {}

local DEFAULT_LIMIT = 1000
local DAY = 86400 * 1000 -- milliseconds
local INT32_MAX = 2147483647
local UUID = "^" .. ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12) .. "$"

-- Pages are text and asked for again and again; room for a history of 300,000 in pages of 1,000. When it is full
-- everything goes, which is as good as any other rule here.
local CACHE_BYTES = 96 * 1024 * 1024
local cache, cached_bytes = {}, 0

-- A blank behind each colon and comma that is not inside a string.
local function spaced(json)
    local parts, at = {}, 1
    repeat
        local open = json:find('"', at, true)
        local close = open
        while close do -- to the quote that no backslash stands before
            close = json:find('["\\]', close + 1)
            if not close or json:sub(close, close) == '"' then
                break
            end
            close = close + 1
        end
        parts[#parts + 1] = json:sub(at, (open or 0) - 1):gsub("[:,]", "%0 ")
        parts[#parts + 1] = open and json:sub(open, close)
        at = open and close + 1
    until not open
    return table.concat(parts)
end

local function page_of(records, position, size, blanks)
    local key = ("%s %d %d%s"):format(records.cluster.id, position, size, blanks and " spaced" or "")
    local page = cache[key]
    if page and page.version == records.version then
        return page.text, page.size
    end
    local text, held = records:json(position, size)
    text = blanks and spaced(text) or text
    if cached_bytes + #text > CACHE_BYTES then
        cache, cached_bytes = {}, 0
    end
    -- A stale page of the same name counts until the store is emptied: the bound still holds.
    cached_bytes = cached_bytes + #text
    cache[key] = { version = records.version, text = text, size = held }
    return text, held
end

local function integer_parameter(request, name, default, least)
    local text = request.query[name]
    if text == nil then
        return default
    end
    local value = type(text) == "string" and text:match "^%-?%d+$" and tonumber(text)
    if not value or value < least or value > INT32_MAX then
        return nil, refusals.make("DWS.0001", ("The request parameter is invalid: %s."):format(name))
    end
    return value
end

--- The place of a project, which must be the caller's, and the one that their token is for.
-- @tparam table service
-- @tparam table request
-- @tparam string project_id
-- @treturn ?Place
-- @treturn ?table refusal
function M.find_place(service, request, project_id)
    local place, caller = service.places[project_id], request.caller
    if place and place.account == caller.account and project_id == (caller.project_id or project_id) then
        return place
    end
    return nil, refusals.make "APIGW.0306"
end

local function find_cluster(service, request, project_id, cluster_id)
    local place, refusal = M.find_place(service, request, project_id)
    if not place then
        return nil, refusal
    end
    if not cluster_id:match(UUID) then
        return nil, refusals.make "DWS.5064"
    end
    local cluster = place:find(cluster_id)
    if not cluster then
        return nil, refusals.make "DWS.0015"
    end
    if not places.has_feature(cluster) then
        return nil, refusals.make "DWS.5045"
    end
    return cluster
end

-- The position of the first row that a request wants, and how many rows.
local function place_of(service, request)
    local offset, limit, refusal
    offset, refusal = integer_parameter(request, "offset", 0, 0)
    if not offset then
        return nil, refusal
    end
    limit, refusal = integer_parameter(request, "limit", DEFAULT_LIMIT, 1)
    if not limit then
        return nil, refusal
    end

    local settings = service.settings
    if settings.max_limit then
        limit = math.min(limit, settings.max_limit)
    end
    local position = 0
    if settings.paging == "page" then
        position = offset * limit
    elseif settings.paging == "row" then
        position = offset
    end
    return position, limit
end

--- Answers `GET /v1/{project_id}/clusters/{cluster_id}/db-manager/sync-records`.
function M.list_sync_records(service, request, project_id, cluster_id)
    local cluster, refusal = find_cluster(service, request, project_id, cluster_id)
    if not cluster then
        return nil, refusal
    end
    local position, limit = place_of(service, request)
    if not position then
        return nil, limit
    end
    local settings = service.settings
    local records = service:records_of(cluster)
    local page, held = page_of(records, position, limit, settings.spaced)
    local count = ""
    if settings.count ~= "absent" then
        count = (',"count":%d'):format(settings.count == "page" and held or records:count())
    end
    local first, last = '{"sync_records":', count .. "}"
    if settings.spaced then
        first, last = spaced(first), spaced(last)
    end
    return { status = 200, headers = {}, body = first .. page .. last }
end

local LOGIN = { USER = true, ROLE = false }
local USER_TYPES = { COMMON = true, IAM = true, OneAccess = true }

--- Answers `GET /v1/{project_id}/clusters/{cluster_id}/db-manager/users`: no count.
function M.list_database_users(service, request, project_id, cluster_id)
    local cluster, refusal = find_cluster(service, request, project_id, cluster_id)
    if not cluster then
        return nil, refusal
    elseif not service.settings.list_users then
        return nil, refusals.make "DWS.0015"
    end
    local position, limit = place_of(service, request)
    if not position then
        return nil, limit
    end
    local query = request.query
    local wanted = { login = LOGIN[query.type], user_type = query.user_type }
    if query.type and wanted.login == nil or query.user_type and not USER_TYPES[query.user_type] then
        return nil, refusals.make("DWS.0001", ("The request parameter is invalid: %s."):format(
            query.type and wanted.login == nil and "type" or "user_type"))
    end
    local list = database_users.json(cluster, service:records_of(cluster), wanted, position, limit)
    return { status = 200, headers = {}, body = ('{"users":%s}'):format(list) }
end

local function iso_time(milliseconds)
    return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(milliseconds / 1000))
end

-- What the service says of a cluster, with marks where clusters of a place differ: of ten thousand, encoding each anew
-- would take most of a second, in which nobody else is answered.
local function cluster_template(service, place, with_node_names)
    local host = "@name@.dws." .. place.region .. ".example.com"
    local function node(index)
        return {
            id = "@stem@" .. ("%02x"):format(index), status = "200",
            name = with_node_names and ("@name@-dws-cn-cn-%d-1"):format(index) or nil,
        }
    end
    local details = {
        id = "@id@", name = "@name@", status = "AVAILABLE", sub_status = "NORMAL", task_status = "",
        version = "9.1.0.218", port = 8000, number_of_node = 3, node_type = "dwsx2.xlarge.m7",
        created = iso_time(service.config.started - 400 * DAY), updated = iso_time(service.config.started - 3 * DAY),
        availability_zone = place.region .. "a", enterprise_project_id = "0",
        vpc_id = "85b20d7e-9eb7-4b2a-98f3-3c8843ea3574", subnet_id = "374eca02-cfc4-4de7-8ab5-dbebf7d9a720",
        security_group_id = "dc3ec145-9029-4b39-b5a3-ace5a01f772b", user_name = "dbadmin", recent_event = "@events@",
        endpoints = { { connect_info = host .. ":8000", jdbc_url = "jdbc:postgresql://" .. host .. ":8000/gaussdb" } },
        public_endpoints = { {
            public_connect_info = "198.51.100.7:8000", jdbc_url = "jdbc:postgresql://198.51.100.7:8000/gaussdb",
        } },
        public_ip = { public_bind_type = "auto_assign", eip_id = "85b20d7e-9eb7-4b2a-98f3-3c8843ea3575" },
        nodes = { node(1), node(2), node(3) },
        tags = { { key = "story", value = "@story@" } },
    }
    return (cjson.encode(details):gsub('"(@events@)"', "%1"))
end

-- A fault may cut the list short; how many there are is said all the same.
local function clusters_json(service, request, place, with_node_names)
    local template = cluster_template(service, place, with_node_names)
    local clusters, parts = place:list(), {}
    for number = 1, math.ceil(#clusters * (request.list_part or 1)) do
        local cluster = clusters[number]
        parts[number] = template:gsub("@(%l+)@", {
            id = cluster.id, stem = cluster.id:sub(1, -3), name = cluster.name, story = cluster.story,
            events = number % 7,
        })
    end
    return "[" .. table.concat(parts, ",") .. "]", #clusters
end

--- Answers `GET /v1.0/{project_id}/clusters`: with a count, and the enterprise project as a filter. Every cluster is in
-- the default one, "0".
function M.list_clusters(service, request, project_id)
    local place, refusal = M.find_place(service, request, project_id)
    if not place then
        return nil, refusal
    end
    local enterprise = request.query.enterprise_project_id
    local list, count = "[]", 0
    if enterprise == nil or enterprise == "all_granted_eps" or enterprise == "0" then
        list, count = clusters_json(service, request, place, false)
    end
    return { status = 200, headers = {}, body = ('{"clusters":%s,"count":%d}'):format(list, count) }
end

--- Answers `GET /v2/{project_id}/clusters`: no count, nodes with names.
function M.show_clusters(service, request, project_id)
    local place, refusal = M.find_place(service, request, project_id)
    if not place then
        return nil, refusal
    end
    return { status = 200, headers = {}, body = '{"clusters":' .. clusters_json(service, request, place, true) .. "}" }
end

return M
