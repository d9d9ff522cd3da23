-- Every code block of the documentation does what its page says: against an emulator, in a folder of its own.
local code_blocks = require "spec.docs.code_blocks"
local emulators = require "spec.support.emulator"
local nginxes = require "spec.support.nginx"
local patience = require "spec.support.patience"
local postgres = require "spec.support.postgres"
local processes = require "spec.support.processes"
local runbook = require "spec.support.runbook"
local uv = require "luv"

-- A reader's places, which are folders of the test.
local PLACES = { "/srv/www", "/var/lib/node_exporter", "/var/lib/dwsync" }
-- A reader's clusters, by whose story they are in the emulator.
local CLUSTERS = { ["dws-prod"] = "healthy", warehouse = "healthy", ["prod-a"] = "failing", ["prod-test"] = "healthy" }
-- A reader's programs. The watcher's is called with an event, after which the watch has shown what it does.
local PROGRAMS = { ["nightly-load"] = "true", notify = "cat >>events; kill -INT $PPID" }

-- A reader's inventory of a fleet.
local INVENTORY = [[return { accounts = { hq = { credentials = { source = "environment" }, rate = 20,
    regions = { "emu-north-1" } } } }]]

-- What the Lua code of a page takes for granted: a client, and names of what is the reader's own.
local BEFORE_LUA = [[
dwsync = require "dwsync"
client = assert(dwsync.new())
clusters, id = { { id = %q } }, %q
ak, sk, token, secret = "ak", "sk", "token", "secret"
vault = { get = function() return "key" end }
function next_block() io.write "\0" end
]]

-- Where the module under test is, such as build/lua5.4.
local MODULES = assert(uv.fs_realpath(assert(package.searchpath("dwsync.core", package.cpath)))):match "^(.*)/dwsync/"

-- libdws as it is before it is installed.
local DWS_PC = [[
Name: dws
Description: libdws of this tree
Version: 0
Requires: libcurl libssl libcrypto zlib
Libs: FOLDER/build/libdws.a -pthread -lm
Cflags: -IFOLDER/src/include
]]

local server, database

local function lines(text)
    return select(2, text:gsub("\n", ""))
end

