--- A fail reason without what differs from run to run: numbers, ids, DNs, addresses, names in quotes, times. Codes that
-- say what failed stay.
-- Reasons are hostile: the work must not grow faster than the text, and only its beginning is examined.
-- @module dwsync.health.template
local display = require "dwsync.text"

local M = {}

local EXAMINED, SHOWN = 1000, 200

local function set_of(...)
    local set = {}
    for _, name in ipairs { ... } do
        set[name] = true
    end
    return set
end

-- Attributes of which DNs are made (RFC 4514, and those of Active Directory and LDAP directories beside them).
local ATTRIBUTES = set_of("cn", "ou", "dc", "uid", "o", "c", "l", "st", "street", "sn", "mail", "samaccountname",
    "userprincipalname", "member", "memberof")

-- Words with digits that name a technique, not a thing of this cluster.
local TECHNIQUES = set_of("x509", "krb5", "ldap3", "ldapv2", "ldapv3", "oauth2", "saml2", "sha1", "sha256", "sha384",
    "sha512", "md5", "utf8", "ipv4", "ipv6", "http2", "sslv2", "sslv3", "tls1", "aes128", "aes256", "rc4", "base64",
    "psycopg2")

-- Ends of file names, which say what is missing or wrong; hosts do not end so.
local FILES = set_of("conf", "crt", "pem", "jks", "keytab", "log", "so", "dll", "exe", "java", "xml", "json",
    "py", "go",
    "lua", "cc", "cpp", "properties", "csv", "yml", "yaml")

-- Members of JSON and the like: the values of some are codes, those of others sentences; all others are masked.
local CODE_MEMBERS = set_of("error", "code", "errorcode", "error_code", "scimtype", "status", "statuscode",
    "status_code", "suberror", "result", "description", "error_subcode", "sqlstate", "severity")
local PROSE_MEMBERS = set_of("message", "msg", "detail", "details", "error_description", "errorsummary",
    "title", "desc",
    "info", "reason", "comment", "text", "errormessage", "error_msg", "diagnosticmessage", "hint", "cause")

-- Marks that no other mask touches: control characters, which were removed before. CODE is followed by a byte that says
-- which one it is.
local NAME, ADDRESS, ID, DN, TIME, CODE, FILTER = "\1", "\2", "\3", "\4", "\5", "\6", "\7"
local SHOWN_AS = { [NAME] = "<name>", [ADDRESS] = "<address>", [ID] = "<id>", [DN] = "<dn>", [TIME] = "<time>",
    [FILTER] = "<filter>", ["\8"] = '"', ["\127"] = "'" }
local MARKS = { ['"'] = "\8", ["'"] = "\127" } -- of what is not a name

-- Quotation marks and punctuation beyond ASCII are one control character each while masks are at work.
local WIDE, NARROW = {}, {}
for i, character in ipairs { "‘", "’", "“", "”", "„", "«", "»", "「", "」", "『", "』", "《", "》", "，", "；", "：",
    "（", "）", "。", "、" } do
    local byte = string.char(i <= 2 and 10 + i or 11 + i) -- not 13, which is white space
    WIDE[character], NARROW[byte] = byte, character
end

-- What follows a number that is an HTTP status.
local PHRASES = set_of("Unauthorized", "Forbidden", "Not", "Conflict", "Too", "Internal", "Bad", "Service", "Gateway",
    "Client", "Server", "Gone", "Method", "Proxy", "Request", "Unprocessable", "Precondition", "Payload")

local function is_status(code)
    return PHRASES[code:match "%a+"]
end

local function is_technique(word)
    return TECHNIQUES[word:lower()]
end

local function speaks_sql(_, text)
    return text:find "SQL" or text:find "ERROR" or text:find "FATAL"
end

local function speaks_ldap_or_kerberos(_, text)
    return text:find "[Ll][Dd][Aa][Pp]" or text:find "[Kk][Rr][Bb]" or text:find "[Kk]erberos" or text:find "GSS"
end

