--- What the plugin of Kong uses of Kong's PDK, doing what Kong documents of it.
-- It must not know dwsync.
-- luacheck: globals ngx
local cjson = require "cjson"

local M = {}

function M.new()
    return {
        response = {
            set_header = function(name, value)
                ngx.header[name] = value
            end,
            exit = function(status, body, headers)
                for name, value in pairs(headers or {}) do
                    ngx.header[name] = value
                end
                ngx.status = status
                ngx.header["Content-Type"] = "application/json; charset=utf-8"
                ngx.print(cjson.encode(body))
                return ngx.exit(status)
            end,
        },
        service = {
            request = {
                set_header = function(name, value)
                    ngx.req.set_header(name, value)
                end,
            },
        },
    }
end

return M
