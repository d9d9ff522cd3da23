-- lua5.1 loop_variables.lua FILE…: prints where a file assigns to a for loop's variable, which Lua 5.5 forbids. Neither
-- luacheck nor an older Lua says so; it is run by the Lua for which luacheck, whose parser it uses, is installed.
local decoder = require "luacheck.decoder"
local parser = require "luacheck.parser"

-- Whose variable a name is, from here inwards: true for a loop's.
local function inner(names)
    return setmetatable({}, { __index = names })
end

local function declare(names, list, looping)
    for _, variable in ipairs(list) do
        if variable.tag == "Id" then
            names[variable[1]] = looping
        end
    end
end

local walk

local function walk_all(list, names, found)
    for _, node in ipairs(list) do
        if type(node) == "table" then
            walk(node, names, found)
        end
    end
end

local walkers = {}

function walkers.Set(node, names, found)
    for _, target in ipairs(node[1]) do
        if target.tag == "Id" and names[target[1]] then
            found[#found + 1] = ("%d: %s"):format(target.line, target[1])
        end
    end
    walk_all(node, names, found)
end

function walkers.Local(node, names, found)
    walk_all(node[2] or {}, names, found) -- which do not see the new names yet
    declare(names, node[1], false)
end

function walkers.Localrec(node, names, found)
    declare(names, node[1].tag and { node[1] } or node[1], false)
    walk_all(node, names, found)
end

function walkers.Function(node, names, found)
    names = inner(names)
    declare(names, node[1], false)
    walk_all(node[2], names, found)
end

function walkers.Fornum(node, names, found)
    local body = inner(names)
    declare(body, { node[1] }, true)
    walk_all({ node[2], node[3], #node > 4 and node[4] or nil }, names, found)
    walk_all(node[#node], body, found)
end

function walkers.Forin(node, names, found)
    local body = inner(names)
    declare(body, node[1], true)
    walk_all(node[2], names, found)
    walk_all(node[3], body, found)
end

function walkers.Do(node, names, found)
    walk_all(node, inner(names), found)
end

-- Its condition sees what its body declared.
function walkers.Repeat(node, names, found)
    names = inner(names)
    walk_all(node[1], names, found)
    walk(node[2], names, found)
end

function walk(node, names, found)
    local walker = walkers[node.tag]
    if walker then
        walker(node, names, found)
    else
        walk_all(node, node.tag and names or inner(names), found) -- a list of statements has no tag: it is a block
    end
end

for _, path in ipairs(arg) do
    local file = assert(io.open(path))
    local source = file:read("*a"):gsub("^#![^\n]*", "")
    file:close()
    local found = {}
    local parsed, syntax = pcall(parser.parse, decoder.decode(source))
    if not parsed then
        error(("%s:%s: %s"):format(path, syntax.line, syntax.msg), 0)
    end
    walk(syntax, inner {}, found)
    for _, place in ipairs(found) do
        print(path .. ":" .. place)
    end
end
