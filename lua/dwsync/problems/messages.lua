--- What a channel is told of one step of a problem: its fields, and the words for people.
-- It must not escape anything for a channel; foreign text in it is harmless on a terminal, no more.
-- @module dwsync.problems.messages
local cluster_names = require "dwsync.cluster_names"
local core = require "dwsync.core"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local text = require "dwsync.text"

local M = {}

--- A message.
-- @table dwsync.problem.message
-- @tfield string event "firing", "escalated", "reminder", "flapping", "resolved"; "summary", which has `items`
-- @tfield string key the same for each attempt to send this message
-- @tfield string problem_id the same for all messages of one episode
-- @tfield integer time when it was made; times are milliseconds since the epoch
-- @tfield string cluster_id
-- @tfield[opt] string cluster_name
-- @tfield[opt] string source
-- @tfield[opt] string source_type
-- @tfield string rule
-- @tfield string severity "ok" when it is resolved
-- @tfield[opt] string previous the severity told before
-- @tfield integer episode
-- @tfield integer since
-- @tfield[opt] integer ended
-- @tfield string message what happened
-- @tfield[opt] string advice what to do next
-- @tfield[opt] string link where to look
-- @tfield string title one line
-- @tfield {{string,string},...} facts names and values, for people
-- @tfield[opt] {dwsync.problem.message,...} items what a summary sums up, worst first
M.FIELDS = { "event", "key", "problem_id", "time", "cluster_id", "cluster_name", "source", "source_type", "rule",
    "severity", "previous", "episode", "since", "ended", "message", "advice", "link" }

--- How many characters of a problem's id tell it apart from others.
M.SHORT_ID = 8

local LONGEST_NAME, LONGEST_TEXT = 64, 500 -- columns

local function digest(...)
    return (assert(core.sha256(table.concat({ ... }, "\0"))):sub(1, 32))
end

--- What identifies an episode of a problem.
-- @tparam dwsync.problem row
-- @tparam[opt] integer fired_at when the episode began, by default the present one
-- @treturn string
function M.problem_id(row, fired_at)
    return digest(row.cluster_id, row.source, row.rule, ("%d"):format(fired_at or row.fired_at or row.seen_at))
end

local TITLES = { reminder = "STILL", flapping = "FLAPPING" }

local function title_of(message, name)
    local state = message.event == "resolved" and "RESOLVED" or severities.word(message.severity)
    if message.event == "escalated" then
        state = ("%s, was %s"):format(state, severities.word(message.previous))
    elseif TITLES[message.event] then
        state = ("%s, %s"):format(TITLES[message.event], state)
    end
    return ("%s: %s: %s"):format(state, name, (text.excerpt(message.rule, LONGEST_NAME):gsub("_", " ")))
end

