--- Whose records a command is about: one cluster's, all clusters', or those in a file; and fetching them.
-- It must not let one cluster's failure hide the others' records, nor go unreported.
-- @module dwsync.cli.clusters_chosen
local checks = require "dwsync.checks"
local cluster_names = require "dwsync.cluster_names"
local configuration = require "dwsync.cli.configuration"
local connection = require "dwsync.cli.connection"
local disabled = require "dwsync.health.disabled"
local errors = require "dwsync.errors"
local failure = require "dwsync.cli.failure"
local input = require "dwsync.cli.input"
local options = require "dwsync.client.options"
local quantities = require "dwsync.quantities"
local record_options = require "dwsync.cli.record_options"
local spelling = require "dwsync.cli.spelling"

local M = {}

local WORD = { kind = "string", longest = 200 }
local EXCLUDE = { read = record_options.names_in, expected = "names, ids or patterns of clusters, separated by commas" }

local Chosen = { __name = "dwsync.cli.clusters_chosen" }
Chosen.__index = Chosen

--- Adds the argument and the options that name clusters.
-- @param command an argparse command
-- @tparam string otherwise what the help adds: what is meant when none is named
-- @treturn table the option --exclude
function M.configure_names(command, otherwise)
    command:argument("cluster", "Clusters: names, ids, or patterns such as 'prod-*'" .. otherwise)
        :argname "<cluster>":args "*"
    return command:option("--exclude", "Not these: names, ids or patterns, separated by commas.", nil,
        checks.reader(EXCLUDE, "--exclude")):argname "<names>"
end

--- Adds the argument and the options.
-- @param command an argparse command
-- @tparam[opt] table which `input` = false: the command cannot read records from a file; `period` = true: it takes
-- --status, --since, --until, --limit and --offset, too
function M.configure(command, which)
    which = which or {}
    local exclude = M.configure_names(command, ".")
    command:group("Whose records",
        command:flag("--all-clusters", "Of every cluster of the project, or of the configuration file's all_clusters."),
        exclude,
        which.input ~= false and command:option("--input",
            "Records in a file, or - for stdin: NDJSON or JSON."):argname "<file>" or nil)
    local page_size = command:option("--page-size", "Records a request (default 1000).", nil,
        checks.reader(options.PLAIN.page_size, "--page-size")):argname "<n>"
    local limit = record_options.limit(command, not which.period)
    local paging = command:option("--paging", "How offset counts (default auto).")
        :choices { "auto", "page", "row" }
    if which.period then
        record_options.configure(command, limit, page_size, command:option("--offset",
            "Only that page, as the service counts.", nil,
            checks.reader({ kind = "integer", from = 0 }, "--offset")):argname "<n>", paging)
    else
        command:group("Which records", record_options.source(command), page_size, limit, paging)
    end
end

--- What is wrong with the combination of options, which argparse cannot check.
-- @tparam table args
-- @treturn ?string nil when it is good
function M.wrong_usage(args)
    if args.all_clusters and (args.cluster[1] or args.input) then
        return ("--all-clusters and %s cannot be combined"):format(args.input and "--input" or "a cluster")
    elseif not (args.all_clusters or args.cluster[1] or args.input) then
        return "missing argument 'cluster' (or --all-clusters, or --input FILE)"
    end
end

--- Whether a command is about several clusters, however many there turn out to be.
-- @tparam table args
-- @treturn boolean
function M.are_several(args)
    return args.all_clusters or #args.cluster > 1 or #args.cluster == 1 and cluster_names.is_pattern(args.cluster[1])
end

--- The words that name the clusters.
-- @tparam table args
-- @tparam table settings see dwsync.cli.configuration
-- @treturn ?{string,...} nil when none is named; or nil and
-- @treturn dwsync.error when one cannot be a name
function M.words(args, settings)
    if args.all_clusters then
        return settings.all_clusters or { "*" }
    end
    for _, word in ipairs(args.cluster) do
        local _, message = checks.value(WORD, word, "cluster")
        if message then
            return nil, errors.new { kind = "config", message = message }
        end
    end
    return args.cluster[1] and args.cluster
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
-- @treturn table chosen, with `settings` (see dwsync.cli.configuration), `client` (nil for a file) and `several`
-- (whether more than one cluster may be meant), or nil
-- @treturn dwsync.error
function M.new(args, context)
    local settings, err = configuration.load(args, context)
    if not settings then
        return nil, err
    end
    if args.limit and args.command ~= "records" and not args.from_history then -- where --limit was the size of a page
        context:note "--limit is now called --page-size here"
        args.page_size, args.limit = args.page_size or args.limit, nil
    end
    local words, wrong = M.words(args, settings)
    if wrong then
        return nil, wrong
    end
    local self = setmetatable({ args = args, context = context, settings = settings, words = words,
        several = M.are_several(args) }, Chosen)
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

