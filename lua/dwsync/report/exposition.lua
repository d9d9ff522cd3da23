--- Prometheus' text exposition: families of samples, each below its name, type and help text.
-- @module dwsync.report.exposition
local decimal = require "dwsync.decimal"
local display = require "dwsync.text"
local quantities = require "dwsync.quantities"
local verdicts = require "dwsync.report.verdicts.facts"

local M = {}

local MAX_LABEL = 200
local LINES = 16 -- written at once: about 0.1 ms

local LABELS = { "cluster", "source", "type", "name", "rule", "level", "window", "outcome", "status", "change",
    "class", "account", "state", "collector", "le" }
-- So many of them, the first, say what a series is about; the others repeat with whatever it is about.
local ABOUT = 4

local ESCAPES = { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }

local function label_value(text)
    text = display.cut(display.safe(text), MAX_LABEL)
    return (text:gsub('[\\"\n]', ESCAPES))
end

-- What stands behind a name, in two texts: which source it is about, and the rest. Each comes again with other series;
-- one text of the whole does not, and LuaJIT moves all texts at a stretch when there are too many.
-- `known`: by text, how labels show it; most come again with each family.
local function label_texts(labels, known, part)
    local parts, count, is_open, about = { part }, part and 1 or 0, false, nil
    for i, name in ipairs(LABELS) do
        local value = labels[name]
        if value ~= nil then
            local text = verdicts.text(value)
            known[text] = known[text] or label_value(text)
            parts[count + 1], parts[count + 2], parts[count + 3] = is_open and "," or "{", name, '="'
            parts[count + 4], parts[count + 5] = known[text], '"'
            count, is_open = count + 5, true
        end
        if i == ABOUT then
            about, parts, count = table.concat(parts), {}, 0
        end
    end
    parts[count + 1] = is_open and "}" or ""
    return about, table.concat(parts)
end

local function number(value)
    if value % 1 == 0 and math.abs(value) < 2 ^ 53 then
        return ("%.0f"):format(value)
    end
    return decimal.format("%.15g", value)
end

--- Writes families; one without samples is left out.
-- @tparam {table,...} families {name, help, read, type = "gauge"}; `read(subject, add)` gives its samples to
-- `add(labels, value)`, which ignores values that are not finite numbers; `add(labels, value, "_sum")` is of a part
-- of a histogram; `add()` lets others have their turn
-- @param subject what `read` reads
-- @tparam function write called with pieces of text, empty ones too, every tenth of a millisecond or so
function M.write(families, subject, write)
    local known = {}
    for _, family in ipairs(families) do
        local name, help, read = family[1], family[2], family[3]
        -- Lines never become texts of their own: LuaJIT moves all texts at a stretch when there are too many.
        local pieces, seen, turns = {}, {}, 0
        local head = ("# HELP %s %s\n# TYPE %s %s\n"):format(name, help, name, family.type or "gauge")
        local function flush()
            if pieces[1] then
                write(head .. table.concat(pieces))
                pieces, head = {}, ""
            end
        end
        local function keep(labels, value, part)
            local about, rest = label_texts(labels, known, part)
            -- A series may occur only once. The first is kept: verdicts come worst first.
            local of_source = seen[about] or {}
            seen[about] = of_source
            if not of_source[rest] then
                of_source[rest] = true
                local count = #pieces
                pieces[count + 1], pieces[count + 2], pieces[count + 3], pieces[count + 4] = name, about, rest, " "
                pieces[count + 5], pieces[count + 6] = number(value), "\n"
            end
        end
        read(subject, function(labels, value, part)
            if quantities.is_finite(value) then
                keep(labels, value, part)
            end
            turns = turns + 1
            if turns % LINES == 0 then
                flush()
                write "" -- also where there were no samples for long
            end
        end)
        flush()
    end
end

return M
