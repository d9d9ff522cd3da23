local reason_list = require "dwsync.report.verdicts.reason_list"

local function rendered(reasons)
    return tostring(reason_list.render(reasons, "h4"))
end

local TIMES = '<time datetime="1970-01-01T00:00:00Z">1970-01-01 00:00:00Z</time> to '
    .. '<time datetime="1970-01-01T00:00:01Z">1970-01-01 00:00:01Z</time></p></div></li>'

describe("the reasons of failures on a page", function()
    it("are a list below its heading, and nothing where there are none", function()
        assert.equal("", rendered {})
        assert.equal('<h4>Failure reasons</h4><ol class="reasons"><li><span class="times">3 ×</span><div>'
            .. '<p class="small">The directory says:</p><code class="sample">no</code>'
            .. '<p class="advice"><span class="label">Cause: </span><bdi>Why</bdi></p>'
            .. '<p class="advice"><span class="label">Next: </span><bdi>Do.</bdi></p>'
            .. '<p class="small">other, ' .. TIMES .. '<li><span class="times">1 ×</span><div>'
            .. '<code class="sample">t</code><p class="small">' .. ("c"):rep(39) .. "…, " .. TIMES .. "</ol>",
            rendered { { count = 3, speaker = "directory", sample = "no", template = "t", cause = "why",
                next_step = "do.", class = "other", first_seen = 0, last_seen = 1000 },
                { count = 1, template = "t", class = ("c"):rep(50), first_seen = 0, last_seen = 1000 } })
    end)

    it("are eight at most", function()
        local reasons = {}
        for i = 1, 8 do
            reasons[i] = { count = i }
        end
        assert.is_truthy(rendered(reasons):find("8 ×", 1, true))
        assert.is_nil(rendered(reasons):find("further", 1, true))
        reasons[9] = { count = 9 }
        assert.is_truthy(rendered(reasons):find('</ol><p class="fine">1 further reasons are left out here.</p>$'))
        assert.is_nil(rendered(reasons):find("9 ×", 1, true))
    end)
end)
