-- What is understood of each phrase, code and speaker that is known. The kept file holds the messages, too, behind ">":
-- add those of a new cause there. The last ones hold nothing but a word by which a speaker is known.
local causes = require "dwsync.health.causes"
local kept = require "spec.golden.kept"
local template = require "dwsync.health.template"

describe("the causes of messages", function()
    it("are as kept", function()
        local lines, known = {}, {}
        for line in io.lines "spec/golden/kept/causes.txt" do
            local text = line:match "^> (.*)$"
            if text then
                local explained = causes.explain(text)
                local group = template.of(text)
                lines[#lines + 1] = line
                lines[#lines + 1] = group ~= text and "  as " .. group or nil
                lines[#lines + 1] = ("%s, %s"):format(explained.class, explained.speaker or "nobody")
                local sentences = ("  %s\n  %s"):format(explained.cause or "-", explained.next_step or "-")
                lines[#lines + 1] = not known[sentences] and sentences or nil
                known[sentences] = true
            end
        end
        kept.compare("causes.txt", table.concat(lines, "\n") .. "\n")
    end)
end)
