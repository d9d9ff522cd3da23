--- Prometheus as a witness: promtool on texts, and a server of its own for a spec, with its own data and port.
-- It must not touch an installed Prometheus, nor leave one behind.
local cjson = require "cjson"
local core = require "dwsync.core"
local patience = require "spec.support.patience"
local ports = require "spec.support.ports"
local processes = require "spec.support.processes"
local uv = require "luv"

local M = {}

local quoted = processes.quoted

local function write(path, text)
    local file = assert(io.open(path, "wb"))
    assert(file:write(text))
    file:close()
end

local function make_directory()
    return assert(uv.fs_mkdtemp((os.getenv "TMPDIR" or "/tmp") .. "/dwsync-prometheus-XXXXXX"))
end

local function remove_directory(path)
    assert(select(2, processes.run("rm -rf -- " .. quoted(path))) == 0)
end

--- Runs promtool in a directory with files.
-- @tparam string command "check rules rules.yml"
-- @tparam table files texts by name
-- @treturn string what it printed @treturn integer exit status
function M.promtool(command, files)
    local directory = make_directory()
    for name, text in pairs(files) do
        write(directory .. "/" .. name, text)
    end
    local output, status = processes.run(("cd %s && promtool %s 2>&1"):format(quoted(directory), command))
    remove_directory(directory)
    return output, status
end

local Server = {}
Server.__index = Server

-- setpriv: it ends with this process, whatever becomes of that.
local COMMAND = "exec setpriv --pdeathsig KILL prometheus --config.file=%s/prometheus.yml --storage.tsdb.path=%s/data "
    .. "--web.listen-address=127.0.0.1:%d --log.level=info 2>&1"

--- Starts one and waits until it answers.
-- @tparam string configuration @tparam table files texts by name, beside it
-- @treturn table
function M.start(configuration, files)
    local directory = make_directory()
    for name, text in pairs(files) do
        write(directory .. "/" .. name, text)
    end
    write(directory .. "/prometheus.yml", configuration)
    local held, release = ports.hold(1)
    local path = quoted(directory)
    local started, child = pcall(processes.start, "/bin/sh", { "-c", COMMAND:format(path, path, held[1]) },
        "Server is ready to receive web requests")
    release()
    if not started then
        remove_directory(directory)
        error(child, 0)
    end
    return setmetatable({ child = child, directory = directory, url = "http://127.0.0.1:" .. held[1],
        pool = core.pool { timeout = patience.seconds } }, Server)
end

--- Ends it and removes its files. Safe twice.
function Server:stop()
    if self.directory then
        self.pool:close()
        local ended, reason = pcall(self.child.stop, self.child, "sigterm")
        remove_directory(self.directory)
        self.directory = nil
        assert(ended, reason)
    end
end

local function encode(text)
    return (text:gsub("[^%w]", function(character) return ("%%%02X"):format(character:byte()) end))
end

--- Asks its API.
-- @tparam string path "query" @tparam[opt] table parameters
-- @treturn table `status`, `data`, `error`
function Server:ask(path, parameters)
    local pairs_of = {}
    for name, value in pairs(parameters or {}) do
        pairs_of[#pairs_of + 1] = name .. "=" .. encode(value)
    end
    assert(self.pool:submit(true, { method = "GET", url = ("%s/api/v1/%s?%s"):format(self.url, path,
        table.concat(pairs_of, "&")) }))
    local _, response, err = self.pool:next()
    assert(response, err and err.message)
    return cjson.decode(response.body)
end

--- The series that an expression gives now. @tparam string expression @treturn {table,...} `metric`, `value`
function Server:query(expression)
    local answer = self:ask("query", { query = expression })
    assert(answer.status == "success", answer.error)
    return answer.data.result
end

--- The alerts that fire, by "NAME severity cluster". @treturn table
function Server:firing()
    local names = {}
    for _, alert in ipairs(self:ask("alerts").data.alerts) do
        if alert.state == "firing" then
            local labels = alert.labels
            names[("%s %s %s"):format(labels.alertname, labels.severity, labels.cluster or "")] = alert
        end
    end
    return names
end

return M
