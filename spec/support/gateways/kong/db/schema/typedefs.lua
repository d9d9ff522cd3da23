--- The type definitions of Kong's schemas that the plugin names.
return {
    protocols_http = { type = "set", required = true, default = { "grpc", "grpcs", "http", "https" } },
}
