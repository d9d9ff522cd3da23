--- Foreign text: made harmless without losing it, freed of secrets, measured and cut for a terminal.
--
-- Text is foreign when a service, a directory server, a file or a person wrote it. UTF-8 stays UTF-8. What drives a
-- terminal, turns the direction of writing, or cannot be seen is removed: control characters (C0, DEL, C1), bidi marks,
-- embeddings, overrides and isolates, zero-width and other invisible characters, tags, noncharacters, line and
-- paragraph separators, and bytes that are not UTF-8. Each leaves a "?" behind, since it may have separated two names.
-- An escape sequence loses only its control characters, so no visible text is lost with it.
--
-- U+200C and U+200D stay between letters and emoji: Persian, Indic scripts and composed emoji are written with them.
-- Variation selectors stay behind emoji and ideographs, and those of Mongolian behind its letters.
-- @module dwsync.text

local M = {}

local CHARACTER = "[%z\1-\127\192-\255][\128-\191]*"

-- ---- code points -----------------------------------------------------------------------------------

local function code_point(character)
    local lead = character:byte()
    local code = lead < 0x80 and lead or lead < 0xE0 and lead - 0xC0 or lead < 0xF0 and lead - 0xE0 or lead - 0xF0
    for i = 2, #character do
        code = code * 64 + character:byte(i) - 0x80
    end
    return code
end

-- Whether a code point lies in one of the ranges of a list: first, last, first, last, … in ascending order.
local function lies_in(code, ends)
    local low, high = 0, #ends / 2
    while low < high do
        local middle = math.floor((low + high) / 2)
        if code > ends[2 * middle + 2] then
            low = middle + 1
        else
            high = middle
        end
    end
    local first = ends[2 * low + 1]
    return first ~= nil and code >= first
end

local widths -- loaded when the first character needs it: most texts of a process never do

local function has_width(code, name)
    widths = widths or require "dwsync.text_widths"
    return lies_in(code, widths[name])
end

local MAX_KEPT = 4096

-- A function of a character that remembers its results, but not for all of Unicode.
local function remembering(compute)
    local results, count = {}, 0
    return function(character)
        local result = results[character]
        if result == nil then
            if count >= MAX_KEPT then
                results, count = {}, 0
            end
            result = compute(code_point(character))
            results[character], count = result, count + 1
        end
        return result
    end
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

--- The text with every byte that is not part of UTF-8 replaced.
-- @tparam string text
-- @tparam string|function(byte:string):string replacement a character's, or a function of the byte (a string of one)
-- @treturn string
function M.utf8(text, replacement)
    if not text:find "[\128-\255]" then
        return text
    end
    return (text:gsub("[\128-\255][\128-\191]*", function(bytes)
        local kept = character_length(bytes)
        return kept < #bytes and bytes:sub(1, kept) .. bytes:sub(kept + 1):gsub(".", replacement) or nil
    end))
end

-- ---- what is hidden --------------------------------------------------------------------------------

-- C1, soft hyphen, grapheme joiner, Arabic letter mark, fillers, invisible vowels, joiners and marks, separators,
-- embeddings and overrides, invisible operators and isolates, noncharacters, byte order mark, annotation, shorthand and
-- musical controls, tags. Those of plane 0 end with FFFE; each plane's last two are checked apart.
local HIDDEN = { 0x7F, 0x9F, 0xAD, 0xAD, 0x34F, 0x34F, 0x61C, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180F,
    0x200B, 0x200F, 0x2028, 0x202E, 0x2060, 0x206F, 0x3164, 0x3164, 0xFDD0, 0xFDEF, 0xFE00, 0xFE0F, 0xFEFF, 0xFEFF,
    0xFFA0, 0xFFA0, 0xFFF0, 0xFFFB, 0x1BCA0, 0x1BCA3, 0x1D173, 0x1D17A, 0xE0000, 0xE0FFF }

local EMOJI = { 0xA9, 0xA9, 0xAE, 0xAE, 0x203C, 0x203C, 0x2049, 0x2049, 0x2122, 0x2122, 0x2139, 0x2139, 0x2190, 0x21FF,
    0x2300, 0x23FF, 0x24C2, 0x24C2, 0x25A0, 0x27BF, 0x2900, 0x297F, 0x2B00, 0x2BFF, 0x3030, 0x3030, 0x303D, 0x303D,
    0x3297, 0x3297, 0x3299, 0x3299, 0x1F000, 0x1FAFF }

