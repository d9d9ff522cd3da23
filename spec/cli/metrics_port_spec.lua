local checks = require "dwsync.checks"
local metrics_port = require "dwsync.cli.metrics_port"
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"
local uv = require "luv"

-- What the port answers to bytes, while only luv's loop is turned.
local function ask(port, request)
    local socket, answer, done = uv.new_tcp(), "", false
    assert(socket:connect(port.host or "127.0.0.1", port.port, function(err)
        assert(not err, err)
        socket:write(request)
        socket:read_start(function(_, chunk)
            answer, done = answer .. (chunk or ""), chunk == nil
        end)
    end))
    patience.wait_until(function()
        uv.run "nowait"
        return done
    end, function() return "an answer to end, but: " .. answer end)
    socket:close()
    uv.run "nowait"
    return answer
end

describe("the port for metrics", function()
    local port
    before_each(function()
        port = assert(metrics_port.listen({ host = "127.0.0.1", port = 0 }, function() return "a 1\n" end))
    end)
    after_each(function()
        port:close()
        uv.run "nowait"
    end)

    it("answers with what is rendered then", function()
        local answer = ask(port, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert.equal("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
            .. "Content-Length: 4\r\nConnection: close\r\n\r\na 1\n", answer)
        assert.equal(answer, ask(port, "GET / HTTP/1.0\r\n\r\n"))
        assert.matches("Content%-Length: 4\r\nConnection: close\r\n\r\n$", ask(port, "HEAD /metrics HTTP/1.1\r\n\r\n"))
    end)

    it("refuses everything else", function()
        for request, status in pairs { ["GET /other HTTP/1.1"] = "404 Not Found",
            ["GET /metricsx HTTP/1.1"] = "404 Not Found", ["POST /metrics HTTP/1.1"] = "405 Method Not Allowed",
            nonsense = "400 Bad Request", ["GET /metrics HTTP/2.0"] = "400 Bad Request" } do
            assert.matches(("^HTTP/1.1 %s\r\nContent%%-Type: text/plain[^\r]*\r\nContent%%-Length: 0\r\n"
                .. "Connection: close\r\n\r\n$"):format(status), ask(port, request .. "\r\n\r\n"))
        end
        assert.matches("^HTTP/1.1 200 ", ask(port, "GET /metrics?a=b HTTP/1.1\r\n\r\n"))
    end)

    it("reads so many bytes of a request, and answers nothing to more", function()
        local begun, rest = "GET / HTTP/1.1\r\nA: ", "\r\n\r\n"
        local blanks = ("x"):rep(8192 - #begun - #rest)
        assert.matches("^HTTP/1.1 200 ", ask(port, begun .. blanks .. rest))
        assert.equal("", ask(port, begun .. blanks .. "x" .. rest))
        assert.equal("", ask(port, ("x"):rep(9000)))
    end)

    it("answers nobody who calls it by a name of their own, as a page in a browser does", function()
        for _, host in ipairs { "127.0.0.1:9187", "127.0.0.2", "[::1]:9187", "LOCALHOST:9187" } do
            assert.matches("^HTTP/1.1 200 ", ask(port, "GET /metrics HTTP/1.1\r\nHOST:" .. host .. " \r\n\r\n"))
        end
        for _, host in ipairs { "evil.example:9187", "127.0.0.1.evil.example", "localhost.evil.example", "evil" } do
            local answer = ask(port, ("GET /metrics HTTP/1.1\r\nA: b\r\nHost: %s\r\n\r\n"):format(host))
            assert.matches("^HTTP/1.1 403 .*\r\n\r\nHost must be an address or localhost\n$", answer)
        end
    end)

    it("lives on when somebody hangs up before the answer", function()
        local output, status = processes.run_lua [[
            local uv = require "luv"
            local client, ended = uv.new_tcp(), false
            local port = assert(require "dwsync.cli.metrics_port".listen({ host = "127.0.0.1", port = 0 }, function()
                client:close()
                return ("x"):rep(2e7)
            end))
            client:connect("127.0.0.1", port.port, function() client:write "GET /metrics HTTP/1.1\r\n\r\n" end)
            repeat
                uv.run "once"
            until client:is_closing() and port.count == 0
            port:close()
            uv.run()
            io.write "lives"
        ]]
        assert.same({ "lives", 0 }, { output, status })
    end)

    it("takes only so many connections at once, and others when those have gone", function()
        local idle = {}
        for i = 1, 16 do
            idle[i] = uv.new_tcp()
            idle[i]:connect("127.0.0.1", port.port, function() end)
        end
        patience.wait_until(function()
            uv.run "nowait"
            return port.count == 16
        end, function() return "16 connections, but there are " .. port.count end)
        assert.equal("", ask(port, "GET /metrics HTTP/1.1\r\n\r\n"))
        for _, socket in ipairs(idle) do
            socket:close()
        end
        patience.wait_until(function()
            uv.run "nowait"
            return port.count == 0
        end, function() return "no connection, but there are " .. port.count end)
        assert.matches("^HTTP/1.1 200 ", ask(port, "GET /metrics HTTP/1.1\r\n\r\n"))
    end)

    it("gives up answers under way when it closes", function()
        local other = assert(metrics_port.listen({ host = "127.0.0.1", port = 0 }, function() return "" end))
        local socket, is_over = uv.new_tcp(), false
        socket:connect("127.0.0.1", other.port, function()
            socket:read_start(function(_, chunk) is_over = chunk == nil end)
        end)
        patience.wait_until(function()
            uv.run "nowait"
            return other.count == 1
        end, function() return "a connection" end)
        other:close()
        assert.equal(0, other.count)
        patience.wait_until(function()
            uv.run "nowait"
            return is_over
        end, function() return "the connection to end" end)
        socket:close()
        uv.run "nowait"
    end)

    it("says why it cannot listen", function()
        local second, reason = metrics_port.listen({ host = "127.0.0.1", port = port.port }, function() end)
        assert.is_nil(second)
        assert.equal("address already in use", reason)
    end)

    it("lets a program end that could not listen, or listens no more", function()
        for _, given in ipairs { port.port, 0 } do
            local out, status = processes.run_lua(([[
                local port = require "dwsync.cli.metrics_port".listen({ host = "127.0.0.1", port = %d }, print)
                if port then
                    port:close()
                end
                print "done"
                os.exit(2, true)]]):format(given))
            assert.same({ "done\n", 2 }, { out, status })
        end
    end)

    it("takes addresses of this machine alone", function()
        local function read(value)
            return checks.from_text(metrics_port.ADDRESS, value, "--metrics")
        end
        for value, expected in pairs { ["9187"] = { host = "127.0.0.1", port = 9187 },
            ["127.0.0.2:1"] = { host = "127.0.0.2", port = 1 }, ["[::1]:80"] = { host = "::1", port = 80 },
            ["localhost:0"] = { host = "127.0.0.1", port = 0 }, ["65535"] = { host = "127.0.0.1", port = 65535 },
            ["127.255.0.10:65535"] = { host = "127.255.0.10", port = 65535 } } do
            assert.same(expected, read(value))
        end
        for _, value in ipairs { "0.0.0.0:9187", "db1:9187", "[::]:80", "127.0.0.1", "127.0.0.1:65536", "65536",
            "127.0.0:1", "1127.0.0.1:1", "127.0.0.1.1:1", "" } do
            local got, reason = read(value)
            assert.is_nil(got, value)
            assert.matches("expected PORT, 127.0.0.1:PORT or [::1]:PORT", reason, 1, true)
        end
    end)
end)
