std = "max"
max_line_length = 120
exclude_files = { "docs/luals" } -- generated
files["lua/dwsync/nginx"] = { std = "max+ngx_lua", read_globals = { ngx = { fields = { "run_worker_thread" } } } }
files["spec"] = { std = "max+busted" }
files["spec/**/*.lua"] = { std = "max+busted" }
-- What `dwsync run` gives to a runbook.
files["examples"] = { read_globals = { "client", "records", "health", "report", "history", "dwsync", "settings", "dry_run",
    "with_history" } }
