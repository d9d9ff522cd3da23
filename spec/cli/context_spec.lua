local command = require "spec.support.command"
local context = require "dwsync.cli.context"

-- A context with this environment and terminal, whatever runs the spec.
local function new(environment, terminal, columns)
    return context.new {
        getenv = function(name) return environment[name] end,
        is_terminal = function(stream) return terminal and stream == "stdout" or false end,
        terminal_columns = function() return columns end,
    }
end

describe("the context of a command", function()
    it("is the real one where nothing replaces it", function()
        local real = context.new()
        assert.equal(io.stdout, real.stdout)
        assert.equal(io.stderr, real.stderr)
        assert.equal(os.getenv, real.getenv)
        assert.equal(os.time, real.now)
        assert.is_boolean(real.is_terminal "stdout")
    end)

    it("takes each part that is given", function()
        local parts = {}
        for _, name in ipairs { "stdout", "stderr", "getenv", "now", "is_terminal", "terminal_columns", "read_file",
            "random", "runtime" } do
            parts[name] = function() end
        end
        local made = context.new(parts)
        for name, part in pairs(parts) do
            assert.equal(part, made[name], name)
        end
    end)
end)

describe("the terminal of a command", function()
    -- What a context says where `luv` is this; nil: it is not installed.
    local function with_luv(luv, look)
        local kept = package.loaded.luv
        package.loaded.luv, package.preload.luv = luv, not luv and function() error "not there" end or nil
        finally(function() package.loaded.luv, package.preload.luv = kept, nil end)
        look(context.new())
    end

    it("is what the system says of each stream, and as large as it says", function()
        local open, turns, asked = 0, 0, {}
        with_luv({
            guess_handle = function(descriptor)
                return ({ [0] = "pipe", "file", "tty" })[descriptor]
            end,
            new_tty = function(...)
                asked[#asked + 1], open = { ... }, open + 1
                return { get_winsize = function() return 132, 43 end, close = function() open = open - 1 end }
            end,
            run = function() turns = turns + (open == 0 and 1 or 0) end,
        }, function(made)
            assert.same({ false, false, true }, { made.is_terminal "stdin", made.is_terminal "stdout",
                made.is_terminal "stderr" })
            assert.same({ 132, 43 }, { made.terminal_columns(), made.terminal_rows() })
            assert.same({ 1, 1 }, { select("#", made.terminal_columns()), select("#", made.terminal_rows()) })
            assert.same({ 4, 0, 4 }, { #asked, open, turns })
            assert.same({ 1, false }, asked[1])
        end)
        for descriptor, name in pairs { [0] = "stdin", "stdout", "stderr" } do
            with_luv({ guess_handle = function(asked_for) return asked_for == descriptor and "tty" or "file" end },
                function(made)
                    for _, other in ipairs { "stdin", "stdout", "stderr" } do
                        assert.equal(other == name, made.is_terminal(other))
                    end
                end)
        end
    end)

    it("is none, of no size, where there is none, and where nothing can ask", function()
        with_luv({ guess_handle = function() return "pipe" end, new_tty = function() return nil end }, function(made)
            assert.same({ false, nil, nil }, { made.is_terminal "stdout", made.terminal_columns(),
                made.terminal_rows() })
        end)
        with_luv(nil, function(made)
            assert.same({ false, nil, nil }, { made.is_terminal "stdout", made.terminal_columns(),
                made.terminal_rows() })
        end)
    end)
end)

describe("a note of a command", function()
    it("is a line on stderr, and one for the hint, without what drives a terminal", function()
        local stderr = command.stream()
        local made = context.new { stderr = stderr }
        made:note "one\27[2J"
        made:note("two", "Do\nit.")
        assert.equal("dwsync: one?[2J\ndwsync: two\n        Do it.\n", stderr.text)
    end)
end)

describe("output that cannot be written", function()
    it("is remembered with its first reason", function()
        local reasons = { "disk full", "closed", "again" }
        local function fail() return nil, table.remove(reasons, 1) end
        local made = context.new { stdout = { write = fail, flush = fail } }
        made:flush()
        assert.equal("disk full", made.write_failure)
        made:write "x"
        assert.same({ "disk full", { "again" } }, { made.write_failure, reasons })
        reasons = {}
        made = context.new { stdout = { write = fail, flush = fail } }
        made:write "x"
        assert.equal("unknown reason", made.write_failure)
        made = context.new { stdout = command.stream() }
        made:write "x"
        assert.same({ "x" }, { made.stdout.text, made.write_failure })
    end)
end)

describe("the width of output", function()
    it("is COLUMNS, else the terminal's, else without limit", function()
        assert.equal(100, new({ COLUMNS = "100" }, true, 80):width())
        assert.equal(100, new({ COLUMNS = "100" }, false):width())
        assert.equal(80, new({}, true, 80):width())
        assert.is_nil(new({}, false, 80):width())
        assert.is_nil(new({}, true, nil):width())
    end)

    it("does not follow a COLUMNS that makes no sense", function()
        for _, columns in ipairs { "", "wide", "0", "-80", "19" } do
            assert.equal(80, new({ COLUMNS = columns }, true, 80):width())
        end
        assert.equal(20, new({ COLUMNS = "20" }, true, 80):width())
    end)
end)

describe("colour", function()
    it("is what --color says", function()
        assert.is_true(new({ NO_COLOR = "1", TERM = "dumb" }, false):color "always")
        assert.is_false(new({}, true):color "never")
    end)

    it("is otherwise for terminals only", function()
        assert.is_true(new({ TERM = "xterm" }, true):color "auto")
        assert.is_true(new({}, true):color())
        assert.is_false(new({ TERM = "xterm" }, false):color "auto")
        assert.is_false(new({ TERM = "dumb" }, true):color "auto")
    end)

    it("is off when NO_COLOR is set to anything", function()
        assert.is_false(new({ NO_COLOR = "1" }, true):color "auto")
        assert.is_false(new({ NO_COLOR = "0" }, true):color "auto")
        assert.is_true(new({ NO_COLOR = "" }, true):color "auto")
    end)
end)
