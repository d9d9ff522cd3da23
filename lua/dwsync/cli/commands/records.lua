--- `dwsync records [CLUSTER…]`: the synchronisation records of one cluster, of all, or of a file.
-- It must not print part of a cluster's list: either all its records or an error.
-- @module dwsync.cli.commands.records
local clusters_chosen = require "dwsync.cli.clusters_chosen"
local columns = require "dwsync.report.rows.columns"
local connection = require "dwsync.cli.connection"
local failure = require "dwsync.cli.failure"
local output = require "dwsync.cli.output"
local record_options = require "dwsync.cli.record_options"
local record_fields = require "dwsync.record_fields"
local records = require "dwsync.records"

local M = {}

--- Adds the command's arguments and options.
-- @param command an argparse command
function M.configure(command)
    command:summary "List the synchronisation records of a cluster."
    command:description("Lists every synchronisation record of a cluster, or its newest, as the service returns them.\n"
        .. "Where synchronisation is off, that is an error if only that cluster was asked for, else a note.")
    command:epilog "Example: dwsync records dws-prod --status FAILED --since 7d -o csv"
    clusters_chosen.configure(command, { period = true })
    connection.configure(command)
    output.configure(command)
end

-- What the decoder can leave out; --source looks at two fields and is applied afterwards.
local function conditions(args, since, till)
    local start_time = (since or till) and { min = since, max = till and till - 1 } or nil
    return { status = args.status, start_time = start_time }
end

-- The fields to decode: those of --columns, when all of them are fields of a record; nil for all.
local function fields(args)
    local wanted = args.source and { "identity_source_id", "identity_source_type" } or {}
    for _, name in ipairs(args.columns or {}) do
        if not record_fields.by_name[name] then
            return nil
        end
        wanted[#wanted + 1] = name
    end
    return args.columns and wanted or nil
end

-- "ldap (79d6458e-…)" for each source among the records.
local function name_sources(all)
    local seen, names = {}, {}
    for _, record in ipairs(all) do
        local id = record.identity_source_id or ""
        if not seen[id] then
            seen[id] = true
            names[#names + 1] = ("%s (%s)"):format(record.identity_source_type or "?", id)
        end
    end
    return table.concat(names, ", ")
end

local function explain_if_empty(list, subject, context)
    local before = list.before_source or list
    if #list == 0 and not list.total then
        context:note(subject .. "that page has no records")
    elseif list.total == 0 then
        context:note(subject .. "no records: nothing was ever synchronised, or the feature is off")
    elseif #before == 0 then
        context:note(list.total == 1 and subject .. "the only record does not match"
            or ("%snone of the %d records match"):format(subject, list.total))
    elseif #list == 0 then
        context:note(subject .. "no records of that source", ("The sources are %s."):format(name_sources(before)))
    end
end

local function explain_empty_lists(items, context)
    for _, item in ipairs(items) do
        if item.records then
            explain_if_empty(item.records, #items > 1 and (item.cluster.name or item.cluster.id) .. ": " or "", context)
        end
    end
end

-- One page as the service gives it, in place of the list.
local function one_page(args)
    return function(client, cluster, parameters)
        local page, err = client:list_sync_records {
            cluster_id = cluster.id,
            offset = args.offset,
            limit = args.page_size or client:option "page_size",
            where = parameters.where,
            fields = parameters.fields,
            timeout = parameters.timeout,
        }
        return page and page.sync_records, err
    end
end

-- Filters records of a file, as the decoder does with those of the service.
local function choose(items, where)
    for _, item in ipairs(items) do
        local kept = records.where(item.records, where):to_list()
        kept.total, kept.before_source = item.records.total, item.records.before_source
        item.records = kept
    end
end

-- The newest so many of each cluster, from lists that were read whole.
local function keep_newest(items, count)
    for _, item in ipairs(items) do
        local list = item.records
        if list and #list > count then
            item.records = records.sort_by(list, "start_time", "desc"):take(count):to_list()
            item.records.total, item.records.before_source = list.total, list.before_source
        end
    end
end

-- All records in one list; with many clusters each names its own.
local function rows_of(items, many, args)
    local rows = {}
    for _, name in ipairs(args.columns or {}) do
        many = many or name:find "^cluster"
    end
    for _, item in ipairs(items) do
        for _, record in ipairs(item.records or {}) do
            if many then
                record.cluster_id, record.cluster_name = item.cluster.id, item.cluster.name
            end
            rows[#rows + 1] = record
        end
    end
    return rows
end

local function default_columns(args, many)
    local list = {}
    local whole = args.output == "csv" or args.output == "tsv"
    if many then
        list[1], list[2] = whole and "cluster_id" or "cluster_name", whole and "cluster_name" or nil
    end
    for _, name in ipairs(whole and record_fields.names or columns.records) do
        if whole or not many or name ~= "identity_source_type" then -- or the reason would no longer fit
            list[#list + 1] = name
        end
    end
    return list
end

--- What is wrong with the combination of options.
-- @tparam table args
-- @treturn ?string
function M.wrong_usage(args)
    if args.offset and (clusters_chosen.are_several(args) or args.input or args.limit or args.source) then
        return "--offset is for one page of one cluster, without --limit and --source"
    end
    return clusters_chosen.wrong_usage(args)
end

--- Runs the command.
-- @tparam table args
-- @tparam table context
-- @treturn integer exit status
function M.run(args, context)
    local since, till, wrong = record_options.period(args, context)
    if wrong then
        return failure.wrong_usage(wrong, context)
    end
    local chosen, err = clusters_chosen.new(args, context)
    if not chosen then
        return failure.report(err, context)
    end
    local where = conditions(args, since, till)
    -- Sources are looked for in two fields, so their newest are known only behind the whole list.
    local limit = not args.source and args.limit or nil
    local items, fetch_err = chosen:fetch({ where = where, fields = fields(args), limit = limit },
        args.offset and one_page(args))
    if not items then
        return failure.report(fetch_err, context)
    elseif args.input then
        choose(items, where)
    elseif not chosen.several and items[1].error then
        return failure.report(items[1].error, context) -- without a heading: there is no list
    end
    if args.limit then
        keep_newest(items, args.limit)
    end
    local many = chosen.several or #items > 1
    local status = output.write("sync_records", rows_of(items, many, args), default_columns(args, many), args, context)
    explain_empty_lists(items, context)
    return math.max(status, clusters_chosen.report_failures(items, context))
end

return M
