--- The status page. A stand-in that lists clusters and their severity.
-- It must not fetch or judge; all text is hostile.
-- @module dwsync.nginx.status_page
local M = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function escaped(value)
    return (tostring(value):gsub('[&<>"]', ESCAPES))
end

M.script = "/* */"
M.stylesheet = "body{font-family:sans-serif}"

function M.body(overview)
    local lines = {}
    for i, item in ipairs(overview.clusters) do
        lines[i] = ("<li>%s: %s</li>"):format(escaped(item.cluster.name or item.cluster.id), escaped(item.severity))
    end
    return "<ul>" .. table.concat(lines) .. "</ul>"
end

function M.document(body, about)
    return ('<!doctype html><html lang="en"><title>dwsync</title><link rel="stylesheet" href="?asset=style">'
        .. "<p>%s s old %s</p><main>%s</main></html>"):format(escaped(about.age or "?"), escaped(about.error or ""), body)
end

return M
