--- One client: list_sync_records, sync_records, all_sync_records, all_database_users, list_clusters, find_clusters.
-- @module dwsync.client
local lazy = require "dwsync.lazy"
local Api = require "dwsync.request"
local answers = require "dwsync.client.answers"
local clusters = lazy "dwsync.client.clusters"
local core = require "dwsync.core"
local environment = require "dwsync.client.environment"
local errors = require "dwsync.errors"
local lists = lazy "dwsync.client.lists"
local operations = lazy "dwsync.client.operations"
local options = require "dwsync.client.options"
local project = require "dwsync.client.project"
local record_fields = lazy "dwsync.record_fields"
local runtimes = require "dwsync.runtime"
local transport = require "dwsync.runtime.transport"

local M = {}

local Client = { __name = "dwsync.client" }
Client.__index = Client

function Client:__tostring()
    return ("dwsync.client: %s"):format(self.api.endpoints.dws[1])
end

-- Before somebody waits for the first request.
local function prepare(runtime, found, ca_file)
    if runtime.prepare and table.concat(found.dws):find("https:", 1, true) then
        runtime.prepare(ca_file)
    end
end

local LIMIT_RENAMED = "`limit` of a client is now called `page_size`: records a request, not how many are read"

--- Options of a client. Lengths of time are seconds.
-- @table dwsync.client.options
-- @tfield[opt] string region such as "cn-north-4"; by default the environment's DWSYNC_REGION, else HW_REGION_NAME,
-- else that of the KooCLI profile that credentials may come from
-- @tfield[opt] string endpoint of DWS, instead of the region's; several separated by commas are tried in turn
-- @tfield[opt] string iam_endpoint instead of the region's
-- @tfield[opt] string project_id by default the credentials', else HUAWEICLOUD_SDK_PROJECT_ID, else looked up at IAM
-- @tfield[opt] table|function credentials a key pair, a function that returns one, or {source =, …}: see
-- dwsync.credentials; by default those of the first source that has any
-- @tfield[opt=true] boolean|string metadata whether the metadata service is a source: true, false, or its address
-- @tfield[opt="SDK-HMAC-SHA256"] string algorithm or "SDK-HMAC-SM3", "V11-HMAC-SHA256", "SDK-ECDSA-P256-SHA256",
-- "SDK-SM2-SM3"
-- @tfield[opt] string signing_service for "V11-HMAC-SHA256"
-- @tfield[opt] string signing_region for "V11-HMAC-SHA256"; by default `region`
-- @tfield[opt=60] number timeout for one call, all attempts together
-- @tfield[opt=30] number attempt_timeout for one attempt
-- @tfield[opt=10] number connect_timeout
-- @tfield[opt=3] integer retries how often to try again after failures that may pass
-- @tfield[opt=1000] integer page_size records a request when a list is read
-- @tfield[opt] integer limit what `page_size` was called until 0.2.0; a warning says so
-- @tfield[opt="auto"] "auto"|"page"|"row" paging how the service counts `offset`
-- @tfield[opt=10000] integer max_pages requests after which a list is given up
-- @tfield[opt] integer max_response_bytes by default 16 MiB
-- @tfield[opt] string ca_file PEM file of the CA to trust instead of the system's; by default DWSYNC_CA_FILE
-- @tfield[opt] string client_cert PEM file
-- @tfield[opt] string client_key PEM file
-- @tfield[opt] string proxy URL; "" connects directly; by default the environment's
-- @tfield[opt] string user_agent by default "dwsync/VERSION"
-- @tfield[opt=false] boolean allow_http allows plain http to hosts that are not loopback
-- @tfield[opt=false] boolean compressed asks services that are not on this machine for gzip
-- @tfield[opt] {[string]=string} clusters ids by names of your own, which are looked up before the service's
-- @tfield[opt] function(event:table):any on_event called with what happens; `type` is "attempt", "retry", "clock",
-- "page", "credentials", "lookup" or "warning"
-- @tfield[opt] dwsync.runtime runtime how a request is performed; by default libcurl, inside nginx its thread pool
-- @tfield[opt] function():number random in place of math.random
-- @tfield[opt] function(name:string):?string getenv in place of os.getenv
-- @tfield[opt] function(path:string):?string read_file in place of dwsync.files.read