-- ---- among records at hand -----------------------------------------------------------------------

-- Words of --exclude that exclude none are worth a word, but a cluster that is gone must not end a nightly job.
local function note_idle(self, idle)
    for _, word in ipairs(not self.noted and idle or {}) do
        self.context:note(("--exclude: no cluster is called '%s'"):format(word))
    end
    self.noted = true
end

-- The clusters meant, among those of a file or a history.
local function choose_among(self, place, clusters)
    local list, problem = cluster_names.choose(self.words or { "*" },
        cluster_names.sources(self.settings.clusters, { place = place, list = clusters }), self.args.exclude)
    if not list then
        return nil, errors.new(problem)
    end
    note_idle(self, problem)
    return list
end

-- The one word beside --input says whose records those are that do not name their cluster.
local function of_nameless(self, items, file)
    local word = self.words[1]
    if self.several then
        return nil, errors.new { kind = "config", hint = "Say whose they are: one cluster, by its name or id.",
            message = ("the records of %s do not name their cluster"):format(file) }
    end
    local id, wrong = options.identifier("cluster", self.settings.clusters[word] or word)
    local known = cluster_names.one(word, cluster_names.sources(self.settings.clusters))
    items[1].cluster = known or { id = id }
    return not wrong and items or nil, wrong
end

