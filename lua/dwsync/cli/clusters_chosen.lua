--- Whose records a command is about: one cluster's, all clusters', or those in a file; and fetching them.
-- It must not let one cluster's failure hide the others' records, nor go unreported.
-- @module dwsync.cli.clusters_chosen
local checks = require "dwsync.checks"
local configuration = require "dwsync.cli.configuration"
local connection = require "dwsync.cli.connection"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local input = require "dwsync.cli.input"
local options = require "dwsync.client.options"
local quantities = require "dwsync.quantities"
local record_options = require "dwsync.cli.record_options"
local spelling = require "dwsync.cli.spelling"

local M = {}

local Chosen = { __name = "dwsync.cli.clusters_chosen" }
Chosen.__index = Chosen

--- Adds the argument and the options.
-- @param command an argparse command
-- @tparam[opt] table which `input` = false: the command cannot read records from a file; `period` = true: it takes
-- --status, --since, --until, --limit and --offset, too
function M.configure(command, which)
    which = which or {}
    command:argument("cluster_id", "Cluster: its id, or its name in the configuration file."):argname "<cluster_id>"
        :args "?"
    command:group("Whose records",
        command:flag("--all-clusters", "Of every cluster of the project."),
        which.input ~= false and command:option("--input",
            "Records in a file, or - for stdin: NDJSON or JSON.", nil, nil, 1):argname "<file>" or nil)
    local page_size = command:option("--page-size", "Records a request (default 1000).", nil,
        checks.reader(options.PLAIN.page_size, "--page-size"), 1):argname "<n>"
    local limit = command:option("--limit", which.period and "Only the newest so many of a cluster." or nil, nil,
        checks.reader(options.PLAIN.limit, "--limit"), 1):argname "<n>":hidden(not which.period)
    local paging = command:option("--paging", "How offset counts (default auto).", nil, nil, 1)
        :choices { "auto", "page", "row" }
    if which.period then
        record_options.configure(command, limit, page_size, command:option("--offset",
            "Only that page, as the service counts.", nil,
            checks.reader({ kind = "integer", from = 0 }, "--offset"), 1):argname "<n>", paging)
    else
        command:group("Which records", record_options.source(command), page_size, limit, paging)
    end
end

--- What is wrong with the combination of options, which argparse cannot check.
-- @tparam table args
-- @treturn ?string nil when it is good
function M.wrong_usage(args)
    if args.all_clusters and (args.cluster_id or args.input) then
        return ("--all-clusters and %s exclude each other"):format(args.input and "--input" or "a cluster_id")
    elseif not (args.all_clusters or args.cluster_id or args.input) then
        return "missing argument 'cluster_id' (or --all-clusters, or --input FILE)"
    end
end

-- The cluster named on the command line: {id =, name =}.
local function cluster_of(args, settings)
    local named = settings.clusters[args.cluster_id]
    if named then
        return { id = named, name = args.cluster_id }
    end
    for name, id in pairs(settings.clusters) do
        if id == args.cluster_id then
            return { id = id, name = name }
        end
    end
    return { id = args.cluster_id }
end

local function open_client(self, args, context)
    local client, err, progress = connection.open(args, context)
    if not client then
        return nil, err
    end
    self.client, self.progress = client, progress
    return self
end

--- Makes a choice: reads the configuration file and makes the client. Contacts nothing.
-- @tparam table args parsed options
-- @tparam table context
-- @treturn table chosen, with `settings` (see dwsync.cli.configuration) and `client` (nil for a file), or nil
-- @treturn dwsync.error
function M.new(args, context)
    local settings, err = configuration.load(args, context)
    if not settings then
        return nil, err
    end
    if args.limit and args.command ~= "records" then -- where --limit was the size of a page
        context:note "--limit is now called --page-size here"
        args.page_size, args.limit = args.page_size or args.limit, nil
    end
    local self = setmetatable({ args = args, context = context, settings = settings }, Chosen)
    if args.cluster_id then
        self.cluster = cluster_of(args, settings)
        local good, wrong = options.identifier("cluster_id", self.cluster.id)
        if not good then
            return nil, wrong
        end
    end
    if args.input or args.from_history then
        return self
    end
    return open_client(self, args, context)
end

-- ---- fetching ------------------------------------------------------------------------------------

