--- Changes inputs by a grammar: a table of lists of texts by name, in which "<name>" means any one of that list; a name
-- that the grammar lacks is text. An input is made of "<input>", its parts of any list.
-- The same seed must make the same change.

local DEEPEST = 12

local function one_of(list)
    return list[math.random(#list)]
end

local function names_of(grammar)
    local names = {}
    for name in pairs(grammar) do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

local function write(grammar, name, depth)
    return (one_of(grammar[name]):gsub("<([%l_]+)>", function(inner)
        return grammar[inner] and (depth < DEEPEST and write(grammar, inner, depth + 1) or "")
    end))
end

-- A part of the text: where it begins, and where the next one does. Half of the time it is made of whole lines.
local function part_of(text)
    local first = math.random(#text + 1)
    local length = math.random(0, math.min(#text + 1 - first, math.floor(2 ^ math.random(0, 12))))
    local past = first + length
    if math.random(2) == 1 then
        first = text:sub(1, first - 1):match "^.*\n()" or 1
        past = text:match("^[^\n]*\n()", past) or #text + 1
    end
    return first, past
end

local CHANGES = {
    function(_, part) -- another part in its place
        return part
    end,
    function(old, part) -- another part before it
        return part .. old
    end,
    function() -- nothing in its place
        return ""
    end,
    function(old) -- twice
        return old .. old
    end,
    function(old, part, room) -- very often
        local often = #old > 0 and #old < 64 and old or part
        return often:rep(math.random(0, math.floor(room / math.max(#often, 1))))
    end,
}

return function(grammar)
    local names = names_of(grammar)
    return function(text, max, seed)
        math.randomseed(seed)
        if math.random(4) == 1 then
            return write(grammar, "input", 1):sub(1, max)
        end
        for _ = 1, math.random(3) do
            local first, past = part_of(text)
            -- What comes very often comes seldom: such inputs are slow, and crowd out the others.
            local change = CHANGES[math.random(64) == 1 and #CHANGES or math.random(#CHANGES - 1)]
            local new = change(text:sub(first, past - 1), write(grammar, one_of(names), 1), max)
            text = (text:sub(1, first - 1) .. new .. text:sub(past)):sub(1, max)
        end
        return text
    end
end