local function configuration()
    local parts = {}
    for name, story in pairs(CLUSTERS) do
        parts[#parts + 1] = ("[%q] = %q"):format(name, server:cluster(story))
    end
    return ("return { clusters = { %s }, all_clusters = { 'warehouse' } }"):format(table.concat(parts, ", "))
end

-- Calls use(run, folder, text → text with the test's places) in a folder with a checkout and the reader's own things.
local function with_reader(use)
    runbook.with(server, function(run, folder)
        for _, name in ipairs { "examples", "lua", "src", "docs" } do
            assert(uv.fs_symlink(uv.cwd() .. "/" .. name, folder .. "/" .. name))
        end
        assert(uv.fs_symlink(MODULES:match "^(.*)/", folder .. "/build"))
        for name, script in pairs(PROGRAMS) do
            runbook.write(folder .. "/" .. name, "#!/bin/sh\n" .. script .. "\n")
            assert(uv.fs_chmod(folder .. "/" .. name, tonumber("700", 8)))
        end
        runbook.write(folder .. "/config", configuration())
        runbook.write(folder .. "/fleet.lua", INVENTORY)
        runbook.write(folder .. "/dws.pc", (DWS_PC:gsub("FOLDER", folder)))
        processes.run(("cd %s && mkdir -p home .%s"):format(folder, table.concat(PLACES, " .")))
        local variables = {
            HOME = folder .. "/home",
            DWSYNC_CONFIG = folder .. "/config",
            HUAWEICLOUD_SDK_REGION_DWS_CN_NORTH_4 = server.info.endpoint,
            LUA_PATH = uv.cwd() .. "/lua/?.lua;" .. uv.cwd() .. "/lua/?/init.lua;;",
            LUA_CPATH = MODULES .. "/?.so;;",
            PKG_CONFIG_PATH = folder,
            DWSYNC_EMULATOR = ('{"endpoint":"%s"}'):format(server.info.endpoint),
        }
        use(function(command) return run("cd " .. folder .. " && " .. command, variables) end, folder, function(text)
            for _, place in ipairs(PLACES) do
                text = text:gsub(place:gsub("%p", "%%%0"), folder .. place)
            end
            return (text:gsub("postgres://dwsync@db/dwsync", (database:url(nil, "sslmode=disable"):gsub("%%", "%%%%"))))
        end)
    end)
end

-- Each returns the exit status, what was printed, and what was said.
local KINDS = {}

function KINDS.sh(block, run, folder, placed)
    runbook.write(folder .. "/block.sh", placed(block.text))
    if block.text:find("--from-history", 1, true) then
        assert.equal(0, (run "dwsync history pull dws-prod"))
    end
    if block.text:find("dwsync fleet ", 1, true) then
        patience.wait_until(function()
            assert.equal(0, (run "dwsync collect --fleet fleet.lua --name c1 --for 3s"))
            return run "dwsync fleet explain dws-failing" == 0
        end, "clusters to be found")
    end
    return run "sh -eu block.sh"
end

-- None of its accounts has a key here; that they are asked is enough.
function KINDS.inventory(block, run, folder)
    runbook.write(folder .. "/block.lua", block.text)
    return run "dwsync collect --fleet block.lua --history fleet.sqlite --for 1s"
end

function KINDS.runbook(block, run, folder)
    runbook.write(folder .. "/block.lua", block.text)
    return run "dwsync run block.lua"
end

KINDS["configuration file"] = function(block, run, folder)
    runbook.write(folder .. "/block.lua", block.text)
    return run "dwsync alert-rules --config block.lua"
end

-- The credentials file.
function KINDS.ini(block, run, folder)
    assert(uv.fs_mkdir(folder .. "/home/.huaweicloud", tonumber("700", 8)))
    local path = folder .. "/home/.huaweicloud/credentials"
    runbook.write(path, (block.text:gsub("ak = %.%.%.", "ak = " .. server.info.ak):gsub("sk = %.%.%.",
        "sk = " .. server.info.sk)))
    assert(uv.fs_chmod(path, tonumber("600", 8)))
    return run "unset HUAWEICLOUD_SDK_AK HUAWEICLOUD_SDK_SK; dwsync clusters"
end

function KINDS.c(block, run, folder)
    runbook.write(folder .. "/block.c", block.text)
    return run [[cc -std=c11 -Wall -Wextra -Werror block.c $(pkg-config --cflags --libs dws) -o block && ./block]]
end

-- The server answers at every location of the block, and as the page says.
function KINDS.nginx(block)
    local main, http = block.text:match "^(.-)http {\n(.*)}\n$"
    local init_worker = ""
    http = http:gsub("init_worker_by_lua_block (%b{})", function(code)
        init_worker = code:sub(2, -2)
        return ""
    end):gsub("server {", "upstream app { server 127.0.0.1:1; }\nserver {\nlisten 127.0.0.1:PORT;")
    local info, variables = server.info, {}
    for name, value in pairs { AK = info.ak, SK = info.sk, PROJECT_ID = info.project_id,
        IAM_ENDPOINT = info.iam_endpoint, REGION_DWS_CN_NORTH_4 = info.endpoint } do
        variables[#variables + 1] = ("HUAWEICLOUD_SDK_%s=%s"):format(name, value)
    end
    variables[#variables + 1] = "DWSYNC_CA_FILE=" .. info.ca_file
    local nginx = nginxes.start { main = main, http = http, init_worker = init_worker, variables = variables }
    local good, reason = pcall(function()
        local healthy, seen = server:cluster "healthy", 0
        local refused = { ["/health"] = 503, ["/app/"] = 503 } -- one cluster is critical
        local one = "?cluster=" .. healthy
        local asked = { ["/records"] = one, ["/failed"] = one }
        local expected = { ["/metrics"] = "\ndwsync_up{.-} 1\n", ["/health"] = '"critical"',
            ["/records"] = '"FINISHED"', ["/status"] = "dws%-failing", ["/failed"] = "^%d+\n$", ["/app/"] = "" }
        for path in block.text:gmatch "location[ =]* (/%S*) {" do
            seen = seen + 1
            local pattern, body, status = assert(expected[path], path), nil, nil
            patience.wait_until(function()
                body, status = nginx:get(path .. (asked[path] or ""))
                return body:find(pattern)
            end, function() return path .. " to say " .. pattern .. ", but: " .. tostring(body) end)
            assert.same({ path, refused[path] or 200 }, { path, status })
        end
        assert(seen > 0)
    end)
    local log = nginx:stop()
    return good and 0 or 1, "", good and "" or tostring(reason) .. "\n" .. log
end

-- The Lua blocks of a page are one program, each line where it is on the page.
local function run_lua(page, blocks)
    with_reader(function(run, folder, placed)
        local id = server:cluster "healthy"
        local before = BEFORE_LUA:format(id, id):gsub("\n", " ")
        local program, line = { before }, 1
        for _, block in ipairs(blocks) do
            program[#program + 1] = ("\n"):rep(block.line - line) .. placed(block.text) .. "next_block()"
            line = block.line + lines(block.text)
        end
        runbook.write(folder .. "/page.lua", table.concat(program))
        local status, out, err = run(processes.quoted(uv.exepath()) .. " -e 'assert(loadfile \"page.lua\")()'")
        assert.equal(0, status, page .. ": " .. err)
        local outputs = {}
        for output in out:gmatch "([^%z]*)%z" do
            outputs[#outputs + 1] = output
        end
        for i, block in ipairs(blocks) do
            if block.prints then
                assert.equal(block.prints, outputs[i], page .. ":" .. block.line)
            end
        end
    end)
end

local all, run_blocks, reasons = {}, 0, {}
for _, page in ipairs(code_blocks.pages()) do
    all[page] = code_blocks.of(page)
    for i, block in ipairs(all[page]) do
        local after = all[page][i + 1]
        if after and after.language == "text" and after.line == block.line + lines(block.text) + 3 then
            block.prints = after.text
        end
    end
end

describe("the code of the documentation", function()
    setup(function()
        server, database = emulators.start(), postgres.start()
    end)
    teardown(function()
        server:stop()
        database:stop()
        local left_out = {}
        for reason, count in pairs(reasons) do
            left_out[#left_out + 1] = ("%d %s"):format(count, reason)
        end
        table.sort(left_out)
        print(("\ncode blocks of the documentation: %d were run, not run: %s"):format(run_blocks,
            table.concat(left_out, "; ")))
    end)

    for _, page in ipairs(code_blocks.pages()) do
        local together = {}
        for _, block in ipairs(all[page]) do
            local kind = KINDS[block.kind or block.language]
            if block.not_run then
                reasons[block.not_run] = (reasons[block.not_run] or 0) + 1
            elseif block.language == "lua" and not block.kind then
                together[#together + 1], run_blocks = block, run_blocks + 1
            elseif not block.shown then
                run_blocks = run_blocks + 1
                it(("runs: %s:%d, %s"):format(page, block.line, block.kind or block.language), function()
                    assert(kind, "a block that only shows something is fenced as text or console")
                    with_reader(function(...)
                        local status, out, err = kind(block, ...)
                        assert.equal(tonumber(block.exits or 0), status, err .. out)
                        assert.is_nil(err:find "not found", err)
                        if block.prints then
                            assert.equal(block.prints, out)
                        end
                    end)
                end)
            end
        end
        if together[1] then
            it(("runs: %s, lua"):format(page), function() run_lua(page, together) end)
        end
    end

    it("says of each block what it is", function()
        for _, page in ipairs(code_blocks.pages()) do
            local _, unknown = code_blocks.of(page)
            assert.same({}, unknown)
        end
    end)
end)
