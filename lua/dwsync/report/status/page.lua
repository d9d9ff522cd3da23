--- The status page: clusters and sources as a grid, worst first, each opening to its verdicts, reasons and runs.
-- `write_body` writes the part that changes, once a sweep. `document_pieces` puts it into a frame for each request, and
-- copies nothing of it; its script and style are served from the same address, by query. `render` puts it into a
-- self-contained file.
-- It must not do any I/O, read a clock, or let a text of a record, a cluster or an error become anything but text.
-- @module dwsync.report.status.page
local headline = require "dwsync.report.verdicts.headline"
local markup = require "dwsync.report.page.markup"
local outcome_strip = require "dwsync.report.page.outcome_strip"
local page = require "dwsync.report.page"
local phrases = require "dwsync.report.verdicts.phrases"
local quantities = require "dwsync.quantities"
local severities = require "dwsync.severity"
local status_anchors = require "dwsync.report.status.anchors"
local status_script = require "dwsync.report.status.script"
local status_style = require "dwsync.report.status.style"
local status_tile = require "dwsync.report.status.tile"
local stylesheet = require "dwsync.report.page.stylesheet"
local timeline = require "dwsync.report.page.timeline"

local M = {}

local element = markup.element

local DAY_MS = 86400000
local STRIP_DAYS = 7
local LATEST = 1e11
local EXPLAINED = 6 -- up to this many clusters, pictures explain each bar
local DENSE = 24 -- from this many tiles on, each is one line

-- Bytes of the body: at most; up to which tiles may have pictures, and up to which they may open, whatever follows.
local MOST, PICTURES, WORDS = 900000, 400000, 650000
-- Roughly what a tile takes without pictures, and one that does not open.
local PLAIN, SHUT = 5000, 2000

local TITLE = "DWS identity synchronisation"

--- The script, to be served as text/javascript for `?asset=script`.
M.script = status_script.text

--- The style rules, to be served as text/css for `?asset=style`.
M.stylesheet = stylesheet.css .. status_style.css

local POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    .. "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

--- The policy for the header Content-Security-Policy. The page names the same one itself, as far as a page can.
M.policy = POLICY .. "; frame-ancestors 'none'"

-- Of script and style: a page that stays open for months reloads itself when they change.
local VERSION = status_anchors.digest(M.script .. M.stylesheet)

-- ---- body ----------------------------------------------------------------------------------------

-- The worst come first and show everything; those that follow show what leaves room for the rest, and never more than
-- the one before.
local function detail_for(before, used, left)
    if before == "pictures" and (used < PICTURES or used + left * PLAIN < MOST) then
        return "pictures"
    elseif before ~= "none" and (used < WORDS or used + left * SHUT < MOST) then
        return "words"
    end
    return "none"
end

-- The groups of tiles in their order, and their headings.
local GROUPS = { { name = "attention", title = "In need of attention" }, { name = "ok", title = "All well" },
    { name = "disabled", title = "Synchronisation is off" } }

-- By group: `tiles`, as many as there is room for, and how many there would be.
local function tiles_of(overview, now, pause)
    local groups, all = {}, #overview.clusters
    for _, item in ipairs(overview.clusters) do
        local name = status_tile.group(item)
        groups[name] = groups[name] or { tiles = {}, count = 0 }
        groups[name].count = groups[name].count + 1
    end
    local options = { anchors = status_anchors.new(), now = now, from = now * 1000 - STRIP_DAYS * DAY_MS,
        open = all == 1, explain = all <= EXPLAINED, detail = "pictures",
        pause = pause }
    local used = 0
    for i, item in ipairs(overview.clusters) do
        options.detail = detail_for(options.detail, used, all - i)
        local tile = status_tile.render(item, options)
        used = used + #tostring(tile)
        if used > MOST then
            break
        end
        table.insert(groups[status_tile.group(item)].tiles, tile)
    end
    return groups
end

