--- The small changes that can be made to a source: one operator turned, one number off by one, one statement left out.
-- Comments and what is only worded otherwise are left alone.
local tokens_of = require "spec.build.tokens"

local M = {}

-- ---- of any language -------------------------------------------------------------------------------

local SWAPPED = {
    lua = {
        ["=="] = "~=", ["~="] = "==", ["<"] = "<=", ["<="] = "<", [">"] = ">=", [">="] = ">", ["and"] = "or",
        ["or"] = "and", ["true"] = "false", ["false"] = "true", ["not"] = "", ["+"] = "-", ["-"] = "+", ["*"] = "/",
        ["/"] = "*", ["%"] = "*",
    },
    c = {
        ["=="] = "!=", ["!="] = "==", ["<="] = "<", [">="] = ">", ["&&"] = "||", ["||"] = "&&", ["true"] = "false",
        ["false"] = "true", ["+"] = "-", ["-"] = "+", ["+="] = "-=", ["-="] = "+=", ["++"] = "--", ["--"] = "++",
        ["/"] = "*", ["<<"] = ">>", [">>"] = "<<", ["|="] = "&=", ["&="] = "|=", ["!"] = "", ["<"] = "<=",
        [">"] = ">=",
    },
}

-- Whether an operand ends here: what follows is then between two.
local function ends_operand(token)
    return token ~= nil and (token.kind == "name" or token.kind == "number" or token.kind:find "string"
        or token.kind == "character" or token.text:find "^[%)%]}]$" or token.text == "..." or token.text == "end"
        or token.text == "true" or token.text == "false" or token.text == "nil") and true or false
end

local BINARY = { ["+"] = true, ["-"] = true, ["*"] = true, ["/"] = true, ["<"] = true, [">"] = true, ["%"] = true }

local function off_by_one(token)
    local number, suffix = token.text:match "^(%d+)([uUlL]*)$"
    if not number then
        return nil
    end
    local up = tonumber(number) == 0 or token.first % 2 == 0
    return ("%d%s"):format(tonumber(number) + (up and 1 or -1), suffix)
end

-- A string that something is decided by, not a text for people.
local function other_string(token)
    return token.text:find "^[\"'][%a_][%w_.:/-]*[\"']$" and token.text:sub(1, -2) .. "~" .. token.text:sub(-1) or nil
end