--- Makes a client. Reads the environment and configuration files, contacts nothing.
-- @tparam[opt] dwsync.client.options given options
-- @treturn[1] dwsync.client
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "config"
-- @raise for unknown options
-- @usage local client = assert(dwsync.new{ region = "cn-north-4" })
function M.new(given)
    local settings, err = options.client(given or {})
    if not settings then
        return nil, err
    end
    local around
    around, err = environment.settle(settings)
    if not around then
        return nil, err
    end
    if settings.limit and settings.on_event then
        settings.on_event { type = "warning", message = LIMIT_RENAMED }
    end
    local self = setmetatable({
        settings = settings,
        runtime = settings.runtime and runtimes.complete(settings.runtime) or runtimes.new(),
        emit = settings.on_event,
        project_variable = around.project_id,
        -- Access key, or what stays when that changes → IAM endpoint → project id
        projects = setmetatable({}, { __mode = "k" }),
        known_pages = {}, -- operation → cluster id → what paging found out about its list
    }, Client)
    self.api = Api.new {
        runtime = self.runtime,
        endpoints = around.endpoints,
        given_credentials = settings.credentials,
        context = around.credentials_context,
        iam_is_default = around.iam_is_default,
        signing = {
            algorithm = settings.algorithm,
            region = settings.signing_region or settings.region,
            service = settings.signing_service,
        },
        transport = transport.copy(settings, {}),
        retries = settings.retries,
        attempt_timeout = settings.attempt_timeout,
        random = settings.random or math.random,
        emit = self.emit,
    }
    prepare(self.runtime, around.endpoints, settings.ca_file)
    return self
end

--- The records of a list that was read whole.
-- @table dwsync.client.list
-- @tfield dwsync.record ...
-- @tfield integer count how many there are here
-- @tfield ?integer total how many the service has, whether or not `where` let them through; nil when `limited` and not
-- all were read
-- @tfield integer pages requests that brought a page
-- @tfield boolean complete whether this is the whole list: true unless `limited`
-- @tfield ?boolean limited whether reading ended at `limit`, so that older records are missing
-- @tfield[opt] string rests_on "count": that this is all rests on the service's word alone, its one short page and the
-- count in it, since it repeats that page whatever the offset, or `max_pages` let it not be asked for the next; of
-- accounts also "page" and "readings", see `all_database_users`

--- The clusters of a project: `id`, `name`, `status`, `version`, … of each, as the service names them.
-- @table dwsync.clusters
-- @tfield {id=string,name=?string,status=?string} ...
-- @tfield integer count

--- Keys, and what came with them. They hold secrets.
-- @table dwsync.credentials
-- @tfield string ak access key
-- @tfield string sk secret key
-- @tfield[opt] string security_token of temporary keys
-- @tfield[opt] string project_id
-- @tfield[opt] string source what they come from, fit to be shown
-- @tfield[opt] number expires_at seconds since the epoch

--- A client.
-- @type dwsync.client

--- How far this machine's clock is off, from the Date of a server that refused a request because of it.
-- @treturn number seconds to add to the clock; 0 until an error was found
function Client:clock_skew()
    return self.api:clock_skew()
end

-- ---- one request ---------------------------------------------------------------------------------

-- The operations that list what a cluster has. `is_ordered`: what comes and goes does so at the ends of the list; else
-- a page says nothing of those before it. `rests_on`: what a list without count rests on when no more pages can be had.
local SYNC_RECORDS = { name = "ListSyncRecords", path = "sync-records", list = "sync_records", noun = "record",
    is_ordered = true, rests_on = "count" }
local DATABASE_USERS = { name = "ListDatabaseUsers", path = "users", list = "users", noun = "account",
    is_ordered = false, kind = "accounts", rests_on = "page", filters = { "type", "user_type" } }

local function query_of(filters, checked, offset, limit)
    if limit and offset and not filters then
        return ("?limit=%d&offset=%d"):format(limit, offset) -- as nearly always
    end
    local query = (limit and ("&limit=%d"):format(limit) or "") .. (offset and ("&offset=%d"):format(offset) or "")
    for i = 1, filters and #filters or 0 do
        local name = filters[i]
        query = checked[name] and query .. "&" .. name .. "=" .. checked[name] or query
    end
    return query ~= "" and "?" .. query:sub(2) or ""
end

local function fetch_page(self, checked, offset, limit, limits, ids)
    local operation = checked.operation
    local target = ("/clusters/%s/db-manager/%s"):format(checked.cluster_id, operation.path)
        .. query_of(operation.filters, checked, offset, limit)
    local choice = { kind = operation.kind, fields = checked.fields, where = checked.where, ids = ids }
    local response, err, keys = project.send(self, "GET", "v1", target, limits, { decode = choice })
    if not response then
        return nil, err
    end
    return answers.page(self, response, keys, choice)
end

