--- Messages as the tools print them, each with what is made of it: {class =, speaker =, cause =, next_step =, cases =
-- {…}}. A case is a text and its template, or a text that is its own template.
local assert = require "luassert"
local causes = require "dwsync.health.causes"
local template = require "dwsync.health.template"

local M = {}

--- The title of an example.
function M.title(expected)
    return ("are %s: %s"):format(expected.class, expected.cause or "of unknown cause")
end

--- Fails unless each case of an example is understood so.
function M.check(expected)
    for _, case in ipairs(expected.cases) do
        local text, group = case, case
        if type(case) == "table" then
            text, group = case[1], case[2]
        end
        assert.same({ class = expected.class, speaker = expected.speaker, cause = expected.cause,
            next_step = expected.next_step }, causes.explain(text), text)
        assert.equal(group, template.of(text))
    end
end

return M
