--- The nginx that specs start: DWSYNC_NGINX is its path, or PATH:DIRECTORY with the directory of its modules; by
-- default the first one found.
local nginx_program = require "dwsync.emulator.nginx_program"

--- @treturn {path=string,modules={string,...}}
return function()
    local path, modules = (os.getenv "DWSYNC_NGINX" or ""):match "^([^:]*):?(.*)$"
    return assert(nginx_program.find(path ~= "" and path or nil, nil, modules ~= "" and modules or nil))
end