-- Checks `fields` and `where` of checked parameters, too.
local function check(operation, checked, err)
    if not checked then
        return nil, err
    end
    checked.operation = operation
    if not (checked.fields or checked.where) then
        return checked
    end
    local choice = { kind = operation.kind, fields = checked.fields, where = checked.where }
    local good, message = core.check_choice(choice)
    if not good then
        return nil, errors.new { kind = "config", message = message .. record_fields.guess(choice) }
    end
    return checked
end

-- Finds the cluster that parameters name.
local function settle(self, checked, err, limits)
    if not checked then
        return nil, err
    end
    return clusters.settle(self, checked, checked.operation.name, limits.deadline - self.runtime.monotonic())
end

-- One page, as it is.
local function one_page(self, checked, err)
    local limits = project.limits(self, checked and checked.timeout)
    checked, err = settle(self, checked, err, limits)
    if not checked then
        return nil, err
    end
    local page, failure = fetch_page(self, checked, checked.offset, checked.limit, limits)
    return page, not page and errors.about(failure, checked.about) or nil
end

-- All pages, in one list.
local function whole_list(self, checked, err)
    local limits = project.limits(self, checked and checked.timeout)
    checked, err = settle(self, checked, err, limits)
    if not checked then
        return nil, err
    end
    return lists.all(self, checked, fetch_page, function()
        return limits
    end)
end

-- ---- what the client works with ------------------------------------------------------------------

--- The value of an option in force: as given, from the environment, or its default.
-- @tparam string name of an option of dwsync.new that is a text or a number, for example "timeout"
-- @treturn any its value; nil when it has none
-- @raise for an option that is neither a text nor a number
function Client:option(name)
    local value = self.settings[name]
    if type(value) == "table" or type(value) == "function" then
        error(("client:option: %s is neither a text nor a number"):format(name), 2)
    end
    return value
end

--- The URLs of a service, the one that is tried first in front.
-- @tparam "dws"|"iam" service
-- @tparam[opt] dwsync.credentials credentials may name an IAM endpoint of their own
-- @treturn[1] {string,...} URLs without path
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "config"
function Client:endpoints(service, credentials)
    return self.api:endpoints_of(service, {}, credentials)
end

--- The credentials in use now. They hold secrets: show only `ak`, `source`, `expires_at` and `project_id`.
-- @treturn[1] dwsync.credentials
-- @treturn[2] nil
-- @treturn[2] dwsync.error
function Client:credentials()
    return self.api:resolve_credentials(project.limits(self))
end

--- Sends one GET of "/" without credentials, as this client reaches the service: proxy, certificates, time limits.
-- @tparam string url without path, see `endpoints`
-- @treturn[1] dwsync.response of any status, with `certificate` where the runtime gives it
-- @treturn[2] nil
-- @treturn[2] dwsync.error
function Client:probe(url)
    return operations.probe(self, url)
end

--- The time by the client's runtime.
-- @treturn number seconds since the epoch
function Client:now()
    return self.runtime.now()
end

--- The clock of the client's runtime for lengths of time: no step of the wall clock changes it.
-- @treturn number seconds from an arbitrary beginning
function Client:monotonic()
    return self.runtime.monotonic()
end

--- Pauses as the client's runtime does: others may run meanwhile.
-- @tparam number seconds
function Client:sleep(seconds)
    self.runtime.sleep(seconds)
end

-- ---- operations ----------------------------------------------------------------------------------

--- The project id in use: given, known from the credentials, or looked up at IAM.
-- @treturn[1] string
-- @treturn[2] nil
-- @treturn[2] dwsync.error
function Client:project_id()
    local keys, id = project.keys_and_id(self, project.limits(self))
    return keys and id, not keys and id or nil
end

--- Posts to the service at the client's endpoint, below the version and the project's id; for channels, whose services
-- are not DWS. It is sent again where the options of the client say so: with `retries = 0` only when it was refused
-- because of the clock or of an expired token.
-- @tparam string version "v2"
-- @tparam string target what follows the project's id, percent-encoded
-- @tparam string body JSON
-- @tparam[opt] number timeout seconds; by default the client's
-- @treturn[1] dwsync.response
-- @treturn[2] nil
-- @treturn[2] dwsync.error
function Client:post(version, target, body, timeout)
    return project.send(self, "POST", version, target, project.limits(self, timeout), { body = body })
end