local function write_section(write, group, found)
    local name, tiles = group.name, found.tiles
    write(markup.opening("section", { class = "group " .. name .. (#tiles >= DENSE and " dense" or ""),
        id = "group-" .. name, ["aria-labelledby"] = "heading-" .. name }))
    write(element("h2", { id = "heading-" .. name }, group.title, " ", element("span", { class = "quiet" },
        found.count)))
    write(markup.opening("div", { class = "grid" }))
    for _, tile in ipairs(tiles) do
        write(tile)
    end
    write "</div></section>"
end

local function write_groups(write, overview, now, pause)
    local groups, shown = tiles_of(overview, now, pause), 0
    for _, group in ipairs(GROUPS) do
        local found = groups[group.name]
        if found and #found.tiles > 0 then
            write_section(write, group, found)
            shown = shown + #found.tiles
        end
    end
    write(markup.join(phrases.and_more(#overview.clusters, shown, "clusters, none worse,")))
end

local function head_of(overview)
    return element("div", { class = "head" },
        element("h1", { class = severities.known(overview.severity) }, page.icon(overview.severity),
            headline.text(overview)),
        #overview.clusters > 1 and headline.census(overview.clusters))
end

local function key_of(overview)
    return element("div", { class = "key" }, element("p", nil, "Judged ", phrases.instant(overview.now * 1000),
        ". All times are UTC."), #overview.clusters > 0 and { element("p", nil,
            ("A strip shows the runs of the last %d days:"):format(STRIP_DAYS)), outcome_strip.legend() })
end

local function no_pause() end

--- Writes the part of the page that changes with each sweep: at most 1 MB, in pieces, because to join them takes
-- milliseconds.
-- @tparam table overview of dwsync.health.overview; items with `records` have pictures
-- @tparam[opt] number now seconds since the epoch; the overview's own when left out
-- @tparam function write called with pieces of HTML
-- @tparam[opt] function pause called every tenth of a millisecond or so
function M.write_body(overview, now, write, pause)
    now = now or overview.now
    if type(now) ~= "number" or now > LATEST then
        error("status page: now must be seconds since the epoch", 2)
    end
    local function add(part)
        write(tostring(part))
    end
    add(markup.opening("div", { id = "overview", ["data-dwsync"] = "status", ["data-version"] = VERSION,
        ["data-title"] = headline.text(overview) }))
    add(timeline.definitions())
    add(head_of(overview))
    write_groups(add, overview, now, pause or no_pause)
    add(key_of(overview))
    add "</div>"
end

--- What `write_body` writes, as one text.
-- @tparam table overview
-- @tparam[opt] number now
-- @treturn string HTML
function M.body(overview, now)
    local pieces = {}
    M.write_body(overview, now, function(text)
        pieces[#pieces + 1] = text
    end)
    return table.concat(pieces)
end

-- ---- document ------------------------------------------------------------------------------------

local MARK = "(title)"

local HEAD, HEAD_END = page.head(MARK, { policy = POLICY, style = "?asset=style", script = "?asset=script" })
    :match "^(.-)%(title%)(.*)$"

local SKIP = '<a class="skip" href="#view">Skip to the clusters</a>\n'

local BUTTONS = tostring(markup.join(element("button", { type = "button", id = "refresh", hidden = true }, "Refresh"),
    element("button", { type = "button", id = "pause", hidden = true, ["aria-pressed"] = "false" }, "Pause"),
    element("noscript", nil, element("a", { href = "?" }, "Reload"))))

local FOOT = "</main>\n<footer><p>Made by dwsync.</p></footer>" .. page.foot()

local MAIN = '\n<main id="view" tabindex="-1">'

local WAITING = '<div class="waiting"><h1>The first query is under way</h1>'
    .. "<p>Clusters appear here as soon as the service has answered.</p></div>"

local function attribute(name, value)
    return value ~= nil and (' data-%s="%s"'):format(name, markup.escape(tostring(value))) or ""
end

local function trouble(state, age)
    local what = state.error and "The last query failed: " .. phrases.text(state.error)
        or state.stale and age and "No newer data has arrived." or nil
    return tostring(element("div", { id = "trouble", class = "trouble", hidden = not what }, page.icon "warning",
        element("p", nil, element("b", { id = "trouble-what" }, what), " ", element("span", { id = "trouble-age" },
            what and age and "The data shown is " .. age .. " old."))))
end

-- What is no reason to distrust the whole page.
local function note(state)
    return tostring(element("p", { id = "note", class = "news" },
        state.note and "Part of the last query failed: " .. phrases.text(state.note)))
end

--- The whole page for one request. It is cheap, and may be called in an event loop.
-- @tparam ?{string,...} body as `write_body` wrote it; nil before the first sweep has ended
-- @tparam table state `age`: seconds since the body's data was read, or nil; `error`: why nothing could be read
-- last, or nil; `note`: what else went wrong, as with one cluster among many, or nil; `stale`: whether the data is
-- older than it should be; `stale_after`: seconds from which it is (three intervals when left out); `interval`: seconds
-- between two queries; `tag`: the body's entity tag, which saves the browser a request
-- @treturn {string,...} HTML, in pieces
function M.document_pieces(body, state)
    local age = state.age and quantities.duration(math.floor(state.age)) or nil
    local interval = state.interval or 60
    local stale_after = state.stale_after or state.stale and state.age or 3 * interval
    local title = body and body[1]:match 'data%-title="([^"]*)"'
    local pieces = { HEAD, title and title .. " – " or "", TITLE, HEAD_END,
        SKIP, '<header class="bar"><p class="kicker">', TITLE,
        '</p>\n<div id="freshness" role="group" aria-label="Freshness"', attribute("age", state.age),
        attribute("interval", interval), attribute("stale-after", stale_after),
        attribute("tag", state.tag), attribute("error", state.error and phrases.text(state.error)),
        attribute("note", state.note and phrases.text(state.note)), '><span id="age">',
        age and "Data is " .. age .. " old" or "No data yet", "</span> ", BUTTONS, "</div></header>\n",
        '<p id="spoken" class="unseen" role="status"></p>\n<p id="news" class="news"></p>\n', note(state), "\n",
        trouble(state, age), MAIN }
    for _, piece in ipairs(body or { WAITING }) do
        pieces[#pieces + 1] = piece
    end
    pieces[#pieces + 1] = FOOT
    return pieces
end

--- What `document_pieces` returns, as one text.
-- @tparam ?string body as `body` made it
-- @tparam table state
-- @treturn string HTML
function M.document(body, state)
    return table.concat(M.document_pieces(body and { body }, state))
end

--- The page as a file: the same clusters without the script, which would have no server to ask.
-- @tparam table overview
-- @tparam function write called with pieces of text
function M.render(overview, write)
    write(page.head(headline.text(overview) .. " – " .. TITLE, nil, M.stylesheet))
    write(SKIP .. tostring(element("header", { class = "bar" }, element("p", { class = "kicker" }, TITLE),
        element("div", { id = "freshness" }, "As of ", phrases.instant(overview.now * 1000)))))
    write(MAIN)
    M.write_body(overview, nil, write)
    write(FOOT)
end

return M
