--- The options of the plugin for a route, a service or all of Kong.
local typedefs = require "kong.db.schema.typedefs"

return {
    name = "dwsync",
    fields = {
        { protocols = typedefs.protocols_http },
        { config = {
            type = "record",
            fields = {
                { max_age = { description = 'How old the last success may be: "90m", "6h", "2d".', type = "string",
                    required = true, match = "^[1-9]%d?%d?%d?[smhdw]$" } },
                { cluster = { description = "A name or an id; by default all clusters count.", type = "string",
                    len_max = 200 } },
                { source = { description = "An id or a type; by default all sources count.", type = "string" } },
                { deny = { description = "false lets all requests through: only the header X-Dwsync-Stale says it.",
                    type = "boolean", required = true, default = true } },
            },
        } },
    },
}
