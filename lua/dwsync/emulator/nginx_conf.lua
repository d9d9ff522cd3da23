--- The text of nginx's configuration for one run.
-- File names are relative: nginx resolves them against its prefix, the run's private directory, so that no path of the
-- machine needs quoting except the Lua search path.
-- @module dwsync.emulator.nginx_conf
local M = {}

local HEAD = [[
daemon off;
master_process off;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 1024; }
http {
    access_log off;
    server_tokens off;
    default_type application/json;
    client_body_temp_path bodies;
    proxy_temp_path bodies;
    fastcgi_temp_path bodies;
    uwsgi_temp_path bodies;
    scgi_temp_path bodies;

    # The gateway's limits: 32 KB a header, 128 KB together, bodies of 12 MB (admin bodies may be a little larger).
    # Bodies stay in memory, so nothing is left in the directory if nginx has to go at once.
    large_client_header_buffers 4 32k;
    client_max_body_size 16m;
    client_body_buffer_size 16m;
    client_body_in_single_buffer on;
    # Some SDKs sign header names with an underscore: the verifier must see them.
    underscores_in_headers on;
    keepalive_requests 1000000;
    # Makes "close without an answer" a reset, as a dying server's would be.
    reset_timedout_connection on;

    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate_key leaf.key;
    ssl_session_cache shared:tls:1m;

    lua_package_path "%s";
    lua_package_cpath "%s";
    lua_socket_log_errors off;
    init_by_lua_block { require("dwsync.emulator.gateway").setup(ngx.config.prefix()) }
    init_worker_by_lua_block { require("dwsync.emulator.gateway").watch_supervisor() }
    header_filter_by_lua_block { require("dwsync.emulator.gateway").stamp() }
    log_by_lua_block { require("dwsync.emulator.gateway").log() }
]]

local SERVER = [[
    server {
        listen 127.0.0.1:%d%s;
        server_name %s;
%s        error_page 400 413 414 494 497 /_refused;
        location = /_refused { internal; content_by_lua_block { require("dwsync.emulator.gateway").refuse() } }
        location / { content_by_lua_block { require("dwsync.emulator.gateway").%s() } }
    }
]]

-- Server name → certificate; the first is nginx's default, for clients that send no SNI or another one.
local TLS_SERVERS = {
    { "localhost", "good.pem" },
    { "expired.localhost", "expired.pem" },
    { "future.localhost", "future.pem" },
    { "wronghost.localhost", "wronghost.pem" },
    { "unknown.localhost", "unknown.pem" },
}

-- Where packages put modules for Lua 5.1. OpenResty does not look there, and brings no luaossl; what it brings comes
-- first.
local PACKAGES = { "/usr/local/share/lua/5.1/?.lua", "/usr/local/share/lua/5.1/?/init.lua", "/usr/share/lua/5.1/?.lua",
    "/usr/share/lua/5.1/?/init.lua" }
local BINARY_PACKAGES = { "/usr/local/lib/lua/5.1/?.so", "/usr/lib/x86_64-linux-gnu/lua/5.1/?.so",
    "/usr/lib/aarch64-linux-gnu/lua/5.1/?.so", "/usr/lib/lua/5.1/?.so", "/usr/lib64/lua/5.1/?.so" }

local function quoted(text)
    return (text:gsub('[\\"]', "\\%0"))
end

--- Writes nginx.conf.
-- @tparam table options
-- @tparam {string,...} options.modules dynamic modules to load, absolute paths
-- @tparam {string,...} options.lua_directories where `dwsync/` is found, absolute
-- @tparam integer options.port TLS
-- @tparam integer options.http_port the metadata service and the pod identity agent, plain
-- @tparam boolean options.root true when nginx is started by root
-- @treturn string nginx.conf
function M.text(options)
    local parts = {}
    for _, module in ipairs(options.modules) do
        parts[#parts + 1] = ('load_module "%s";\n'):format(quoted(module))
    end
    if options.root then
        -- Without this nginx would hand its directories to "nobody"; a plain user would get a warning for it.
        parts[#parts + 1] = "user root;\n"
    end
    local search = {}
    for i, directory in ipairs(options.lua_directories) do
        search[i] = ("%s/?.lua;%s/?/init.lua;"):format(directory, directory)
    end
    parts[#parts + 1] = HEAD:format(quoted(table.concat(search) .. ";;" .. table.concat(PACKAGES, ";")),
        ";;" .. table.concat(BINARY_PACKAGES, ";"))
    for _, server in ipairs(TLS_SERVERS) do
        local certificate = ("        ssl_certificate %s;\n"):format(server[2])
        parts[#parts + 1] = SERVER:format(options.port, " ssl", server[1], certificate, "serve")
    end
    parts[#parts + 1] = SERVER:format(options.http_port, "", "localhost", "", "serve_plain")
    parts[#parts + 1] = "}\n"
    return table.concat(parts)
end

return M
