local columns = require "dwsync.report.rows.columns"
local kept = require "spec.golden.kept"
local overviews = require "spec.report.overviews"
local report = require "dwsync.report"

local EXTENSIONS = { markdown = "md", table = "txt" }

local ROWS = { overviews.record(1), overviews.record(2, { status = "FAILED", fail_reason = overviews.HOSTILE,
    end_time = false, add_count = 1.5, more = { 1, { deep = true } } }), overviews.record(3, { status = "RUNNING",
    identity_source_type = "oneaccess", fail_reason = ("long "):rep(60), update_count = 1e15, delete_count = -1 }), {} }

describe("rows", function()
    for _, format in ipairs(report.formats) do
        local extension = EXTENSIONS[format] or format
        local function written(document, options)
            local parts = {}
            report.render(format, document, function(text)
                parts[#parts + 1] = text
            end, options)
            local text = table.concat(parts)
            return format == "html" and kept.in_lines((text:gsub("<style>.-</style>", "<style></style>"))) or text
        end

        it("of records are as kept as " .. format, function()
            kept.compare("records." .. extension, written({ name = "sync_records", rows = ROWS,
                columns = columns.records }, { width = 120 })
                .. written({ name = "sync_records", rows = ROWS, columns = { "id", "end_time", "reason_class", "load" },
                    time = "ms", every_field = true }, { color = true }))
        end)

        it("of clusters, and none at all, are as kept as " .. format, function()
            kept.compare("clusters." .. extension, written({ name = "clusters", columns = columns.clusters,
                rows = { { id = "id-1", name = "dws-prod", status = "AVAILABLE", version = "8.1" } } })
                .. written { name = "clusters", columns = columns.clusters, rows = {} })
        end)
    end
end)
