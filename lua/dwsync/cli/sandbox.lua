--- Lua text evaluated without access to anything: no globals, no methods of strings, no bytecode, and limits on size,
-- time, instructions, memory and the length of what comes out.
-- It must not pass a function in: what the text can reach, it can use.
-- @module dwsync.cli.sandbox
local chunks = require "dwsync.cli.chunk"
local core = require "dwsync.core"

local M = {}

local MAX_BYTES = 64 * 1024
local MAX_INSTRUCTIONS = 200000
local MAX_GROWTH_KIB = 2048
local MAX_SECONDS = 1
local MAX_TEXT_BYTES = 4096

local jit = rawget(_G, "jit")

local INSTRUCTIONS = ("it runs more than %d instructions"):format(MAX_INSTRUCTIONS)
local TIME = ("it runs for more than %d s"):format(MAX_SECONDS)
local LENGTH = ("it has a text of more than %d bytes"):format(MAX_TEXT_BYTES)
local MEMORY = ("it takes more than %d KiB of memory"):format(MAX_GROWTH_KIB)

-- Checks after every instruction, which may copy or compare as much as the memory holds.
local function watch()
    local left, till = MAX_INSTRUCTIONS, os.clock() + MAX_SECONDS
    return function()
        left = left - 1
        local reason = left < 0 and INSTRUCTIONS or os.clock() > till and TIME
        if reason then
            debug.sethook() -- or it would run on in the error's handler
            error(reason, 0)
        end
    end
end

-- The inner pcall catches what the code raises; the caller's, a limit reached just after it.
local function call_within_limits(code, ...)
    debug.sethook(watch(), "", 1)
    local good, result = pcall(code, ...)
    debug.sethook()
    return good, result
end

--- Calls a function from evaluated text, within the limits.
-- @tparam function code
-- @param ... its arguments
-- @treturn boolean whether it returned
-- @return its first result, or what went wrong
function M.call(code, ...)
    local strings = getmetatable ""
    local methods = strings.__index -- ("x"):rep(1e9) would need no global
    local hook, mask, count = debug.gethook()
    strings.__index = nil
    local whole, good, result = core.call_within(MAX_GROWTH_KIB * 1024, call_within_limits, code, ...)
    if type(hook) ~= "string" then -- one in C, which has no value here, is back already
        debug.sethook(hook, mask, count)
    end
    strings.__index = methods
    if not whole then
        good, result = false, good
    end
    if not good and result == "not enough memory" then
        result = MEMORY
    end
    if not good and type(result) == "string" and result:find "interrupted!$" then
        error(result, 0) -- Ctrl-C is the user's, not the text's
    end
    return good, result
end

-- Whether a text in a value is longer than anything that is of use here, and than patterns should see.
local function is_too_long(value, seen)
    if type(value) == "string" then
        return #value > MAX_TEXT_BYTES
    elseif type(value) ~= "table" or seen[value] then
        return false
    end
    seen[value] = true
    for key, part in pairs(value) do
        if is_too_long(key, seen) or is_too_long(part, seen) then
            return true
        end
    end
    return false
end

-- Lua's message, with the name in front, and without the text it quotes, which may be a password.
local function explain(message, name)
    message = tostring(message):gsub(" near .*$", ""):gsub(" %(constant '.*'%)$", "")
    return message:find(name, 1, true) and message or ("%s: %s"):format(name, message)
end

--- Evaluates a chunk.
-- @tparam string text
-- @tparam string name for messages
-- @treturn boolean whether it ran
-- @return what it returned, or what is wrong with it: "NAME:LINE: …" where there is a line
-- @treturn table its environment: the globals it assigned to
function M.evaluate(text, name)
    if #text > MAX_BYTES then
        return false, ("%s: it is larger than %d KiB"):format(name, MAX_BYTES / 1024)
    elseif text:sub(1, 1) == "\27" then
        return false, name .. ": it is bytecode, expected source text"
    end
    local environment = {}
    -- pcall: for too deep a nesting Lua calls the caller's message handler, which would add a traceback.
    local _, chunk, message = pcall(chunks.load, text, "=" .. name, environment)
    if not chunk then
        return false, explain(message, name)
    end
    if jit then
        jit.off(chunk, true) -- compiled code does not call the hook
    end
    local good, result = M.call(chunk)
    if not good then
        return false, explain(result, name)
    elseif is_too_long(result, {}) or is_too_long(environment, {}) then
        return false, explain(LENGTH, name)
    end
    return true, result, environment
end

return M