local function of_sources(list, wanted)
    if not wanted then
        return list
    end
    local kept = { total = list.total, before_source = list }
    for _, record in ipairs(list) do
        if record_options.is_of(record, wanted) then
            kept[#kept + 1] = record
        end
    end
    return kept
end

local function from_input(self)
    local list, err = input.read(self.args.input, self.context)
    if not list then
        return nil, err
    end
    local name = self.args.input == "-" and "stdin" or self.args.input:match "[^/]*$"
    local items = input.by_cluster(list, self.cluster or { id = name, is_file = true })
    for _, item in ipairs(items) do
        item.records.total = #item.records
        item.records = of_sources(item.records, self.args.source)
    end
    return items
end

-- Seconds left before the deadline, or an error. The list of clusters and all their records share one deadline.
local function time_left(self, limits)
    local left = limits.deadline - self.client:monotonic()
    if left > 0 then
        return left
    end
    return nil, errors.new {
        kind = "timeout",
        message = ("not started before the %s deadline"):format(quantities.duration(limits.timeout)),
        hint = "Raise --timeout.",
    }
end

local function clusters(self, limits)
    if self.cluster then
        return { self.cluster }
    end
    local list, err = self.client:list_clusters { timeout = limits.deadline - self.client:monotonic() }
    if not list then
        return nil, err
    end
    local found = {}
    for i, cluster in ipairs(list) do
        found[i] = { id = cluster.id, name = cluster.name }
    end
    return found
end

local function list_records(client, cluster, parameters)
    parameters.cluster_id = cluster.id
    return client:all_sync_records(parameters)
end

-- For each cluster a function, for dwsync.gather.
local function work_for(self, list, parameters, limits, work)
    local functions, done = {}, 0
    for i, cluster in ipairs(list) do
        functions[i] = function()
            local left, late = time_left(self, limits)
            if not left then
                return nil, late
            end
            local own = { where = parameters.where, fields = parameters.fields, limit = parameters.limit }
            own.timeout = left
            local result, err = (work or list_records)(self.client, cluster, own)
            done = done + 1
            if #list > 1 then
                self.progress.show(("read %d of %d clusters"):format(done, #list))
            end
            return result, err
        end
    end
    return functions
end

-- An error object is the failure of one cluster; anything else that was raised is an interrupt or a bug.
local function raise_others(failures)
    for _, raised in pairs(failures) do
        if not errors.is(raised) then
            error(raised, 0)
        end
    end
end

local function run(self, functions)
    if #functions == 1 then
        local result, err = functions[1]()
        return { result }, { err }
    end
    self.progress.page = function() end
    local results, failures = require("dwsync").gather(functions)
    raise_others(failures)
    return results, failures
end

--- Fetches the records, or reads them from the file.
-- @tparam[opt] table parameters of all_sync_records: `where`, `fields`, `limit`; `timeout`: seconds for everything
-- (default: the client's); not applied to a file
-- @tparam[opt] function work(client, cluster, parameters) → result | nil, err, instead of listing records
-- @treturn {{cluster = {id =, name =}, records = result | error = dwsync.error},...}, where a cluster has `is_file`
-- when its id is only the name of the file, and records have `total` (before any filter) and, with --source,
-- `before_source`; or nil
-- @treturn dwsync.error when the clusters could not be listed
function Chosen:fetch(parameters, work)
    if self.args.input then
        return from_input(self)
    end
    parameters = parameters or {}
    local timeout = parameters.timeout or self.client:option "timeout"
    local limits = { timeout = timeout, deadline = self.client:monotonic() + timeout }
    local list, err = clusters(self, limits)
    if not list then
        self.progress.clear()
        return nil, err
    end
    local results, failures = run(self, work_for(self, list, parameters, limits, work))
    self.progress.clear()
    local items = {}
    for i, cluster in ipairs(list) do
        local result = results[i]
        if result and not work then
            result = of_sources(result, self.args.source)
        end
        items[i] = { cluster = cluster, records = result, error = spelling.hint_of(failures[i]) }
    end
    return items
end

-- ---- failures ------------------------------------------------------------------------------------

local MAX_NAMES = 3

local function name_of(cluster)
    return cluster.name or cluster.id
end

-- "a, b, c and 4 more"
local function name_list(clusters_of_it)
    local names = {}
    for i = 1, math.min(#clusters_of_it, MAX_NAMES) do
        names[i] = name_of(clusters_of_it[i])
    end
    local more = #clusters_of_it - #names
    return table.concat(names, ", ") .. (more > 0 and (" and %d more"):format(more) or "")
end

--- Reports what failed, the same failure of many clusters once.
-- @tparam table items as of `fetch`
-- @tparam table context
-- @treturn integer exit status: 0 when nothing failed
function M.report_failures(items, context)
    local groups, by_text, status = {}, {}, 0
    for _, item in ipairs(items) do
        local text = item.error and tostring(item.error):gsub("request id [%w-]+", "")
        local group = text and (by_text[text] or { error = item.error, clusters = {} })
        if group and not by_text[text] then
            by_text[text], groups[#groups + 1] = group, group
        end
        if group then
            group.clusters[#group.clusters + 1] = item.cluster
        end
    end
    for _, group in ipairs(groups) do
        local subject = #items > 1 and name_list(group.clusters) or nil
        status = math.max(status, failure.report(group.error, context, subject))
    end
    return status
end

return M