local function add(list, what, first, last, text, line)
    list[#list + 1] = { what = what, first = first, last = last, text = text, line = line }
end

-- find(text, 1, true), sub(1, …): Lua begins at 1 when it is told 0.
local function is_first_place(tokens, i)
    local after = tokens[i + 2]
    return tokens[i].text == "1" and tokens[i + 1].text == "," and after and (after.text == "true"
        or tokens[i - 1].text == "(" and (tokens[i - 2] or {}).text == "sub")
end

-- The last argument of find("text", 1, true), where the text as a pattern says the same.
local function is_plain_already(tokens, i)
    local text = (tokens[i - 4] or {}).text
    return text ~= nil and tokens[i].text == "true"
        and tokens[i - 1].text == "," and (tokens[i - 2].text == "1" or tokens[i - 2].kind == "name")
        and text:gsub("\\[0nrt]", ""):find "^[\"'][^%^$()%%.%[%]*+?\\-]*[\"']$" ~= nil
end

-- x < 0 ? -x : x, whose border makes no difference.
local function is_magnitude(tokens, i)
    local colon = i + 4
    while tokens[colon] and tokens[colon].text ~= ":" and tokens[colon].text ~= ";" do
        colon = colon + 1
    end
    local texts = {}
    for k = i, colon do
        texts[#texts + 1] = (tokens[k] or { text = "" }).text
    end
    local same = table.concat(texts, " "):match "^< 0 %? %- (.*) :$"
    if not same then
        return false
    end
    texts = {}
    for k = colon + 1, colon + colon - i - 4 do
        texts[#texts + 1] = (tokens[k] or { text = "" }).text
    end
    return table.concat(texts, " ") == same
end

-- The texts from one token on till one that is among `ends`, without casts, and the place of the latter.
local function texts_until(tokens, i, ends)
    local list = {}
    while tokens[i] and not ends[tokens[i].text] do
        local is_cast = tokens[i].text == "(" and tokens[i].match == i + 2 and tokens[i + 3].kind == "name"
            and (tokens[i - 1].text == "?" or tokens[i - 1].text == ":")
        for k = i, is_cast and i - 1 or tokens[i].match or i do
            list[#list + 1] = tokens[k].text
        end
        i = math.max(tokens[i].match or i, i) + 1
    end
    return table.concat(list, " "), i
end

local function set(words)
    local list = {}
    for word in words:gmatch "%S+" do
        list[word] = true
    end
    return list
end

local BEFORE, AFTER = set "( [ { = , ; ? : && || return", set ") ] , ; ? : && ||"

-- a < b ? a : b and if (b < a) a = b: where both are the same it makes no difference which one is taken.
local function is_choice_of_two(tokens, i)
    local first = i - 1
    while tokens[first] and not BEFORE[tokens[first].text] do
        first = math.min(tokens[first].match or first, first) - 1
    end
    local left = texts_until(tokens, first + 1, { [tokens[i].text] = true })
    local right, stop = texts_until(tokens, i + 1, AFTER)
    local one, other
    if tokens[stop] and tokens[stop].text == "?" then
        one, stop = texts_until(tokens, stop + 1, AFTER)
        other = texts_until(tokens, stop + 1, AFTER)
    elseif tokens[first] and tokens[first - 1] and tokens[first - 1].text == "if" and tokens[first].match == stop then
        one, stop = texts_until(tokens, stop + 1, set "= ;")
        other = texts_until(tokens, stop + 1, AFTER)
    end
    return one == left and other == right or one == right and other == left
end

local function change_token(list, language, tokens, i)
    local token, before = tokens[i], tokens[i - 1]
    local other = SWAPPED[language][token.text]
    if language == "lua" and is_plain_already(tokens, i) then
        return
    elseif token.kind == "number" and is_first_place(tokens, i) then
        add(list, "off by one", token.first, token.last, "2", token.line)
    elseif token.kind == "number" then
        add(list, "off by one", token.first, token.last, off_by_one(token) or token.text, token.line)
    elseif token.kind == "character" and token.text:find "^'%w'$" then
        add(list, "off by one", token.first + 1, token.first + 1, string.char(token.text:byte(2) + 1), token.line)
    elseif token.kind == "string" then
        add(list, "other string", token.first, token.last, other_string(token) or token.text, token.line)
    elseif other and token.kind ~= "long string" and (not BINARY[token.text] or ends_operand(before))
        and not is_magnitude(tokens, i) and not (token.text:find "^[<>]=?$" and is_choice_of_two(tokens, i)) then
        add(list, "turned", token.first, token.last, other, token.line)
    end
end

-- ---- Lua ---------------------------------------------------------------------------------------------

local OPENS_BLOCK = { ["then"] = true, ["else"] = true, ["do"] = true, ["repeat"] = true }
local BEGINS_STATEMENT = {}
for word in ("local if for while return end else elseif until do repeat break"):gmatch "%a+" do
    BEGINS_STATEMENT[word] = true
end

local function lua_statement_begins(tokens, i)
    local token, before = tokens[i], tokens[i - 1]
    if not token or BEGINS_STATEMENT[token.text] then
        return true
    end
    local behind = ends_operand(before) or before == nil or OPENS_BLOCK[before.text] or before.text == ";"
    return behind and (token.kind == "name" or token.text == "function")
end

-- The last token of a statement or of an expression list that begins at `i`.
local function lua_last(tokens, i)
    local depth = 0 -- of functions
    local k = i
    while tokens[k] do
        local text = tokens[k].text
        if depth == 0 and k > i and lua_statement_begins(tokens, k) then
            return k - 1
        elseif tokens[k].match and tokens[k].match > k then
            k = tokens[k].match
        elseif text == "function" or text == "if" or text == "do" then
            depth = depth + 1
        elseif text == "end" then
            depth = depth - 1
        end
        k = k + 1
    end
    return k - 1
end

local function lua_condition_end(tokens, i, word)
    local k = i
    while tokens[k].text ~= word do
        k = tokens[k].match and tokens[k].match > k and tokens[k].match + 1 or k + 1
    end
    return k - 1
end

-- Removes the last of several or the only argument of a call whose bracket is token `i`.
local function drop_argument(list, tokens, i)
    local close, comma = tokens[i].match, nil
    local k = i + 1
    while k < close do
        if tokens[k].text == "function" then
            return
        end
        comma = tokens[k].text == "," and k or comma
        k = tokens[k].match and tokens[k].match > k and tokens[k].match + 1 or k + 1
    end
    if close > i + 1 and not is_plain_already(tokens, close - 1) then
        add(list, "argument dropped", tokens[comma or i + 1].first, tokens[close - 1].last, "", tokens[i].line)
    end
end

-- Returned alone: turned already, or nothing to lose; M is the module, DWS_OK is 0.
local SAID_OTHERWISE = { ["nil"] = true, ["true"] = true, ["false"] = true, M = true, ["0"] = true, NULL = true,
    DWS_OK = true, CURLE_OK = true, CURL_PREREQFUNC_OK = true }

local function lua_changes(list, tokens)
    for i, token in ipairs(tokens) do
        local before, text = tokens[i - 1] or { text = "", kind = "" }, token.text
        local field = (tokens[i - 2] or {}).text
        if before.text == "require" or field == "__name" or field == "__mode" then -- "k~" is as weak as "k"
            text = ""
        elseif text == "if" or text == "elseif" or text == "while" then
            local last = lua_condition_end(tokens, i + 1, text == "while" and "do" or "then")
            add(list, "branch negated", tokens[i + 1].first, tokens[last].last, nil, token.line)
        elseif text == "return" and tokens[i + 1] and not BEGINS_STATEMENT[tokens[i + 1].text] then
            local last = lua_last(tokens, i + 1)
            if not (last == i + 1 and SAID_OTHERWISE[tokens[last].text]) then
                add(list, "nil returned", tokens[i + 1].first, tokens[last].last, "nil", token.line)
            end
        elseif token.kind == "name" and lua_statement_begins(tokens, i) and before.text ~= "function" then
            local last = lua_last(tokens, i)
            add(list, "statement deleted", token.first, tokens[last].last, "", token.line)
        elseif text == "(" and (before.kind == "name" or before.text:find "^[%)%]]$")
            and (tokens[i - 2] or {}).text ~= "function" then
            local k = i - 1 -- function a.b:c(
            while tokens[k - 1] and tokens[k - 1].text:find "^[.:]$" do
                k = k - 2
            end
            if (tokens[k - 1] or {}).text ~= "function" then
                drop_argument(list, tokens, i)
            end
        end
        if text ~= "" then
            change_token(list, "lua", tokens, i)
        end
    end
end

--- The blocks of a Lua source: where each begins, and which one a position is in.
-- @tparam string source
-- @treturn {integer,...} positions behind which a block begins; block 0 is the file
-- @treturn function(position) → number of the innermost block
function M.blocks(source)
    local tokens = tokens_of.of("lua", source)
    local starts, spans, open, pending = {}, {}, {}, {}
    local function begin(token)
        starts[#starts + 1] = token.last
        open[#open + 1] = { number = #starts, first = token.last + 1 }
    end
    local function finish(token)
        local block = table.remove(open)
        block.last = token.first - 1
        spans[#spans + 1] = block
    end
    for i, token in ipairs(tokens) do
        local text = token.kind == "keyword" and token.text or ""
        if text == "function" then
            local k = i
            while tokens[k].text ~= "(" do
                k = k + 1
            end
            pending[tokens[k].match] = true
        elseif text == "then" or text == "do" or text == "repeat" then
            begin(token)
        elseif text == "else" then
            finish(token)
            begin(token)
        elseif text == "elseif" or text == "end" or text == "until" then
            finish(token)
        elseif pending[i] then
            begin(token)
        end
    end
    return starts, function(position)
        local best
        for _, span in ipairs(spans) do
            if span.first <= position and position <= span.last and (not best or span.first > best.first) then
                best = span
            end
        end
        return best and best.number or 0
    end
end

-- ---- C -----------------------------------------------------------------------------------------------

local HEADS = { ["if"] = true, ["for"] = true, ["while"] = true, ["switch"] = true }

-- By token of "{": whether statements follow, not values or fields.
local function c_code_braces(tokens)
    local is_code, inside = {}, { false }
    for i, token in ipairs(tokens) do
        local before = tokens[i - 1]
        if token.text == "{" then
            local code = inside[#inside] and (before.text:find "^[;{}:]$" or before.text == "else"
                or before.text == "do")
            if before and before.text == ")" then
                local head = tokens[before.match - 1]
                code = head and (HEADS[head.text] or head.kind == "name")
            end
            is_code[i] = code and true or false
            inside[#inside + 1] = is_code[i]
        elseif token.text == "}" then
            inside[#inside] = nil
        end
    end
    return is_code
end

local function c_statement_end(tokens, i)
    local k = i
    while tokens[k].text ~= ";" do
        k = tokens[k].match and tokens[k].match > k and tokens[k].match + 1 or k + 1
        if not tokens[k] or tokens[k].text == "}" then
            return nil
        end
    end
    return k
end

local function is_declaration(tokens, i)
    local after = tokens[i + 1]
    return tokens[i].kind == "name" and (after.kind == "name" or after.text == ":" or after.text == "*")
end

-- Sizes that Lua is given beforehand.
local function is_hint(tokens, i)
    local k = i - 1
    while tokens[k] and tokens[k].text:find "^[,%w_>.-]+$" do
        k = k - 1
    end
    return tokens[k] and tokens[k].text == "(" and (tokens[k - 1] or {}).text == "lua_createtable"
end

local function c_changes(list, tokens)
    local is_code, inside, head_end = c_code_braces(tokens), { false }, 0
    for i, token in ipairs(tokens) do
        local before, text = tokens[i - 1] or { text = "", kind = "" }, token.text
        if text == "{" then
            inside[#inside + 1] = is_code[i]
        elseif text == "}" then
            inside[#inside] = nil
        end
        local code = inside[#inside]
        local behind_head = before.text == ")" and tokens[before.match - 1] and HEADS[tokens[before.match - 1].text]
        if text == "(" then
            head_end = math.max(head_end, token.match) -- statements of a for's head are not left out
        end
        local begins = code and i > head_end and (before.text:find "^[;{}]$" or before.text == "else" or behind_head)
        if begins and (token.kind == "name" or text == "*" or text == "break" or text == "continue")
            and not is_declaration(tokens, i) then
            local last = c_statement_end(tokens, i)
            if last then
                add(list, "statement deleted", token.first, tokens[last].last, ";", token.line)
            end
        elseif code and (text == "if" or text == "while") and tokens[i + 1].text == "(" then
            local close = tokens[i + 1].match
            add(list, "branch negated", tokens[i + 2].first, tokens[close - 1].last, nil, token.line)
        elseif code and text == "return" and tokens[i + 1].text ~= ";" then
            local last = c_statement_end(tokens, i) - 1
            if not (last == i + 1 and SAID_OTHERWISE[tokens[last].text]) then
                add(list, "0 returned", tokens[i + 1].first, tokens[last].last, "0", token.line)
            end
        end
        if not is_hint(tokens, i) then
            change_token(list, "c", tokens, i)
        end
    end
end

-- ---- both --------------------------------------------------------------------------------------------

--- Which language a path is in.
-- @tparam string path
-- @treturn "lua"|"c"
function M.language(path)
    return path:find "%.[ch]$" and "c" or "lua"
end

local function line_around(source, first, last)
    local from = #(source:sub(1, first - 1):match "^.*\n" or "")
    local to = source:find("\n", last, true) or #source + 1
    return from + 1, to - 1
end

local function one_line(text)
    return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

--- All changes of a source, in its order.
-- @tparam string path
-- @tparam string source
-- @treturn {{what=string,line=integer,first=integer,last=integer,text=string,before=string,after=string},...} `text` is
-- put in the place of `first` to `last`; `before` and `after`: the lines concerned, with single blanks
function M.of(path, source)
    local language, found = M.language(path), {}
    local changes = language == "c" and c_changes or lua_changes
    changes(found, tokens_of.of(language, source))
    local list = {}
    for _, change in ipairs(found) do
        local old = source:sub(change.first, change.last)
        local text = change.text or (language == "c" and "!(%s)" or "not (%s)"):format(old)
        if text ~= old then
            local from, to = line_around(source, change.first, change.last)
            list[#list + 1] = {
                what = change.what,
                line = change.line,
                first = change.first,
                last = change.last,
                text = text,
                before = one_line(source:sub(from, to)),
                after = one_line(source:sub(from, change.first - 1) .. text .. source:sub(change.last + 1, to)),
            }
        end
    end
    return list
end

--- A source with one change made.
-- @tparam string source
-- @tparam table change one of `of`
-- @treturn string
function M.applied(source, change)
    return source:sub(1, change.first - 1) .. change.text .. source:sub(change.last + 1)
end

return M