-- What must be in a text, a code with what it stands behind, and what else must be true. Each is kept as it is.
local CODES = {
    { "Result", 'Result Code %d+ "[%a ]+"' }, { "rror", "[Ee]rror [Cc]ode[ :=]*%-?%w+" },
    { "esult", "[Rr]esult ?[Cc]ode[ :=]*%d+" }, { "Result", "Result%a* %- %d+ %- " }, { "err=", "err=%-?%d+" },
    { "rc=", "%f[%w]rc=%-?%d+" }, { "(", "[%a:] %(%-?%d+%)", speaks_ldap_or_kerberos }, { ", data ", ", data %x+" },
    { "problem ", "problem %d+" }, { "Err:", "%x%x%x%x%x%x%x%x: %u%l+Err:" },
    { "tatus", "[Ss]tatus ?[Cc]?o?d?e?[ :=]*%d%d%d%f[%D]" }, { "STATUS", "STATUS[ :=]*%d%d%d%f[%D]" },
    { "HTTP", "HTTP/?[%d.]* %d%d%d%f[%D]" }, { "HTTP", "HTTP [Ee]rror %d%d%d%f[%D]" },
    { "esponse", "[Rr]esponse [Cc]ode:? %d%d%d%f[%D]" }, { "Exception", "Exception[%a$]*: [45]%d%d%f[%D]" },
    { "", "%f[%d][45]%d%d %u%l+%f[%W]", is_status }, { "error=", "error=[%a_]+" }, { "AADSTS", "AADSTS%d+" },
    { "E00000", "E00000%d%d" }, { "SQL", "SQL ?[Ss][Tt][Aa][Tt][Ee][%s:=%[%(]*%w%w%w%w%w%f[%W]" },
    { "[", "%[%d%w%w%w%w%]", speaks_sql }, { "ERROR", "ERROR: +%d%w%w%w%w%f[:]" }, { "GAUSS-", "GAUSS%-%d+" },
    { ".", "%f[%u]%u%u+%.%d%d%d%d+" }, { "error:", "error:%x+:" }, { "error:num", "error:num=%d+" },
    { "alert number", "alert number %d+" }, { "KRB-ERROR", "KRB%-ERROR %(%d+%)" },
    { "rrno", "[Ee]rrno:? ?%-?%d+" }, { "rror", "[Ee]rror:? %d+%f[%D]" }, { "code", "%f[%a]code[ :=]+%d+%f[%D]" },
    { "0000", "%f[%w]0000%x%x%x%x:" }, { "curl: (", "curl: %(%d+%)" }, { "", "%f[%w]%a+%d+%f[%W]", is_technique },
    { "0x8", "0x8%x%x%x%x%x%x%x%f[%X]" }, { "TLS", "TLSv%d[%d.]*" }, { "TLS", "TLS %d%.%d" }, { "SSLv", "SSLv%d" },
}

local function mask_name(attribute)
    return ATTRIBUTES[attribute:lower()] and DN or nil
end

-- Host names are in lower case; names of Java classes, which say what failed, are not.
local function mask_host(name)
    if FILES[name:match "[^.]*$"] or name:find "^%d+%.%d+%l+$" then -- 1.5ms
        return nil
    end
    return name:find "%l%l$" and not name:find "%u" and ADDRESS or nil
end

local function mask_hexadecimal(word)
    return #word >= 4 and word:find "%d" and "#" or nil
end

-- Letters and digits that change places often are an id; two times is a name with a number.
local function mask_mixed(word)
    local _, changes = word:gsub("%d+", "")
    return #word >= 8 and changes > 1 and ID or nil
end

-- What a pool says of itself in parentheses is not a filter.
local function mask_filter(text)
    return not text:find ", " and FILTER or nil
end

local function mask_colons(word)
    local _, colons = word:gsub(":", "")
    return word:find "%x" and (colons >= 5 or word:find "::") and ADDRESS or nil
end

local function mask_url(url)
    return ADDRESS .. url:match "[.:]?$"
end

-- A quoted text that has a code in it is what somebody else said; it keeps its words.
local function mask_quoted(text)
    return text:find(CODE, 1, true) and MARKS['"'] .. text:sub(2, -2) .. MARKS['"'] or NAME
end

-- Words after "user" and the like that go on with the sentence, and those that follow a name.
local NO_NAME = set_of("not", "is", "does", "already", "name", "account", "was", "has", "cannot", "can", "id", "with",
    "or", "and", "object", "entry", "dn", "for", "in", "of", "to", "from", "mapping", "password", "could",
    "did", "also",
    "names", "login", "group", "role", "user", "search", "base", "memory", "attribute")
local AFTER_NAME = set_of("already", "not", "does", "is", "was", "has", "cannot", "could", "did", "exists", "skipped",
    "rejected", "refused", "failed")

local function mask_bare(noun, name, after)
    if NO_NAME[name:lower()] or not AFTER_NAME[after] then
        return nil
    end
    return ("%s %s %s"):format(noun, NAME, after)
end

