--- The DWS operations: synchronisation records and the cluster list.
-- Handlers take the service and a request, and return a response, or nil and a refusal.
-- @module dwsync.emulator.dws
local cjson = require "cjson"
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

local function page_of(records, position, size)
    local key = ("%s %d %d"):format(records.cluster.id, position, size)
    local page = cache[key]
    if page and page.records == records and page.version == records.version then
        return page.text, page.size
    end
    local text, held = records:json(position, size)
    if cached_bytes + #text > CACHE_BYTES then
        cache, cached_bytes = {}, 0
    end
    -- A stale page of the same name counts until the store is emptied: the bound still holds.
    cached_bytes = cached_bytes + #text
    cache[key] = { records = records, version = records.version, text = text, size = held }
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

-- The project must be this region's, and the one that the caller's token is for.
local function check_project(service, request, project_id)
    local allowed = request.caller.project_id or project_id
    if project_id == service.config.project_id and project_id == allowed then
        return true
    end
    return nil, refusals.make "APIGW.0306"
end

local function find_cluster(service, request, project_id, cluster_id)
    local allowed, refusal = check_project(service, request, project_id)
    if not allowed then
        return nil, refusal
    end
    if not cluster_id:match(UUID) then
        return nil, refusals.make "DWS.5064"
    end
    local cluster = service.cluster_by_id[cluster_id]
    if not cluster then
        return nil, refusals.make "DWS.0015"
    end
    if cluster.story == "feature_off" then
        return nil, refusals.make "DWS.5045"
    end
    return cluster
end

--- Answers `GET /v1/{project_id}/clusters/{cluster_id}/db-manager/sync-records`.
function M.list_sync_records(service, request, project_id, cluster_id)
    local cluster, refusal = find_cluster(service, request, project_id, cluster_id)
    if not cluster then
        return nil, refusal
    end
    local offset, limit
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

    local records = service:records_of(cluster)
    local page, held = page_of(records, position, limit)
    local count = ""
    if settings.count ~= "absent" then
        count = (',"count":%d'):format(settings.count == "page" and held or records:count())
    end
    return { status = 200, headers = {}, body = '{"sync_records":' .. page .. count .. "}" }
end

local function iso_time(milliseconds)
    return os.date("!%Y-%m-%dT%H:%M:%SZ", math.floor(milliseconds / 1000))
end

local function cluster_details(service, cluster, number)
    local host = cluster.name .. ".dws." .. service.config.region .. ".example.com"
    local function node(index)
        local name = ("%s-dws-cn-cn-%d-1"):format(cluster.name, index)
        return { id = cluster.id:sub(1, -3) .. ("%02x"):format(index), status = "200", name = name }
    end
    return {
        id = cluster.id, name = cluster.name, status = "AVAILABLE", sub_status = "NORMAL", task_status = "",
        version = "9.1.0.218", port = 8000, number_of_node = 3, node_type = "dwsx2.xlarge.m7",
        created = iso_time(service.config.started - 400 * DAY), updated = iso_time(service.config.started - 3 * DAY),
        availability_zone = service.config.region .. "a", enterprise_project_id = "0",
        vpc_id = "85b20d7e-9eb7-4b2a-98f3-3c8843ea3574", subnet_id = "374eca02-cfc4-4de7-8ab5-dbebf7d9a720",
        security_group_id = "dc3ec145-9029-4b39-b5a3-ace5a01f772b", user_name = "dbadmin", recent_event = number % 7,
        endpoints = { { connect_info = host .. ":8000", jdbc_url = "jdbc:postgresql://" .. host .. ":8000/gaussdb" } },
        public_endpoints = { {
            public_connect_info = "198.51.100.7:8000", jdbc_url = "jdbc:postgresql://198.51.100.7:8000/gaussdb",
        } },
        public_ip = { public_bind_type = "auto_assign", eip_id = "85b20d7e-9eb7-4b2a-98f3-3c8843ea3575" },
        nodes = { node(1), node(2), node(3) },
        tags = { { key = "story", value = cluster.story } },
    }
end

local function clusters_json(service, with_node_names)
    local parts = {}
    for number, cluster in ipairs(service.clusters) do
        local details = cluster_details(service, cluster, number)
        if not with_node_names then
            for _, node in ipairs(details.nodes) do
                node.name = nil
            end
        end
        parts[number] = cjson.encode(details)
    end
    return "[" .. table.concat(parts, ",") .. "]", #parts
end

--- Answers `GET /v1.0/{project_id}/clusters`: with a count, and the enterprise project as a filter. Every cluster is in
-- the default one, "0".
function M.list_clusters(service, request, project_id)
    local allowed, refusal = check_project(service, request, project_id)
    if not allowed then
        return nil, refusal
    end
    local enterprise = request.query.enterprise_project_id
    local list, count = "[]", 0
    if enterprise == nil or enterprise == "all_granted_eps" or enterprise == "0" then
        list, count = clusters_json(service, false)
    end
    return { status = 200, headers = {}, body = ('{"clusters":%s,"count":%d}'):format(list, count) }
end

--- Answers `GET /v2/{project_id}/clusters`: no count, nodes with names.
function M.show_clusters(service, request, project_id)
    local allowed, refusal = check_project(service, request, project_id)
    if not allowed then
        return nil, refusal
    end
    return { status = 200, headers = {}, body = '{"clusters":' .. clusters_json(service, true) .. "}" }
end

return M
