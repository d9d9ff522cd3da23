-- nginx_service.lua: what benches of nginx ask in place of the service: an nginx without TLS that answers each request
-- with the same page, so that what it costs itself does not show.
local core = require "dwsync.core"
local nginx = require "spec.support.refreshing_nginx"
local uv = require "luv"

local M = {}

--- The environment of an nginx whose event loop spec.bench.nginx_holds watches.
-- @treturn {string,...}
function M.watched()
    local library = assert(uv.fs_realpath "build/spec/bench/loop_cycles.so", "cmake --build build makes loop_cycles.so")
    return { "LD_PRELOAD=" .. library }
end

--- An id like the service's, which differ everywhere: LuaJIT hashes only some bytes of a long text.
-- @tparam integer number
-- @treturn string
function M.id(number)
    local hash = number * 2654435761 % 2 ^ 32
    return ("%08x-%04x-4%03x-8%03x-%08x%04x"):format(hash, hash % 65521, hash % 4093, hash % 4091,
        number * 2246822519 % 2 ^ 32, number)
end

-- The newest record first, one every `gap` seconds; every `failing`th failed.
local function page_of(records, gap, failing)
    local now, list = math.floor(core.now()) * 1000, {}
    for i = 1, records do
        local start = now - i * gap * 1000
        list[i] = ('{"id":"%s",'
            .. '"identity_source_id":"79d6458e-52bb-4e0d-9d2c-1f6a4b7c8d9e",'
            .. '"identity_source_type":"ldap","start_time":%d,"end_time":%d,"add_count":%d,"update_count":%d,'
            .. '"delete_count":0,"failed_count":0,"status":"%s","fail_reason":null}'):format(M.id(i), start,
            start + 21000, i % 4, i % 6, failing and i % failing == 0 and "FAILED" or "FINISHED")
    end
    return ('{"count":%d,"sync_records":[%s]}'):format(records, table.concat(list, ","))
end

--- Starts it.
-- @tparam table options `records`, `gap` (seconds between two), `failing` (every so manieth failed; nil: none),
-- `delay` (seconds before it answers; nil: none)
-- @treturn table an nginx of spec.support.refreshing_nginx
function M.start(options)
    local server = nginx.start { server = ([[
        location / { content_by_lua_block {
            if not page then
                local file = io.open(ngx.config.prefix() .. "page.json")
                page = file:read "*a"
                file:close()
            end
            %s
            ngx.header["Content-Type"] = "application/json"
            ngx.print((tonumber(ngx.var.arg_offset) or 0) > 0 and '{"count":%d,"sync_records":[]}' or page)
        } }
]]):format(options.delay and ("ngx.sleep(%g)"):format(options.delay) or "", options.records) }
    M.put(server, "page.json", page_of(options.records, options.gap, options.failing))
    return server
end

--- Writes a file into the directory of an nginx.
function M.put(server, name, text)
    local file = assert(io.open(server.directory .. "/" .. name, "w"))
    file:write(text)
    file:close()
end

--- The options of a client that asks it.
function M.client(server)
    local url = "http://127.0.0.1:" .. server.port
    return { endpoint = url, iam_endpoint = url, region = "cn-north-4", project_id = ("0"):rep(32),
        credentials = { ak = "bench", sk = ("s"):rep(40) } }
end

return M
