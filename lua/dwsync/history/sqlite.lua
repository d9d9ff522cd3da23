--- A history in one SQLite file.
-- It must not wait when another program is in the way: it reports that to its caller, which does the waiting.
-- @module dwsync.history.sqlite
local driver = require "dwsync.history.driver"

local M = {}

local Engine = setmetatable({ __name = "dwsync.history.sqlite", name = "sqlite" }, { __index = driver.Engine })
Engine.__index = Engine

--- Types of columns. Numbers stay what they are: integers up to 2^63, floats.
Engine.types = { serial = "INTEGER PRIMARY KEY", number = "NUMERIC", key = "TEXT" }

local OWNER_ONLY = 384 -- octal 600: reasons of failures name people
-- Ids are random, so saving touches the whole index: its pages are cached and written back together.
local CACHE_KB, CHECKPOINT_PAGES = 65536, 4000

--- Why a statement failed, and whether another program was in the way.
-- @tparam any message the driver's
-- @treturn nil
-- @treturn dwsync.error
-- @treturn boolean whether another program was in the way
function Engine:failure(message)
    local reason = driver.reason(message)
    local busy = reason:find "locked" or reason:find "locking protocol"
    return nil, driver.error(self.target, reason), busy ~= nil
end

-- SQLite would create the file readable by everybody; its side files take the mode of this one.
local function create(target)
    local uv = require "luv"
    local file, reason, code = uv.fs_open(target.path, "wx", OWNER_ONLY)
    if file then
        uv.fs_close(file)
    elseif code ~= "EEXIST" then
        return nil, driver.error(target, "cannot be created: " .. reason:gsub("^%u+: ([^:]*).*$", "%1"),
            code == "ENOENT" and "Create the folder first: dwsync creates only the file." or nil)
    end
    return true
end

-- Write-ahead log: readers and the writer do not wait for each other. FULL: a commit is on the disk when it returns.
local SETTINGS = { "PRAGMA busy_timeout = 0", "PRAGMA synchronous = FULL", "PRAGMA cache_size = -" .. CACHE_KB,
    "PRAGMA wal_autocheckpoint = " .. CHECKPOINT_PAGES }

local function prepare(self)
    for _, setting in ipairs(SETTINGS) do
        local rows, err, busy = self:rows(setting)
        if not rows then
            return nil, err, busy
        end
    end
    local mode, err, busy = self:rows "PRAGMA journal_mode"
    if mode and mode[1][1] ~= "wal" and mode[1][1] ~= "memory" then
        mode, err, busy = self:rows "PRAGMA journal_mode = WAL" -- a file system without shared memory keeps its mode
    end
    return mode and self, err, busy
end

--- Opens a file, and creates it with mode 0600 if it does not exist.
-- @tparam table target
-- @treturn table engine; or nil, err, busy
function M.open(target)
    local environment, err = driver.load("sqlite3", "lua-sql-sqlite3", "luasql-sqlite3")
    if not environment then
        return nil, err
    end
    if target.path ~= ":memory:" then
        local created
        created, err = create(target)
        if not created then
            return nil, err
        end
    end
    local self = setmetatable({ target = target, environment = environment }, Engine)
    local connection, message = environment:connect(target.path)
    if not connection then
        return self:failure(message)
    end
    self.connection = connection
    local ready, busy
    ready, err, busy = prepare(self)
    if not ready then
        self:close()
    end
    return ready, err, busy
end

--- Begins a transaction. A writing one excludes all other writers from here on, so that nothing read can change.
-- @tparam string mode "read" or "write"
-- @treturn ?boolean|number true or a number; or nil, err, busy
function Engine:begin(mode)
    return self:execute(mode == "write" and "BEGIN IMMEDIATE" or "BEGIN")
end

--- Whether there is a table.
-- @tparam string name
-- @treturn ?boolean or nil, err, busy
function Engine:has_table(name)
    local rows, err, busy = self:rows(("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '%s'"):format(name))
    if not rows then
        return nil, err, busy
    end
    return #rows > 0
end

Engine.size_query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"

return M
