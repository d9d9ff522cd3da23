--- A real SMTP server for a spec, see mail_server.py. It must not outlive the spec: it ends with its standard input.
local certificates = require "dwsync.emulator.certificates"
local core = require "dwsync.core"
local files = require "dwsync.files"
local json = require "dwsync.json"
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"

local M = {}

local PYTHON = "/usr/bin/python3" -- Debian's, which has its packages

M.user, M.password = "dwsync", "geheim 密码"

--- Calls a function with a server.
-- @tparam boolean tls whether it has STARTTLS, and takes mail only over it and after AUTH
-- @tparam function use called with a table: `port`, `ca_file`, `mails()` → the mails so far, `logins()` → how many
-- attempts there were
function M.with(tls, use)
    temporary.with_folder(function(folder)
        local args = { "spec/support/mail_server.py", folder }
        for name, pem in pairs(tls and certificates.generate(core.now()) or {}) do
            assert(files.write(folder .. "/" .. name, pem))
        end
        if tls then
            args[3], args[4] = folder .. "/good.pem", folder .. "/leaf.key"
        end
        local child = processes.start(PYTHON, args, "^(%d+)\n")
        local server = { port = tonumber(child.ready), ca_file = folder .. "/ca.pem" }
        function server.mails()
            local list = {}
            repeat
                local text = files.read(("%s/%d.json"):format(folder, #list + 1))
                list[#list + 1] = text and json.decode(text)
            until not text
            return list
        end
        function server.logins()
            return tonumber((files.read(folder .. "/logins") or "0"))
        end
        local good, reason = pcall(use, server)
        child:stop()
        if not good then
            error(reason, 0)
        end
    end)
end

return M
