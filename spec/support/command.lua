--- The command with a world of its own: streams, environment, clock, service. It must not touch the real ones.
local cli = require "dwsync.cli"

local M = {}

M.NOW = 1747637723 -- 2025-05-19T06:55:23Z

--- In place of records: synchronisation is off.
M.OFF = {}

local HOUR = 3600000

M.ENVIRONMENT = {
    DWSYNC_REGION = "cn-north-4",
    HUAWEICLOUD_SDK_AK = "AKEXAMPLE",
    HUAWEICLOUD_SDK_SK = "hidden-sk",
    HUAWEICLOUD_SDK_PROJECT_ID = "p1",
}

--- A record that began some hours before now and took a minute.
-- @tparam string id @tparam number hours ago @tparam[opt] table more fields that replace these; false leaves one out
-- @treturn table
function M.record(id, hours, more)
    local start = M.NOW * 1000 - hours * HOUR
    local record = {
        id = id, identity_source_id = "s1", identity_source_type = "ldap", start_time = start, end_time = start + 60000,
        add_count = 1, update_count = 2, delete_count = 0, failed_count = 0, status = "FINISHED",
    }
    for name, value in pairs(more or {}) do
        record[name] = value or nil
    end
    return record
end

--- A record that failed, as of `record`.
function M.failed(id, hours, reason)
    return M.record(id, hours, { status = "FAILED", fail_reason = reason or "LDAP: error code 49 - data 52e" })
end

--- So many finished runs, one an hour, the newest half an hour ago.
-- @tparam[opt=48] integer count @treturn {table,...}
function M.healthy(count)
    local list = {}
    for i = 1, count or 48 do
        list[i] = M.record("r" .. i, i - 0.5)
    end
    return list
end

local function json(record)
    local layout = require("dwsync.report.rows.ndjson").layout()
    return (require("dwsync.core").write_rows({ record }, 1, layout))
end

--- Records as lines of JSON. @tparam {table,...} list @treturn string
function M.lines(list)
    local lines = {}
    for i, record in ipairs(list) do
        lines[i] = json(record) .. "\n"
    end
    return table.concat(lines)
end

--- The service's answer with these records. @tparam {table,...} list @treturn string
function M.page(list)
    local parts = {}
    for i, record in ipairs(list) do
        parts[i] = json(record)
    end
    return ('{"count":%d,"sync_records":[%s]}'):format(#list, table.concat(parts, ","))
end

local function clusters_page(clusters)
    local parts = {}
    for id in pairs(clusters) do
        parts[#parts + 1] = ('{"id":"%s","name":"name-%s"}'):format(id, id)
    end
    table.sort(parts)
    return '{"clusters":[' .. table.concat(parts, ",") .. "]}"
end

--- A service that has these records by cluster id; a number is the status of a failure instead.
-- @tparam table clusters a number is the status of a failure, `M.OFF` the refusal where synchronisation is off
-- @treturn function(request) → status, body
function M.service(clusters)
    return function(request)
        local id = request.url:match "/clusters/([^/]+)/"
        local records = id and clusters[id]
        if not id then
            return 200, clusters_page(clusters)
        elseif type(records) == "table" and records ~= M.OFF then
            local is_first = not request.url:find "[?&]offset=[1-9]"
            return 200, is_first and M.page(records) or ('{"count":%d,"sync_records":[]}'):format(#records)
        elseif records == M.OFF then
            return 400, '{"error_code":"DWS.5045","error_msg":"The tenant is not allowed to use this function."}'
        end
        return records or 404, (records or 0) >= 500 and '{"error_code":"DWS.0005","error_msg":"Server failure"}'
            or '{"error_code":"DWS.0015","error_msg":"no such cluster"}'
    end
end

--- A stream that keeps what is written.
function M.stream()
    local stream = { text = "" }
    function stream:write(...)
        self.text = self.text .. table.concat { ... }
        return self
    end
    function stream.flush() return true end
    return stream
end

--- A stream to read a text from.
function M.reader(text)
    local file = assert(io.tmpfile())
    file:write(text)
    file:seek "set"
    return file
end

local function read_file_of(files)
    return function(path)
        if files[path] then
            return files[path]
        end
        return nil, "No such file or directory", true
    end
end

--- Runs the command.
-- @tparam {string,...} arguments
-- @tparam[opt] table world `service`: function(request, clock) → status, body, failure instead, headers;
-- `environment`; `stdin`: text; `files`: path →
-- text; `terminal`: the streams that are one, as a set; `sleep`: function(seconds, clock), after which the clock has
-- moved on (a step of the wall clock alone is added to its `now` and its
-- `stepped`); `stdout`; `clock_error`: seconds by which this machine's clock is wrong
-- @treturn integer exit status @treturn string stdout @treturn string stderr @treturn {table,...} requests
function M.run(arguments, world)
    world = world or {}
    local stdout, stderr, requests = world.stdout or M.stream(), M.stream(), {}
    local clock = { now = M.NOW + (world.clock_error or 0), stepped = 0 }
    local stdin = M.reader(world.stdin or "")
    local function now() return clock.now end
    local status = cli.main(arguments, {
        stdin = stdin,
        stdout = stdout,
        stderr = stderr,
        getenv = function(name) return (world.environment or M.ENVIRONMENT)[name] end,
        read_file = read_file_of(world.files or {}),
        is_terminal = function(stream) return (world.terminal or {})[stream] or false end,
        terminal_columns = function() return 80 end,
        terminal_rows = function() return world.rows end,
        now = function() return math.floor(clock.now) end,
        random = function() return 0 end,
        runtime = {
            now = now,
            monotonic = function() return clock.now - clock.stepped end,
            sleep = function(seconds)
                clock.now = clock.now + seconds
                if world.sleep then
                    world.sleep(seconds, clock)
                end
            end,
            perform = function(request)
                requests[#requests + 1] = request
                local code, body, failure, headers = (world.service or M.service {})(request, clock)
                if failure then
                    return nil, failure
                end
                return { status = code, headers = headers or {}, body = body }
            end,
        },
    })
    stdin:close()
    return status, stdout.text, stderr.text, requests
end

return M
