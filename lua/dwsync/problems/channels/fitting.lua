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
    local reserve = #separator + #MORE:format(#lines)
    local kept, size = {}, 0
    for i, line in ipairs(lines) do
        local left = most - size - (i > 1 and #separator or 0) - (i < #lines and reserve or 0)
        if i > 1 and #line > left then
            kept[i] = MORE:format(#lines - i + 1)
            break
        end
        kept[i] = M.text(line, left)
        size = size + #kept[i] + (i > 1 and #separator or 0)
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
        local some = { unpack and unpack(facts, 1, count) or table.unpack(facts, 1, count) } -- luacheck: ignore 113 143
        some[count + 1] = { "…", MORE:format(#facts - count):sub(#"… " + 1) }
        body = build(some)
    end
    return body
end

return M
