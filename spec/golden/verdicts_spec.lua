local golden = require "spec.golden.overview"
local kept = require "spec.golden.kept"
local overviews = require "spec.report.overviews"
local report = require "dwsync.report"

local EXTENSIONS = { markdown = "md", status = "status.html", prometheus = "prom", table = "txt",
    nagios = "nagios.txt" }

-- Those for people, which do not show everything.
local LIMITED = { html = true, markdown = true, nagios = true, status = true, table = true }

describe("verdicts", function()
    for _, format in ipairs(report.health_formats) do
        local extension = EXTENSIONS[format] or format
        local function written(overview, options)
            local text = overviews.render(format, overview, options)
            if format == "status" then
                -- What is made of the source of style and script; they are in their own modules.
                text = text:gsub("<style>.-</style>", "<style></style>"):gsub('data%-version="%x+"', "data-version")
            elseif format == "html" then
                text = text:gsub("<style>.-</style>", "<style></style>")
            end
            return extension:find "html$" and kept.in_lines(text) or text
        end

        it("of each kind are as kept as " .. format, function()
            kept.compare("verdicts." .. extension, written(golden.each_kind(), { width = 100, long = true }))
        end)

        if LIMITED[format] then
            it("beyond what is shown are as kept as " .. format, function()
                kept.compare("crowded." .. extension, written(golden.crowded(), { color = true }))
            end)
        end
    end
end)
