--- A history in one SQLite file.
-- It must not wait when another program is in the way: it reports that to its caller, which does the waiting.
-- @module dwsync.history.sqlite
local failures = require "dwsync.history.failures"
local schema = require "dwsync.history.schema"
local text = require "dwsync.text"

local M = {}

local Engine = { __name = "dwsync.history.sqlite", name = "sqlite" }
Engine.__index = Engine

--- Types of columns. Numbers stay what they are: integers up to 2^63, floats.
Engine.types = { serial = "INTEGER PRIMARY KEY", number = "NUMERIC", key = "TEXT" }

local OWNER_ONLY = 384 -- octal 600: reasons of failures name people
-- Ids are random, so saving touches the whole index: its pages are cached and written back together.
local CACHE_MB, CHECKPOINT_PAGES = 64, 4000

-- What SQLite says when another program is in the way. Other messages quote what is stored, so beginnings count.
local BUSY = { "^database is locked", "^database table is locked", "^database schema is locked", "^locking protocol" }

-- Returns nil, the error, and whether another program was in the way.
local function failed(self, message)
    local reason, busy = text.trim((tostring(message):gsub("^LuaSQL: ", ""))), false
    for _, beginning in ipairs(BUSY) do
        busy = busy or reason:find(beginning) ~= nil
    end
    return nil, failures.storage(self.target, reason), busy
end

