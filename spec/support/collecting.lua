--- A collector as a process of its own, for specs.
local processes = require "spec.support.processes"
local runbook = require "spec.support.runbook"
local uv = require "luv"

local M = {}

local INVENTORY = [[return { interval = 1, lease = 20, accounts = { hq = { regions = { %q }, rate = 100,
    credentials = { source = "file", path = %q }, endpoint = %q, iam_endpoint = %q, ca_file = %q } } }]]

--- Writes the inventory of an emulator's first account, and the file with its keys.
-- @tparam string folder
-- @tparam table info of the emulator
function M.write_inventory(folder, info)
    runbook.write(folder .. "/key", ("[basic]\nak = %s\nsk = %s\n"):format(info.ak, info.sk))
    runbook.write(folder .. "/fleet.lua", INVENTORY:format(info.region, folder .. "/key", info.endpoint,
        info.iam_endpoint, info.ca_file))
end

--- Starts one, and waits until it collects.
-- @tparam string folder with the inventory; its history is a file there
-- @tparam string options of the command
-- @tparam[opt] table variables by name
-- @treturn table of spec.support.processes; `output` is what it said
function M.start(folder, options, variables)
    local words = { "env", "-i", "PATH=/usr/bin:/bin", "HOME=" .. folder,
        "DWSYNC_HISTORY=" .. folder .. "/h.sqlite", "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath }
    for name, value in pairs(variables or {}) do
        words[#words + 1] = name .. "=" .. value
    end
    words[#words + 1] = uv.exepath()
    words[#words + 1] = uv.cwd() .. "/lua/bin/dwsync"
    for i, word in ipairs(words) do
        words[i] = processes.quoted(word)
    end
    return processes.start("sh", { "-c", ("exec %s collect --fleet %s/fleet.lua %s 2>&1"):format(
        table.concat(words, " "), folder, options) }, "dwsync: (collecting [^\n]*)")
end

return M
