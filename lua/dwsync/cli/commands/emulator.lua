--- `dwsync emulator`: the service on this machine, alone or around another command.
-- Decides about signals, output and exit status; the emulator itself is dwsync.emulator.
-- @module dwsync.cli.commands.emulator
local checks = require "dwsync.checks"

local M = {}

local CAUGHT = { "sigterm", "sigint", "sighup" }

local function split(text)
    local list = {}
    for name in text:gmatch "[^,]+" do
        list[#list + 1] = name
    end
    return list
end

--- Adds the command's options.
-- @param parser an argparse command
function M.configure(parser)
    parser:summary "Run the DWS service on this machine, for trials and tests."
    parser:description("Serves synchronisation records, clusters, IAM and machine credentials on 127.0.0.1, from a "
        .. "seeded data set.\nPrints one line of JSON when ready and runs until SIGTERM or Ctrl-C.\n"
        .. "With a COMMAND it runs that instead, the environment pointing at the emulator, and ends with its status.")
    parser:epilog "Example: dwsync emulator -- dwsync clusters"
    local function number(name, default, text)
        parser:option(name, text):argname("N"):default(default)
            :convert(checks.reader({ kind = "integer", from = 0 }, name))
    end
    number("--port", "0", "Port of the service (TLS); 0 takes a free one.")
    number("--http-port", "0", "Port of the metadata service and pod identity; 0 takes a free one.")
    number("--seed", "1", "Seed of the data set; the same seed gives the same data.")
    number("--records", "2500", "Records of the large cluster.")
    number("--clusters", "0", "Healthy clusters besides the nine stories, in each region.")
    parser:option("--regions", "Regions of each account, instead of emu-north-1."):argname "NAME,...":convert(split)
    local function amount(name, declared, text)
        parser:option(name, text):argname "N":convert(checks.reader(declared, name))
    end
    amount("--accounts", { kind = "integer", from = 1, to = 100 },
        "Accounts, each with keys, projects and clusters of its own; 1 unless given.")
    amount("--rate", { kind = "number", above = 0 }, "Requests a second that an account may send; all others get 429.")
    amount("--new-runs", { kind = "number", from = 0.01 },
        "Every N seconds one healthy cluster of a hundred has a new run.")
    parser:option("--ak", "Access key to accept, instead of a random one."):argname "KEY"
    parser:option("--sk", "Secret key that goes with it."):argname "KEY"
    parser:option("--nginx", "nginx to use, instead of the one in PATH."):argname "FILE"
    parser:flag("--export", "Print shell exports that point at the emulator, in place of the JSON.")
    parser:argument("COMMAND", "Command to run with the emulator, after --."):argname("COMMAND")
        :target("program"):args "*"
end

-- cjson escapes every slash, which is allowed and unreadable.
local function json_line(value)
    return (require("cjson").encode(value):gsub("\\/", "/"))
end

-- A command gets the key pairs and nothing else to sign in with.
local function without_login(info, login)
    local copy = {}
    for name, value in pairs(info) do
        copy[name] = value
    end
    for _, name in ipairs(login) do
        copy[name] = nil
    end
    for i, account in ipairs(info.accounts or {}) do
        copy.accounts = i == 1 and {} or copy.accounts
        copy.accounts[i] = without_login(account, login)
        copy.accounts[i].domain = account.domain
    end
    return copy
end

-- Credentials of the real cloud must not travel to the emulator, nor the emulator's to the real cloud.
local function without_credentials(values)
    for _, name in ipairs(require("dwsync.credentials.variables").CREDENTIALS) do
        values[name] = nil
    end
    for name in pairs(values) do
        if name:find "^HUAWEICLOUD_SDK_REGION_" then
            values[name] = nil
        end
    end
    return values
end

-- What points at the emulator: {name, value} in a fixed order.
local function variables(info)
    local list = {
        { "HUAWEICLOUD_SDK_AK", info.ak },
        { "HUAWEICLOUD_SDK_SK", info.sk },
        { "HUAWEICLOUD_SDK_PROJECT_ID", info.project_id },
        { "HUAWEICLOUD_SDK_IAM_ENDPOINT", info.iam_endpoint },
    }
    for _, region in ipairs(checks.names(info.regions)) do
        list[#list + 1] = { "HUAWEICLOUD_SDK_REGION_DWS_" .. (region:upper():gsub("-", "_")), info.regions[region] }
    end
    list[#list + 1] = { "DWSYNC_REGION", info.region }
    list[#list + 1] = { "DWSYNC_CA_FILE", info.ca_file }
    return list
end

-- The caller's environment with the emulator's in place of what was there.
local function environment(uv, info, line)
    local values = without_credentials(uv.os_environ())
    for _, variable in ipairs(variables(info)) do
        values[variable[1]] = variable[2]
    end
    values.DWSYNC_EMULATOR = line
    local list = {}
    for name, value in pairs(values) do
        list[#list + 1] = name .. "=" .. value
    end
    return list
end

-- For `eval` in another shell. Other credentials there would come first.
local function exports(info, line)
    local lines = {}
    for _, name in ipairs(require("dwsync.credentials.variables").CREDENTIALS) do
        lines[#lines + 1] = "unset " .. name
    end
    local list = variables(info)
    list[#list + 1] = { "DWSYNC_EMULATOR", line }
    for _, variable in ipairs(list) do
        lines[#lines + 1] = ("export %s='%s'"):format(variable[1], (variable[2]:gsub("'", "'\\''")))
    end
    return table.concat(lines, "\n")
end

-- Catches every signal that would end us: `received` is the first one's name, `react` is called with each.
local function catch_signals(uv)
    local signals, watchers = { react = function() end }, {}
    for i, name in ipairs(CAUGHT) do
        watchers[i] = uv.new_signal()
        watchers[i]:start(name, function()
            signals.received = signals.received or name
            signals.react(name)
        end)
    end
    function signals.release()
        for _, watcher in ipairs(watchers) do
            watcher:close()
        end
        uv.run "nowait" -- a handle still closing when the Lua state goes crashes luv
    end
    return signals
end

local function run_program(uv, running, program, line, signals, context)
    local ended
    local process, err, name = uv.spawn(program[1], {
        args = { (table.unpack or unpack)(program, 2) }, -- luacheck: ignore 113
        stdio = { 0, 1, 2 },
        env = environment(uv, running.info, line),
    }, function(status, signal) ended = { status = status, signal = signal } end)
    if not process then
        context.stderr:write(("dwsync emulator: cannot run %s: %s\n"):format(program[1], err))
        return name == "ENOENT" and 127 or 126 -- as shells say it
    end

    signals.react = function(signal)
        -- Ctrl-C on a terminal has reached the command already: once is enough.
        if signal == "sigint" and uv.guess_handle(0) == "tty" then
            return
        end
        process:kill(signal)
    end
    -- It came while the emulator started.
    if signals.received then
        process:kill(signals.received)
    end
    local served = running:serve_until(function() return ended end)
    -- Without its service the command will fail by itself; its status is still the answer.
    while not ended do
        uv.run "once"
    end
    process:close()
    if not served then
        context.stderr:write "dwsync emulator: nginx ended before the command did\n"
    end
    return ended.signal ~= 0 and 128 + ended.signal or ended.status
end

-- The accounts that the options ask for; nil for the one that the emulator has anyway. The first is like that one.
local function accounts_of(args, usual)
    if (args.accounts or 1) == 1 and not (args.regions or args.rate) then
        return nil
    end
    local list = {}
    for i = 1, args.accounts or 1 do
        list[i] = { name = i == 1 and usual or "account-" .. i, stories = true, regions = args.regions,
            rate = args.rate }
    end
    return list
end

--- Runs the command.
-- @tparam table args as parsed by @{configure}
-- @tparam ?table context `stdout`, `stderr`
-- @treturn integer exit status
function M.run(args, context)
    context = context or {}
    context = { stdout = context.stdout or io.stdout, stderr = context.stderr or io.stderr }
    local function fail(message)
        context.stderr:write("dwsync emulator: ", message, "\n")
        return 1
    end

    local loaded, emulator = pcall(require, "dwsync.emulator")
    if not loaded and tostring(emulator):find("'dwsync.emulator' not found", 1, true) then
        return fail "the emulator is not installed: install dwsync-emulator (a Debian package, a rock)"
    elseif not loaded then
        return fail(("a Lua module is missing (on Debian or Ubuntu: apt-get install lua-luv lua-luaossl lua-cjson)\n%s")
            :format(tostring(emulator)))
    end
    local uv = require "luv"
    local options = {
        port = args.port, http_port = args.http_port, seed = args.seed, records = args.records,
        clusters = args.clusters, ak = args.ak, sk = args.sk, nginx = args.nginx, new_runs = args.new_runs,
        accounts = accounts_of(args, emulator.ACCOUNT),
    }
    -- From here on a signal must not end us on the spot: there is a directory to remove.
    local signals = catch_signals(uv)
    local valid, running, err = pcall(emulator.start, options)
    if not (valid and running) then
        signals.release()
    end
    if not valid then
        local wrong = tostring(running):gsub("^.-start: ", ""):gsub("^http_", "http-"):gsub("^new_", "new-")
            :gsub("^accounts%[%d+%]%.", "")
        context.stderr:write("dwsync emulator: --", wrong, "\n")
        return 2
    end
    if not running then
        return fail(err)
    end

    local status
    local line = json_line(without_login(running.info, emulator.LOGIN))
    if args.program and #args.program > 0 then
        status = run_program(uv, running, args.program, line, signals, context)
    else
        context.stdout:write(args.export and exports(running.info, line) or json_line(running.info), "\n")
        context.stdout:flush()
        status = running:serve_until(function() return signals.received end) and 0 or nil
    end

    local complaints = running:complaints()
    running:stop()
    signals.release()
    if complaints ~= "" then
        context.stderr:write("dwsync emulator: nginx complained:\n", complaints)
    end
    return status or fail "nginx ended unexpectedly"
end

return M