local function facts_of(message, now)
    local facts = {}
    local function add(name, value)
        facts[#facts + 1] = value and { name, value } or nil
    end
    add("Cluster", text.excerpt(cluster_names.shown { id = message.cluster_id, name = message.cluster_name },
        2 * LONGEST_NAME))
    add("Source", message.source and text.excerpt(message.source_type and ("%s (%s)"):format(message.source,
        message.source_type) or message.source, 2 * LONGEST_NAME))
    local till = message.ended or now
    add("Since", ("%s (%s)"):format(quantities.instant(message.since),
        quantities.duration(math.max(0, till - message.since) / 1000)))
    add("Ended", message.ended and quantities.instant(message.ended))
    add("Acknowledge", not message.ended and "dwsync alerts ack " .. message.problem_id:sub(1, M.SHORT_ID))
    return facts
end

local function sentence(words)
    words = text.excerpt(words, LONGEST_TEXT)
    return words:find "[.!?…]$" and words or words .. "."
end

-- What happened: for an end, how it ended and what it was.
local function words_of(row, step, seen)
    if step.event == "flapping" then
        return ("It comes and goes: %s within the last hour. Nothing more is told until it is quiet. Last: %s"):format(
            quantities.count(#row.flips, "change"), sentence((seen or row).message)), (seen or row).advice
    elseif step.event ~= "resolved" then
        return sentence((seen or row).message), (seen or row).advice
    end
    local is_last = step.episode == row.episode and row.ending
    return (is_last and "Over: " .. sentence(row.ending) or "It is over.")
        .. (step.episode == row.episode and " It was: " .. sentence(row.message) or "")
end

--- The address of a page about a cluster.
-- @tparam ?string template in which {cluster} is replaced by its id
-- @tparam string cluster_id
-- @treturn ?string
function M.link(template, cluster_id)
    local id = cluster_id:gsub("[^%w._~-]", function(character)
        return ("%%%02X"):format(character:byte())
    end)
    return template and (template:gsub("{cluster}", (id:gsub("%%", "%%%%"))))
end

--- Makes a message.
-- @tparam dwsync.problem row
-- @tparam dwsync.problem.step step
-- @tparam ?table seen what the present look says of it (see dwsync.problems.findings), so that it is true
-- @tparam integer now
-- @tparam[opt] string link see `link`
-- @treturn dwsync.problem.message
function M.make(row, step, seen, now, link)
    local problem_id = M.problem_id(row, step.fired_at)
    local words, advice = words_of(row, step, seen)
    local message = {
        event = step.event, key = digest(problem_id, step.step), problem_id = problem_id, time = now,
        cluster_id = row.cluster_id, cluster_name = row.cluster_name, source = row.source ~= "" and row.source or nil,
        source_type = row.source_type, rule = row.rule, severity = step.event == "resolved" and "ok" or step.severity,
        previous = step.previous, episode = step.episode, since = step.since, ended = step.ended,
        message = words, advice = advice and sentence(advice) or nil, link = M.link(link, row.cluster_id),
    }
    message.title = title_of(message, text.excerpt(row.cluster_name or row.cluster_id, LONGEST_NAME))
    message.facts = facts_of(message, now)
    return message
end

--- A message that says that a channel works.
-- @tparam string channel its name
-- @tparam string who sends it
-- @tparam integer now
-- @treturn dwsync.problem.message
function M.test(channel, who, now)
    local id = digest("test", channel, who, ("%d"):format(now))
    return {
        event = "test", key = id, problem_id = id, time = now, cluster_id = "test", rule = "test", severity = "ok",
        episode = 1, since = now, message = "This is a test: messages of dwsync arrive here. Nothing is wrong.",
        title = ("TEST: channel %s"):format(text.excerpt(channel, LONGEST_NAME)),
        facts = { { "Sent by", text.excerpt(who, LONGEST_NAME) }, { "Time", quantities.instant(now) } },
    }
end

-- How many of a summary begin, go on and end.
local function counts_of(items)
    local counts, parts = {}, {}
    for _, item in ipairs(items) do
        local word = item.event == "resolved" and "over" or item.severity
        counts[word] = (counts[word] or 0) + 1
    end
    for _, word in ipairs { "critical", "warning", "unknown", "over" } do
        parts[#parts + 1] = counts[word] and ("%d %s"):format(counts[word], word) or nil
    end
    return table.concat(parts, ", ")
end

--- Makes one message of many.
-- @tparam {dwsync.problem.message,...} items
-- @tparam string key
-- @tparam integer now
-- @treturn dwsync.problem.message
function M.summary(items, key, now)
    table.sort(items, function(a, b)
        local one, other = severities.level(a.severity), severities.level(b.severity)
        return one > other or one == other and a.title < b.title
    end)
    local titles, since = {}, now
    for i, item in ipairs(items) do
        titles[i], since = item.title, math.min(since, item.since)
    end
    local counts = counts_of(items)
    return { event = "summary", key = key, problem_id = key, time = now, severity = items[1].severity, since = since,
        message = table.concat(titles, "\n"), title = ("%s: %s"):format(quantities.count(#items, "message"), counts),
        facts = { { "Messages", counts } }, items = items }
end

--- The key of a message that sums up others.
-- @tparam {table,...} list each `row`, `step`
-- @treturn string
function M.summary_key(list)
    local keys = {}
    for i, item in ipairs(list) do
        keys[i] = digest(M.problem_id(item.row, item.step.fired_at), item.step.step)
    end
    table.sort(keys)
    return digest((table.unpack or unpack)(keys)) -- luacheck: ignore 113
end

--- The message as lines of plain text: what happened, to what, since when, what to do.
-- @tparam dwsync.problem.message message
-- @tparam[opt] boolean is_linked whether what shows it has the link elsewhere
-- @treturn {string,...} the title first
function M.lines(message, is_linked)
    local lines = { message.title, message.message }
    for _, fact in ipairs(message.facts) do
        lines[#lines + 1] = ("%s: %s"):format(fact[1], fact[2])
    end
    lines[#lines + 1] = message.advice and "Next: " .. message.advice or nil
    lines[#lines + 1] = message.link and not is_linked and "See: " .. message.link or nil
    return lines
end

return M