local ON_KEYCAP = "^[#*%d]\239\184\143\226\131\163" -- a sign, the selector of emoji, and the cap around it
local IDEOGRAPHS = { 0x2E80, 0xA4CF, 0xF900, 0xFAFF, 0xFF00, 0xFFEF, 0x20000, 0x3FFFD }
local MONGOLIAN = { 0x1820, 0x18AA }

-- Letters and their marks: what a joiner may join. Beyond ASCII it is enough to leave out signs and punctuation.
local LETTERS = { 0x41, 0x5A, 0x61, 0x7A, 0xAA, 0xAA, 0xB5, 0xB5, 0xBA, 0xBA, 0xC0, 0xD6, 0xD8, 0xF6, 0xF8, 0x60B,
    0x60E, 0x61A, 0x61D, 0x66A, 0x66E, 0x6D3, 0x6D5, 0x1FFF, 0x2C00, 0x2DFF, 0x3005, 0x3007, 0x3021, 0x302F,
    0x3031, 0xFDFF, 0xFE70, 0xFEFE, 0xFF10, 0xFF19, 0xFF21, 0xFF3A, 0xFF41, 0xFF5A, 0xFF66, 0xFFDC,
    0x10000, 0x1CFFF, 0x1E000, 0x1EFFF, 0x20000, 0x3FFFD }

local NO, ALWAYS, ALONE = false, "always", "alone" -- alone: hidden unless its neighbours explain it

local how_hidden = remembering(function(code)
    if code == 0x200C or code == 0x200D or code >= 0x180B and code <= 0x180F or code >= 0xFE00 and code <= 0xFE0F
        or code >= 0xE0100 and code <= 0xE01EF then
        return ALONE
    end
    return (lies_in(code, HIDDEN) or code % 0x10000 >= 0xFFFE) and ALWAYS or NO
end)

-- The character that ends before a place, and where it begins.
local function character_before(text, at)
    local start = at - 1
    while start > at - 4 and start > 1 and text:find("^[\128-\191]", start) do
        start = start - 1
    end
    local character = text:sub(start, at - 1)
    if #character > 1 and character_length(character) ~= #character then
        return nil
    end
    return character:find "^[%z\1-\127\194-\244]" and code_point(character) or nil, start
end

local function selects_variant(selector, base)
    if not base then
        return false
    elseif selector == 0xFE0E or selector == 0xFE0F then
        return lies_in(base, EMOJI)
    elseif selector < 0x1900 then
        return lies_in(base, MONGOLIAN)
    end
    return lies_in(base, IDEOGRAPHS)
end

local function can_be_joined(code)
    return code and (lies_in(code, LETTERS) or lies_in(code, EMOJI)) and not lies_in(code, HIDDEN)
end

