-- write_records.lua fetch CLUSTER_ID | FORMAT CLUSTER_ID FILE | read FILE: one of the things that spec/bench/write
-- compares, in a process of its own.
local core = require "dwsync.core"
local measure = require "measure"

local what, subject, path = arg[1], arg[2], arg[3]
local started = core.now()
if what == "fetch" then
    local list = assert(require("dwsync").new()):all_sync_records { cluster_id = subject }
    assert(#assert(list) == 50000)
elseif what == "read" then
    assert(#assert(require("dwsync.cli.input").read(subject, {})) == 50000)
else
    local file = assert(io.open(path, "wb"))
    assert(require("dwsync.cli").main({ "records", subject, "-o", what }, { stdout = file }) == 0)
    file:close()
end
measure.report({}, started)
