--- Why a signature was refused: compares the canonical request that the gateway echoes with the one that was signed.
-- It must not show a secret: headers with one are masked.
-- @module dwsync.request.refusal
local display = require "dwsync.text"

local M = {}

local MARK = "canonicalRequest:"
local SHOWN = 120
local SECRET = { ["x-security-token"] = true, ["x-auth-token"] = true, authorization = true }

local function shown(line)
    local name = line:match "^%s*([%w-]+)%s*:"
    if name and SECRET[name:lower()] then
        return name .. ":***"
    elseif line == "" then
        return "nothing"
    end
    return ('"%s"'):format(display.excerpt(line, SHOWN))
end

local function lines_of(text)
    local lines = {}
    for line in (text .. "\n"):gmatch "(.-)\n" do
        lines[#lines + 1] = line
    end
    return lines
end

-- Method, path and query come first; then one line a header, an empty one, the signed names and the body's hash.
local function part_of(lines, index)
    local fixed = ({ "method", "path", "query" })[index]
    if fixed then
        return fixed
    elseif index == #lines then
        return "hash of the body"
    elseif index == #lines - 1 then
        return "list of signed headers"
    end
    local name = lines[index]:match "^([^:]+):"
    return name and "header " .. name or "end of the headers"
end

--- The part of a refusal before the echo.
-- @tparam string message the service's
-- @treturn string
function M.without_echo(message)
    local start = message:find(MARK)
    local before = start and message:sub(1, start - 1)
    return before and (before:find "[^,%s]" and before:match "^(.*[^,%s])" or "") or message
end

--- Names the first line in which the gateway's canonical request differs from ours. The echo writes every line end as
-- "|". In a value of ours it does no harm, because our line is looked for as a whole; in a value of theirs it only
-- shortens what is shown of it.
-- @tparam string ours the canonical request that was signed
-- @tparam string message the service's, with the echo in it
-- @treturn string a sentence, or nil without an echo, or when that ends too early
function M.explain(ours, message)
    local start = select(2, message:find(MARK))
    local echo = start and message:sub(start + 1):match "^(.*%S)"
    if not echo then
        return nil
    end
    local lines, position = lines_of(ours), 1
    for index, line in ipairs(lines) do
        local ending = index < #lines and "|" or ""
        local wanted = line .. ending
        if echo:sub(position, position + #wanted - 1) ~= wanted then
            local rest = echo:sub(position)
            if rest == wanted:sub(1, #rest) then
                return nil -- cut short
            end
            local theirs = index < #lines and rest:match "^[^|]*" or rest
            return ("the gateway saw a different %s: %s; signed was %s"):format(part_of(lines, index), shown(theirs),
                shown(line))
        end
        position = position + #wanted
    end
    if position <= #echo then
        return ("the gateway saw more than was signed: %s"):format(shown(echo:sub(position)))
    end
    return "the gateway saw what was signed, so the secret key does not match the access key"
end

return M
