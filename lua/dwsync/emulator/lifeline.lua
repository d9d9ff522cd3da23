--- Inside nginx: says when nginx is ready, and ends it when the supervisor is gone without a word (kill -9).
-- Runs in nginx's only process; must not touch anything but the run's own directory.
-- @module dwsync.emulator.lifeline
-- luacheck: globals ngx

local ffi = require "ffi"
local gateway = require "dwsync.emulator.gateway"
local run_directory = require "dwsync.emulator.run_directory"

ffi.cdef [[
    int getppid(void);
    void _exit(int status);
]]

local M = {}

local PERIOD = 0.2 -- seconds; one system call each

local function leave_if_orphaned(premature, supervisor, directory)
    if premature or ffi.C.getppid() == supervisor then
        return
    end
    run_directory.remove(directory)
    ffi.C._exit(0) -- not a normal shutdown: that would write to files which are gone
end

--- Tell the supervisor that the ports are open (one line on stdout, which is its pipe) and keep watching it.
function M.hold()
    local directory = ngx.config.prefix():gsub("/$", "")
    local ok, err = ngx.timer.every(PERIOD, leave_if_orphaned, gateway.config().supervisor, directory)
    if not ok then
        error("cannot watch the supervisor: " .. tostring(err))
    end
    io.stdout:write "ready\n"
    io.stdout:flush()
end

return M
