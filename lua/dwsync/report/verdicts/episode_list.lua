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

local MAX_HEADLINE, MAX_NAME = 200, 40

-- To the minute: "2025-05-19 06:55".
local function minute(ms)
    return (quantities.instant(ms):sub(1, 16):gsub("T", " "))
end

local function till_text(episode)
    return episode.till and minute(episode.till) or "still open"
end

--- What it was about, and what came with it: "473 accounts deleted within a day; with it slow, volume".
-- @tparam dwsync.episode episode
-- @treturn string
function M.headline(episode)
    local also = episode.also or {}
    return display.cut(display.safe(verdicts.sentence(episode.headline)), MAX_HEADLINE)
        .. (#also > 0 and "; with it " .. table.concat(also, ", ") or "")
end

local function subject(episode)
    return display.cut(display.safe(verdicts.source_name(episode.source_type, episode.source)), MAX_NAME)
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

--- Lines for a terminal: when, how grave and where; below it, what.
-- @tparam {dwsync.episode,...} list by time; with a `place` that is shown instead of the source
-- @tparam table options `width`; `color`; `limit`: how many of the newest, nil for all by time; `place`: heading of the
-- last column; `indent`: blanks before each line, 0 when left out
-- @tparam function write
function M.lines(list, options, write)
    local blanks = (" "):rep(options.indent or 0)
    write(("%s%-16s  %-16s  %-8s  %s\n"):format(blanks, "FROM (UTC)", "TILL", "SEVERITY", options.place or "SOURCE"))
    local shown, rest = chosen(list, options.limit)
    for _, episode in ipairs(shown) do
        local severity = severities.known(episode.severity)
        local word = severities.word(severity)
        local painted = options.color and severities.paint(word, severity) or word
        write(("%s%-16s  %-16s  %s%s  %s\n"):format(blanks, minute(episode.from), till_text(episode), painted,
            (" "):rep(8 - #word), episode.place and display.cut(display.safe(episode.place), 60) or subject(episode)))
        for _, line in ipairs(display.wrap(M.headline(episode), (options.width or 100) - #blanks - 4)) do
            write(blanks .. "    " .. line .. "\n")
        end
    end
    write(rest > 0 and ("%s%s\n"):format(blanks, earlier(rest)) or "")
end

--- A table in Markdown.
-- @tparam {dwsync.episode,...} list by time
-- @tparam function write
function M.markdown(list, write)
    write(("\n**%s**\n\n"):format(M.TITLE))
    if #list == 0 then
        return write(M.NOTHING .. "\n")
    end
    write "| From | Till | Severity | Source | What |\n|---|---|---|---|---|\n"
    local shown, rest = chosen(list, M.MOST)
    for _, episode in ipairs(shown) do
        write(("| %s | %s | %s | %s | %s |\n"):format(minute(episode.from), till_text(episode),
            severities.known(episode.severity), markdown_text.prose(subject(episode)),
            markdown_text.prose(M.headline(episode))))
    end
    write(rest > 0 and ("\n%s\n"):format(earlier(rest)) or "")
end

local COLUMNS = { { title = "From", class = "instant" }, { title = "Till", class = "instant" },
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
