--- The mistakes of a first hour, made with the real program: each message says what happened, to what, and what to do
-- next, in the words of who typed it. What is sent goes to an emulator.
local emulators = require "spec.support.emulator"
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local RECORDS = { "records", "dws-healthy", "--limit", "1" }
local NAMES = "dws-failing, dws-feature-off, dws-healthy, dws-large, dws-mass-delete, dws-never, dws-partial, "
    .. "dws-stuck, dws-two-sources"

-- Each: what was done; the arguments; the exit status; the message without "dwsync: ", a part of it where the rest
-- differs from run to run; and beside them: `files` by name, `variables`, `after` the command (redirections).
-- @endpoint@ and @folder@ stand for what they say.
local MISTAKES = {
    -- ---- the command line ----
    { "no command", {}, 2, "a command is required\n        See dwsync --help, or dwsync COMMAND --help.\n" },
    { "an unknown command", { "recods", "dws-healthy" }, 2, "unknown command 'recods'. Did you mean 'records'?\n" },
    { "a command of another tool", { "list" }, 2, "unknown command 'list'. Did you mean 'records'?\n" },
    { "the second word of a command", { "pull", "dws-healthy" }, 2,
        "unknown command 'pull'. Did you mean 'history pull'?\n" },
    { "help about an unknown command", { "help", "recods" }, 2,
        "unknown command 'recods'. Did you mean 'records'?\n" },
    { "a wrong flag", { "records", "dws-healthy", "--sinse", "7d" }, 2,
        "unknown option '--sinse'. Did you mean '--since'?\n        See dwsync records --help.\n" },
    { "a format that does not exist", { "records", "dws-healthy", "-o", "exel" }, 2,
        '-o is "exel", expected one of table, csv, tsv, json, ndjson, markdown, html\n' },
    { "no cluster", { "records" }, 2, "missing argument 'cluster' (or --all-clusters, or --input FILE)\n" },
    { "all clusters and one", { "records", "dws-healthy", "--all-clusters" }, 2,
        "--all-clusters and a cluster cannot be combined\n" },
    { "--limit 0", { "records", "dws-healthy", "--limit", "0" }, 2, "--limit is 0, expected an integer above 0\n" },
    { "--limit in words", { "records", "dws-healthy", "--limit", "five" }, 2,
        '--limit is "five", expected an integer above 0\n' },
    { "a status that does not exist", { "records", "dws-healthy", "--status", "FAIL" }, 2,
        '--status is "FAIL", expected FINISHED, FAILED or RUNNING, separated by commas (did you mean \'FAILED\'?)' },
    { "a column that does not exist", { "records", "dws-healthy", "--columns", "reson" }, 2,
        "--columns: unknown column 'reson'\n        The columns are add_count, cluster, " },
    { "hours without their unit", { "wait", "dws-healthy", "--fresh", "6" }, 2,
        '--fresh is 6, expected a length of time above 0 with its unit: "90m", "6h", "2d"\n' },
    { "a time limit in words", { "wait", "dws-healthy", "--timeout", "6 hours" }, 2, "; did you mean 6h?\n" },
    { "a mistyped rule", { "health", "dws-healthy", "--set", "stal.warning=6h" }, 2,
        "config: --set: unknown rule 'stal'.\n        Did you mean 'stale'? The rules are churn, " },
    { "a threshold without a value", { "health", "dws-healthy", "--set", "stale.warning" }, 2,
        '--set is "stale.warning", expected rule.option=value, such as stale.warning=6h, rule=off, '
            .. 'or disabled=warning\n' },
    { "thresholds that contradict each other",
        { "health", "dws-healthy", "--set", "stale.warning=9d", "--set", "stale.critical=1h" }, 2,
        "config: --set: stale.warning (9 d) is above stale.critical (1 h).\n" },

    -- ---- points in time ----
    { "since a number", { "records", "dws-healthy", "--since", "7" }, 2, "; 7 what? 7m, 7h, 7d\n" },
    { "since 7D", { "records", "dws-healthy", "--since", "7D" }, 2, '--since is "7D", expected 90m, 24h, 7d, ' },
    { "since 7 days", { "records", "dws-healthy", "--since", "7 days" }, 2, "; did you mean 7d?\n" },
    { "since a length below zero", { "records", "dws-healthy", "--since", "-7d" }, 2,
        "'-7d' is taken for an option: write '7d', which means that long ago\n" },
    { "since a day that does not exist", { "records", "dws-healthy", "--since", "2025-02-30" }, 2,
        "; that day does not exist\n" },
    { "since a date with the day first", { "records", "dws-healthy", "--since", "19-05-2025" }, 2,
        "; did you mean 2025-05-19?\n" },
    { "since words", { "records", "dws-healthy", "--since", "last week" }, 2, '--since is "last week", '
        .. "expected 90m, 24h, 7d, yesterday, 2025-05-19, 2025-05-19T06:55:23Z or milliseconds\n" },
    { "since after until", { "records", "dws-healthy", "--since", "2025-06-01", "--until", "2025-05-01" }, 2,
        "--since must be before --until\n" },

    -- ---- clusters ----
    { "a mistyped name", { "records", "dws-helthy" }, 2, "config: unknown cluster 'dws-helthy', looked for at the "
        .. "service (did you mean 'dws-healthy'?).\n        The clusters are " .. NAMES .. ".\n" },
    { "a pattern that matches nothing", { "records", "prod-*" }, 2,
        "config: no cluster matches 'prod-*' at the service.\n        The clusters are " .. NAMES .. ".\n" },
    { "a wrong id", { "records", "00000000-0000-4000-8000-000000000000" }, 1,
        "not_found: ListSyncRecords of cluster 00000000-0000-4000-8000-000000000000: " },
    { "two clusters of one name", { "records", "dws-stuck" }, 2, "config: 2 clusters are called 'dws-stuck' at the "
        .. "service: dws-stuck (", renamed = { never = "dws-stuck" } },
    { "everything excluded", { "records", "--all-clusters", "--exclude", "dws-*" }, 2,
        "config: all clusters that were named are excluded, too.\n" },

    -- ---- files ----
    { "a missing file of records", { "records", "--input", "@folder@/none" }, 2, "config: @folder@/none: No such file "
        .. "or directory.\n        Check the path; --input - reads standard input.\n" },
    { "a folder for a file of records", { "records", "--input", "@folder@" }, 2,
        "config: @folder@: Is a directory.\n" },
    { "a report into a missing folder", { "report", "dws-healthy", "--file", "@folder@/none/x.html" }, 1,
        "cannot write @folder@/none/x.html: no such file or directory\n" },
    { "a folder for a report", { "report", "dws-healthy", "-o", "html", "--file", "@folder@" }, 1,
        "cannot write @folder@: not a regular file\n" },
    { "a report without a name", { "report", "dws-healthy", "--file", "" }, 2,
        '--file is "", expected a non-empty text without line breaks\n' },
    { "no history yet", { "history", "list", "dws-healthy" }, 2, "config: there is no history at "
        .. "@folder@/.local/share/dwsync/history.sqlite.\n        Check the path or URL; dwsync history pull, "
        .. "notify and collect make a history.\n" },
    { "a history in a missing folder",
        { "history", "pull", "dws-healthy", "--history", "@folder@/none/h.sqlite" }, 1,
        "storage: the history @folder@/none/h.sqlite: cannot be created: no such file or directory.\n"
        .. "        Create the folder first: dwsync creates only the file.\n" },
    { "a folder for a history", { "history", "pull", "dws-healthy", "--history", "@folder@" }, 1,
        "storage: the history @folder@: is a folder.\n        Name a file in it.\n" },
    { "no HOME", { "history", "list", "dws-healthy" }, 2, "config: no directory for the history: HOME is not set.\n"
        .. "        Name a file or a postgres:// URL with --history.\n", variables = { "-u HOME" } },
    { "a closed standard output", RECORDS, 1, "cannot write the output: Bad file descriptor\n", after = ">&-" },
    { "a full disk", RECORDS, 1, "cannot write the output: No space left on device\n", after = ">/dev/full" },

    -- ---- the configuration file and scripts ----
    { "a configuration file that is not there", { "clusters", "--config", "@folder@/none.lua" }, 2,
        "config: configuration file @folder@/none.lua: No such file or directory.\n" },
    { "a broken configuration file", { "clusters", "--config", "@folder@/c.lua" }, 2, "c.lua:2: unexpected symbol",
        files = { ["c.lua"] = 'return { region = "cn-north-4",\n' } },
    { "a configuration file that returns a number", { "clusters", "--config", "@folder@/c.lua" }, 2,
        "c.lua returns a number, not a table.\n", files = { ["c.lua"] = "return 42" } },
    { "keys in a configuration file", { "clusters", "--config", "@folder@/c.lua" }, 2,
        "c.lua: sk is a secret, and secrets do not belong in this file.\n",
        files = { ["c.lua"] = 'return { sk = "not-to-be-shown" }' } },
    { "keys beside the credentials of a profile", { "clusters", "--config", "@folder@/c.lua" }, 2,
        "c.lua: profiles.main.ak is a secret, and secrets do not belong in this file.\n",
        files = { ["c.lua"] = 'return { profiles = { main = { ak = "not-to-be-shown" } } }' } },
    { "keys in a profile", { "clusters", "--config", "@folder@/c.lua" }, 2,
        "c.lua: profiles.main.credentials.sk is a secret, and secrets do not belong in this file.\n",
        files = { ["c.lua"] = 'return { profiles = { main = { credentials = { sk = "not-to-be-shown" } } } }' } },
    { "options of a profile beside the profiles", { "clusters", "--config", "@folder@/c.lua" }, 2,
        "c.lua: 'region' belongs in a profile.\n"
        .. '        Write profile = "main", profiles = { main = { region = … } }.\n',
        files = { ["c.lua"] = 'return { region = "cn-north-4" }' } },
    { "a mistyped key", { "clusters", "--config", "@folder@/c.lua" }, 2,
        "c.lua: unknown key 'cluster'.\n        Did you mean 'clusters'? The keys are ",
        files = { ["c.lua"] = "return { cluster = {} }" } },
    { "a profile without a file", { "clusters", "--profile", "prod" }, 2,
        "config: no configuration file to look for the profile 'prod' in.\n        Write "
        .. "@folder@/.config/dwsync/config.lua, or name the file with --config.\n" },
    { "a script that is not there", { "run", "@folder@/none.lua" }, 2,
        "cannot read @folder@/none.lua: No such file or directory\n" },
    { "a script that returns nonsense", { "run", "@folder@/s.lua" }, 1, "the script returned a string, which is not an "
        .. "exit status\n        Return an integer from 0 to 255, true or false.\n",
        files = { ["s.lua"] = 'return "nonsense"' } },

    -- ---- the way to the service ----
    { "a mistyped region", { "clusters", "--region", "cn-nroth-4" }, 2,
        'config: --region "cn-nroth-4" has no built-in DWS endpoint (did you mean \'cn-north-4\'?).\n' },
    { "no region", { "clusters" }, 2, "config: region is not set.\n        Set --region (for example cn-north-4) or "
        .. "DWSYNC_REGION, or --endpoint and --project-id.\n", variables = { "-u DWSYNC_REGION" } },
    { "http for https", { "clusters", "--endpoint", "http://dws.example.com" }, 2,
        'config: --endpoint "http://dws.example.com" is plain http: credentials would travel in the clear.\n' },
    { "a CA file that is not there", { "clusters", "--ca-file", "@folder@/none.pem" }, 2,
        "config: --ca-file @folder@/none.pem: No such file or directory.\n" },
    { "a CA file without a certificate", { "clusters", "--ca-file", "@folder@/ca.pem" }, 1,
        "Name a PEM file with the CA's certificate, which begins with -----BEGIN CERTIFICATE-----: --ca-file "
        .. "(@folder@/ca.pem) has none.\n", files = { ["ca.pem"] = "nothing" } },
    { "another CA", { "clusters", "--endpoint", "@unknown@" }, 1,
        "signed this certificate: name the PEM file of the one that did.\n" },
    { "a certificate that has expired", { "clusters", "--endpoint", "@expired@" }, 1,
        "The certificate has expired, if this machine's clock (" },
    { "a certificate that is not valid yet", { "clusters", "--endpoint", "@future@" }, 1,
        "Check this machine's clock (" },
    { "a certificate for another host", { "clusters", "--endpoint", "@wronghost@" }, 1,
        "The certificate is for another host: check the endpoint's name.\n" },
    { "a clock that is a year ahead", { "clusters" }, 1, "The certificate has expired, if this machine's clock (",
        clock = "+400d" },
    { "a clock that is a year behind", { "clusters" }, 1, "Check this machine's clock (", clock = "-400d" },
    { "nobody at the endpoint", { "clusters", "--endpoint", "https://127.0.0.1:1", "--retries", "0" }, 1,
        "Check that the endpoint's address and port can be reached from here (firewall, proxy).\n" },

    -- ---- keys ----
    { "half a key pair", RECORDS, 2, "HUAWEICLOUD_SDK_AK is set but HUAWEICLOUD_SDK_SK is not.\n        Set both "
        .. "variables, or neither so that the next source is tried.\n", variables = { "-u HUAWEICLOUD_SDK_SK" } },
    { "no keys", RECORDS, 2, "no credentials found: environment: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK are not set",
        variables = { "-u HUAWEICLOUD_SDK_SK", "-u HUAWEICLOUD_SDK_AK" } },
    { "a wrong secret key", { "clusters" }, 1, "The secret key does not match the access key: enter the one that was "
        .. "made with it, or make a new pair in the console", variables = { "HUAWEICLOUD_SDK_SK=not-to-be-shown" } },
    { "a wrong access key", { "clusters" }, 1,
        "The access key is unknown here: deleted, mistyped, or from another site.",
        variables = { "HUAWEICLOUD_SDK_AK=WRONG" } },
    { "a wrong project id", { "clusters" }, 1, "; a project of another account or region is refused the same way.\n",
        variables = { "HUAWEICLOUD_SDK_PROJECT_ID=0123456789abcdef0123456789abcdef" } },
    { "what cannot be a project id", { "clusters" }, 2, 'config: HUAWEICLOUD_SDK_PROJECT_ID is "not/one", expected '
        .. 'letters, digits, "-", "_" and "." only.\n', variables = { "HUAWEICLOUD_SDK_PROJECT_ID=not/one" } },
    { "what cannot be a project id, as an option", { "clusters", "--project-id", "not/one" }, 2,
        '--project-id is "not/one", expected letters, digits, "-", "_" and "." only.\n' },
}

