-- When something would have been told in every labelled history. What is right, labelled_spec.lua says; here any change
-- shows.
local health = require "dwsync.health"
local kept = require "spec.golden.kept"
local labelled = require "spec.health.labelled"
local timestamps = require "dwsync.timestamps"

describe("what would have been told in labelled histories", function()
    it("is as kept", function()
        local lines = {}
        for _, kind in ipairs(labelled.kinds) do
            local history = labelled.make(kind.name, 2)
            if #history.records < 1000 then -- the rest takes long
                lines[#lines + 1] = "== " .. history.name
                for _, alert in ipairs(health.replay(history.records, nil, { now = history["end"] })) do
                    lines[#lines + 1] = ("%s to %s: %s %s%s"):format(timestamps.to_iso(alert.from),
                        alert.till and timestamps.to_iso(alert.till) or "now", alert.severity, alert.rule,
                        alert.follows and " from " .. alert.follows or "")
                end
            end
        end
        kept.compare("replay.txt", table.concat(lines, "\n") .. "\n")
    end)
end)
