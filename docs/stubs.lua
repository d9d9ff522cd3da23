--- stubs.lua: what LDoc read, as LuaLS definitions (---@meta) of the public modules; docs/stubs.sh runs it.
-- It must not guess: a type that is neither Lua's nor declared with @type or @table, and a line that cannot be said in
-- LuaLS, are errors.
local M = {}

-- The list in the map, and the client's module, whose methods are public.
local function read_public()
    local here = debug.getinfo(1, "S").source:match "^@(.*)stubs%.lua$"
    local file = assert(io.open(here .. "../lua/dwsync/README.md"))
    local names = { "dwsync.client" }
    for name in file:read("*a"):match("## Public modules\n\n(.-)\n\n"):gmatch "`([%w_.]+)`" do
        names[#names + 1] = name
    end
    file:close()
    return names
end

--- Names of the modules that are described. All others may change at any time.
M.public = read_public()

local WIDTH = 116 -- of a comment's text, behind "--- "

-- ---- types ---------------------------------------------------------------------------------------

local unpack = table.unpack or unpack -- luacheck: compat

local LUA = {}
for name in ("any nil boolean true false number integer string table function userdata thread"):gmatch "%S+" do
    LUA[name] = true
end

-- "T|nil" as LuaLS writes it by preference, and whether it was one.
local function without_nil(union)
    local rest = ("|" .. union):gsub("|nil%f[%z|]", "")
    return rest:sub(2), rest ~= "|" .. union
end

local function short(union)
    local rest, optional = without_nil(union)
    if not optional or rest == "" or rest == "any" then
        return rest == "any" and rest or union
    end
    return rest .. ((rest:find "|" or rest:find "^fun") and "|nil" or "?")
end

local read_union -- the grammar is recursive

-- Returns the position behind what the pattern matches, and that.
local function expect(text, pattern, at)
    local first, last = text:find("^" .. pattern, at)
    if not first then
        error(("'%s' is not a type: expected %s at byte %d"):format(text, pattern, at), 0)
    end
    return last + 1, text:sub(first, last)
end

-- Each reader returns what LuaLS writes, and the position behind it.

-- {[key]=value}
local function read_map(text, at, known)
    local key, value
    key, at = read_union(text, at + 2, known)
    value, at = read_union(text, expect(text, "%]=", at), known)
    return ("table<%s, %s>"):format(key, value), (expect(text, "}", at))
end

-- {name=type,…}, where ?type makes the field optional
local function read_shape(text, at, known)
    local fields = {}
    repeat
        local name, optional, value, mark
        at, name = expect(text, "[%a_][%w_]*", at + 1)
        at, optional = expect(text, "=%??", at)
        value, at = read_union(text, at, known)
        fields[#fields + 1] = ("%s%s: %s"):format(name, optional == "=?" and "?" or "", value)
        mark = text:sub(at, at)
    until mark ~= ","
    return ("{ %s }"):format(table.concat(fields, ", ")), (expect(text, "}", at))
end

-- {type,...}
local function read_list(text, at, known)
    local item
    item, at = read_union(text, at + 1, known)
    return ((item:find "|" or item:find "^fun%(") and "(%s)[]" or "%s[]"):format(item), (expect(text, ",%.%.%.}", at))
end

-- function(name:type,…):type,…
local function read_function(text, at, known)
    local parameters, results = {}, {}
    at = expect(text, "function%(", at)
    while text:sub(at, at) ~= ")" do
        local name, value
        at, name = expect(text, "[%a_][%w_]*:", at)
        value, at = read_union(text, at, known)
        parameters[#parameters + 1] = name .. " " .. value
        at = expect(text, ",?", at)
    end
    at = at + 1
    while text:find(results[1] and "^," or "^:", at) do
        local result
        result, at = read_union(text, at + 1, known)
        results[#results + 1] = short(result)
    end
    local returned = results[1] and ": " .. table.concat(results, ", ") or ""
    return ("fun(%s)%s"):format(table.concat(parameters, ", "), returned), at
end

local function read_one(text, at, known)
    if text:find("^{%[", at) then
        return read_map(text, at, known)
    elseif text:find("^{[%a_][%w_]*=", at) then
        return read_shape(text, at, known)
    elseif text:find("^{", at) then
        return read_list(text, at, known)
    elseif text:find("^function%(", at) then
        return read_function(text, at, known)
    elseif text:find('^"', at) then
        local behind, literal = expect(text, '"[^"]*"', at)
        return literal, behind
    end
    local behind, name = expect(text, "[%a_][%w_.]*[%w_]", at)
    if not LUA[name] and not known[name] then
        error(("'%s' is not a type that LuaLS knows, nor declared with @type or @table"):format(name), 0)
    end
    return name, behind
end

function read_union(text, at, known)
    local types, optional = {}, text:sub(at, at) == "?"
    at = optional and at or at - 1
    repeat
        types[#types + 1], at = read_one(text, at + 1, known)
    until text:sub(at, at) ~= "|"
    if optional then
        types[#types + 1] = "nil"
    end
    for i = 1, types[2] and #types or 0 do
        types[i] = types[i]:find "^fun%(" and "(" .. types[i] .. ")" or types[i]
    end
    return table.concat(types, "|"), at
end

local function type_of(text, known)
    if not text then
        return "any"
    end
    local result, at = read_union(text, 1, known)
    if at <= #text then
        error(("'%s' is not a type: '%s' follows one"):format(text, text:sub(at)), 0)
    end
    return result
end

-- ---- lines ---------------------------------------------------------------------------------------

-- LDoc's links are code here.
local function plain(text)
    return ((text or ""):gsub("@{([^}]*)}", "`%1`"):gsub("^%s+", ""):gsub("%s+$", ""))
end

local function one_line(text)
    return (plain(text):gsub("%s+", " "))
end

local function add(lines, text, ...)
    lines[#lines + 1] = select("#", ...) > 0 and text:format(...) or text
end

-- Paragraphs, wrapped; indented lines are code and stay as they are.
local function add_text(lines, text)
    for paragraph in (text:gsub("\n *\n", "\0") .. "\0"):gmatch "([^%z]*)%z" do
        if lines.said then
            add(lines, "---")
        end
        lines.said = true
        local line = ""
        for word in paragraph:gmatch "%S+" do
            if line ~= "" and #line + #word >= WIDTH then
                add(lines, "--- " .. line)
                line = ""
            end
            line = line .. (line == "" and "" or " ") .. word
        end
        add(lines, "--- " .. line)
    end
    lines.said = nil
end

local function add_summary(lines, item)
    local text = (item.summary or "") .. " " .. (item.description or "")
    if not text:find "%S" then
        error("it has no summary", 0)
    end
    add_text(lines, plain(text))
end

local function described(text)
    text = one_line(text)
    return text ~= "" and " # " .. text or ""
end

-- ---- parameters and results ----------------------------------------------------------------------

local function modifiers(item, kind, name)
    local all = item.modifiers and item.modifiers[kind]
    return all and all[name] or {}
end

local function declared(item, kind, name, known)
    local of = modifiers(item, kind, name)
    local union, optional = without_nil(type_of(of.type, known))
    local text = one_line(item.params.map[name])
    if type(of.opt) == "string" and of.opt ~= "true" then
        text = ("%s%s(default: %s)"):format(text, text == "" and "" or " ", of.opt)
    end
    return union, optional or of.opt, text ~= "" and " " .. text or ""
end

-- The fields of a @table, or those that a parameter's subparameters ("options.timeout") name; "..." are its items.
local function add_class(lines, name, item, kind, names, known)
    add(lines, "---@class %s", name)
    for _, field in ipairs(names) do
        local union, optional, text = declared(item, kind, field, known)
        local shown = field == "..." and "[integer]" or field:match "[^.]*$" .. (optional and "?" or "")
        add(lines, "---@field %s %s%s", shown, union, text)
    end
end

local function add_parameters(lines, item, known, own_types)
    for _, name in ipairs(item.params) do
        local union, optional, text = declared(item, "param", name, known)
        if name == "..." then
            add(lines, "---@param ... %s%s", union, text)
        else
            add(lines, "---@param %s%s %s%s", name, optional and "?" or "", own_types[name] or union, text)
        end
    end
end

-- LDoc lists alternatives of all returns, LuaLS those of each.
local function add_returns(lines, item, known)
    local places, count = {}, 0
    local groups = item.retgroups or {}
    for _, group in ipairs(groups) do
        count = math.max(count, #group)
    end
    for i = 1, count do
        local place = { types = {}, texts = {} }
        for _, group in ipairs(groups) do
            local union = group[i] and type_of(group[i].type, known) or "nil"
            for one in (union .. "|"):gmatch "(.-)|" do
                if not place.types[one] then
                    place.types[one] = true
                    table.insert(place.types, one)
                end
            end
            local text = one_line(group[i] and group[i].text)
            if text ~= "" and not place.texts[text] then
                place.texts[text] = true
                table.insert(place.texts, text)
            end
        end
        places[i] = place
    end
    for _, place in ipairs(places) do
        local types = table.concat(place.types, "|")
        add(lines, "---@return %s%s", short(types), described(table.concat(place.texts, "; or ")))
    end
end

local function add_usage(lines, item)
    for _, usage in ipairs(item.usage or {}) do
        add(lines, "---")
        add(lines, "--- ```lua")
        for line in usage:gmatch "[^\n]+" do
            add(lines, "--- " .. line:gsub("^ ", ""))
        end
        add(lines, "--- ```")
    end
end

-- ---- items ---------------------------------------------------------------------------------------

local function class_of(module, item)
    local section = item.section and item.section:match "^Class (.*)"
    return section or module.name .. "." .. item.name:match "^[^:]*"
end

-- The classes that a function's parameters get from their subparameters, by parameter.
local function own_types_of(module, item)
    local types, class = {}, item.name:find ":" and class_of(module, item) or module.name
    for parameter in pairs(item.subparams or {}) do
        types[parameter] = ("%s.%s.%s"):format(class, item.name:match "[^:]*$", parameter)
    end
    return types
end

local function add_function(lines, module, item, name, known)
    local own_types = own_types_of(module, item)
    for _, parameter in ipairs(item.params or {}) do
        if own_types[parameter] then
            add_class(lines, own_types[parameter], item, "param", item.subparams[parameter], known)
            add(lines, "")
        end
    end
    add_summary(lines, item)
    if item.raise then
        add_text(lines, "Raises " .. one_line(item.raise) .. ".")
    end
    add_usage(lines, item)
    add_parameters(lines, item, known, own_types)
    add_returns(lines, item, known)
    add(lines, "function %s(%s) end", name, table.concat(item.params or {}, ", "))
end

local function add_value(lines, item, known)
    add_summary(lines, item)
    add(lines, "---@type %s", short(type_of(modifiers(item, "field", item.name).type, known)))
    add(lines, "M.%s = nil", item.name)
end

local function section_of(module, name)
    for _, section in ipairs(module.sections or {}) do
        if section.type == "type" and section.name == name then
            return section
        end
    end
end

-- Receivers are local tables; each class is declared before its first method.
local function add_method(lines, module, item, known, receivers)
    local receiver, class = item.name:match "^[^:]*", class_of(module, item)
    local section = section_of(module, class)
    if not receivers[receiver] then
        receivers[receiver] = true
        if section then
            add_summary(lines, section)
        end
        add(lines, "---@class %s", class)
        add(lines, "local %s = {}", receiver)
        add(lines, "")
    end
    add_function(lines, module, item, item.name, known)
    if section and section.tags.callable then
        add(lines, "")
        add(lines, "---@param given %s", type_of(one_line(section.tags.callable[1]), known))
        add_parameters(lines, item, known, {})
        add_returns(lines, item, known)
        local parameters = table.concat({ "given", unpack(item.params or {}) }, ", ")
        add(lines, "function M.%s(%s) end", item.name:match "[^:]*$", parameters)
    end
end

local function add_item(lines, module, item, known, receivers)
    if item.type == "function" and item.name:find ":" then
        add_method(lines, module, item, known, receivers)
    elseif item.type == "function" then
        add_function(lines, module, item, "M." .. item.name, known)
    elseif item.type == "table" and known[item.name] then
        add_summary(lines, item)
        add_class(lines, item.name, item, "field", item.params, known)
    elseif item.type == "field" then
        add_value(lines, item, known)
    else
        error(("a %s cannot be said in LuaLS; @tfield gives a value its type"):format(item.type), 0)
    end
    add(lines, "")
end

local function stub(module, known, complaints)
    local lines, receivers = {}, {}
    add(lines, "---@meta %s", module.name)
    add(lines, "-- Generated by docs/stubs.sh from the comments of %s.", module.name)
    add(lines, "")
    add_summary(lines, module)
    add_usage(lines, module)
    add(lines, "local M = {}")
    add(lines, "")
    for item in module.items:iter() do
        local good, reason = pcall(add_item, lines, module, item, known, receivers)
        if not good then
            add(complaints, "%s: %s: %s", module.name, item.name, tostring(reason))
        end
    end
    add(lines, "return M")
    return table.concat(lines, "\n") .. "\n"
end

-- ---- all of them ---------------------------------------------------------------------------------

-- The classes that public modules declare.
local function classes(modules)
    local known = {}
    for _, module in ipairs(modules) do
        for _, section in ipairs(module.sections or {}) do
            known[section.name] = section.type == "type" or nil
        end
        for item in module.items:iter() do
            if item.type == "table" and item.name:find "%." then
                known[item.name] = true
            elseif item.type == "function" then
                for _, class in pairs(own_types_of(module, item)) do
                    known[class] = true
                end
                if item.name:find ":" then
                    known[class_of(module, item)] = true
                end
            end
        end
    end
    return known
end

local function public_of(module_list)
    local found, modules = {}, {}
    for module in module_list:iter() do
        found[module.name] = module
    end
    for i, name in ipairs(M.public) do
        modules[i] = found[name] or error("there is no module " .. name, 0)
    end
    return modules
end

--- Writes the files. LDoc's --filter calls it.
-- @tparam table module_list what LDoc read
function M.write(module_list)
    local modules = public_of(module_list)
    local known, complaints = classes(modules), {}
    local folder = assert(os.getenv "STUBS", "STUBS names the folder to write to")
    for _, module in ipairs(modules) do
        local file = assert(io.open(("%s/%s.lua"):format(folder, module.name), "w"))
        assert(file:write(stub(module, known, complaints)))
        assert(file:close())
    end
    if complaints[1] then
        error(table.concat(complaints, "\n"), 0)
    end
end

return M
