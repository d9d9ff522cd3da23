local borders = require "spec.support.borders"
local cli = require "dwsync.cli"
local errors = require "dwsync.errors"
local processes = require "spec.support.processes"
local uv = require "luv"

-- A stream that keeps what is written.
local function new_stream()
    local stream = { text = "" }
    function stream:write(...)
        self.text = self.text .. table.concat { ... }
        return self
    end
    function stream.flush() return true end
    return stream
end

-- Runs the command in an empty environment. Returns status, stdout, stderr.
local function run(arguments, given)
    local stdout, stderr = new_stream(), new_stream()
    local context = {
        stdout = stdout,
        stderr = stderr,
        getenv = function() end,
        read_file = function() return nil, "No such file or directory", true end,
        is_terminal = function() return false end,
        now = function() return 1747637723 end,
        runtime = {
            now = function() return 0 end,
            sleep = function() end,
            perform = function() error "it was asked" end,
        },
    }
    for name, value in pairs(given or {}) do
        context[name] = value
    end
    return cli.main(arguments, context), stdout.text, stderr.text
end

local TRY_HELP = "\n        See dwsync [%l -]*%-%-help[%l, A-Z-]*%.\n$"

describe("the value of an option", function()
    -- What is wrong behind it is not said before it was taken.
    local function is_taken(words)
        return function(name, value)
            local arguments = { ("--%s=%s"):format(name, type(value) == "number" and ("%.14g"):format(value) or value),
                "--no-such-option" }
            for i, word in ipairs(words) do
                table.insert(arguments, i, word)
            end
            local status, _, err = run(arguments)
            local good = err:find("unknown option '--no-such-option'", 1, true)
            assert.is_true(status == 2 and (good or err:find(("dwsync: --%s is "):format(name), 1, true)) ~= nil, err)
            return good
        end
    end

    it("is taken up to its borders", function()
        local ABOVE_0 = { 0.001, nil, 0.001 }
        for command, numbers in pairs {
            ["collect"] = { concurrency = { 1, 512 }, ["for"] = ABOVE_0 },
            ["wait x"] = { timeout = { 0 }, interval = ABOVE_0 },
            ["watch x"] = { interval = ABOVE_0, timeout = ABOVE_0, retries = { 0 } },
            ["records x"] = { offset = { 0 }, limit = { 1 }, ["page-size"] = { 1 }, timeout = ABOVE_0,
                retries = { 0 } },
            ["emulator"] = { accounts = { 1, 100 }, rate = ABOVE_0, ["new-runs"] = { 0.01, nil, 0.001 },
                records = { 0 }, clusters = { 0 }, seed = { 0 }, port = { 0 }, ["http-port"] = { 0 } },
            ["alerts silence x"] = { ["for"] = { 60, 366 * 86400 } },
            ["alert-rules"] = { patience = { 0, 100 } },
        } do
            local words = {}
            for word in command:gmatch "%S+" do
                words[#words + 1] = word
            end
            borders.of_numbers(numbers, is_taken(words))
        end
        borders.of_texts({ name = 200 }, is_taken { "collect" })
        borders.of_texts({ note = 500, by = 100 }, is_taken { "alerts", "ack", "x" })
        borders.of_texts({ by = 100 }, is_taken { "alerts", "silence", "x" })
    end)

    it("has a unit where a number alone could mean anything", function()
        for command, name in pairs { wait = "fresh", ["alert-rules"] = "data-age" } do
            local takes = is_taken { command, command == "wait" and "x" or nil }
            assert.is_truthy(takes(name, "1s"))
            assert.is_falsy(takes(name, "1"))
            assert.is_falsy(takes(name, "0s"))
        end
    end)
end)

describe("wrong usage", function()
    local CASES = {
        ["no command"] = { {}, "a command is required" },
        ["an unknown command"] = { { "recrods" }, "unknown command 'recrods'. Did you mean 'records'?" },
        ["an unknown option"] = { { "records", "id", "--regoin", "x" },
            "unknown option '--regoin'. Did you mean '--region'?" },
        ["a misspelled format"] = { { "records", "id", "-o", "jsno" }, "(did you mean 'json'?)" },
        ["a misspelled format behind ="] = { { "records", "id", "--output=jsno" },
            '--output is "jsno", expected one of table, csv, tsv, json, ndjson, markdown, html '
                .. "(did you mean 'json'?)" },
        ["a misspelled severity"] = { { "wait", "id", "--accept", "wraning" },
            '--accept is "wraning", expected one of ok, unknown, warning (did you mean \'warning\'?)' },
        ["a misspelled status"] = { { "records", "id", "--status", "fialed" }, "(did you mean 'FAILED'?)" },
        ["a missing argument"] = { { "records" }, "missing argument 'cluster'" },
        ["too many arguments"] = { { "completion", "bash", "zsh" }, "too many arguments" },
        ["an option without its value"] = { { "records", "id", "--region" }, "option '--region' requires an argument" },
        ["an unknown format"] = { { "records", "id", "-o", "yaml" },
            '-o is "yaml", expected one of table, csv' },
        ["an unknown way of paging"] = { { "records", "id", "--paging", "x" },
            '--paging is "x", expected one of auto, page, row\n' },
        ["an unknown wish for colour"] = { { "clusters", "--color", "red" },
            '--color is "red", expected one of auto, always' },
        ["a limit of 0"] = { { "records", "id", "--limit", "0" },
            "--limit is 0, expected an integer above 0" },
        ["no status"] = { { "records", "id", "--status", "," },
            '--status is ",", expected FINISHED, FAILED or RUNNING' },
        ["no source"] = { { "records", "id", "--source", " " },
            '--source is " ", expected ids or types' },
        ["a limit in words"] = { { "records", "id", "--limit", "ten" },
            '--limit is "ten", expected an integer above 0' },
        ["a negative timeout"] = { { "clusters", "--timeout=-1" },
            '--timeout is "-1", expected a length of time above 0' },
        ["an endless timeout"] = { { "clusters", "--timeout", "1e999" },
            '--timeout is "1e999", expected a length of time' },
        ["half a retry"] = { { "clusters", "--retries", "1.5" },
            "--retries is 1.5, expected an integer of 0 or more" },
        ["nothing behind --"] = { { "emulator", "--" }, "a command must follow --" },
        ["no columns"] = { { "clusters", "--columns", "," }, '--columns is ",", expected names separated by commas' },
    }
    for name, case in pairs(CASES) do
        it("such as " .. name .. " is status 2, a reason, and nothing on stdout", function()
            local status, out, err = run(case[1])
            assert.equal(2, status)
            assert.equal("", out)
            assert.is_truthy(err:find(case[2], 1, true), err)
            assert.equal("dwsync: ", err:sub(1, 8))
            assert.matches(TRY_HELP, err)
        end)
    end

    it("does not let an argument drive the terminal", function()
        local _, _, err = run { "\27[2Jx" }
        assert.is_nil(err:find("\27", 1, true))
    end)
end)

describe("without argparse the command", function()
    local loaded, preload = package.loaded.argparse, package.preload.argparse
    before_each(function()
        package.loaded.argparse, package.preload.argparse = nil, function() error "module 'argparse' not found" end
    end)
    after_each(function() package.loaded.argparse, package.preload.argparse = loaded, preload end)

    local MISSING = "dwsync: the command needs argparse for this Lua\n"
        .. "        Debian: apt-get install lua-argparse. Elsewhere: luarocks install argparse.\n"

    it("says what to install, with status 2", function()
        assert.same({ 2, "", MISSING }, { run { "records", "id" } })
    end)

    it("is UNKNOWN to Nagios when it is check, its line flushed, or reported when that fails", function()
        local stdout, flushed = new_stream(), nil
        function stdout.flush()
            flushed = stdout.text
            return true
        end
        local status, _, err = run({ "check", "id" }, { stdout = stdout })
        assert.same({ 3, MISSING }, { status, err })
        assert.equal("UNKNOWN - dwsync needs argparse for this Lua\n", flushed)

        function stdout.flush() return nil, "No space left on device" end
        assert.equal(3, (run({ "check", "id" }, { stdout = stdout })))
        assert.matches("cannot write the output: No space left on device\n$", stdout.text)
    end)
end)

describe("what is raised inside a command", function()
    local function raising(value)
        return run({ "records", "id", "--since", "1h" }, { now = function() error(value, 0) end })
    end

    it("is an interrupt: status 130 and one word", function()
        local status, out, err = raising "interrupted!"
        assert.equal(130, status)
        assert.equal("", out)
        assert.equal("dwsync: interrupted\n", err)
    end)

    it("is an interrupt even before the command is ready", function()
        local name = "dwsync.cli.commands.records"
        local loaded = package.loaded[name]
        package.loaded[name] = { configure = function() error("interrupted!", 0) end }
        local status, out, err = run { "records", "id" }
        package.loaded[name] = loaded
        assert.same({ 130, "", "dwsync: interrupted\n" }, { status, out, err })
    end)

    it("is an error object: reported like one that was returned", function()
        local status, _, err = raising(errors.new { kind = "network", message = "cut", hint = "Fix it." })
        assert.equal(1, status)
        assert.equal("dwsync: network: cut.\n        Fix it.\n", err)
    end)

    it("is a bug: status 1 and a traceback, harmless to the terminal", function()
        local status, out, err = raising "boom\27[2J"
        assert.equal(1, status)
        assert.equal("", out)
        assert.equal("dwsync: boom?[2J\n", err:match "^[^\n]*\n")
        assert.is_truthy(err:find("stack traceback:\n", 1, true))
        assert.is_nil(err:find("\27", 1, true))
    end)
end)

describe("each option and argument of each command", function()
    local elements = {}

    local function walk(parser, path)
        for _, list in ipairs { parser._options, parser._arguments } do
            for _, element in ipairs(list) do
                local name = element._name or element._aliases[#element._aliases]
                elements[#elements + 1] = { of = element, name = name, path = path .. name }
            end
        end
        for _, command in ipairs(parser._commands) do
            walk(command, path .. command._name .. " ")
        end
    end

    setup(function()
        local parser = require "argparse" "dwsync"
        for file in processes.run("ls lua/dwsync/cli/commands"):gmatch "([%w_]+)%.lua" do
            require("dwsync.cli.commands." .. file).configure(parser:command((file:gsub("_", "-"))))
        end
        walk(parser, "")
        assert.is_true(#elements > 150)
    end)

    it("says in the help what it is", function()
        for _, element in ipairs(elements) do
            if not element.of._hidden then
                assert.matches("^%w.*[.%])]$", element.of._description or "", nil, element.path)
            end
        end
    end)

    it("is in the help, but for --limit where it was the size of a page", function()
        local hidden = {}
        for _, element in ipairs(elements) do
            hidden[#hidden + 1] = element.of._hidden and element.path or nil
        end
        table.sort(hidden)
        assert.same({ "check --limit", "health --limit", "history pull --limit", "notify --limit", "replay --limit",
            "report --limit", "wait --limit", "watch --limit" }, hidden)
    end)

    it("names itself where its value is wrong", function()
        local read = 0
        for _, element in ipairs(elements) do
            local convert = element.of._convert
            if convert and element.path ~= "emulator --regions" then -- which takes any words
                local message
                for _, value in ipairs { "", "\0", ("x"):rep(1000), "-1" } do
                    local taken, wrong = convert(value)
                    message = message or taken == nil and wrong
                end
                assert.equal(element.name, tostring(message):match "^(.-):? ", element.path)
                read = read + 1
            end
        end
        assert.is_true(read > 100)
    end)
end)

-- argparse ends the process when it has shown help.
describe("what people try first", function()
    local function output_of(arguments)
        local command = ("%s lua/bin/dwsync %s 2>&1"):format(processes.quoted(uv.exepath()), arguments)
        return processes.run(command)
    end

    it("is offered a command that there is, for words of other tools and second words of its own", function()
        for word in ("list ls get show sync-records status verdicts pull prune migrate ack silence unsilence drain "
            .. "explain metrics"):gmatch "%S+" do
            local _, _, err = run { word }
            local meant = assert(err:match "^dwsync: unknown command '[%w-]+'%. Did you mean '(.-)'%?\n", err)
            assert.equal(0, select(2, output_of(meant .. " --help")), meant)
        end
    end)

    it("is understood: help COMMAND, -V, --version", function()
        local help = output_of "records --help"
        assert.matches("^Usage: dwsync records ", help)
        assert.equal(help, (output_of "help records"))
        assert.equal(output_of "--help", (output_of "help"))
        local version = output_of "version"
        assert.equal(version, (output_of "-V"))
        assert.equal(version, (output_of "--version"))
        assert.equal(2, select(2, output_of "help nonsense"))
    end)

    it("finds a short sentence about every command in the help, and an example in the help of each", function()
        local commands = 0
        local function look(prefix)
            local list = assert(output_of(prefix .. "--help"):match "\nCommands:(\n.-)\n\n")
            for name, summary in list:gsub("\n    +", " "):gmatch "\n   (%l%S*) *([^\n]*)" do
                assert.matches("^%u[^.]*%.$", summary)
                assert.is_true(#summary < 70, summary) -- not all of the description
                local example = output_of(prefix .. name .. " --help"):match "\nExamples?: ([^\n]*)" or ""
                assert.is_truthy(example:find("dwsync " .. prefix .. name, 1, true), prefix .. name)
                commands = commands + 1
            end
        end
        look ""
        look "history "
        assert.equal(25, commands)
    end)

    it("finds the formats in the help of every command that has some", function()
        for name, format in pairs { records = "ndjson", clusters = "csv", health = "nagios", report = "prometheus",
            doctor = "json" } do
            local out = output_of(name .. " --help"):gsub("%s+", " ")
            assert.is_truthy(out:find("Format: [^.]*" .. format .. "[^.]*default"), out)
        end
    end)
end)
