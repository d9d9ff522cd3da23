-- config.lua: a configuration file: ~/.config/dwsync/config.lua, DWSYNC_CONFIG, or --config FILE.
-- It is one table of data: names for clusters, thresholds, where to ask. Secrets do not belong here:
-- docs/credentials.md says where.
-- These ids are the emulator's; write your own: dwsync clusters -o tsv --columns name,id
return {
    profile = "production",
    profiles = {
        production = { region = "cn-north-4", timeout = 60 }, -- the emulator's environment beats it
    },
    clusters = {
        healthy = "db908702-1e87-4a8c-9282-b7807f504ace",
        failing = "29ceb187-c13d-4ca0-921f-efce386289de",
        ["mass-delete"] = "068d0464-ca15-442c-bd31-a928090da0c3",
        stuck = "8c692c68-0f9d-431b-bea3-33b529a333f1",
        partial = "7af15408-bbdf-49a3-8a69-6807a2ce8b4a",
        ["two-sources"] = "0f155a89-262e-412c-adab-8394a4a813a4",
        never = "3f03b86c-3707-49e9-a7b0-5592c5c8b9e8",
        ["feature-off"] = "c0a713ba-d8a8-4557-b102-c4b81fd9dfe5",
        large = "d5504dd2-46da-4901-9000-0c6a3832c78e",
    },
    thresholds = { -- the same for every command and runbook; `dwsync replay` shows what others would have done
        stale = { warning = "6h", critical = "12h" },
        failing = { warning = 2, critical = 4 },
        mass_delete = { warning = 20, critical = 50 }, -- accounts in a day, however many there are
    },
}
