--- What the nginx of the specs runs: one function for each location, named by it, which answers in JSON.
-- It must not be loaded outside nginx.
-- luacheck: globals ngx
local cjson = require "cjson"
local core = require "dwsync.core"
local dwsync = require "dwsync"

local M = {}

local client

-- Everything comes from the environment, which nginx hands on by `env` lines.
local function the_client()
    client = client or assert(dwsync.new())
    return client
end

local function plain(err)
    if type(err) ~= "table" then
        return { raised = tostring(err) }
    end
    return { kind = err.kind, message = err.message, hint = err.hint, code = err.code, retryable = err.retryable }
end

--- A query and what came of it, as a table that JSON can hold.
-- @tparam[opt] string method of the client
-- @tparam[opt] table more parameters
-- @tparam[opt] table another client
function M.ask(method, more, another)
    local parameters = { cluster_id = os.getenv "SPEC_CLUSTER" }
    for name, value in pairs(more or {}) do
        parameters[name] = value
    end
    local asked = another or the_client()
    local ran, result, err = pcall(asked[method or "list_sync_records"], asked, parameters)
    if not ran or not result then
        return { err = plain(not ran and result or err) }
    end
    return { count = result.count, records = result.sync_records or { (table.unpack or unpack)(result) } }
end

--- Answers with a value.
function M.say(value)
    ngx.print(cjson.encode(value))
end

local begun = 0

function M.query()
    begun = begun + 1
    M.say(M.ask("list_sync_records", { cluster_id = ngx.var.arg_cluster }))
end

--- How many queries began.
function M.begun()
    M.say(begun)
end

function M.failed()
    M.say(M.ask("list_sync_records", { where = { status = "FAILED" } }))
end

function M.all()
    M.say(M.ask("all_sync_records", { page_size = 100 }))
end

function M.all_failed()
    M.say(M.ask("all_sync_records", { page_size = 100, where = { status = "FAILED" } }))
end

function M.gather()
    local functions = {}
    for i = 1, 12 do
        functions[i] = function()
            return i ~= 7 and the_client():list_sync_records { cluster_id = os.getenv "SPEC_CLUSTER", limit = i } or
                error "the seventh"
        end
    end
    local pages, errs = dwsync.gather(functions, { concurrency = 4 })
    local lengths = {}
    for i = 1, 12 do
        lengths[i] = pages[i] and #pages[i].sync_records or tostring(errs[i])
    end
    M.say(lengths)
end

--- Runs a body in a timer and waits for what it returns.
local function in_timer(body)
    local done, value = require("ngx.semaphore").new(), nil
    assert(ngx.timer.at(0, function()
        value = body()
        done:post()
    end))
    assert(done:wait(10))
    return value
end

function M.timer()
    M.say(in_timer(M.ask))
end

function M.light_thread()
    local _, value = ngx.thread.wait(ngx.thread.spawn(M.ask))
    M.say(value)
end

function M.coroutine()
    M.say(coroutine.wrap(M.ask)())
end

--- Keeps what a query in another phase came to, for the content phase or a later request to tell.
M.kept = {}
function M.keep(name, ...)
    M.kept[name] = M.ask(...)
    local response, err = the_client():probe "http://127.0.0.1:1"
    M.kept[name].probe = not response and plain(err) or nil
end

function M.tell()
    M.say(M.kept[ngx.var.arg_name] or { nothing = true })
end

--- Asks where C stands between here and nginx: in a module that is being loaded, and in a comparison.
function M.under_c()
    local seen = {}
    package.preload["spec.asks_when_loaded"] = function()
        seen[1] = M.ask()
        return true
    end
    package.loaded["spec.asks_when_loaded"] = nil
    require "spec.asks_when_loaded"
    table.sort({ 1, 2 }, function(a, b)
        seen[2] = seen[2] or M.ask()
        return a < b
    end)
    ngx.sleep(0.05) -- a coroutine that nginx woke by mistake would go on from here too early
    seen[3] = M.ask()
    M.say(seen)
end

local function client_of(options)
    return assert(dwsync.new { retries = 0, runtime = require("dwsync.runtime.nginx").new(options) })
end

function M.other_places()
    M.say(M.ask(nil, nil, client_of { concurrency = 3 }))
end

--- With another function of nginx, as other builds and other hours have it.
local function with(place, name, value, body)
    local real = place[name]
    place[name] = value
    local ran, result = pcall(body)
    place[name] = real
    assert(ran, result)
    M.say(result)
end

function M.without_threads()
    with(ngx, "run_worker_thread", nil, M.ask)
end

--- nginx makes no more timers.
function M.no_timer()
    with(ngx.timer, "at", function() return nil, "too many pending timers" end, function()
        return M.ask(nil, nil, client_of { concurrency = 4 })
    end)
end

--- nginx makes a timer, and drops it: too many run.
function M.dropped_timer()
    local at, count = ngx.timer.at, 0
    with(ngx.timer, "at", function(...)
        count = count + 1
        return count == 1 or at(...)
    end, function()
        return M.ask(nil, nil, client_of { concurrency = 5 })
    end)
