--- The parameters of the client's methods: declarations by name, see dwsync.checks. dwsync.client.options checks them.
-- @module dwsync.client.parameters
local options = require "dwsync.client.options"

local CLUSTER_ID, WORD, SECONDS = options.CLUSTER_ID, options.WORD, options.SECONDS
local POINT = { kind = "point" }

local SYNC_RECORDS = {
    cluster_id = CLUSTER_ID,
    cluster = WORD,
    limit = { kind = "integer", above = 0 },
    page_size = { kind = "integer", above = 0 },
    since = POINT,
    until_ = POINT,
    paging = { kind = "one_of", values = { "auto", "page", "row" } },
    max_pages = { kind = "integer", above = 0 },
    timeout = SECONDS,
    fields = { kind = "table" },
    where = { kind = "table" },
}

local function with(more, declared)
    for name, value in pairs(declared) do
        more[name] = value
    end
    return more
end

local DATABASE_USERS = {
    cluster_id = CLUSTER_ID,
    cluster = WORD,
    type = { kind = "one_of", values = { "USER", "ROLE" } },
    user_type = { kind = "one_of", values = { "COMMON", "IAM", "OneAccess" } },
    timeout = SECONDS,
    fields = { kind = "table" },
    where = { kind = "table" },
}

return {
    sync_records = SYNC_RECORDS,
    all_sync_records = SYNC_RECORDS,
    list_database_users = with({
        offset = { kind = "integer", from = 0 },
        limit = { kind = "integer", above = 0 },
    }, DATABASE_USERS),
    all_database_users = with({
        page_size = { kind = "integer", above = 0 },
        paging = { kind = "one_of", values = { "auto", "page", "row" } },
        max_pages = { kind = "integer", above = 0 },
    }, DATABASE_USERS),
    list_clusters = {
        enterprise_project_id = { kind = "identifier" },
        max_age = { kind = "number", noun = "a number of seconds", from = 0 },
        timeout = SECONDS,
    },
    list_projects = { timeout = SECONDS },
    find_clusters = {
        clusters = { kind = "list", of = WORD, required = true },
        exclude = { kind = "list", of = WORD },
        max_age = { kind = "number", noun = "a number of seconds", from = 0 },
        timeout = SECONDS,
    },
}
