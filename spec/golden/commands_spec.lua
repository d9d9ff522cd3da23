-- Whole sessions of the command: what was asked of the service, what was printed, and the exit status.
local command = require "spec.support.command"
local key_guard = require "dwsync.request.key_guard"
local kept = require "spec.golden.kept"
local processes = require "spec.support.processes"
local uv = require "luv"

local function two_sources()
    local list = command.healthy(40)
    for i = 1, 20 do
        list[2 * i].identity_source_id, list[2 * i].identity_source_type = "s2", "oneaccess"
    end
    return list
end

local CLUSTERS = {
    c1 = command.healthy(),
    c2 = { command.failed("f1", 0.5), command.failed("f2", 1.5), command.record("g1", 2.5) },
    c3 = 403, c4 = command.OFF, c5 = 500, c6 = {}, c7 = two_sources(),
}

local FILES = {
    ["/config.lua"] = [[return {
        region = "eu-west-101", clusters = { prod = "c1", test = "c2" }, rules = { stale = { warning = 7200 } },
        profiles = { other = { region = "cn-south-1", timeout = 5, retries = 0 } },
    }]],
    ["/broken.lua"] = "return { regoin = 1 }",
    ["/lines"] = command.lines { command.record("a", 1), command.failed("b", 2) },
    ["/url"] = "https://chat.example/secret",
}

local SESSIONS = {
    records = {
        "records c1", "records name-c2 -o csv", "records c2 -o json", "records c2 --columns id,status,fail_reason",
        "records c2 --status FAILED --since 24h --until 1h", "records c1 --limit 2 --offset 1 -o ndjson",
        "records c1 c2 --limit 1", "records --all-clusters --limit 1 -o tsv", "records c7 --source s2 --limit 2",
        "records c3", "records c4", "records c5 --retries 1", "records c6", "records", "records c1 --columns nonsense",
        "records c1 --since nonsense", "records c1 --status DONE", "records c1 --limit 0", "records nobody",
        "records c1 --page-size 10 --paging row", "records c1 --debug",
        "records c1 --config /config.lua", "records prod --config /config.lua --profile other --limit 1",
        "records prod --config /config.lua --profile nobody", "records c1 --config /broken.lua",
        "records c1 --config /absent.lua", "records c1 --region", "records --nonsense", "nonsense", "",
    },
    health = {
        "health c1", "health c2", "health c2 --explain", "health c2 -o json", "health c2 -o markdown --set failing=off",
        "health c1 c2 c3 c4 c5 c6", "health --all-clusters -o csv", "health --all-clusters --exclude c3,c5",
        "health c1 --set stale.warning=10m", "health c1 --set stale.wraning=10m", "health c1 --set nonsense=off",
        "health c1 --set stale=10m", "health c7 --source s2", "health c7 --source nobody", "health c2 --color always",
        "health c2 -o nonsense", "health c1 --config /config.lua", "health --input /lines",
        "check c1", "check c2", "check c2 --long", "check c3", "check c4", "check c6", "check c1 c2", "check c1 --long",
        "check --all-clusters", "check c5 --timeout 0", "check", "check c2 --set failing.warning=5 --set stale=off",
        "report c2", "report c2 -o markdown", "report c1 c2 -o nagios", "report c1 -o csv", "report c1 --file",
    },
    others = {
        "clusters", "clusters -o json", "clusters --columns id,name -o csv", "clusters --enterprise-project-id e1",
        "wait c1 --fresh 6h", "wait c1 --fresh 10m --timeout 60 --interval 20", "wait c2 --timeout 30", "wait c3",
        "wait c4", "wait c1 c2 --accept critical --fresh 6h --timeout 10", "wait c1 --fresh nonsense",
        "wait c6 --timeout 5",
        "replay c2", "replay c2 -o csv", "replay c1 --since 2d", "replay c1 c2 -o json",
        "replay c2 --set failing.warning=1",
        "notify c2 --dry-run --webhook-url-file /url", "notify c2", "collect", "collect --fleet /absent.lua", "fleet",
        "alert-rules --job x --patience 0 --set nonsense=1",
        "alert-rules --data-age 0", "doctor", "doctor c1", "doctor c2 c3 -o json", "doctor --all-clusters",
        "history", "history list", "run /absent.lua", "version nonsense", "completion nonsense",
        "completion", "help nonsense", "watch c1 --interval 0", "watch c1 --on-change", "emulator --nonsense",
    },
}

local function words_of(text)
    local words = {}
    for word in text:gmatch "%S+" do
        words[#words + 1] = word
    end
    return words
end

-- What was sent, without what is made of time and chance: signatures and the date.
local function sent(requests)
    local lines = {}
    for i, request in ipairs(requests) do
        lines[i] = ("> %s %s\n"):format(request.method or "GET", request.url)
    end
    return table.concat(lines)
end

local function session(text)
    key_guard.shared:forget()
    local status, out, err, requests = command.run(words_of(text), { service = command.service(CLUSTERS),
        files = FILES })
    return ("$ dwsync %s\n%s%s%s= %d\n\n"):format(text, sent(requests), out, err:gsub("[^\n]+", "! %0"), status)
end

describe("sessions of the command", function()
    for name, list in pairs(SESSIONS) do
        it("are as kept about " .. name, function()
            local parts = {}
            for i, text in ipairs(list) do
                parts[i] = session(text)
            end
            kept.compare(("sessions.%s.txt"):format(name), table.concat(parts))
        end)
    end
end)

-- argparse ends the process when it has shown help.
local function help_of(words)
    return (processes.run(("%s lua/bin/dwsync %s --help"):format(processes.quoted(uv.exepath()), words)))
end

-- The help of a command and of all commands below it.
local function add_help(parts, words)
    local help = help_of(words)
    parts[#parts + 1] = help
    local commands = help:match "\nCommands:\n(.-)\n\n" or ""
    for name in ("\n" .. commands):gmatch "\n   (%l%S*)" do
        add_help(parts, words .. " " .. name)
    end
    return parts
end

describe("the help", function()
    it("is as kept for every command, and so are the completion scripts", function()
        kept.compare("help.txt", table.concat(add_help({}, ""), "\n"))
        for _, shell in ipairs { "bash", "zsh", "fish" } do
            local _, script = command.run { "completion", shell }
            kept.compare("completion." .. shell, script)
        end
    end)
end)
