--- Fuzz target: header lines as Lua gets them, and the error object that is made of a refusal with them.
local core = require "dwsync.core"
local errors = require "dwsync.errors"

local NOW = 1750000000
local LONGEST_PAUSE = 86400

local TOKEN = "^[%w!#$%%&'*+.^_`|~-]+$"

local function trimmed(text)
    return text:match "^[ \t]*(.-)[ \t]*$"
end

local function read_naively(lines)
    local headers = {}
    for line in (lines .. "\n"):gmatch "([^\n]*)\n" do
        local colon = line:find(":", 1, true)
        local name = colon and line:sub(1, colon - 1):lower()
        if name and name:find(TOKEN) then
            local value = trimmed((line:sub(colon + 1):gsub("\r$", "")))
            headers[name] = headers[name] and headers[name] .. ", " .. value or value
        end
    end
    return headers
end

local function check_headers(headers, naive)
    for name, value in pairs(naive) do
        assert(headers[name] == value, name)
    end
    for name in pairs(headers) do
        assert(naive[name], name)
    end
end

local function check_error(err)
    assert(errors.is(err))
    local pause = err.retry_after
    assert(pause == nil or pause >= 0 and pause <= LONGEST_PAUSE and pause % 1 == 0, "a pause within bounds")
    assert(err.server_time == nil or err.server_time >= 0)
    assert(not tostring(err):find "%c", "one line")
    assert(not (err.hint or ""):find "asks to wait –", "a length of time")
    assert(#tostring(err) < 12000, "short")
end

local function fuzz(bytes)
    local status, lines = bytes:match "^HTTP/%S* (%d%d%d)[^\n]*\n(.*)$"
    local response = core.response { status = tonumber(status or 503), body = "", header_lines = lines or bytes }
    check_headers(response.headers, read_naively(lines or bytes))
    check_error(errors.from_response(response, { now = NOW, secrets = { "secretsecretsecret" } }))
end

return {
    fuzz = fuzz,
    grammar = {
        input = { "HTTP/1.1 <status> <word>\r\n<lines>\r\n", "<lines>" },
        status = { "429", "503", "401", "302", "407", "417", "408", "599", "400", "301" },
        lines = { "", "<line>", "<line><lines>", "<lines><lines>" },
        line = { "<name>:<blank><value><end>", "Retry-After: <digits><end>", "Retry-After: <date><end>",
            "Date: <date><end>", "X-A: <word>\r\n", " <word>\r\n", "<word>\r\n", "Location: <value><end>" },
        name = { "Retry-After", "Date", "X-Request-Id", "Content-Encoding", "Location", "x-a", "X-A", "X A", "",
            "X-IAM-Trace-Id", "Retry-After ", "X\0A" },
        ["end"] = { "\r\n", "\n", "\r\r\n", "" },
        blank = { "", " ", "\t ", "\r" },
        value = { "<word>", "<digits>", "<date>", "", "secretsecretsecret", "Authorization: x", "<value>, <value>",
            "-1",
            "1.5", "0x10", "1e9", "\27[31m", "\255", "https://h/a?b=c" },
        digits = { "0", "5", "99", "<digits><digits>", "9223372036854775808", "99999999999999999999" },
        date = { "Sun, 06 Nov 1994 08:49:37 GMT", "<word>, <two> <month> <year> <two>:<two>:<two> GMT",
            "Fri, 31 Dec 9999 23:59:60 GMT", "Thu, 01 Jan 1970 00:00:00 GMT" },
        month = { "Jan", "Feb", "feb", "DEC", "Mai" },
        year = { "1994", "2025", "9999", "0000", "1969", "2000", "1900" },
        two = { "00", "01", "29", "30", "31", "23", "59", "60", "61", "8" },
        word = { "a", "No", "x y", "<word><word>", "Sun" },
    },
}
