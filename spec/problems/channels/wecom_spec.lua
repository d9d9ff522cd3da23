local example = require "spec.problems.channels.example"
local json = require "dwsync.json"
local wecom = require "dwsync.problems.channels.wecom"

describe("a message for WeCom", function()
    it("is Markdown in which nobody is mentioned", function()
        local body = json.decode(wecom.render(example.message { message = "<@all> 目录 [x](http://evil.example)" }))
        assert.equal("markdown", body.msgtype)
        assert.matches("^%*%*CRITICAL: 仓库: mass delete%*%*\n", body.markdown.content)
        assert.is_nil(body.markdown.content:find "<@")
        assert.is_nil(body.markdown.content:find("](", 1, true))
    end)

    it("has at most 4096 bytes of content, also in Chinese", function()
        local message = example.message { message = ("目录"):rep(500), advice = ("研发"):rep(500) }
        for i = 1, 500 do
            message.facts[i] = { "问题", "仓库" .. i }
        end
        local content = json.decode(wecom.render(message)).markdown.content
        assert.is_true(#content <= 4096 and #content > 3900)
        assert.matches("\n… and %d+ more$", content)
    end)
end)
