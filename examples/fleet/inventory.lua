-- inventory.lua: writes the inventory of an emulator's accounts, and a credentials file for each, into a folder.
-- Part of run.sh; your own inventory is written by hand: docs/fleet.md.
--
--   dwsync emulator --accounts 3 -- dwsync run examples/fleet/inventory.lua FOLDER INTERVAL
local json = require "cjson"
local files = require "dwsync.files"

local folder, interval = ...
local accounts = {}
for i, account in ipairs(json.decode(os.getenv "DWSYNC_EMULATOR").accounts) do
    local path = ("%s/%s.credentials"):format(folder, account.name)
    assert(files.write(path, ("[basic]\nak = %s\nsk = %s\n"):format(account.ak, account.sk)))
    accounts[i] = ("        [%q] = { regions = { %q }, rate = 20,\n            credentials = { source = 'file', "
        .. "path = %q } },\n"):format(account.name, next(account.projects), path)
end
assert(files.write(folder .. "/fleet.lua", ([[
return {
    accounts = {
%s    },
    interval = %q,
    lease = "4s",
}
]]):format(table.concat(accounts), interval)))
