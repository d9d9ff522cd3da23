--- The front of the service inside nginx: takes a request off the wire, applies an ordered fault, finds the operation,
-- checks the caller, sends the answer, and notes it in the journal. It must not know the details of any operation.
-- @module dwsync.emulator.gateway
local cjson = require "cjson"
local ffi = require "ffi"
local admin = require "dwsync.emulator.admin"
local authentication = require "dwsync.emulator.authentication"
local database_users = require "dwsync.emulator.database_users"
local dws = require "dwsync.emulator.dws"
local iam = require "dwsync.emulator.iam"
local iam_tokens = require "dwsync.emulator.iam_tokens"
local metadata = require "dwsync.emulator.metadata"
local notices = require "dwsync.emulator.notices"
local refusals = require "dwsync.emulator.refusals"
local run_directory = require "dwsync.emulator.run_directory"
local sending = require "dwsync.emulator.sending"
local service_state = require "dwsync.emulator.service"

ffi.cdef [[
    int getppid(void);
    void _exit(int status);
]]

-- luacheck: globals ngx
local M = {}

local PERIOD = 0.2 -- seconds; one system call each

local service

-- Method, path, handler, and who may call. "project": DWS, which wants a signature or a token for a project of its
-- region; "account": IAM, where any token will do; "open": IAM operations that check the caller themselves.
local OPERATIONS = {
    { "GET", "^/v1/([^/]+)/clusters/([^/]+)/db%-manager/sync%-records$", dws.list_sync_records, "project" },
    { "GET", "^/v1/([^/]+)/clusters/([^/]+)/db%-manager/users$", dws.list_database_users, "project" },
    { "GET", "^/v1%.0/([^/]+)/clusters$", dws.list_clusters, "project" },
    { "GET", "^/v2/([^/]+)/clusters$", dws.show_clusters, "project" },
    { "POST", "^/v2/([^/]+)/notifications/topics/([^/]+)/publish$", notices.publish, "project" },
    { "POST", "^/V1%.0/([^/]+)/events$", notices.report_events, "project" },
    { "GET", "^/v3/projects$", iam.list_projects, "account" },
    { "GET", "^/v3/auth/projects$", iam.list_own_projects, "account" },
    { "GET", "^/v3/auth/domains$", iam.list_domains, "account" },
    { "POST", "^/v3/auth/tokens$", iam_tokens.create_token, "open" },
    { "POST", "^/v3%.0/OS%-AUTH/id%-token/tokens$", iam_tokens.create_federated_token, "open" },
    { "POST", "^/v3/OS%-FEDERATION/identity_providers/([^/]+)/protocols/oidc/auth$", iam_tokens.create_unscoped_token,
        "open" },
    { "POST", "^/v3%.0/OS%-CREDENTIAL/securitytokens$", iam.create_temporary_key, "open" },
}

local PLAIN_OPERATIONS = {
    { "PUT", "^/meta%-data/latest/api/token$", metadata.create_token },
    { "GET", "^/openstack/latest/securitykey$", metadata.security_key },
    { "GET", "^/openstack/latest/meta_data%.json$", metadata.instance },
    { "POST", "^/pod%-identity$", metadata.pod_identity },
}

--- Sets the service up, once, before nginx accepts anything.
-- @tparam string prefix nginx's prefix, where the supervisor left its orders
function M.setup(prefix)
    local file = assert(io.open(prefix .. "/emulator.json"))
    local config = cjson.decode(assert(file:read "*a"))
    file:close()
    service = service_state.new(config, ngx.now)
end

local function leave_if_orphaned(premature, supervisor, directory)
    if premature or ffi.C.getppid() == supervisor then
        return
    end
    run_directory.remove(directory)
    ffi.C._exit(0) -- not a normal shutdown: that would write to files which are gone
end

--- Reports to the supervisor that the ports are open (one line on stdout, which is its pipe), and watches it from then
-- on: nginx ends when the supervisor was killed.
function M.watch_supervisor()
    local directory = ngx.config.prefix():gsub("/$", "")
    local ok, err = ngx.timer.every(PERIOD, leave_if_orphaned, service.config.supervisor, directory)
    if not ok then
        error("cannot watch the supervisor: " .. tostring(err))
    end
    io.stdout:write "ready\n"
    io.stdout:flush()
end

local function find(operations, method, path)
    for _, operation in ipairs(operations) do
        if operation[1] == method then
            local captures = { path:match(operation[2]) }
            if captures[1] then
                return operation, captures
            end
        end
    end
    return nil
end

-- The caller, once the gateway has let them in.
local function admitted(request, access)
    if access == "open" then
        return {}
    end
    local caller, refusal = authentication.check(service, request, access)
    if caller and access == "project" then
        local policy, bucket = service.settings.throttle, caller.account.bucket
        if policy and not service:admit(policy) then
            return nil, refusals.throttled(policy)
        elseif bucket and not bucket:take(service.real_now()) then
            return nil, refusals.throttled(bucket:policy())
        end
    end
    return caller, refusal
end