-- What must be in a text, what is masked, and by what. Each starts where a word starts (%f), so that a long word is not
-- searched once for each of its letters.
local MASKS = {
    { "eyJ", "eyJ[%w_-]+%.[%w_.-]+", ID },
    { '"', '"[^"]*"', mask_quoted }, { "'", "%f[%w']'[^']*'", mask_quoted }, { "`", "`[^`']*[`']", NAME },
    { "\12", "\11[^\11\12]*\12", NAME }, { "", "[\14\16][^\14-\16]*[\14\15]", NAME },
    { "", "[\17\18][^\17\18]*[\17\18]", NAME }, { "\20", "\19[^\20]*\20", NAME },
    { "\22", "\21[^\22]*\22", NAME }, { "\24", "\23[^\24]*\24", NAME },
    { "://", "%f[%a]%a[%w+.-]*://[^%s%c,;\"'<>%]%)|}]+", mask_url },
    { "=", "%(%a[%w.;-]*[<>~:]?=[^()\6]*%)", mask_filter }, { "\7", "%([&|!][\7%s]*%)", FILTER },
    { "\7", "%([&|!][\7%s]*%)", FILTER }, { "\7", "%([&|!][\7%s]*%)", FILTER },
    { "=", "%f[%a]([%a]+)%s?=[^,=%c]*,%s*", mask_name }, { "=", "%f[%a]([%a]+)%s?=[^%s%c,;]+", mask_name },
    { "\4", "\4[\4]*", DN },
    { "@", "%f[%w][%w.+_-]+@[%w.-]*%w", NAME },
    { "ser ", "%f[%a]([Uu]ser) ([^%s%c]+) (%l+)", mask_bare },
    { "ole ", "%f[%a]([Rr]ole) ([^%s%c]+) (%l+)", mask_bare },
    { "roup ", "%f[%a]([Gg]roup) ([^%s%c]+) (%l+)", mask_bare },
    { "ccount ", "%f[%a]([Aa]ccount) ([^%s%c]+) (%l+)", mask_bare },
    { ", v", "(, v)%x+%f[%X]", "%1#" }, { ")=(", "(%)=)%([^()]*%)", "%1(\1)" },
    { "-", "%f[%w]%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x%f[%W]", ID },
    { ":", "%f[%u]%u%l%l,? %u%l%l [ %d]?%d %d%d:%d%d:%d%d ?%u* ?%d*", TIME },
    { ":", "%f[%u]%u%l%l, %d%d? %u%l%l %d%d%d%d %d%d:%d%d:%d%d %u+", TIME },
    { "/", "%f[%d]%d%d?/%u%l%l/%d%d%d%d:%d%d:%d%d:%d%d", TIME },
    { ":", "%f[%d]%d%d%d%d[/-]%d%d?[/-]%d%d?[T ]%d%d?:%d%d:?%d*[.,]?%d*", TIME },
    { "-", "%f[%d]%d%d%d%d%-%d%d?%-%d%d?%f[%D]", TIME }, { "/", "%f[%d]%d%d%d%d/%d%d?/%d%d?%f[%D]", TIME },
    { "\5", "(\5) ?Z%f[%W]", "%1" }, { "\5", "(\5) ?[+-]%d%d:?%d%d", "%1" }, { "\5", "(\5) UTC", "%1" },
    { ".", "%f[%d]%d%d?%d?%.%d%d?%d?%.%d%d?%d?%.%d%d?%d?:?%d*", ADDRESS },
    { ":", "%f[%w:][%x:]*:[%x:]*%f[^%w:]", mask_colons },
    { ".", "%f[%w][%w-]+%.[%w.-]*%w", mask_host }, { "\2:", "\2:%d+", ADDRESS }, { "[\2", "%[\2%]:?%d*", ADDRESS },
    { "0", "0[xX]%x+", "#" }, { "", "%f[%w]%x+%f[%W]", mask_hexadecimal }, { "", "%f[%w]%w+%f[%W]", mask_mixed },
    { "UnknownHost", "(UnknownHostException: )[^%s%c:]+", "%1" .. ADDRESS },
    { "lookup ", "(lookup )[^%s%c:]+", "%1" .. ADDRESS }, { "resolve ", "(resolve host:? )[^%s%c:]+", "%1" .. ADDRESS },
    { "host name ", "(host name )[^%s%c:]+( to address)", "%1" .. ADDRESS .. "%2" },
    { "", "%d+", "#" }, { "#", "#[#.,:]*#", "#" }, { "#", "#h#m#s", "#s" }, { "#", "#m#s", "#s" },
    { "#", "#ms%f[%W]", "#s" },
    -- One name or several: a list is as long as there were accounts.
    { "\1", "\1[\1,;\31 ]*\1", NAME }, { "\2", "\2[\2,; ]*\2", ADDRESS }, { "\4", "\4[\4,; ]*\4", DN },
}

