local health = require "dwsync.nginx.serve.health"

describe("what health() says, as a table", function()
    local own_ngx
    before_each(function()
        own_ngx = rawget(_G, "ngx")
        rawset(_G, "ngx", { now = function() return 1763971200 end })
    end)
    after_each(function() rawset(_G, "ngx", own_ngx) end)

    it("is nothing before the first publication, and why", function()
        assert.same({ nil, "nobody has swept" }, { health.as_table({}, { pieces = function() end,
            why_nothing = function() return "nobody has swept" end }) })
    end)
end)
