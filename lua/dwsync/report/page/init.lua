--- The frame and the parts of every page: a self-contained file (no script, nothing from elsewhere, and a policy that
-- forbids both), or a page served together with its own style and script.
-- It must not contain anything that a browser would request from another server.
-- @module dwsync.report.page
local markup = require "dwsync.report.page.markup"
local severities = require "dwsync.severity"
local stylesheet = require "dwsync.report.page.stylesheet"

local M = {}

local element = markup.element

-- Whatever a text may smuggle in: the browser runs, loads, sends and embeds nothing.
local POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

--- The beginning of a page, to be followed by its content and `foot`.
-- @tparam string title
-- @tparam[opt] table served for a page whose style and script are served beside it: `policy`, and the addresses
-- `style` and `script`
-- @tparam[opt] string css the style rules of a self-contained page; by default those that all pages share
-- @treturn string
function M.head(title, served, css)
    return "<!DOCTYPE html>\n<html lang=\"en\">\n" .. tostring(element("head", nil,
        element("meta", { charset = "utf-8" }),
        element("meta", { ["http-equiv"] = "Content-Security-Policy", content = served and served.policy or POLICY }),
        element("meta", { name = "viewport", content = "width=device-width, initial-scale=1" }),
        element("meta", { name = "color-scheme", content = "light dark" }),
        element("meta", { name = "referrer", content = "no-referrer" }),
        element("meta", { name = "robots", content = "noindex" }),
        element("title", nil, title),
        served and { element("link", { rel = "stylesheet", href = served.style }),
            element("script", { src = served.script, defer = true }) } or markup.style(css or stylesheet.css)))
        .. "\n<body>\n"
end

--- Its end.
-- @treturn string
function M.foot()
    return "\n</body>\n</html>\n"
end

-- Each has an outline of its own, to be distinguished without colour.
local ICONS = {
    ok = { "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13", "M5 8.3l2.2 2.2l3.9 -4.6" },
    warning = { "M8 1.8l6.6 12h-13.2z", "M8 6.3v3.4M8 11.8v.1" },
    critical = { "M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7h-5.6l-3.7 -3.7v-5.6z", "M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4" },
    disabled = { "M2.5 2.5h11v11h-11z", "M5 8h6" },
    unknown = { "M8 1.2l6.8 6.8l-6.8 6.8l-6.8 -6.8z", "M6.4 6.3a1.7 1.7 0 1 1 2.4 1.6q-.8 .4 -.8 1.2M8 11.3v.1" },
}

--- The sign of a severity: an outline, which needs the word beside it.
-- @param severity
-- @treturn dwsync.markup
function M.icon(severity)
    local outline = ICONS[severities.known(severity)]
    return element("svg", { class = "icon", viewBox = "0 0 16 16", ["aria-hidden"] = "true" },
        element("path", { d = outline[1] }), element("path", { d = outline[2] }))
end

--- A severity: sign, word and colour.
-- @param severity
-- @treturn dwsync.markup
function M.badge(severity)
    severity = severities.known(severity)
    return element("span", { class = "badge " .. severity }, M.icon(severity), severity)
end

--- A table that becomes a list of cards on a narrow page.
-- @param caption text or markup
-- @tparam {table,...} columns each {title =, class = or nil}; the first cell of a row is its heading
-- @tparam {dwsync.markup,...} rows made by `row`
-- @treturn dwsync.markup
function M.table(caption, columns, rows)
    local titles = {}
    for i, column in ipairs(columns) do
        titles[i] = element("th", { scope = "col", role = "columnheader", class = column.class or false }, column.title)
    end
    -- These elements have the roles anyway, but lose them on narrow pages to display:block.
    return element("table", { class = "stack", role = "table" }, element("caption", nil, caption),
        element("thead", { role = "rowgroup" }, element("tr", { role = "row" }, titles)),
        element("tbody", { role = "rowgroup" }, rows))
end

--- One row of such a table.
-- @tparam {table,...} columns
-- @tparam table cells text or markup
-- @treturn dwsync.markup
function M.row(columns, cells)
    local parts = {}
    for i, column in ipairs(columns) do
        if i == 1 then
            parts[i] = element("th", { scope = "row", role = "rowheader", class = column.class or false }, cells[i])
        else
            parts[i] = element("td", { role = "cell", class = column.class or false, ["data-label"] = column.title },
                cells[i] == "" and "–" or cells[i])
        end
    end
    return element("tr", { role = "row" }, parts)
end

return M