-- Whether the neighbours of a joiner or variation selector explain what it is there for.
local function is_in_place(text, at, past, code)
    local before, start = character_before(text, at)
    if code ~= 0x200C and code ~= 0x200D then
        return selects_variant(code, before) or text:find(ON_KEYCAP, at - 1) ~= nil
    elseif before and lies_in(before, HIDDEN) then -- 0xFE0F of an emoji, before it is joined to another
        local base = start > 1 and character_before(text, start)
        if not (before ~= 0x200C and before ~= 0x200D and selects_variant(before, base)) then
            return false
        end
    elseif not can_be_joined(before) then
        return false
    end
    local bytes = text:match("^" .. CHARACTER, past)
    local length = bytes and (#bytes == 1 and bytes:byte() < 0x80 and 1 or character_length(bytes)) or 0
    return length > 0 and can_be_joined(code_point(bytes:sub(1, length)))
end

-- Whether a text has only ASCII, and characters of Latin, Greek, Cyrillic, Hebrew, Arabic, Chinese, Japanese and Korean
-- that are never hidden: most texts beyond ASCII, in a fraction of the time.
local function is_plainly_visible(text)
    local rest = text:gsub("[\195-\203\206-\215\217-\219][\128-\191]", " ")
        :gsub("[\227-\233\235\236][\128-\191][\128-\191]", " "):gsub("\239[\188\189][\128-\191]", " ")
    return not rest:find "[\128-\255]" and not text:find("\227\133\164", 1, true)
end

-- Replaces what is hidden beyond ASCII by what a function of the code point returns, and bytes that are not UTF-8.
local function replace_hidden(text, write, invalid)
    if not text:find "[\128-\255]" or is_plainly_visible(text) then
        return text
    end
    return (text:gsub("()([\128-\255][\128-\191]*)", function(at, bytes)
        local length = character_length(bytes)
        local character = bytes:sub(1, length)
        local how = length > 0 and how_hidden(character)
        if how and (how == ALWAYS or not is_in_place(text, at, at + length, code_point(character))) then
            character = write(code_point(character))
        end
        return character .. invalid:rep(#bytes - length)
    end))
end

--- The text with each hidden or unsafe character, control characters of ASCII among them, replaced: for formats that
-- have an escape and lose nothing. Bytes that are not UTF-8 become U+FFFD.
-- @tparam string text
-- @tparam function(code_point:integer):string write_escape returns what is written for it, such as "\\u202e"
-- @treturn string
function M.escape_hidden(text, write_escape)
    if not text:find "[^ -~]" then
        return text
    end
    text = replace_hidden(text, write_escape, "\239\191\189")
    return (text:gsub("[%z\1-\31\127]", function(character)
        return write_escape(character:byte())
    end))
end

local function question_mark()
    return "?"
end

--- The text with a "?" for each character that is hidden or drives a terminal, except line ends and tabs.
-- @tparam string text
-- @treturn string
function M.harmless(text)
    if not text:find "[^\t\n\r -~]" then
        return text
    end
    return replace_hidden(text:gsub("[%z\1-\8\11\12\14-\31\127]", "?"), question_mark, "?")
end

--- The same on one line.
-- @tparam string text
-- @treturn string
function M.safe(text)
    if not text:find "[^ -~]" then
        return text
    end
    return (M.harmless(text):gsub("[\r\n\t]+", " "))
end

-- ---- columns ---------------------------------------------------------------------------------------

local character_width = remembering(function(code)
    return code < 0x300 and 1 or has_width(code, "none") and 0 or has_width(code, "two") and 2 or 1
end)

-- Whether a character is a mark on the one before it, or invisible.
local takes_part = remembering(function(code)
    return code >= 0x300 and (has_width(code, "none") or has_width(code, "spacing_marks"))
end)

local ZERO_WIDTH_JOINER, EMOJI_SELECTOR = "\226\128\141", "\239\184\143"
local SKIN_TONE, FLAG_LETTER = "^\240\159\143[\187-\191]$", "^\240\159\135[\166-\191]$"

-- What a terminal draws as one: a character with its marks, an emoji composed with joiners, a flag of two letters.
-- Marks could go on without end; the Stream-Safe Text Format (Unicode Standard Annex 15) allows 30.
local MAX_CHARACTERS = 32

local function character_at(text, at)
    local lead = text:byte(at)
    return text:sub(at, at + (lead < 0xC0 and 0 or lead < 0xE0 and 1 or lead < 0xF0 and 2 or 3))
end

-- Returns where the next cluster begins, how many columns this one takes, and whether it is longer than allowed.
local function next_cluster(text, at)
    local first = character_at(text, at)
    local width, last, past, is_flag = character_width(first), first, at + #first, false
    for _ = 2, MAX_CHARACTERS do
        local byte = text:byte(past)
        if not byte or byte < 0x80 then
            return past, width, false
        end
        local character = character_at(text, past)
        if character == EMOJI_SELECTOR then
            width = math.max(width, 2)
        elseif not is_flag and past == at + #first and first:find(FLAG_LETTER) and character:find(FLAG_LETTER) then
            width, is_flag = 2, true
        elseif takes_part(character) then
            width = width + character_width(character)
        elseif not character:find(SKIN_TONE)
            and not (last == ZERO_WIDTH_JOINER and lies_in(code_point(character), EMOJI)) then
            return past, width, false
        end
        last, past = character, past + #character
    end
    return past, width, past <= #text
end

-- Returns the last byte of the clusters that fit into a width.
local function fitting(text, width)
    local at = 1
    while at <= #text do
        local past, columns, is_endless = next_cluster(text, at)
        if columns > width then
            break
        end
        width, at = width - columns, past
        if is_endless then
            break
        end
    end
    return at - 1
end

-- Ideographs, Hangul, kana and full-width signs, and letters of Latin: their widths without looking at each.
local function with_blanks_for_common(text)
    return (text:gsub("[\228-\233\235\236][\128-\191][\128-\191]", "  "):gsub("[\195-\203][\128-\191]", " ")
        :gsub("\227[\129\131][\129-\191]", "  "):gsub("\227\130[\128-\150\155-\191]", "  ")
        :gsub("\227\128[\128-\169]", "  "):gsub("\239\188[\129-\191]", "  "))
end

--- Columns that a text takes on a terminal: two for East Asian wide forms and emoji, none for marks.
-- @tparam string text
-- @treturn integer
function M.width(text)
    if not text:find "[\128-\255]" then
        return #text
    end
    local rest = with_blanks_for_common(text)
    if not rest:find "[\128-\255]" then
        return #rest
    end
    local width, at = 0, 1
    while at <= #rest do
        local past, columns = next_cluster(rest, at)
        width, at = width + columns, past
    end
    return width
end

--- The text cut to a width, with "…" where something was cut off; never within a character and its marks, or an emoji.
-- @tparam string text
-- @tparam integer width in columns, at least 1
-- @treturn string
function M.cut(text, width)
    if #text <= width then
        return text
    elseif not text:find "[\128-\255]" then
        return text:sub(1, width - 1) .. "…"
    end
    return fitting(text, width) == #text and text or text:sub(1, fitting(text, width - 1)) .. "…"
end

--- The text cut to a width in its middle: what stands at both ends is often what tells messages apart.
-- @tparam string text
-- @tparam integer width in columns, at least 3
-- @treturn string
function M.elide(text, width)
    if M.width(text) <= width then
        return text
    end
    local room = width - 1
    local head = text:sub(1, fitting(text, math.ceil(room / 2)))
    local at, left = #head + 1, M.width(text) - M.width(head)
    while left > room - M.width(head) do
        local past, columns = next_cluster(text, at)
        at, left = past, left - columns
    end
    return head .. "…" .. text:sub(at)
end

--- Breaks a text into lines at blanks; a word that is longer than a line, as a sentence in Chinese may be, into pieces.
-- @tparam string text
-- @tparam integer width in columns, at least 2
-- @treturn {string,...} at least one line
function M.wrap(text, width)
    local lines, line = {}, nil
    for word in text:gmatch "[^ \t-\r]+" do
        if line and M.width(line) + 1 + M.width(word) <= width then
            line = line .. " " .. word
        else
            lines[#lines + 1] = line
            line = word
            while #line > width and M.width(line) > width do
                local length = fitting(line, width)
                length = length > 0 and length or #character_at(line, 1)
                lines[#lines + 1], line = line:sub(1, length), line:sub(length + 1)
            end
        end
    end
    lines[#lines + 1] = line or ""
    return lines
end

-- ---- excerpts --------------------------------------------------------------------------------------

local function starts_cluster(text, at)
    local character = character_at(text, at)
    return not (character:find "^[\128-\191]" or character:find(SKIN_TONE) or takes_part(character)
        or text:sub(math.max(at - 3, 1), at - 1) == ZERO_WIDTH_JOINER)
end

--- The beginning of a text, in bytes; not cut within a character, its marks, or an emoji.
-- @tparam string text
-- @tparam integer bytes at most
-- @treturn string
function M.beginning(text, bytes)
    if #text <= bytes then
        return text
    end
    local past, least = bytes + 1, bytes - MAX_CHARACTERS
    while past > 1 and (past > least and not starts_cluster(text, past) or text:find("^[\128-\191]", past))
        and past > least - 3 do
        past = past - 1
    end
    return text:sub(1, past - 1)
end

local LONGEST, BYTES_A_COLUMN = 600, 8

--- The beginning of a foreign text as a message shows it: harmless, with single blanks for white space and line ends.
-- @tparam string text
-- @tparam[opt=600] integer width in columns
-- @treturn string
function M.excerpt(text, width)
    width = width or LONGEST
    text = text:gsub("[ \t-\r]+", " ")
    local examined = M.beginning(text, width * BYTES_A_COLUMN)
    return M.cut(M.safe(examined) .. (#examined < #text and "…" or ""), width)
end

-- ---- secrets ---------------------------------------------------------------------------------------

-- Shorter secrets are part of many words: hiding every "y" would hide the message instead.
local MIN_SECRET = 3

-- The gateway may echo the canonical request it computed, with every line end written as "|"; a proxy's page may show
-- the headers it got, in any spelling.
local SECRET_HEADERS = {}
for i, name in ipairs { "x%-security%-token", "x%-auth%-token", "authorization", "x%-subject%-token" } do
    local any_case = name:gsub("%a", function(letter)
        return ("[%s%s]"):format(letter, letter:upper())
    end)
    SECRET_HEADERS[i] = "(" .. any_case .. "[\"']?%s*[:=])[^|\n]*"
end

-- A text that was cut may end with the beginning of a secret; this much of it gives nothing away.
local HARMLESS_BYTES = 8

-- For each length of the secret's beginning, how much of its end is a beginning, too (Knuth, Morris and Pratt).
local function borders_of(secret)
    local borders, length = { 0 }, 0
    for i = 2, #secret do
        local byte = secret:byte(i)
        while length > 0 and secret:byte(length + 1) ~= byte do
            length = borders[length]
        end
        length = secret:byte(length + 1) == byte and length + 1 or 0
        borders[i] = length
    end
    return borders
end

-- Masks a secret wherever it is, and its beginning at the text's end. Foreign text may be made of nearly the secret, so
-- no byte is compared again and again.
local function mask(text, secret)
    local from = text:find(secret:sub(1, HARMLESS_BYTES), 1, true)
    if not from then
        return text
    end
    local borders, parts, kept, length = borders_of(secret), {}, 1, 0
    for at = from, #text do
        local byte = text:byte(at)
        while length > 0 and secret:byte(length + 1) ~= byte do
            length = borders[length]
        end
        length = secret:byte(length + 1) == byte and length + 1 or 0
        if length == #secret then
            parts[#parts + 1] = text:sub(kept, at - length)
            kept, length = at + 1, 0
        end
    end
    local is_cut = length >= math.min(HARMLESS_BYTES, #secret)
    parts[#parts + 1] = text:sub(kept, is_cut and #text - length or #text) .. (is_cut and "***" or "")
    return table.concat(parts, "***")
end

-- Masks a short secret where it stands alone.
local function mask_word(text, secret)
    local parts, kept = {}, 1
    local first, last = text:find(secret, 1, true)
    while first and secret ~= "" do
        local inside = first > 1 and text:find("^%w%w", first - 1) or text:find("^%w%w", last)
        if not inside then
            parts[#parts + 1], kept = text:sub(kept, first - 1), last + 1
        end
        first, last = text:find(secret, last + 1, true)
    end
    parts[#parts + 1] = text:sub(kept)
    return table.concat(parts, "***")
end

local function percent(format)
    return function(character)
        return format:format(character:byte())
    end
end

-- A secret as it is, as JSON may write it, and as URLs do.
local function spellings(secret)
    return { secret, (secret:gsub("/", "\\/")), (secret:gsub("[^%w._~-]", percent "%%%02X")),
        (secret:gsub("[^%w._~-]", percent "%%%02x")) }
end

--- A text without the white space around it. Linear, as `^%s*(.-)%s*$` is not where much white space is inside.
-- @tparam string text
-- @treturn string
function M.trim(text)
    return text:find "%S" and text:match "^%s*(.*%S)" or ""
end

--- Foreign text without secrets: those given, and what follows the names of headers that hold one.
-- @tparam string text
-- @tparam {string,...} secrets
-- @treturn string
function M.redact(text, secrets)
    for _, pattern in ipairs(SECRET_HEADERS) do
        text = text:gsub(pattern, "%1***")
    end
    for _, secret in pairs(secrets) do
        for _, spelling in ipairs(spellings(secret)) do
            text = (#spelling < MIN_SECRET and mask_word or mask)(text, spelling)
        end
    end
    return text
end

return M
