--- The examples as a user runs them: shell commands against an emulator, with `dwsync` of this tree under this Lua.
-- It must not let anything of this machine's environment through, nor leave a file behind.
local processes = require "spec.support.processes"
local temporary = require "spec.support.temporary"
local uv = require "luv"

local M = {}

local OWNER_ONLY = tonumber("700", 8)

--- Writes a file. @tparam string path @tparam string text
function M.write(path, text)
    local file = assert(io.open(path, "w"))
    file:write(text)
    assert(file:close())
end

--- Reads a file. @tparam string path @treturn string text, or nil when there is none
function M.read(path)
    local file = io.open(path)
    if file then
        local text = file:read "*a"
        file:close()
        return text
    end
end

--- The names in a folder, sorted. @tparam string folder @treturn {string,...}
function M.names(folder)
    local names, handle = {}, assert(uv.fs_scandir(folder))
    for name in function() return (uv.fs_scandir_next(handle)) end do
        names[#names + 1] = name
    end
    table.sort(names)
    return names
end

-- What `dwsync emulator -- COMMAND` would set, and a command that is found along PATH.
local function environment(info, folder)
    return {
        PATH = folder .. "/bin:/usr/local/bin:/usr/bin:/bin",
        HOME = folder,
        DIR = folder .. "/files",
        DWSYNC_CONFIG = uv.cwd() .. "/examples/config.lua",
        HUAWEICLOUD_SDK_AK = info.ak,
        HUAWEICLOUD_SDK_SK = info.sk,
        HUAWEICLOUD_SDK_PROJECT_ID = info.project_id,
        HUAWEICLOUD_SDK_IAM_ENDPOINT = info.iam_endpoint,
        HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1 = info.endpoint,
        DWSYNC_REGION = info.region,
        DWSYNC_CA_FILE = info.ca_file,
    }
end

local function assignments(variables, more)
    for name, value in pairs(more or {}) do
        variables[name] = value
    end
    local words = {}
    for name, value in pairs(variables) do
        words[#words + 1] = ("%s=%s"):format(name, processes.quoted(value))
    end
    return table.concat(words, " ")
end

local function prepare(folder)
    assert(uv.fs_mkdir(folder .. "/bin", OWNER_ONLY))
    assert(uv.fs_mkdir(folder .. "/files", OWNER_ONLY))
    M.write(folder .. "/bin/dwsync", ("#!/bin/sh\nexec %s %s \"$@\"\n"):format(processes.quoted(uv.exepath()),
        processes.quoted(uv.cwd() .. "/lua/bin/dwsync")))
    assert(uv.fs_chmod(folder .. "/bin/dwsync", OWNER_ONLY))
end

local function line(server, folder, command, variables)
    return ("env -i %s sh -c %s"):format(assignments(environment(server.info, folder), variables),
        processes.quoted(command))
end

--- A line for a shell, for who has to do something else while it runs. @tparam table server
-- @tparam string files the folder that `with` gave @tparam string command @tparam[opt] table variables
-- @treturn string
function M.line(server, files, command, variables)
    return line(server, files:gsub("/files$", ""), command, variables)
end

--- Calls a function with what runs commands, and with the path of an empty folder, which is $DIR to them.
-- @tparam table server of spec.support.emulator
-- @tparam function use(run, folder); run(command, variables) → exit status, stdout, stderr
function M.with(server, use)
    temporary.with_folder(function(folder)
        prepare(folder)
        local function run(command, variables)
            local out, status = processes.run(("%s 2>%s/stderr"):format(line(server, folder, command, variables),
                folder))
            return status, out, M.read(folder .. "/stderr")
        end
        use(run, folder .. "/files")
    end)
end

--- Sees that a runbook which can ask nothing says so, and leaves no file.
-- @tparam table server @tparam string arguments of `dwsync run` @tparam[opt] table variables
function M.assert_fails_cleanly(server, arguments, variables)
    for expected, wrong in pairs {
        ["^dwsync: auth: .*\n        %u.*\n$"] = { HUAWEICLOUD_SDK_SK = "wrong" },
        ["^dwsync: network: .*\n        %u.*\n$"] = { HUAWEICLOUD_SDK_REGION_DWS_EMU_NORTH_1 = "https://127.0.0.1:1" },
    } do
        for name, value in pairs(variables or {}) do
            wrong[name] = value
        end
        M.with(server, function(run, folder)
            local status, out, err = run("dwsync run --retries 0 " .. arguments, wrong)
            assert(status == 1 and out == "" and err:find(expected), ("%s: %s%s"):format(status, out, err))
            assert(#M.names(folder) == 0, "it left a file: " .. table.concat(M.names(folder), ", "))
        end)
    end
end

return M
