local errors = require "dwsync.errors"
local spelling = require "dwsync.cli.spelling"

describe("an option in a hint", function()
    it("is written as on the command line where it is one there, else as one of a profile", function()
        for text, spelled in pairs {
            ["Set `page_size` or `region`."] = "Set --page-size or --region.",
            ["Set `client_cert`."] = "Set client_cert of a profile.",
            ["Wait."] = "Wait.",
        } do
            assert.equal(spelled, spelling.hint(text))
            local err = errors.new { kind = "config", message = "m", hint = text }
            assert.equal(err, spelling.hint_of(err))
            assert.equal(spelled, err.hint)
        end
        for _, name in ipairs(spelling.ON_COMMAND_LINE) do
            assert.equal("--" .. name:gsub("_", "-"), spelling.hint("`" .. name .. "`"))
        end
        assert.equal("text", spelling.hint_of "text")
        assert.is_nil(spelling.hint_of(nil))
        assert.same({ message = "m" }, spelling.hint_of { message = "m" })
    end)
end)

describe("a wrong command line", function()
    local CHOICE = "argument for option '--paging' must be one of 'auto', 'page', 'row'"

    it("is told with the value, and what may have been meant", function()
        local said = "--paging is %s, expected one of auto, page, row%s"
        for _, case in ipairs {
            { { "--paging", "rows" }, '"rows"', " (did you mean 'row'?)" },
            { { "x", "--paging=rows" }, '"rows"', " (did you mean 'row'?)" },
            { { "--paging", "zzzz", "y" }, '"zzzz"', "" },
            { { "--paging=a=b" }, '"a=b"', "" },
            { { "--pag", "--paging", "zzzz" }, '"zzzz"', "" },
        } do
            assert.equal(said:format(case[2], case[3]), spelling.usage(CHOICE, case[1]))
        end
        assert.equal("-f is \"xyz\", expected a or b", spelling.usage(
            "argument for option '-f' must be one of 'a', 'b'", { "-fxyz" }))
        assert.equal('-f is "x", expected a', spelling.usage(
            "argument for option '-f' must be one of 'a'", { "-f", "x" }))
    end)

    it("is told as it is where the value is not found, or none is wrong", function()
        assert.equal(CHOICE, spelling.usage(CHOICE, {}))
        assert.equal(CHOICE, spelling.usage(CHOICE, { "page" }))
        assert.equal(CHOICE, spelling.usage(CHOICE, { "--paging" }))
        assert.equal(CHOICE, spelling.usage(CHOICE, { "--paging", "row" }))
        assert.equal("unknown option '--pagng'. Did you mean '--paging'?",
            spelling.usage("unknown option '--pagng'\nDid you mean '--paging'?", { "--pagng" }))
    end)

    it("with a command of another tool, or the second word of one here, is told the one that is meant", function()
        for word, meant in pairs { list = "records", ls = "records", get = "records", show = "records",
            ["sync-records"] = "records", status = "health", verdicts = "health", pull = "history pull",
            prune = "history prune", migrate = "history migrate", ack = "alerts ack", silence = "alerts silence",
            unsilence = "alerts unsilence", drain = "fleet drain", explain = "fleet explain",
            metrics = "report -o prometheus" } do
            assert.equal(("unknown command '%s'. Did you mean '%s'?"):format(word, meant),
                spelling.usage(("unknown command '%s'"):format(word), { word }))
        end
        assert.equal("unknown command 'helth'. Did you mean 'health'?",
            spelling.usage("unknown command 'helth'\nDid you mean 'health'?", { "helth" }))
    end)

    it("with a length of time below nothing says how that is written", function()
        for _, case in ipairs { { "-1h", "1h" }, { "-30m", "30m" } } do
            local message = ("'%s' is taken for an option: write '%s', which means that long ago"):format(case[1],
                case[2])
            assert.equal(message, spelling.usage("unknown option '-" .. case[2]:sub(1, 1) .. "'",
                { "records", "-x", case[1], "-9d" }))
        end
        assert.equal("unknown option '-1'", spelling.usage("unknown option '-1'", { "x1", "1-1" }))
        assert.equal("unknown option '-x'", spelling.usage("unknown option '-x'", { "-1h", "-x" }))
    end)
end)

describe("an error about an option", function()
    local function message_of(name, given, said, profile)
        local err = errors.new { kind = "config", option = name, message = (name or "page_size") .. " is 0" }
        assert.equal(err, spelling.option(err, given, said, profile))
        return err.message
    end

    it("names it where it was given", function()
        assert.equal("--page-size is 0", message_of("page_size", { page_size = 0 }, {}))
        assert.equal("--page-size is 0", message_of("page_size", { page_size = false }, {}))
        assert.equal("profiles.prod.page_size is 0", message_of("page_size", { page_size = 0 }, { page_size = true },
            "prod"))
        assert.equal("page_size is 0", message_of("page_size", {}, {}))
        assert.equal("client_key is 0", message_of("client_key", { client_key = "x" }, {}))
        assert.equal("page_size is 0", message_of(nil, { page_size = 0 }, { page_size = true }, "prod"))
    end)
end)
