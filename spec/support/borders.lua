--- Options at their borders: taken there, refused beyond.
local assert = require "luassert"

local M = {}

--- Numbers.
-- @tparam {[string]={number,number,number}} borders by option: the least, the most (nil: none), and how near to it what
-- is refused may be (1)
-- @tparam function is_taken (name, value) → whether it is
function M.of_numbers(borders, is_taken)
    for name, border in pairs(borders) do
        local step = border[3] or 1
        for value, expected in pairs {
            [border[1]] = true, [border[1] - step] = false,
            [border[2] or border[1]] = true, [border[2] and border[2] + step or border[1] - step] = false,
        } do
            assert.equal(expected, is_taken(name, value) and true or false, ("%s = %s"):format(name, value))
        end
    end
end

--- Texts.
-- @tparam {[string]=integer} longest by option, in bytes
-- @tparam function is_taken (name, value) → whether it is
-- @tparam[opt] {[string]=string} frames by option: what a value looks like, with "%s" for what may be long
function M.of_texts(longest, is_taken, frames)
    for name, most in pairs(longest) do
        local frame = frames and frames[name] or "%s"
        for length, expected in pairs { [most] = true, [most + 1] = false } do
            local value = frame:format(("n"):rep(length - #frame + 2))
            assert.equal(expected, is_taken(name, value) and true or false, ("%s of %d bytes"):format(name, length))
        end
    end
end

return M
