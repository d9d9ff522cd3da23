--- Where a history is: a file, or the URL of a PostgreSQL database.
-- It must not show a password, nor any part of a URL that it could not parse, which may belong to the password.
-- @module dwsync.history.target
local display = require "dwsync.text"
local errors = require "dwsync.errors"
local files = require "dwsync.files"

local M = {}

local FORM = "Write postgres://user:password@host:port/database?sslmode=verify-full; the password may come from "
    .. "~/.pgpass instead."

-- Parameters of libpq that make sense here, without those that are secrets.
local PARAMETERS = {}
for name in ([[host hostaddr port sslmode sslrootcert sslcert sslkey sslcrl sslsni ssl_min_protocol_version
    channel_binding gssencmode connect_timeout application_name options target_session_attrs passfile keepalives
    keepalives_idle keepalives_interval keepalives_count tcp_user_timeout]]):gmatch "%S+" do
    PARAMETERS[name] = true
end

local function refused(reason)
    return nil, errors.new { kind = "config", message = "the history's URL " .. reason, hint = FORM }
end

local function decoded(text)
    if text:gsub("%%%x%x", ""):find("%", 1, true) or text:find("%00", 1, true) then
        return nil
    end
    return (text:gsub("%%(%x%x)", function(code)
        return string.char(tonumber(code, 16))
    end))
end

local function read_hosts(text, fields)
    local hosts, ports = {}, {}
    for item in (text .. ","):gmatch "([^,]*)," do
        local host, port = item:match "^(%[[%x:.]+%])(.*)$"
        if not host then
            host, port = item:match "^([^:]*)(.*)$"
        end
        if port ~= "" and not port:find "^:%d+$" then
            return nil
        end
        hosts[#hosts + 1], ports[#ports + 1] = decoded((host:gsub("[%[%]]", ""))), port:sub(2)
    end
    if text ~= "" then
        fields.host, fields.port = table.concat(hosts, ","), table.concat(ports, ",")
    end
    return true
end

local function read_parameters(text, fields)
    for item in text:gmatch "[^&]+" do
        local name, value = item:match "^([%w_]+)=(.*)$"
        value = value and decoded(value)
        if not value or not PARAMETERS[name] then
            return nil
        end
        fields[name] = value
    end
    return true
end

local function is_local(host)
    return host == "" or host:find "^[/@]" ~= nil or host == "localhost" or host == "::1"
        or host:find "^127%.%d+%.%d+%.%d+$" ~= nil
end

local function all_local(fields, getenv)
    for _, name in ipairs { "host", "hostaddr" } do
        local hosts = fields[name] or getenv("PG" .. name:upper()) or ""
        for host in (hosts .. ","):gmatch "([^,]*)," do
            if not is_local(host) then
                return false
            end
        end
    end
    return true
end

-- libpq's own default sends a password in the clear to a server, or to somebody between, that refuses TLS.
local function default_sslmode(fields, getenv)
    if fields.sslmode or all_local(fields, getenv) then
        return fields.sslmode
    elseif (getenv "PGSSLMODE" or "") ~= "" then
        return nil -- libpq reads it
    end
    local home = getenv "HOME"
    local root = fields.sslrootcert or getenv "PGSSLROOTCERT"
        or home and files.is_readable(home .. "/.postgresql/root.crt")
    return root and "verify-full" or "require"
end

local function quoted(value)
    return "'" .. value:gsub("['\\]", "\\%0") .. "'"
end

local function connection_text(fields)
    local words = {}
    for name, value in pairs(fields) do
        if value ~= "" then
            words[#words + 1] = name .. "=" .. quoted(value)
        end
    end
    table.sort(words)
    return table.concat(words, " ")
end

local function from_url(rest, getenv)
    local authority, path, query = rest:match "^([^/?#]*)/?([^?#]*)%??([^#]*)$"
    if not authority then
        return refused 'contains a "#"'
    elseif (path .. query):find("@", 1, true) then
        return refused 'has an "@" after the host: in user and password write "/" as %2F, "?" as %3F, "@" as %40'
    end
    local login, hosts = authority:match "^(.*)@([^@]*)$"
    local user, password = (login or ""):match "^([^:]*):?(.*)$"
    local fields = { user = decoded(user), password = decoded(password), dbname = decoded(path),
        connect_timeout = "10", application_name = "dwsync" }
    if not (fields.user and fields.password and fields.dbname) then
        return refused "has a percent sign that does not begin a %XX"
    elseif not read_hosts(hosts or authority, fields) then
        return refused "has a port that is not a number"
    elseif not read_parameters(query, fields) then
        return refused "has an unsupported parameter, or one without a value"
    end
    fields.sslmode = default_sslmode(fields, getenv)
    local shown = ("postgres://%s%s/%s"):format(user ~= "" and user .. "@" or "", hosts or authority, path)
    return { engine = "postgres", connection = connection_text(fields), shown = display.excerpt(shown),
        sslmode = fields.sslmode,
        secrets = { fields.password ~= "" and fields.password or nil, password ~= "" and password or nil } }
end

--- Reads a target. Beyond this machine a database is reached over TLS unless its URL says otherwise: with
-- sslmode=verify-full where there is a certificate to verify it by (sslrootcert, ~/.postgresql/root.crt), else require.
-- @tparam string text a path, ":memory:" or a URL
-- @tparam[opt=os.getenv] function getenv for libpq's variables and the home directory
-- @treturn table `engine`, `shown` (fit for messages), `secrets`, and `path` or `connection` with `sslmode`; or nil
-- @treturn dwsync.error kind "config"
function M.read(text, getenv)
    local scheme, rest = text:match "^(%a[%w+.-]*)://(.*)$"
    if scheme == "postgres" or scheme == "postgresql" then
        return from_url(rest, getenv or os.getenv)
    elseif scheme then
        return nil, errors.new { kind = "config", message = ("unsupported history URL scheme %s://"):format(
            display.excerpt(scheme)), hint = "Give a file's path or a postgres:// URL." }
    elseif text:find("://", 1, true) or text:find "^postgres%l*:" or text:find("password=", 1, true) then
        return refused "does not begin with postgres://"
    elseif text == "" or text:find "[%z\r\n]" or text ~= ":memory:" and text:find(":memory:", 1, true) then
        return nil, errors.new { kind = "config",
            message = "the history's path is empty, or contains a line break, NUL or :memory:",
            hint = "Give a file's path or a postgres:// URL." }
    end
    return { engine = "sqlite", path = text, shown = display.excerpt(text), secrets = {} }
end

return M
