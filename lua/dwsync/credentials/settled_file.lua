--- Reads a file that its writer may be rewriting in place: one that has changed is read until it is whole and stays so.
-- It must not wait for a file that is as it was the last time, nor for one that it has not seen before.
-- @module dwsync.credentials.settled_file
local M = {}

local STEP_SECONDS, MOMENT_SECONDS = 0.05, 1

local function settle(context, path, is_whole, limits, text)
    local runtime = context.runtime
    local till = math.min(runtime.monotonic() + MOMENT_SECONDS, limits.deadline)
    local reason, missing
    while runtime.monotonic() < till do
        runtime.sleep(STEP_SECONDS)
        local before = text
        text, reason, missing = context.read_file(path)
        if text and text == before and is_whole(text) then
            break
        end
    end
    return text, reason, missing
end

--- Reads a file.
-- @tparam table context `read_file`, and of a provider `runtime` and `readings`: by path, `text`: what was there, and
-- `whole`: what was there when it was whole
-- @tparam string path
-- @tparam function is_whole function(text) → boolean
-- @tparam table limits `deadline`
-- @treturn ?string text, whole or not
-- @treturn ?string reason
-- @treturn ?boolean whether the file does not exist
function M.read(context, path, is_whole, limits)
    local text, reason, missing = context.read_file(path)
    local readings = context.readings
    if not readings then
        return text, reason, missing
    end
    local last = readings[path]
    if last and last.whole and last.text ~= text then
        text, reason, missing = settle(context, path, is_whole, limits, text)
    end
    last = last or {}
    readings[path] = last
    last.text = text
    last.whole = text and is_whole(text) and text or last.whole
    return text, reason, missing
end

--- What a file held when it was last whole.
-- @tparam table context
-- @tparam string path
-- @treturn ?string
function M.last_whole(context, path)
    local last = (context.readings or {})[path]
    return last and last.whole
end

return M