end

--- Something in the event loop's own pool fails.
function M.broken_pool()
    local pool, seen = core.pool, {}
    core.pool = function()
        return { submit = function() return true end, cancel = function() end, close = function() end,
            next = function() error("not enough memory", 0) end }
    end
    local runtime = require("dwsync.runtime.nginx").new { concurrency = 6 }
    local request = { url = os.getenv "SPEC_URL", ca_file = os.getenv "DWSYNC_CA_FILE" }
    seen.ran, seen.message = pcall(runtime.perform, request)
    core.pool = pool
    seen.status = assert(runtime.perform(request)).status
    M.say(seen)
end

--- Many queries at once over few places.
function M.many()
    local few, threads, seen = client_of { concurrency = 2 }, {}, {}
    for i = 1, 64 do
        threads[i] = ngx.thread.spawn(M.ask, nil, { limit = 1 }, few)
    end
    for i = 1, 64 do
        local _, answer = ngx.thread.wait(threads[i])
        seen[i] = answer.records and #answer.records or answer.err
    end
    M.say(seen)
end

--- A time limit that ends while the only place is taken.
function M.late()
    local narrow = require("dwsync.runtime.nginx").new { concurrency = 1 }
    local slow = ngx.thread.spawn(M.ask, nil, nil, assert(dwsync.new { retries = 0, runtime = narrow }))
    local _, err = narrow.perform { method = "GET", url = "https://127.0.0.1:1/", headers = {}, timeout = 0.05 }
    local _, answer = ngx.thread.wait(slow)
    M.say { late = plain(err), records = answer.records and #answer.records }
end

--- One time limit for all that a query is; what it may take, whom it may trust and which way it takes.
function M.limited()
    local seen = {}
    for name, options in pairs {
        dripping = { timeout = 0.3 },
        too_large = { max_response_bytes = 100 },
        untrusted = { ca_file = "/etc/ssl/certs/ca-certificates.crt" },
        over_a_proxy = { proxy = "http://127.0.0.1:1" },
    } do
        options.retries = 0
        seen[name] = M.ask(nil, nil, assert(dwsync.new(options))).err
    end
    M.say(seen)
end

--- A page that no slice is enough for.
function M.pages()
    local seen = {}
    for i, parameters in ipairs { {}, { where = { status = "FAILED" } }, { fields = { "id" } } } do
        parameters.cluster_id, parameters.limit = ngx.var.arg_cluster, 1000
        seen[i] = #assert(the_client():list_sync_records(parameters)).sync_records
    end
    M.say(seen)
end

--- Bodies that the runtime is asked to decode.
function M.decoded()
    local runtime, url = require("dwsync.runtime").new(), ("http://127.0.0.1:%s/"):format(ngx.var.server_port)
    local page = assert(runtime.perform { url = url .. "page", decode = { fields = { "id" }, ids = core.ids() } })
    local pong = assert(runtime.perform { url = url .. "ping", decode = {} })
    local ran, message = pcall(runtime.perform, { url = url .. "page", decode = { fields = { "nothing" } } })
    M.say { page = page.page, rows = page.place.rows, rest = page.body, pong = pong.body, kind = pong.page_error.kind,
        ran = ran, message = message, collects = collectgarbage "isrunning" }
end

--- What the runtime itself answers and raises.
function M.perform()
    local runtime = require("dwsync.runtime").new()
    local request = { method = "GET", url = os.getenv "SPEC_URL", headers = {}, ca_file = os.getenv "DWSYNC_CA_FILE",
        certificate_info = true }
    local response = assert(runtime.perform(request))
    local _, err = runtime.perform { method = "GET", url = "http://dws.example.com/", headers = {} }
    local ran, message = pcall(runtime.perform, { method = "GET", url = "https://127.0.0.1:1/", headers = { a = 1 } })
    M.say { status = response.status, type = response.headers["content-type"], body = response.body,
        seconds = response.seconds, subject = response.certificate.subject, err = plain(err), ran = ran,
        message = message }
end

function M.options()
    local nginx, seen = require "dwsync.runtime.nginx", {}
    for i, options in ipairs { { threads = 8 }, { concurrency = 0 }, { concurrency = 1025 }, { concurrency = 1.5 } } do
        seen[i] = select(2, pcall(nginx.new, options))
    end
    M.say(seen)
end

--- As configurations of before name it.
function M.former_options()
    local nginx = require "dwsync.runtime.nginx"
    for _ = 1, 2 do
        assert(nginx.new { thread_pool = "dwsync", concurrency = 4 }.ready())
    end
    M.say "taken"
end

--- The client over the example's transport. nginx compares certificates with names only, not with addresses.
function M.own_transport()
    local endpoint = os.getenv "HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1":gsub("127%.0%.0%.1", "localhost")
    local runtime = require "examples.nginx.own_transport"
    M.say(M.ask("all_sync_records", { page_size = 100 }, assert(dwsync.new { endpoint = endpoint, runtime = runtime,
        retries = 0, timeout = tonumber(ngx.var.arg_timeout) })))
end

return M
