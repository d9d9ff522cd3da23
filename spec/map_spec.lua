-- Holds lua/dwsync/README.md to the code.
local MAP = "lua/dwsync/README.md"

local function read(path)
    local file = assert(io.open(path))
    local text = file:read "*a"
    file:close()
    return text
end

local function files_of(...)
    local list = {}
    local found = assert(io.popen("find " .. table.concat({ ... }, " ")))
    for path in found:lines() do
        list[#list + 1] = path
    end
    found:close()
    table.sort(list)
    return list
end

local function exists(path)
    local file = io.open(path)
    return file ~= nil and file:close() ~= nil
end

local function set_of(list)
    local set = {}
    for _, item in ipairs(list) do
        set[item] = true
    end
    return set
end

-- "`errors/` `init.lua`" → { "errors/", "init.lua" }
local function code_in(text)
    local list = {}
    for code in text:gmatch "`([^`]+)`" do
        list[#list + 1] = code
    end
    return list
end

local map = read(MAP)

local function section(title)
    return assert(map:match("\n## " .. title .. "\n(.-)\n## "), title)
end

-- The table of rooms: rows {names =, allowed = text} in order.
local rows = {}
for room, allowed in section("Rooms"):gmatch "\n| (`[^|]*) |[^|]*| ([^|]*) |" do
    rows[#rows + 1] = { names = code_in(room), allowed = allowed }
end
local VOCABULARY = rows[1]

-- By room the set of rooms that it may require: itself, the core and the vocabulary unless its row says "only", and
-- what its row says.
local allowed_in = {}
do
    local above = {}
    for _, row in ipairs(rows) do
        local list = row.allowed:find "all above" and above or code_in(row.allowed)
        local allowed = set_of(list)
        for _, name in ipairs(row.allowed:find "^only " and {} or VOCABULARY.names) do
            allowed[name], allowed["core"] = true, true
        end
        for _, name in ipairs(row.names) do
            allowed[name], allowed_in[name] = true, allowed
        end
        for _, name in ipairs(row.names) do
            above[#above + 1] = name
        end
    end
end

local PUBLIC = set_of(code_in(section "Public modules"))

-- "lua/dwsync/health/init.lua" → "health/"; "lua/dwsync/text.lua" → "text.lua"
local function room_of(path)
    local below = path:match "^lua/dwsync/(.*)$"
    return below:match "^[^/]+/" or below
end

-- The file of a module's name; nil for dwsync.core, and for the beginning of a name.
local function file_of(module)
    local base = "lua/" .. module:gsub("%.", "/")
    return exists(base .. ".lua") and base .. ".lua" or exists(base .. "/init.lua") and base .. "/init.lua" or nil
end

-- Which room a required name belongs to; of a name that is put together ("dwsync.cli.commands." ..) the beginning.
local function room_required(module)
    if module == "dwsync.core" then
        return "core"
    elseif module == "dwsync.pq" then
        return "postgres.lua" -- whose C it is
    end
    local path = file_of(module)
    return path and room_of(path) or module:sub(-1) == "." and module:match "^dwsync%.([^.]+)%." .. "/" or nil
end

local function each_require(text)
    text = text:gsub('lazy "', 'require "')
    return text:gmatch "require%s*[(,]?%s*[\"'](dwsync[%w_.]*)[\"']" -- by pcall, too
end

local NOT_FILES = { ["dwsync.core"] = true, ["dwsync.pq"] = true, ["dwsync.new"] = true } -- in C; a function

describe("the map of lua/dwsync", function()
    it("has a row for each room and for each file beside them, and names nothing else", function()
        local there, named = {}, {}
        for _, path in ipairs(files_of("lua/dwsync -mindepth 1 -maxdepth 1 ! -name README.md")) do
            there[#there + 1] = path:match "[^/]+$" .. (path:find "%.lua$" and "" or "/")
        end
        for _, row in ipairs(rows) do
            for _, name in ipairs(row.names) do
                named[#named + 1] = name
            end
        end
        table.sort(there)
        table.sort(named)
        assert.same(there, named)
    end)

    it("names only folders, files and modules that exist", function()
        local missing = {}
        for _, name in ipairs(code_in(map)) do
            local module = name:match "^dwsync[%w_.]*$"
            if name:find "^[%w_/]+/$" or name:find "^[%w_/]+%.lua$" then
                if not (exists("lua/dwsync/" .. name) or exists(name)) then
                    missing[#missing + 1] = name
                end
            elseif module and not NOT_FILES[module] and not file_of(module) then
                missing[#missing + 1] = name
            end
        end
        assert.same({}, missing)
    end)

    it("points upwards only: a room may require those above it", function()
        local seen, wrong = {}, {}
        for _, row in ipairs(rows) do
            for _, name in ipairs(code_in(row.allowed)) do
                if not seen[name] then
                    wrong[#wrong + 1] = row.names[1] .. " → " .. name
                end
            end
            for _, name in ipairs(row.names) do
                seen[name] = true
            end
        end
        assert.same({}, wrong)
    end)
end)

describe("the code of lua/dwsync", function()
    local modules = files_of "lua/dwsync -name '*.lua'"

    it("requires only what the map allows the room", function()
        local wrong, count = {}, 0
        for _, path in ipairs(modules) do
            for module in each_require(read(path)) do
                local room = room_required(module)
                count = count + 1
                if not room then
                    wrong[#wrong + 1] = ("%s: there is no module %s"):format(path, module)
                elseif not (allowed_in[room_of(path)] or {})[room] then
                    wrong[#wrong + 1] = ("%s: %s"):format(path, module)
                end
            end
        end
        assert.same({}, wrong)
        assert.is_true(count > #modules, count) -- so that it is seen when nothing is found any more
    end)

    it("requires no command, nor what dispatches them, but from there", function()
        local wrong = {}
        for _, path in ipairs(modules) do
            for module in each_require(read(path)) do
                local is_theirs = module == "dwsync.cli" or module:find "^dwsync%.cli%.commands"
                if is_theirs and path ~= "lua/dwsync/cli/init.lua" then
                    wrong[#wrong + 1] = ("%s: %s"):format(path, module)
                end
            end
        end
        assert.same({}, wrong)
    end)
end)

describe("what is shown to users", function()
    for _, path in ipairs(files_of "examples README.md docs/*.md lua/bin/dwsync.1 -type f") do
        local required = {}
        for module in each_require(read(path)) do
            required[module] = true
        end
        if next(required) then
            it(("requires public modules only: %s"):format(path), function()
                for module in pairs(required) do
                    assert.is_true(PUBLIC[module] or false, module)
                end
            end)
        end
    end
end)
