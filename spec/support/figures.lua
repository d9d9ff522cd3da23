--- Figures that came of something that was done, with their limits: {what, value, limit, good}.
local M = {}

--- Adds a figure that may be so large at most.
function M.at_most(list, what, value, limit)
    list[#list + 1] = { what = what, value = value, limit = "<= " .. limit, good = value <= limit }
end

--- Adds a figure that must be so large at least.
function M.at_least(list, what, value, limit)
    list[#list + 1] = { what = what, value = value, limit = ">= " .. limit, good = value >= limit }
end

--- Adds a figure that is known.
function M.exactly(list, what, value, limit)
    list[#list + 1] = { what = what, value = value, limit = "= " .. limit, good = value == limit }
end

--- Prints them as rows of a table.
-- @treturn integer how many are not good
function M.show(title, list)
    local failed = 0
    for i, figure in ipairs(list) do
        failed = failed + (figure.good and 0 or 1)
        print(("%-34s %-62s %10.6g %10s %s"):format(i == 1 and title or "", figure.what, figure.value, figure.limit,
            figure.good and "" or "  FAILED"))
    end
    io.stdout:flush()
    return failed
end

--- Those that are not good, in words.
-- @treturn {string,...}
function M.bad(list)
    local bad = {}
    for _, figure in ipairs(list) do
        if not figure.good then
            bad[#bad + 1] = ("%s: %g, expected %s"):format(figure.what, figure.value, figure.limit)
        end
    end
    return bad
end

return M
