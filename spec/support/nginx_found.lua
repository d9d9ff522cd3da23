--- The nginx that specs start: DWSYNC_NGINX is its path, or PATH:DIRECTORY with the directory of its modules; by
-- default the first one found.
local nginx_program = require "dwsync.emulator.nginx_program"

local function has_threads(path)
    local process = assert(io.popen(("'%s' -V 2>&1"):format(path)))
    local text = process:read "*a"
    process:close()
    return text:find("--with-threads", 1, true) ~= nil
end

--- @treturn {path=string,modules={string,...},threads=boolean} `threads`: whether it knows thread_pool
return function()
    local path, modules = (os.getenv "DWSYNC_NGINX" or ""):match "^([^:]*):?(.*)$"
    local program = assert(nginx_program.find(path ~= "" and path or nil, nil, modules ~= "" and modules or nil))
    program.threads = has_threads(program.path)
    return program
end
