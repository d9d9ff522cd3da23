local example = require "spec.problems.channels.example"
local robot_markdown = require "dwsync.problems.channels.robot_markdown"

describe("foreign text in a robot's Markdown", function()
    it("formats, links and mentions nothing", function()
        for text, expected in pairs {
            ["[x](http://evil.example)"] = "［x］(http:\226\128\139//evil.example)",
            ["![x](//evil)"] = "!\226\128\139［x］(//evil)",
            ["<@all> <font color=\"red\">x</font>"] = "‹@\226\128\139all› ‹font color=\"red\"›x‹/font›",
            ["# title"] = "＃ title",
            ["- item"] = "－ item",
            ["> quote"] = "› quote",
            ["**bold** *it* `code` ~~gone~~"] = "＊＊bold＊＊ ＊it＊ 'code' ～～gone～～",
            ["_it_ __bold__"] = "＿it＿ ＿＿bold＿＿",
            ["ou=a_b,cn=研_发"] = "ou=a_b,cn=研_发",
            ["@13800138000"] = "@\226\128\13913800138000",
            ["目录 ou=研发 不存在"] = "目录 ou=研发 不存在",
        } do
            assert.equal(expected, robot_markdown.plain(text))
        end
    end)

    it("stays within the bytes, whatever it is made of", function()
        for _, piece in ipairs { "研", "@x", "*", "<", "_ ", "\240\159\154\168", "e\204\129" } do
            local message = example.message { advice = "x" }
            message.title, message.message, message.advice = piece:rep(400), piece:rep(5000), piece:rep(5000)
            for i = 1, 300 do
                message.facts[i] = { "Problem", piece:rep(i) }
            end
            local text = robot_markdown.render(message, 4096, "\n")
            assert.is_true(#text <= 4096)
            assert.matches("\n… and %d+ more$", text)
            assert.is_not_nil(text:find("\n**Next:** ", 1, true))
            local left = text:gsub("[%z\1-\127]", ""):gsub("[\194-\244][\128-\191]+", "")
            assert.equal("", left)
        end
    end)

    it("has the configured link and nothing else as one", function()
        local message = example.message()
        message.link = "https://status.example/c?id=1&x=(a b)[>"
        local text = robot_markdown.render(message, 4096, "\n", "告警")
        assert.is_truthy(text:find("\n[Open](https://status.example/c?id=1&x=%28a%20b%29%5B%3E)\n告警\n", 1, true))
        assert.equal(1, select(2, text:gsub("%]%(", "")))
    end)
end)
