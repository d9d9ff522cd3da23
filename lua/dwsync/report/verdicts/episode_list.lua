--- What the rules would have reported over some time, one episode after another, in every form that people read. It
-- must not grow with the number of episodes: the newest are shown, and how many earlier ones there are.
-- @module dwsync.report.verdicts.episode_list
local display = require "dwsync.text"
local markdown_text = require "dwsync.report.markdown_text"
local markup = require "dwsync.report.page.markup"
local page = require "dwsync.report.page"
local phrases = require "dwsync.report.verdicts.phrases"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local element = markup.element

--- How many episodes of a cluster a report shows.
M.MOST = 20

--- What the list is called in a report.
M.TITLE = "What the rules would have reported in the last 30 days"

M.NOTHING = "The rules would have reported nothing in the last 30 days."

local MAX_HEADLINE, MAX_NAME, MAX_PLACE, MAX_RULE = 200, 40, 60, 20

-- A terminal narrower than this gets no columns.
local COLUMNS_WIDTH = 64

-- To the minute: "2025-05-19 06:55".
local function minute(ms)
    return (quantities.instant(ms):sub(1, 16):gsub("T", " "))
end

local function till_text(episode)
    return episode.till and minute(episode.till) or "still open"
end

local function clean(value, width)
    return display.cut(display.safe(verdicts.text(value)), width)
end

--- What it was about, and what came with it: "473 accounts deleted within a day; with it slow, volume".
-- @tparam dwsync.episode episode
-- @treturn string
function M.headline(episode)
    local also = {}
    for i, rule in ipairs(episode.also or {}) do
        also[i] = clean(rule, MAX_RULE)
    end
    return clean(verdicts.sentence(episode.headline), MAX_HEADLINE)
        .. (#also > 0 and "; with it " .. table.concat(also, ", ") or "")
end

local function subject(episode)
    return clean(verdicts.source_name(episode.source_type, episode.source), MAX_NAME)
end

-- The newest first; without a limit all, by time.
local function chosen(list, limit)
    if not limit then
        return list, 0
    end
    local newest = {}
    for i = #list, math.max(1, #list - limit + 1), -1 do
        newest[#newest + 1] = list[i]
    end
    return newest, #list - #newest
end

local function earlier(count)
    return count > 0 and ("and %s before"):format(quantities.count(count, "further episode"))
end

-- Columns before the last one.
local BEFORE_PLACE = 16 + 2 + 16 + 2 + 8 + 2

-- When, how grave and where; in columns where there is room for them.
local function facts_line(episode, width, color)
    local word = severities.word(severities.known(episode.severity))
    local painted = color and severities.paint(word, severities.known(episode.severity)) or word
    local where = episode.place and clean(episode.place, MAX_PLACE) or subject(episode)
    if width < COLUMNS_WIDTH then
        return ("%s to %s, %s, %s"):format(minute(episode.from), till_text(episode), word, where)
    end
    return ("%-16s  %-16s  %s%s  %s"):format(minute(episode.from), till_text(episode), painted,
        (" "):rep(8 - #word), display.cut(where, width - BEFORE_PLACE))
end

--- Lines for a terminal: when, how grave and where; below it, what.
-- @tparam {dwsync.episode,...} list by time; with a `place` that is shown instead of the source
-- @tparam table options `width`; `color`; `limit`: how many of the newest, nil for all by time; `place`: heading of the
-- last column; `indent`: blanks before each line, 0 when left out
-- @tparam function write
function M.lines(list, options, write)
    local indent, width = options.indent or 0, options.width or 100
    local function put(text, more)
        for _, line in ipairs(display.wrap(text, width - indent - (more or 0))) do
            write((" "):rep(indent + (more or 0)) .. line .. "\n")
        end
    end
    local wide = width - indent >= COLUMNS_WIDTH
    if wide and #list > 0 then
        write(("%s%-16s  %-16s  %-8s  %s\n"):format((" "):rep(indent), "FROM (UTC)", "UNTIL", "SEVERITY",
            options.place or "SOURCE"))
    end
    local shown, rest = chosen(list, options.limit)
    for _, episode in ipairs(shown) do
        local line = facts_line(episode, width - indent, options.color)
        if wide then
            write((" "):rep(indent) .. line .. "\n")
        else
            put(line)
        end
        put(M.headline(episode), 4)
    end
    if rest > 0 then
        put(earlier(rest))
    end
end

--- A table in Markdown.
-- @tparam {dwsync.episode,...} list by time
-- @tparam function write
function M.markdown(list, write)
    write(("\n**%s**\n\n"):format(M.TITLE))
    if #list == 0 then
        return write(M.NOTHING .. "\n")
    end
    write "| From | Until | Severity | Source | What |\n|---|---|---|---|---|\n"
    local shown, rest = chosen(list, M.MOST)
    for _, episode in ipairs(shown) do
        write(("| %s | %s | %s | %s | %s |\n"):format(minute(episode.from), till_text(episode),
            severities.known(episode.severity), markdown_text.prose(subject(episode)),
            markdown_text.prose(M.headline(episode))))
    end
    write(rest > 0 and ("\n%s\n"):format(earlier(rest)) or "")
end

local COLUMNS = { { title = "From", class = "instant" }, { title = "Until", class = "instant" },
    { title = "Severity" }, { title = "Source" }, { title = "What", class = "wide" } }

local function instant(ms)
    return element("time", { datetime = quantities.instant(ms) }, minute(ms))
end

--- A table of a page.
-- @tparam {dwsync.episode,...} list by time
-- @treturn dwsync.markup
function M.table(list)
    if #list == 0 then
        return markup.join(element("h3", nil, M.TITLE), element("p", { class = "fine" }, M.NOTHING))
    end
    local rows, shown, rest = {}, chosen(list, M.MOST)
    for i, episode in ipairs(shown) do
        rows[i] = page.row(COLUMNS, { instant(episode.from), episode.till and instant(episode.till) or "still open",
            page.badge(episode.severity), element("span", { dir = "auto" }, subject(episode)),
            element("bdi", nil, M.headline(episode)) })
    end
    return markup.join(page.table(element("h3", nil, M.TITLE), COLUMNS, rows),
        phrases.and_more(rest, 0, "episodes before these"))
end

return M