local function answer_to(request)
    local operation, captures = find(OPERATIONS, request.method, request.path)
    if not operation then
        return refusals.response(refusals.make "APIGW.0101", request.id)
    end
    local handler, access = operation[3], operation[4]
    local response, refusal
    request.caller, refusal = admitted(request, access)
    if request.caller then
        for i, capture in ipairs(captures) do
            captures[i] = ngx.unescape_uri(capture)
        end
        response, refusal = handler(service, request, captures[1], captures[2])
    end
    response = response or refusals.response(refusal, request.id)
    if access ~= "project" then
        response.headers["X-IAM-Trace-Id"] = "token_" .. service.home.region .. "_null_" .. request.id
    end
    return response
end

local function plain_answer_to(request)
    local operation = find(PLAIN_OPERATIONS, request.method, request.path)
    if operation then
        return operation[3](service, request)
    end
    return { status = 404, headers = { ["Content-Type"] = "text/plain" }, body = "404 Not Found" }
end

-- The answer of a fault instead of the service's, if it has one.
local function ordered_answer(action, request)
    if action.refuse then
        return refusals.response(refusals.make("APIGW.0301", action.refuse), request.id)
    end
    local body = action.body or (action.body_base64 and ngx.decode_base64(action.body_base64))
    if not (action.status or action.headers or body or action.repeat_body) then
        return nil
    end
    local status = action.status or 200
    local usual = not body and refusals.for_status(status, request.path)
    local response = usual and refusals.response(usual, request.id) or { status = status, body = body or "" }
    response.headers = action.headers or {}
    return response
end

local function change_records(action, request)
    local changes = action.add_records or action.remove_records or action.add_users or action.remove_users
    local cluster, place = service:find_cluster(changes and request.path:match "/clusters/([^/]+)/" or nil)
    if not cluster then
        return
    end
    local records = service:records_of(cluster, true)
    if action.add_records then
        records:add(action.add_records, service:now() * 1000)
    end
    if action.remove_records then
        records:remove(action.remove_records, action.from)
    end
    if action.add_users or action.remove_users then
        database_users.change(cluster, action.add_users or {}, action.remove_users or {})
        place.changed = true
    end
end

local function receive()
    ngx.req.read_body()
    -- The request line as it came: nginx's own variables are decoded and normalised.
    local uri = ngx.var.request_uri:gsub("^%a[%w+.-]*://[^/?]*", "")
    ngx.ctx.request_id = ngx.var.request_id -- nginx makes a new one each time it is read
    return {
        method = ngx.req.get_method(),
        uri = uri,
        path = uri:match "^[^?]*",
        query = ngx.req.get_uri_args(),
        headers = ngx.req.get_headers(0),
        body = ngx.req.get_body_data(),
        id = ngx.ctx.request_id,
    }
end

local function serve(request, answer)
    ngx.ctx.request = request
    local action = service.faults:take(request.method, request.path, request.query)
    if not action then
        return sending.send(answer(request))
    end

    if action.delay then
        ngx.sleep(action.delay)
    end
    if action.reset == "before" then
        return sending.close_without_answer()
    end
    change_records(action, request)
    request.list_part = action.list_part
    return sending.send(ordered_answer(action, request) or answer(request), action)
end

--- Answers a request on the TLS port.
function M.serve()
    local request = receive()
    if request.path:sub(1, #admin.PREFIX) == admin.PREFIX then
        return sending.send(admin.answer(service, request))
    end
    return serve(request, answer_to)
end

--- Answers a request on the plain port: the metadata service and the pod identity agent.
function M.serve_plain()
    return serve(receive(), plain_answer_to)
end

--- Answers what nginx refuses by itself: requests that it cannot read, or that are too long in some part.
function M.refuse()
    local refusal = refusals.make "APIGW.0201"
    refusal.status = ngx.status
    ngx.ctx.request_id = ngx.var.request_id
    return sending.send(refusals.response(refusal, ngx.ctx.request_id))
end

--- Filters the headers of every answer, nginx's own refusals included.
function M.stamp()
    if not ngx.header["Date"] then
        ngx.header["Date"] = ngx.http_time(service:now())
    end
    ngx.header["Server"] = "api-gateway"
    -- The body of a refusal names the same id; what nginx refuses by itself has none yet.
    ngx.header["X-Request-Id"] = ngx.ctx.request_id or ngx.var.request_id
end

-- Whose request it was is known by key or token, else by the project it asked about.
local function count(request)
    local project_id, cluster_id = request.path:match "^/v[%d.]+/([^/]+)/clusters/?([^/]*)"
    local place = service.places[project_id or ""]
    local account = request.account or place and place.account
    service.counts:add {
        account = account and account.name,
        cluster = place and place:find(cluster_id) and cluster_id,
        status = ngx.status,
        at = ngx.req.start_time(),
        dws = project_id ~= nil,
        look = (request.query.offset or "0") == "0",
    }
end

--- Notes in journal and counts what was asked, except what tests ask of the emulator itself.
function M.log()
    local request = ngx.ctx.request
    if not request then
        return
    end
    if request.path:find "^/v%d" then
        count(request)
    end
    service.journal:add({
        method = request.method,
        uri = request.uri:gsub("[^\33-\126]", function(byte) return ("%%%02X"):format(byte:byte()) end),
        connection = tonumber(ngx.var.connection),
        status = ngx.status,
        ak = request.ak,
        by = request.by,
    }, ngx.var.ssl_session_reused == "r")
end

return M
