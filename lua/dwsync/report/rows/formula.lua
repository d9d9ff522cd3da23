--- Texts that a spreadsheet would run as a formula when a cell begins with them.
-- @module dwsync.report.rows.formula
local M = {}

--- The signs of ASCII with which a formula begins, and the quote that may stand around a cell.
M.SIGNS = '=+@-"'

-- Full-width + - = @, which spreadsheets of East Asia take for the narrow ones.
local WIDE_SIGN = '^"*\239\188[\139\141\157\160]'

--- The text of a cell, with an apostrophe in front when it would be run: spreadsheets take what follows as text. They
-- pass over a tab or a line end that comes first, and take away quotes around a cell.
-- @tparam string text
-- @treturn string
function M.defused(text)
    return (text:find '^"*[=+@\t\r\n-]' or text:find(WIDE_SIGN)) and "'" .. text or text
end

return M
