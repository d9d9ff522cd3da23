--- A fail reason without what differs from run to run: numbers, ids, DNs, addresses, names in quotes.
-- Reasons are hostile: the work must not grow faster than the text, and only its beginning is examined.
-- @module dwsync.health.template
local display = require "dwsync.text"

local M = {}

local EXAMINED, SHOWN = 600, 200

-- Attributes of which DNs are made (RFC 4514, and those of Active Directory and LDAP directories beside them).
local ATTRIBUTES = {}
for _, name in ipairs { "cn", "ou", "dc", "uid", "o", "c", "l", "st", "street", "sn", "mail", "samaccountname",
    "userprincipalname", "member", "memberof" } do
    ATTRIBUTES[name] = true
end

-- Marks that no later mask touches; control characters were removed before.
local DN, CODE, DATA = "\1", "\2", "\3"

local function mask_name(attribute)
    return ATTRIBUTES[attribute:lower()] and DN or nil
end

-- Host names are in lower case; names of Java classes, which say what failed, are not.
local function mask_host(name)
    return name:find "%l%l$" and not name:find "%u" and "<address>" or nil
end

local function mask_hexadecimal(word)
    return #word >= 4 and word:find "%d" and "#" or nil
end

-- Each starts where a word starts (%f), so that a long word is not searched once for each of its letters.
local MASKS = {
    { '"[^"]*"', "<name>" }, { "%f[%w']'[^']*'", "<name>" }, { "`[^`']*[`']", "<name>" },
    { "%f[%a]%a[%w+.-]*://[^%s,;]+", "<address>" },
    { "%f[%a]([%a]+)%s?=[^,=]*,%s*", mask_name }, { "%f[%a]([%a]+)%s?=[^%s,;]+", mask_name },
    { "\1[\1]*", "<dn>" },
    { "%f[%w][%w.+_-]+@[%w.-]+", "<name>" },
    { "%f[%w]%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x%f[%W]", "<id>" },
    { "%f[%d]%d%d?%d?%.%d%d?%d?%.%d%d?%d?%.%d%d?%d?:?%d*", "<address>" },
    { "%f[%x:]%x*:%x*:[%x:]+", "<address>" },
    { "%f[%w][%w-]+%.[%w.-]+", mask_host }, { "<address>:%d+", "<address>" },
    { "0[xX]%x+", "#" }, { "%f[%w]%x+%f[%W]", mask_hexadecimal },
    { "%d+", "#" }, { "#[#.,:]*#", "#" },
}

--- The template of a fail reason. Result codes of LDAP stay, since they say what happened.
-- @tparam string text
-- @treturn string at most 200 bytes; still foreign text
function M.of(text)
    local codes, data = {}, {}
    text = display.beginning(text, EXAMINED):gsub("[%s%c]+", " "):gsub("^ ", ""):gsub(" $", "")
    text = text:gsub("(error code[ :=]*)(%d+)", function(before, code)
        codes[#codes + 1] = code
        return before .. CODE
    end):gsub("(, data )(%x+)", function(before, code)
        data[#data + 1] = code
        return before .. DATA
    end)
    for _, mask in ipairs(MASKS) do
        text = text:gsub(mask[1], mask[2])
    end
    local code, datum = 0, 0
    text = text:gsub(CODE, function()
        code = code + 1
        return codes[code]
    end):gsub(DATA, function()
        datum = datum + 1
        return data[datum]
    end)
    return display.beginning(text, SHOWN)
end

return M
