--- Text on a terminal: what may be shown, and how many columns it takes.
-- It must not let hostile text drive the terminal.
-- @module dwsync.text
local M = {}

local CHARACTER = "[%z\1-\127\194-\244][\128-\191]*"

-- Zero: combining marks and invisible joiners. Two: East Asian wide forms and emoji. By range of code points.
local WIDTHS = {
    { 0x0300, 0x036F, 0 }, { 0x200B, 0x200F, 0 }, { 0xFE00, 0xFE0F, 0 }, { 0x1100, 0x115F, 2 }, { 0x2E80, 0xA4CF, 2 },
    { 0xAC00, 0xD7A3, 2 }, { 0xF900, 0xFAFF, 2 }, { 0xFE30, 0xFE6F, 2 }, { 0xFF00, 0xFF60, 2 }, { 0xFFE0, 0xFFE6, 2 },
    { 0x1F300, 0x1FAFF, 2 }, { 0x20000, 0x3FFFD, 2 },
}

local function code_point(character)
    local lead = character:byte()
    local code = lead < 0x80 and lead or lead < 0xE0 and lead - 0xC0 or lead < 0xF0 and lead - 0xE0 or lead - 0xF0
    for i = 2, #character do
        code = code * 64 + character:byte(i) - 0x80
    end
    return code
end

local function character_width(character)
    local code = #character > 1 and code_point(character)
    for _, range in ipairs(code and WIDTHS or {}) do
        if code >= range[1] and code <= range[2] then
            return range[3]
        end
    end
    return 1
end

-- The second byte of characters that would be overlong, surrogates, or beyond Unicode otherwise: lowest and highest.
local SECOND = { [0xE0] = { 0xA0, 0xBF }, [0xED] = { 0x80, 0x9F }, [0xF0] = { 0x90, 0xBF }, [0xF4] = { 0x80, 0x8F } }

local function character_length(bytes)
    local lead, second = bytes:byte(1, 2)
    local length = lead < 0xC2 and 0 or lead < 0xE0 and 2 or lead < 0xF0 and 3 or lead < 0xF5 and 4 or 0
    local range = SECOND[lead]
    local fits = #bytes >= length and (not range or second and second >= range[1] and second <= range[2])
    return fits and length or 0
end

--- The text with every byte that is no UTF-8 replaced.
-- @tparam string text
-- @tparam string replacement
-- @treturn string
function M.utf8(text, replacement)
    if not text:find "[\128-\255]" then
        return text
    end
    return (text:gsub("[\128-\255][\128-\191]*", function(bytes)
        local kept = character_length(bytes)
        return bytes:sub(1, kept) .. replacement:rep(#bytes - kept)
    end))
end

--- The text without anything a terminal obeys, line ends and tabs apart: control characters (C0, C1, DEL), the marks
-- that turn the direction of writing, and bytes that are no UTF-8 become "?".
-- @tparam string text
-- @treturn string
function M.harmless(text)
    text = text:gsub("[%z\1-\8\11\12\14-\31\127]", "?")
    if text:find "[\128-\255]" then
        -- Bytes that are no UTF-8 go, too: some terminals take those from 128 to 159 for commands.
        text = M.utf8(text, "?"):gsub("\194[\128-\159]", "?")
            :gsub("\226\128[\170-\174]", "?"):gsub("\226\129[\166-\169]", "?")
    end
    return text
end

--- The same on one line.
-- @tparam string text
-- @treturn string
function M.safe(text)
    return (M.harmless(text):gsub("[\r\n\t]+", " "))
end

--- Columns that a text takes.
-- @tparam string text
-- @treturn integer
function M.width(text)
    if not text:find "[\128-\255]" then
        return #text
    end
    local width = 0
    for character in text:gmatch(CHARACTER) do
        width = width + character_width(character)
    end
    return width
end

local MOST_A_COLUMN = 4 -- characters: marks without a width of their own could go on for ever

--- The text cut to a width, with "…" where something was cut off.
-- @tparam string text
-- @tparam integer width at least 1
-- @treturn string
function M.cut(text, width)
    if #text <= width or #text <= width * MOST_A_COLUMN and M.width(text) <= width then
        return text
    end
    local kept, used = {}, 0
    for character in text:gmatch(CHARACTER) do
        used = used + character_width(character)
        if used > width - 1 or #kept >= width * MOST_A_COLUMN then
            break
        end
        kept[#kept + 1] = character
    end
    return table.concat(kept) .. "…"
end

return M
