--- Texts and bodies within the limits of receivers, cut where people can see it, and never within a character.
-- @module dwsync.problems.channels.fitting
local text_of = require "dwsync.text"

local M = {}

local MORE = "… and %d more"

--- A text in bytes.
-- @tparam string text
-- @tparam integer most bytes
-- @treturn string ends in "…" where something was cut off
function M.text(text, most)
    return #text <= most and text or text_of.beginning(text, most - #"…") .. "…"
end

--- Lines in bytes. Of those that do not fit the last line says how many they are.
-- @tparam {string,...} lines the most important first
-- @tparam integer most bytes
-- @tparam string separator
-- @treturn string
function M.lines(lines, most, separator)
    local whole = table.concat(lines, separator)
    if #whole <= most then
        return whole
    end
    local left = most - #separator - #MORE:format(#lines) -- for the last line
    local kept = { M.text(lines[1], #lines > 1 and left or most) }
    left = left - #kept[1]
    for i = 2, #lines do
        left = left - #separator - #lines[i]
        if left < 0 then
            kept[i] = MORE:format(#lines - i + 1)
            break
        end
        kept[i] = lines[i]
    end
    return table.concat(kept, separator)
end

--- A body in bytes, with as many of its facts as fit.
-- @tparam {{string,string},...} facts
-- @tparam integer most bytes
-- @tparam function build(facts) → body
-- @treturn string
function M.body(facts, most, build)
    local count, body = #facts, build(facts)
    while #body > most and count > 0 do
        count = math.floor(count * 0.9)
        local some = {}
        for i = 1, count do
            some[i] = facts[i]
        end
        some[count + 1] = { "…", ("and %d more"):format(#facts - count) }
        body = build(some)
    end
    return body
end

return M
