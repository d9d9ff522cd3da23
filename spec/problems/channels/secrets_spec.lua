local checks = require "dwsync.checks"
local secrets = require "dwsync.problems.channels.secrets"

describe("a secret of a channel", function()
    it("is declared by where it is, in one way", function()
        for _, source in ipairs { { file = "/x" }, { env = "_A1" } } do
            assert.same(source, checks.value(secrets.OPTIONAL, source, "key"))
        end
        local EXPECTED = 'write { file = "…" } or { env = "NAME" }'
        for _, case in ipairs {
            { "SEC1", "key is the secret itself: " .. EXPECTED },
            { "https://x", "ops.url is the address itself, which is a secret: " .. EXPECTED, "ops.url" },
            { 7, 'key is a number, expected { file = "…" } or { env = "NAME" }' },
            { {}, "key needs either file or env" }, { { file = "/x", env = "A" }, "key needs either file or env" },
            { { path = "/x" }, "unknown field 'key.path'. The fields are env, file." },
            { { file = "" }, 'key.file is "", expected a non-empty text without line breaks' },
            { { env = "https://hidden" }, "key.env is not the name of a variable" },
            { { env = "1A" }, "key.env is not the name of a variable" },
        } do
            assert.same({ nil, case[2] }, { checks.value(secrets.OPTIONAL, case[1], case[3] or "key") })
        end
    end)

    it("may have to be there", function()
        assert.same({}, checks.values({ key = secrets.OPTIONAL }, {}))
        assert.equal('key is missing, expected { file = "…" } or { env = "NAME" }',
            select(2, checks.values({ key = secrets.REQUIRED }, {})).message)
        assert.same({ true, true, false }, { secrets.is_secret(secrets.REQUIRED), secrets.is_secret(secrets.OPTIONAL),
            secrets.is_secret { kind = "string" } })
    end)

    it("is one line of a file or a variable, and what is wrong with it does not show it", function()
        local files = { ["/good"] = " s3cret\n", ["/empty"] = " \n" }
        local variables = { GOOD = "\ts3cret ", EMPTY = " " }
        for _, case in ipairs {
            { { file = "/good" }, { "s3cret" } }, { { env = "GOOD" }, { "s3cret" } },
            { { env = "EMPTY" }, { nil, "the variable EMPTY is not set", "Set it to the channel's key." } },
            { { env = "NONE" }, { nil, "the variable NONE is not set", "Set it to the channel's key." } },
            { { file = "/empty" }, { nil, "/empty is empty", "Write the channel's key into it." } },
            { { file = "/none" }, { nil, "cannot read /none: no such file",
                "Write the channel's key into this file, and let only its owner read it." } },
            { { file = "https://hidden" }, { nil, "it is given the key itself, which is a secret, in place of a file",
                "Write the key into a file that only its owner can read, and give its name." } },
        } do
            assert.same(case[2], { secrets.read("key", case[1], function(path)
                return files[path], "no such file"
            end, function(name) return variables[name] end) })
        end
        assert.equal("the variable GOOD", secrets.place { env = "GOOD" })
        assert.equal("/good", secrets.place { file = "/good" })
    end)
end)