-- Keeps what stands for the codes; the same code has the same mark.
local function new_keeper()
    local codes, marks = {}, {}
    return function(code)
        if not marks[code] and #codes < 100 then
            codes[#codes + 1] = code
            marks[code] = CODE .. string.char(128 + #codes)
        end
        return marks[code] or "#"
    end, codes
end

local function is_code(name, value)
    return CODE_MEMBERS[name:lower()] and #value <= 60 and not value:find "%s"
end

-- Members of JSON and of Python's dictionaries.
local function keep_members(text, keep)
    text = text:gsub('\\"([^"\\]*)\\"(%s*:)', '"%1"%2'):gsub(':%s*\\"([^"\\]*)\\"', ':"%1"')
        :gsub('\\"[^"\\]*\\"', NAME)
    local member = "([{,]%s*)([\"'])([%w_.$-]+)%2(%s*:%s*)"
    text = text:gsub(member .. "([\"'])(.-)%5", function(before, mark, name, colon, quote, value)
        if is_code(name, value) then
            return before .. keep(mark .. name .. mark .. colon .. quote .. value .. quote)
        end
        return before .. MARKS[mark] .. name .. MARKS[mark] .. colon
            .. (PROSE_MEMBERS[name:lower()] and MARKS[quote] .. value .. MARKS[quote] or NAME)
    end)
    return (text:gsub(member .. "(%-?%d*)", function(before, mark, name, colon, number)
        if number ~= "" and is_code(name, number) then
            return before .. keep(mark .. name .. mark .. colon .. number)
        end
        return before .. MARKS[mark] .. name .. MARKS[mark] .. colon .. number
    end))
end

-- key="value", as in headers and logs.
local function keep_pairs(text, keep)
    return (text:gsub("(%f[%a_]([%a_]+)%s?=%s?)([\"'])([^\"']*)%3", function(before, name, quote, value)
        if is_code(name, value) then
            return keep(before .. quote .. value .. quote)
        elseif PROSE_MEMBERS[name:lower()] then
            return before .. MARKS[quote] .. value .. MARKS[quote]
        end
    end))
end

local function keep_codes(text, keep)
    text = text:find("{", 1, true) and keep_members(text, keep) or text
    text = text:find("=", 1, true) and keep_pairs(text, keep) or text
    for _, code in ipairs(CODES) do
        local needed, pattern, is_true = code[1], code[2], code[3]
        if text:find(needed, 1, true) then -- most are absent, and finding that out costs least
            text = text:gsub(pattern, is_true and function(found)
                return is_true(found, text) and keep(found) or nil
            end or keep)
        end
    end
    return text
end

local function restore(text, codes)
    text = text:gsub(CODE .. "([\128-\255])", function(mark)
        return codes[mark:byte() - 128]
    end)
    return (text:gsub("[\1-\5\7\8\127]", SHOWN_AS):gsub("[\11-\31]", NARROW))
end

-- The codes that are beyond what is shown, without which two failures would look the same.
local function codes_after(text, shown, codes)
    local list, bytes, seen = {}, 0, {}
    for mark in text:gmatch(CODE .. "([\128-\255])") do
        local code = codes[mark:byte() - 128]
        local is_known = seen[code] or is_technique(code) or shown:find(code, 1, true)
        if not is_known and bytes + #code < SHOWN / 3 then
            list[#list + 1], bytes, seen[code] = code, bytes + #code + 1, true
        end
    end
    return table.concat(list, " ")
end

--- The template of a fail reason. Codes stay, since they say what happened; those beyond its end are added to it.
-- @tparam string text
-- @treturn string at most 200 bytes; still foreign text
function M.of(text)
    local keep, codes = new_keeper()
    text = display.beginning(text, EXAMINED):gsub("[%s%c]+", " "):gsub("^ ", ""):gsub(" $", "")
    text = text:gsub("[\194\226\227\239][\128-\191][\128-\191]?", WIDE)
    text = keep_codes(text, keep)
    for _, mask in ipairs(MASKS) do
        if text:find(mask[1], 1, true) then
            text = text:gsub(mask[2], mask[3])
        end
    end
    local whole = restore(text, codes)
    if #whole <= SHOWN then
        return whole
    end
    local after = codes_after(text, display.beginning(whole, SHOWN), codes)
    if after == "" then
        return display.beginning(whole, SHOWN)
    end
    return display.beginning(whole, SHOWN - #after - 5) .. " … " .. after
end

return M
