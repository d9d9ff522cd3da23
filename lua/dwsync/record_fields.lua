--- The fields of a synchronisation record, in the order of the service's documentation: names, types and headings.
--
-- `type` is "text", "time" (milliseconds since the epoch) or "count"; `title` heads a column in a terminal,
-- `heading` in a page, where there is room for words; `class` is the page's style class of the column; `words` has the
-- values that the service documents, as keys, where it documents them.
-- @module dwsync.record_fields
local M = {}

--- The fields: {name =, type =, title =, heading =, class =}.
M.list = {
    { name = "id", type = "text", title = "ID", heading = "ID" },
    { name = "identity_source_id", type = "text", title = "SOURCE", heading = "Source" },
    { name = "identity_source_type", type = "text", title = "TYPE", heading = "Type",
        words = { ldap = true, oneaccess = true } },
    { name = "start_time", type = "time", title = "START", heading = "Start", class = "instant" },
    { name = "end_time", type = "time", title = "END", heading = "End", class = "instant" },
    { name = "add_count", type = "count", title = "ADD", heading = "Added", class = "number" },
    { name = "update_count", type = "count", title = "UPD", heading = "Updated", class = "number" },
    { name = "delete_count", type = "count", title = "DEL", heading = "Deleted", class = "number" },
    { name = "failed_count", type = "count", title = "FAIL", heading = "Failed", class = "number" },
    { name = "status", type = "text", title = "STATUS", heading = "Status",
        words = { FINISHED = true, FAILED = true, RUNNING = true } },
    { name = "fail_reason", type = "text", title = "REASON", heading = "Reason", class = "wide" },
}

--- Their names.
M.names = {}

--- The fields by name.
M.by_name = {}

for i, field in ipairs(M.list) do
    M.names[i], M.by_name[field.name] = field.name, field
end

--- The fields of an account of the database, as the service's list of them names them.
M.account_names = { "name", "login", "user_type" }

--- What may have been meant by a field that records or accounts do not have.
-- @tparam table choice `where`, `fields` and `kind`, as core.check_choice takes them
-- @treturn string see dwsync.checks
function M.guess(choice)
    local known, is_known = choice.kind == "accounts" and M.account_names or M.names, {}
    for _, name in ipairs(known) do
        is_known[name] = true
    end
    local names = {}
    for name in pairs(type(choice.where) == "table" and choice.where or {}) do
        names[#names + 1] = name
    end
    for _, name in pairs(type(choice.fields) == "table" and choice.fields or {}) do
        names[#names + 1] = name
    end
    for _, name in ipairs(names) do
        if not is_known[name] then
            return require("dwsync.checks").guess(name, known)
        end
    end
    return ""
end

return M
