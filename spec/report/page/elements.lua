--- The names of elements and attributes that pages may have. A browser says nothing of one that it does not know.
local M = {}

local function set(text)
    local names = {}
    for name in text:gmatch "%S+" do
        names[name] = true
    end
    return names
end

local ELEMENTS = set [[a article b bdi body button caption code dd defs desc details div dl dt figcaption figure footer
    g h1 h2 h3 h4 h5 head header html li link main meta noscript ol p path pattern rect line script section span style
    summary svg table tbody td text th thead time title tr ul]]

local ATTRIBUTES = set [[aria-hidden aria-label aria-labelledby aria-describedby aria-pressed charset class content d
    datetime height href http-equiv id lang name open patternUnits preserveAspectRatio rel role scope src
    stroke-width tabindex type viewBox width x y]]

--- The names in a page that are not known here, each once, but for attributes that begin with data-.
-- @tparam string html
-- @treturn string parted by blanks
function M.unknown(html)
    local list, seen = {}, {}
    local function note(name, known)
        if not known and not seen[name] then
            seen[name] = true
            list[#list + 1] = name
        end
    end
    for name, attributes in html:gsub("<(s%a+)>[^<]*</%1>", ""):gmatch "<([%a][%w~-]*)([^<>]*)>" do
        note(name, ELEMENTS[name])
        for attribute in attributes:gmatch '([^%s="]+)="[^"]*"' do
            note(attribute, ATTRIBUTES[attribute] or attribute:find "^data%-[%a-]+$")
        end
    end
    return table.concat(list, " ")
end

return M
