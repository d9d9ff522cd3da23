--- Whole outputs, compared with those in spec/golden/kept byte for byte: any word, class or number that changes shows.
-- After a change that is meant, spec/golden/write.sh writes them anew; read what `git diff` shows before it is kept.
local M = {}

local FOLDER = "spec/golden/kept/"

local function diff(path, text)
    local name = os.tmpname()
    local file = assert(io.open(name, "wb"))
    assert(file:write(text))
    file:close()
    local pipe = assert(io.popen(("diff -u '%s' '%s' | tail -n +3 | head -60"):format(path, name)))
    local lines = pipe:read "*a"
    pipe:close()
    os.remove(name)
    return lines
end

--- Compares an output with the kept one.
-- @tparam string name of the file
-- @tparam string text
function M.compare(name, text)
    local path = FOLDER .. name
    if os.getenv "DWSYNC_GOLDEN" == "write" then
        local file = assert(io.open(path, "wb"))
        assert(file:write(text))
        file:close()
    end
    local file = assert(io.open(path, "rb"))
    local kept = file:read "*a"
    file:close()
    if kept ~= text then
        error(("not as in %s (+ is new; spec/golden/write.sh if it is meant):\n%s"):format(path, diff(path, text)), 2)
    end
end

--- Markup with a line for each element, so that a difference can be read.
-- @tparam string html
-- @treturn string
function M.in_lines(html)
    return (html:gsub("(>)(<%a)", "%1\n%2"))
end

return M