--- One page, as the service's operation ListSyncRecords gives it. Records keep their wire names, null is absent.
-- @tparam table parameters
-- @tparam[opt] string parameters.cluster_id taken as it is
-- @tparam[opt] string parameters.cluster in its place a name, or an id: see `find_clusters`
-- @tparam[opt=0] integer parameters.offset index of the page, from 0
-- @tparam[opt] integer parameters.limit records a page, above 0; the service's default is 1000
-- @tparam[opt] number parameters.timeout seconds for all attempts together; by default the client's
-- @tparam[opt] {string,...} parameters.fields names of the fields to hand over; by default all
-- @tparam[opt] table parameters.where conditions by field name, each a value, a list of values, or {min =, max =}: only
-- records that meet all are handed over; the others cost nothing
-- @treturn[1] dwsync.page
-- @treturn[2] nil
-- @treturn[2] dwsync.error
-- @raise for unknown parameters
-- @usage local page, err = client:list_sync_records{ cluster_id = id, offset = 0, limit = 100 }
function Client:list_sync_records(parameters)
    return one_page(self, check(SYNC_RECORDS, options.parameters("list_sync_records", parameters)))
end

--- Every record, page by page as the loop proceeds. Since `for` has no place for an error, it raises the error object.
-- @tparam table parameters
-- @tparam[opt] string parameters.cluster_id taken as it is
-- @tparam[opt] string parameters.cluster in its place a name, or an id: see `find_clusters`
-- @tparam[opt] integer parameters.limit only the newest so many, newest first. The service promises no order: reading
-- ends early only while the records come in descending order of their start, else all are read
-- @tparam[opt] string|number parameters.since only what started at or after a point in time: "7d", "2025-05-19",
-- milliseconds or, below 1e11, seconds since the epoch; see dwsync.timestamps.point
-- @tparam[opt] string|number parameters.until_ only what started before a point in time
-- @tparam[opt] integer parameters.page_size records a request; by default the client's
-- @tparam[opt] "auto"|"page"|"row" parameters.paging how the service counts `offset`; by default the client's
-- @tparam[opt] integer parameters.max_pages requests after which the list is given up; by default the client's
-- @tparam[opt] number parameters.timeout seconds for each page; by default the client's
-- @tparam[opt] {string,...} parameters.fields names of the fields to hand over; by default all
-- @tparam[opt] table parameters.where conditions by field name, each a value, a list of values, or {min =, max =}: only
-- records that meet all are handed over; the others cost nothing
-- @treturn function():?dwsync.record
-- @raise dwsync.error, also for wrong parameters; kind "incomplete" when the list cannot be had whole
-- @usage for record in client:sync_records{ cluster_id = id, since = "7d" } do print(record.status) end
function Client:sync_records(parameters)
    local checked, err = check(SYNC_RECORDS,
        lists.parameters(options.parameters("sync_records", parameters, self.runtime.now)))
    checked, err = settle(self, checked, err, project.limits(self, checked and checked.timeout))
    if not checked then
        error(err)
    end
    return lists.each(self, checked, fetch_page, function()
        return project.limits(self, checked.timeout)
    end)
end

--- Every record in one list, or an error: an incomplete list never looks complete.
-- @tparam dwsync.client.sync_records.parameters parameters `timeout` is for the whole list here
-- @treturn[1] dwsync.client.list with `limit` perhaps `limited`, and then not `complete`
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "incomplete" when the list cannot be had whole
-- @raise for unknown parameters
-- @usage local list, err = client:all_sync_records{ cluster = "dws-prod" }
function Client:all_sync_records(parameters)
    return whole_list(self, check(SYNC_RECORDS,
        lists.parameters(options.parameters("all_sync_records", parameters, self.runtime.now))))
end

--- One page of a cluster's accounts, as the service's operation ListDatabaseUsers gives it.
-- @tparam table parameters
-- @tparam[opt] string parameters.cluster_id taken as it is
-- @tparam[opt] string parameters.cluster in its place a name, or an id: see `find_clusters`
-- @tparam[opt] "USER"|"ROLE" parameters.type only those that may log in, or only those that may not
-- @tparam[opt] "COMMON"|"IAM"|"OneAccess" parameters.user_type only those of this type
-- @tparam[opt=0] integer parameters.offset
-- @tparam[opt] integer parameters.limit accounts a page, above 0; the service's default is 1000
-- @tparam[opt] number parameters.timeout seconds for all attempts together; by default the client's
-- @tparam[opt] {string,...} parameters.fields names of the fields to hand over; by default all
-- @tparam[opt] table parameters.where conditions by field name, each a value or a list of values: only accounts that
-- meet all are handed over
-- @treturn[1] dwsync.account_page
-- @treturn[2] nil
-- @treturn[2] dwsync.error
-- @raise for unknown parameters
function Client:list_database_users(parameters)
    return one_page(self, check(DATABASE_USERS, options.parameters("list_database_users", parameters)))
end

