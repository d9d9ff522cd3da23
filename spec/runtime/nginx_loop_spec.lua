local loops = require "dwsync.runtime.nginx_loop"

describe("the transfers of nginx's event loop", function()
    local own_ngx, own_semaphore, driver

    before_each(function()
        own_ngx, own_semaphore = rawget(_G, "ngx"), package.loaded["ngx.semaphore"]
        rawset(_G, "ngx", { WARN = 5, log = function() end, sleep = coroutine.yield,
            timer = { at = function(_, action, ...)
                local arguments, count = { ... }, select("#", ...)
                driver = coroutine.wrap(function() action(false, (table.unpack or unpack)(arguments, 1, count)) end)
                return true
            end } })
    end)
    after_each(function()
        rawset(_G, "ngx", own_ngx)
        package.loaded["ngx.semaphore"] = own_semaphore
    end)

    it("have their answer where it came at the moment in which the wait for it was over", function()
        package.loaded["ngx.semaphore"] = { new = function()
            local made, posted = {}, false
            function made.wait()
                while not posted do
                    driver()
                end
                return nil, "timeout"
            end
            function made.post() posted = true end
            function made.count() return -1 end
            return made
        end }
        local response, failure, reason = loops.of(1):perform({ method = "GET", url = "http://127.0.0.1:1/",
            timeout = 5 }, 0)
        assert.is_nil(response)
        assert.is_nil(reason)
        assert.equal("network", failure.kind)
    end)
end)
