--- The tokens of a Lua or C source, as far as changing one at a time needs them.
local M = {}

-- Longest first.
local OPERATORS = {
    lua = { "...", "..", "==", "~=", "<=", ">=", "::" },
    c = { "...", "<<=", ">>=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "+=", "-=", "*=",
        "/=", "%=", "&=", "|=", "^=" },
}

local function set(text)
    local words = {}
    for word in text:gmatch "%S+" do
        words[word] = true
    end
    return words
end

local KEYWORDS = {
    lua = set [[and break do else elseif end false for function if in local nil not or repeat return then true until
        while]],
    c = set [[break case const continue default do else enum extern for goto if inline return sizeof static struct
        switch typedef union volatile while bool char double float int long short signed size_t unsigned void]],
}

-- Each skips what is no token and begins at a position; returns the position behind it, or nil.
local SKIPPED = {
    lua = function(source, at)
        local level = source:match("^%-%-%[(=*)%[", at)
        local _, last
        if level then
            _, last = source:find("]" .. level .. "]", at, true)
        elseif at == 1 and source:find "^#!" or source:find("^%-%-", at) then
            _, last = source:find("^[^\n]*", at)
        else
            _, last = source:find("^%s+", at)
        end
        return last and last + 1
    end,
    c = function(source, at)
        local _, last = source:find("^%s+", at)
        if source:find("^/%*", at) then
            _, last = source:find("*/", at, true)
        elseif source:find("^//", at) then
            _, last = source:find("^[^\n]*", at)
        elseif source:find("^#", at) then -- a directive; what a macro stands for is code
            _, last = source:find("^#define%s+[%w_]+", at)
            if last then
                last = select(2, source:find("^%([%w_, ]*%)", last + 1)) or last
            else
                _, last = source:find("^#[^\n]*", at)
                while source:sub(last, last) == "\\" do
                    _, last = source:find("^[^\n]*", last + 2)
                end
            end
        elseif source:find("^\\\n", at) then
            last = at + 1
        end
        return last and last + 1
    end,
}

local function quoted_end(source, at)
    local quote, i = source:sub(at, at), at + 1
    while source:sub(i, i) ~= quote do
        i = i + (source:sub(i, i) == "\\" and 2 or 1)
        assert(i <= #source, "a string has no end")
    end
    return i
end

local function token_at(language, source, at)
    local first = source:sub(at, at)
    local word = source:match("^[%a_][%w_]*", at)
    if word then
        return KEYWORDS[language][word] and "keyword" or "name", at + #word - 1
    elseif source:find("^%.?%d", at) then
        local number = source:match("^0[xX]%x+[uUlL]*", at) or source:match("^[%d.]+[eE][+-]?%d+[uUlL]*", at)
            or source:match("^[%d.]+[uUlL]*", at)
        return "number", at + #number - 1
    elseif first == '"' or first == "'" then
        return language == "c" and first == "'" and "character" or "string", quoted_end(source, at)
    end
    local level = language == "lua" and source:match("^%[(=*)%[", at)
    if level then
        local _, last = source:find("]" .. level .. "]", at, true)
        return "long string", last
    end
    for _, operator in ipairs(OPERATORS[language]) do
        if source:sub(at, at + #operator - 1) == operator then
            return "operator", at + #operator - 1
        end
    end
    return "operator", at
end

--- Splits a source.
-- @tparam "lua"|"c" language
-- @tparam string source
-- @treturn {table,...} tokens: `kind` ("keyword", "name", "number", "string", "long string", "character", "operator"),
-- `text`, `first` and `last` position, `line`, and of a bracket `match`: the place of the other one in this list
function M.of(language, source)
    local tokens, open, at, line, counted = {}, {}, 1, 1, 1
    local skip = SKIPPED[language]
    while at <= #source do
        local behind = skip(source, at)
        if not behind then
            local kind, last = token_at(language, source, at)
            local _, breaks = source:sub(counted, at - 1):gsub("\n", "")
            line, counted = line + breaks, at
            local token = { kind = kind, text = source:sub(at, last), first = at, last = last, line = line }
            tokens[#tokens + 1] = token
            if kind == "operator" and token.text:find "^[%(%[{]$" then
                open[#open + 1] = #tokens
            elseif kind == "operator" and token.text:find "^[%)%]}]$" then
                token.match = table.remove(open)
                tokens[token.match].match = #tokens
            end
            behind = last + 1
        end
        at = behind
    end
    return tokens
end

return M