--- Every account of a cluster in one list, or an error: an incomplete list never looks complete. The service gives no
-- count, and accounts come and go anywhere in the list. So more than one page is read until a reading brings nothing
-- that was not seen before.
-- @tparam table parameters
-- @tparam[opt] string parameters.cluster_id taken as it is
-- @tparam[opt] string parameters.cluster in its place a name, or an id: see `find_clusters`
-- @tparam[opt] "USER"|"ROLE" parameters.type only those that may log in, or only those that may not
-- @tparam[opt] "COMMON"|"IAM"|"OneAccess" parameters.user_type only those of this type
-- @tparam[opt] integer parameters.page_size accounts a request; by default the client's
-- @tparam[opt] "auto"|"page"|"row" parameters.paging how the service counts `offset`; by default the client's
-- @tparam[opt] integer parameters.max_pages requests after which the list is given up; by default the client's
-- @tparam[opt] number parameters.timeout seconds for the whole list; by default the client's
-- @tparam[opt] {string,...} parameters.fields names of the fields to hand over; by default all
-- @tparam[opt] table parameters.where conditions by field name, each a value or a list of values: only accounts that
-- meet all are handed over
-- @treturn[1] dwsync.client.list of accounts; `rests_on` is "page" where the service repeats its one short page
-- whatever the offset, "readings" where pages come without a count and do not overlap: what each reading
-- lacks is missing
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "incomplete" when the list cannot be had whole
-- @raise for unknown parameters
-- @usage for _, account in ipairs(assert(client:all_database_users{ cluster_id = id })) do print(account.name) end
function Client:all_database_users(parameters)
    return whole_list(self, check(DATABASE_USERS, options.parameters("all_database_users", parameters)))
end

--- The clusters of the project, as the service's operation ListClusters gives them.
-- @tparam[opt] table parameters
-- @tparam[opt] string parameters.enterprise_project_id "all_granted_eps", "0" or an id
-- @tparam[opt=0] number parameters.max_age a list that this client was given in the last so many seconds will do; do
-- not change it
-- @tparam[opt] number parameters.timeout seconds; by default the client's
-- @treturn[1] dwsync.clusters
-- @treturn[2] nil
-- @treturn[2] dwsync.error
-- @raise for unknown parameters
function Client:list_clusters(parameters)
    return operations.list_clusters(self, parameters)
end

--- The newest page of a cluster's records, not decoded yet: who has seen its mark before knows what is on it, for less
-- than decoding it costs.
-- @tparam table parameters
-- @tparam string parameters.cluster_id
-- @tparam integer parameters.limit records a page, above 0
-- @tparam[opt] number parameters.timeout seconds for all attempts together; by default the client's
-- @treturn[1] {mark=string,decode=function} the mark of what the service sent, and a function that returns the
-- dwsync.page, or nil and an error
-- @treturn[2] nil
-- @treturn[2] dwsync.error
-- @raise for unknown parameters
function Client:newest_page(parameters)
    return operations.newest_page(self, parameters)
end

--- The projects of the account, as IAM's operation KeystoneListAuthProjects gives them: those that its credentials may
-- enter. The main project of a region has its name.
-- @tparam[opt] table parameters
-- @tparam[opt] number parameters.timeout seconds; by default the client's
-- @treturn[1] {{id=string,name=?string},...}
-- @treturn[2] nil
-- @treturn[2] dwsync.error
-- @raise for unknown parameters
function Client:list_projects(parameters)
    return operations.list_projects(self, parameters)
end

--- The clusters that names, ids and patterns mean. A UUID is an id and taken as it is; any other word is looked for
-- among the names and ids of the option `clusters`, then among those of the service, in one list of clusters that the
-- client keeps for five minutes.
-- @tparam table parameters
-- @tparam {string,...} parameters.clusters names, ids, and patterns of names such as "prod-*", for what the service has
-- @tparam[opt] {string,...} parameters.exclude names, ids and patterns of those to leave out
-- @tparam[opt=300] number parameters.max_age how old the list of clusters may be, in seconds
-- @tparam[opt] number parameters.timeout seconds; by default the client's
-- @treturn[1] {{id=string,name=?string},...} each once, in the order of the words
-- @treturn[1] {string,...} those of `exclude` that exclude none
-- @treturn[2] nil
-- @treturn[2] dwsync.error kind "config" when a word means no cluster, or more than one
-- @raise for unknown parameters
-- @usage local list = assert(client:find_clusters { clusters = { "prod-*" }, exclude = { "prod-test" } })
function Client:find_clusters(parameters)
    return operations.find_clusters(self, parameters)
end

return M
