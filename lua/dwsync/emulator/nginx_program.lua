--- Finds nginx on this machine and what its Lua module needs to be loaded.
-- It must not start anything but `nginx -V`.
-- @module dwsync.emulator.nginx_program
local uv = require "luv"

local M = {}

-- A plain user's PATH often lacks the directories where packages put nginx.
local USUAL_DIRECTORIES = "/usr/sbin:/usr/local/sbin:/usr/local/openresty/nginx/sbin:/usr/local/bin"

local INSTALL = "on Debian or Ubuntu: apt-get install nginx libnginx-mod-http-lua lua-cjson lua-luaossl; "
    .. "elsewhere install OpenResty"

local function is_program(path)
    local stat = uv.fs_stat(path)
    return stat and stat.type == "file" and uv.fs_access(path, "X")
end

local function search(directories)
    for directory in directories:gmatch "[^:]+" do
        if is_program(directory .. "/nginx") then
            return directory .. "/nginx"
        end
    end
    return nil
end

local function shell_quoted(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function build_options(path)
    local pipe, err = io.popen(shell_quoted(path) .. " -V 2>&1")
    if not pipe then
        return nil, err
    end
    local text = pipe:read "*a"
    pipe:close()
    if not text:find("nginx", 1, true) then
        return nil, text
    end
    return text
end

--- Finds the program.
-- @tparam ?string wanted path of the nginx to use; none: the first that is found
-- @tparam ?string directories where to look, joined by colons; none: PATH and the usual ones
-- @tparam ?string modules_directory where its modules are; none: where it was built to look
-- @treturn ?{path=string,modules={string,...}} the program and the modules to load, in order
-- @treturn ?string what is missing and what to install
function M.find(wanted, directories, modules_directory)
    local path = wanted or search(directories or (os.getenv "PATH" or "") .. ":" .. USUAL_DIRECTORIES)
    if not path then
        return nil, "nginx is not installed (" .. INSTALL .. ")"
    end
    if not is_program(path) then
        return nil, path .. " is not a program that can be run"
    end

    local options, err = build_options(path)
    if not options then
        return nil, ("%s -V failed: %s"):format(path, err)
    end
    -- OpenResty and the like have the Lua module built in.
    if options:find("ngx_lua", 1, true) or options:find("lua-nginx-module", 1, true) then
        return { path = path, modules = {} }
    end

    local prefix = options:match "%-%-prefix=(%S+)" or "/usr/local/nginx"
    local directory = modules_directory or options:match "%-%-modules%-path=(%S+)" or prefix .. "/modules"
    local modules = { directory .. "/ndk_http_module.so", directory .. "/ngx_http_lua_module.so" }
    for _, module in ipairs(modules) do
        if not uv.fs_stat(module) then
            return nil, ("nginx lacks its Lua module, %s (%s)"):format(module, INSTALL)
        end
    end
    return { path = path, modules = modules }
end

return M