-- The items of the clusters that are meant.
local function of_chosen(self, items, file)
    local clusters, by_id = {}, {}
    for _, item in ipairs(items) do
        if not item.cluster.is_file then
            clusters[#clusters + 1], by_id[item.cluster.id] = item.cluster, item
        end
    end
    if not clusters[1] then
        return of_nameless(self, items, file)
    end
    local list, err = choose_among(self, "in " .. file, clusters)
    if not list then
        return nil, err
    end
    local chosen = {}
    for i, cluster in ipairs(list) do
        chosen[i] = by_id[cluster.id]
        if not chosen[i] then
            return nil, errors.new { kind = "config",
                message = ("%s has no records of cluster %s"):format(file, cluster_names.shown(cluster)) }
        end
        chosen[i].cluster = cluster
    end
    return chosen
end

local function from_input(self)
    local list, err = input.read(self.args.input, self.context)
    if not list then
        return nil, err
    end
    local name = self.args.input == "-" and "stdin" or self.args.input:match "[^/]*$"
    local items = input.by_cluster(list, { id = name, is_file = true })
    if self.words or self.args.exclude then
        items, err = of_chosen(self, items, name)
    end
    for _, item in ipairs(items or {}) do
        item.records.total = #item.records
        item.records = of_sources(item.records, self.args.source)
    end
    return items, err
end

--- A cluster's name as a history keeps it: the service's word counts; a file was written earlier, and the configuration
-- has words of its own.
-- @tparam {id=string,name=?string} cluster
-- @treturn table options of store:save
function Chosen:naming(cluster)
    local is_spare = self.args.input or self.settings.clusters[cluster.name] == cluster.id
    return { [is_spare and "spare_name" or "name"] = cluster.name }
end

--- Notes why the clusters of a history go without their names.
-- @tparam table saved what store:clusters returned
-- @tparam table context
function M.note_unnamed(saved, context)
    if saved.unnamed then
        context:note("the names of clusters cannot be read: " .. saved.unnamed.message, saved.unnamed.hint)
    end
end

--- The clusters that are meant among those of the history; all of them when none is named.
-- @tparam dwsync.history.store store
-- @treturn ?{{id=string,name=?string},...} nil when one is unknown, or the history cannot be read
-- @treturn dwsync.error
function Chosen:saved(store)
    local saved, err = store:clusters()
    if not saved then
        return nil, err
    end
    local clusters = {}
    for i, cluster in ipairs(saved) do
        clusters[i] = { id = cluster.cluster_id, name = cluster.name }
    end
    M.note_unnamed(saved, self.context)
    return choose_among(self, "in the history", clusters)
end

-- ---- from the service ----------------------------------------------------------------------------

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

-- The list of all clusters is asked for each time; to look up names, that of some minutes ago will do.
local function clusters(self, limits)
    local list, idle = self.client:find_clusters {
        clusters = self.words,
        exclude = self.args.exclude,
        max_age = self.args.all_clusters and 0 or nil,
        timeout = limits.deadline - self.client:monotonic(),
    }
    if not list then
        return nil, spelling.hint_of(idle)
    end
    note_idle(self, idle)
    return list
end

local function list_records(client, cluster, parameters)
    parameters.cluster_id = cluster.id
    return client:all_sync_records(parameters)
end

-- For each item a function, for dwsync.gather.
local function work_for(self, items, parameters, limits, work, each)
    local functions, done = {}, 0
    for i, item in ipairs(items) do
        functions[i] = function()
            local left, late = time_left(self, limits)
            if not left then
                return nil, late
            end
            local own = { where = parameters.where, fields = parameters.fields, limit = parameters.limit }
            own.timeout = left
            local result, err = (work or list_records)(self.client, item.cluster, own)
            done = done + 1
            if #items > 1 then
                self.progress.show(("read %d of %d clusters"):format(done, #items))
            end
            item.records = result and not work and of_sources(result, self.args.source) or result
            if result and each then
                each(item)
            end
            return result and true, err
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
        local _, err = functions[1]()
        return { err }
    end
    self.progress.page = function() end
    local _, failures = require("dwsync").gather(functions)
    raise_others(failures)
    return failures
end

--- Fetches the records, or reads them from the file.
-- @tparam[opt] table parameters of all_sync_records: `where`, `fields`, `limit`; `timeout`: seconds for everything
-- (default: the client's); not applied to a file
-- @tparam[opt] function work(client, cluster, parameters) → result | nil, err, instead of listing records
-- @tparam[opt] function each(item) called when the records of a cluster are there, while others are still read
-- @treturn {{cluster = {id =, name =}, records = result | error = dwsync.error},...}, where a cluster has `is_file`
-- when its id is only the name of the file, and records have `total` (before any filter) and, with --source,
-- `before_source`; or nil
-- @treturn dwsync.error when the clusters could not be listed
function Chosen:fetch(parameters, work, each)
    if self.args.input then
        local items, err = from_input(self)
        for _, item in ipairs(each and items or {}) do
            each(item)
        end
        return items, err
    end
    parameters = parameters or {}
    local timeout = parameters.timeout or self.client:option "timeout"
    local limits = { timeout = timeout, deadline = self.client:monotonic() + timeout }
    local list, err = clusters(self, limits)
    if not list then
        self.progress.clear()
        return nil, err
    end
    local items = {}
    for i, cluster in ipairs(list) do
        items[i] = { cluster = cluster }
    end
    local failures = run(self, work_for(self, items, parameters, limits, work, each))
    self.progress.clear()
    for i, item in ipairs(items) do
        local failed, cluster = spelling.hint_of(failures[i]), item.cluster
        item.error = failed and errors.about(failed, { cluster_id = cluster.id, cluster = cluster.name })
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

--- Notes once for which clusters synchronisation is off.
-- @tparam table items as of `fetch`
-- @tparam table context
function M.note_disabled(items, context)
    local reasons, by_reason = {}, {}
    for _, item in ipairs(items) do
        local reason = not item.left_out and disabled.reason(item)
        if reason then
            reasons[#reasons + 1] = not by_reason[reason] and reason or nil
            by_reason[reason] = by_reason[reason] or {}
            table.insert(by_reason[reason], item.cluster)
        end
    end
    for _, reason in ipairs(reasons) do
        context:note(("%s: %s"):format(name_list(by_reason[reason]), reason))
    end
end

--- Reports what failed, the same failure of many clusters once. That synchronisation is off for a cluster is noted, and
-- no failure.
-- @tparam table items as of `fetch`
-- @tparam table context
-- @treturn integer exit status: 0 when nothing failed
function M.report_failures(items, context)
    local groups, by_text, status = {}, {}, 0
    M.note_disabled(items, context)
    for _, item in ipairs(items) do
        local err = not errors.is_feature_off(item.error) and item.error or nil
        local text = err and errors.summary(err, true):gsub("request id [%w-]+", "") .. err.hint
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