--- Runs a statement. Values must be quoted (dwsync.history.statements): the driver takes C strings.
-- @tparam string sql
-- @treturn {table,...} rows, each a list of its columns; or nil, err, busy
function Engine:rows(sql)
    local cursor, message = self.connection:execute(sql)
    if not cursor then
        return failed(self, message)
    elseif type(cursor) == "number" then
        return {} -- a statement without rows
    end
    local rows, row = {}, {}
    while row do
        row, message = cursor:fetch({}, "n") -- after the last one it closes itself
        rows[#rows + 1] = row
    end
    if message then
        return failed(self, message)
    end
    return rows
end

-- SQLite would wait for somebody to write into a pipe, and calls a folder an I/O error.
local function is_file(target, there)
    if not there or there.type == "file" then
        return true
    elseif there.type == "directory" then
        return nil, failures.storage(target, "is a folder", "Name a file in it.")
    end
    return nil, failures.storage(target, "is not a file", "Name a file, or a postgres:// URL.")
end

-- SQLite would create the file readable by everybody; its side files take the mode of this one. A link to nowhere
-- "exists" as long as a file has to be new. What is there stays unopened: closing it would end SQLite's locks on it.
local function create(target)
    local uv = require "luv"
    local there = uv.fs_stat(target.path)
    local good, err = is_file(target, there)
    if not good then
        return nil, err
    end
    local file, reason, code = uv.fs_open(target.path, "wx", OWNER_ONLY)
    if code == "EEXIST" and not there then
        file, reason, code = uv.fs_open(target.path, "a", OWNER_ONLY)
    end
    if file then
        uv.fs_close(file)
    elseif code ~= "EEXIST" then
        return nil, failures.storage(target, "cannot be created: " .. reason:gsub("^%u+: ([^:]*).*$", "%1"),
            code == "ENOENT" and "Create the folder first: dwsync creates only the file." or nil)
    end
    return true
end

-- Write-ahead log: readers and the writer do not wait for each other. FULL: a commit is on the disk when it returns.
local SETTINGS = { "PRAGMA busy_timeout = 0", "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = " .. CHECKPOINT_PAGES }

local function prepare(self, settings)
    for _, setting in ipairs(settings) do
        local rows, err, busy = self:rows(setting)
        if not rows then
            return nil, err, busy
        end
    end
    local rows, err, busy = self:rows(("PRAGMA cache_size = -%d"):format(self.cache * 1024))
    return rows and self, err, busy
end

local function keep_log(self)
    local mode, err, busy = self:rows "PRAGMA journal_mode"
    if mode and mode[1][1] ~= "wal" and mode[1][1] ~= "memory" then
        mode, err, busy = self:rows "PRAGMA journal_mode = WAL" -- a file system without shared memory keeps its mode
    end
    return mode and self, err, busy
end

-- Connects, and returns what `ready` returns: true, or nil, err, busy, which ends the connection.
local function connect(self, address, ready)
    self:close()
    local connection, message = self.environment:connect(address)
    if not connection then
        return failed(self, message)
    end
    self.connection = connection
    local good, err, busy = ready(self)
    if not good then
        self:close()
    end
    return good, err, busy
end

local function open_to_write(self)
    if self.target.path ~= ":memory:" then
        local created, err = create(self.target)
        if not created then
            return nil, err
        end
    end
    return connect(self, self.target.path, function()
        local good, err, busy = prepare(self, SETTINGS)
        if good then
            good, err, busy = keep_log(self)
        end
        return good, err, busy
    end)
end

-- ---- reading only ---------------------------------------------------------------------------------

local ONLY_READ = { "PRAGMA busy_timeout = 0", "PRAGMA query_only = ON",
    "SELECT count(*) FROM sqlite_master" } -- a file is not looked at before the first query

local function prepare_to_read(self)
    return prepare(self, ONLY_READ)
end

-- Only a URI says that no file may be made.
local function uri(path, parameters)
    local escaped = path:gsub("[%%?#]", function(character)
        return ("%%%02x"):format(character:byte())
    end)
    return ("file:%s%s?%s"):format(path:find "^/" and "//" or "", escaped, parameters)
end

-- What shows that a file was written, and whether its log holds anything; the log of a linked file is beside that.
local function state_of(path)
    local uv = require "luv"
    local stat, log = uv.fs_stat(path), uv.fs_stat((uv.fs_realpath(path) or path) .. "-wal")
    return stat and ("%d:%d:%d.%d"):format(stat.ino, stat.size, stat.mtime.sec, stat.mtime.nsec),
        log ~= nil and log.size > 0
end

-- Where no files can be made beside it, a file is taken for one that nobody writes; commit checks that.
local function open_unchanging(self, err)
    local state, has_log = state_of(self.target.path)
    if has_log then
        err.hint = "The newest records are in the -wal file beside it, which can only be read where files can be made: "
            .. "copy both to another folder."
        return nil, err
    end
    self.state = state
    return connect(self, uri(self.target.path, "mode=ro&immutable=1"), prepare_to_read)
end

local function open_to_read(self)
    local path = self.target.path
    local found, reason, code = require("luv").fs_stat(path)
    if path == ":memory:" or code == "ENOENT" or code == "ENOTDIR" then
        return nil, schema.absent(self.target.shown)
    elseif not found then
        return nil, failures.storage(self.target, "cannot be read: " .. reason:gsub("^%u+: ([^:]*).*$", "%1"))
    end
    self.state = nil
    local good, err = is_file(self.target, found)
    if not good then
        return nil, err
    end
    local busy
    good, err, busy = connect(self, uri(path, "mode=rw"), prepare_to_read)
    if good or busy then
        return good, err, busy
    end
    return open_unchanging(self, err)
end

-- ---------------------------------------------------------------------------------------------------

--- Loads what this engine needs of others.
-- @return the module, or nil
-- @treturn dwsync.error kind "config"
function M.driver()
    return failures.load("luasql.sqlite3", "Install lua-sql-sqlite3 (Debian), or luarocks install luasql-sqlite3.")
end

--- Opens a file, and creates it with mode 0600 if it does not exist.
-- @tparam table target
-- @tparam table context `readonly`: the file must be there, and nothing is made or changed
-- @treturn table engine; or nil, err, busy
function M.open(target, context)
    local driver, err = M.driver()
    if not driver then
        return nil, err
    end
    local self = setmetatable({ target = target, cache = context.cache or CACHE_MB,
        environment = driver.sqlite3(), open = context.readonly and open_to_read or open_to_write }, Engine)
    local ready, busy
    ready, err, busy = self:open()
    return ready and self, err, busy
end

local BEGINNING = { read = "BEGIN", write = "BEGIN IMMEDIATE" }

--- Begins a transaction. A writing one excludes all other writers from here on, so that nothing read can change.
-- @tparam number _
-- @tparam string mode "read" or "write"
-- @treturn ?table or nil, err, busy
function Engine:begin(_, mode)
    if not self.connection or self.state and self.state ~= state_of(self.target.path) then
        local good, err, busy = self:open()
        if not good then
            return nil, err, busy
        end
    end
    return self:rows(BEGINNING[mode])
end

--- Excludes other writers of one more cluster: a writing transaction has excluded all.
-- @treturn boolean true
function Engine.exclude()
    return true
end

--- Ends a transaction. One that read a file while it was written has to be repeated.
-- @treturn ?table or nil, err, busy
function Engine:commit()
    if self.state and self.state ~= state_of(self.target.path) then
        return nil, failures.storage(self.target, "was written while it was read"), true
    end
    return self:rows "COMMIT"
end

--- Undoes a transaction. Fails when the failure itself ended it; where it never began there may be no connection.
function Engine:rollback()
    if self.connection then
        self:rows "ROLLBACK"
    end
end

--- Ends the connection, if there is one.
function Engine:close()
    local connection = self.connection
    self.connection = nil
    if connection then
        connection:close()
    end
end

--- The number of a column as a text, to the last digit.
-- @tparam string column
-- @treturn string an expression
function Engine.exact(column)
    return ("CASE typeof(%s) WHEN 'real' THEN printf('%%!.17g', %s) ELSE CAST(%s AS TEXT) END"):format(column, column,
        column)
end

--- The values of a column as one text, a line each.
Engine.in_lines = "group_concat(%s, char(10))"

--- Milliseconds since the epoch.
Engine.clock = "CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"

--- What a query of rows to be changed ends with: nobody else writes here.
Engine.skip_locked = ""
Engine.lock_rows = ""

Engine.table_query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '%s'"

Engine.column_query = "SELECT 1 FROM pragma_table_info('%s') WHERE name = '%s'"

Engine.size_query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"

return M