local FAKETIME = processes.run "ls /usr/lib/*/faketime/libfaketime.so.1":match "%S+"

describe("in the first hour,", function()
    local service

    setup(function() service = emulators.start() end)
    teardown(function() service:stop() end)

    local function filled_in(text, folder)
        local values = { folder = folder, endpoint = service.info.endpoint }
        return (text:gsub("@(%w+)@", function(name)
            return values[name] or service.info.endpoint:gsub("127%.0%.0%.1", name .. ".localhost")
        end))
    end

    -- Returns everything printed, and the exit status.
    local function run(mistake, folder)
        local info = service.info
        local words = { "cd", processes.quoted(uv.cwd()), "&& env -i", "PATH=/usr/bin:/bin" }
        for _, name in ipairs { "LUA_PATH", "LUA_CPATH", "LD_LIBRARY_PATH" } do
            words[#words + 1] = os.getenv(name) and processes.quoted(name .. "=" .. os.getenv(name)) or nil
        end
        for name, value in pairs { HOME = folder, DWSYNC_REGION = info.region, DWSYNC_CA_FILE = info.ca_file,
            HUAWEICLOUD_SDK_AK = info.ak, HUAWEICLOUD_SDK_SK = info.sk, HUAWEICLOUD_SDK_PROJECT_ID = info.project_id,
            HUAWEICLOUD_SDK_IAM_ENDPOINT = info.iam_endpoint, http_proxy = "", https_proxy = "", TZ = "UTC",
            ["HUAWEICLOUD_SDK_REGION_DWS_" .. info.region:upper():gsub("-", "_")] = info.endpoint } do
            words[#words + 1] = processes.quoted(name .. "=" .. value)
        end
        words[#words + 1] = "env"
        if mistake.clock then
            words[#words + 1] = ("LD_PRELOAD=%s FAKETIME=%s"):format(FAKETIME, mistake.clock)
        end
        for _, variable in ipairs(mistake.variables or {}) do
            words[#words + 1] = variable
        end
        words[#words + 1] = processes.quoted(uv.exepath()) .. " lua/bin/dwsync"
        for _, argument in ipairs(mistake[2]) do
            words[#words + 1] = processes.quoted(filled_in(argument, folder))
        end
        return processes.run(table.concat(words, " ") .. " 2>&1 " .. (mistake.after or ""))
    end

    for _, mistake in ipairs(MISTAKES) do
        it(mistake[1] .. " is told from success, with what to do", function()
            service:reset()
            for story, name in pairs(mistake.renamed or {}) do
                service:admin("POST", "clusters", { cluster = service:cluster(story), name = name })
            end
            temporary.with_folder(function(folder)
                for name, content in pairs(mistake.files or {}) do
                    local file = assert(io.open(folder .. "/" .. name, "w"))
                    file:write(content)
                    file:close()
                end
                local output, status = run(mistake, folder)
                assert.matches(filled_in(mistake[4], folder), output, 1, true)
                assert.equal(mistake[3], status, output)
                assert.matches("^dwsync: ", output)
                assert.is_nil(output:find("not-to-be-shown", 1, true), output)
                assert.is_nil(output:find("traceback", 1, true), output)
                assert.is_nil(output:find("[`]", 1), output) -- names of options as in Lua
            end)
        end)
    end
end)
