std = "max"
max_line_length = 120
files["spec"] = { std = "max+busted" }
files["spec/**/*.lua"] = { std = "max+busted" }
-- What `dwsync run` gives to a runbook.
files["examples"] = { read_globals = { "client", "records", "health", "report", "history", "dwsync", "settings", "dry_run" } }
