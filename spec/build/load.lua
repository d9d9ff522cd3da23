-- LUA load.lua: fails when this Lua cannot load a module, but for the one that only nginx's LuaJIT can.
local ONLY_IN_NGINX = "dwsync.emulator.gateway"

local files = assert(io.popen "find lua/dwsync -name '*.lua'")
local loaded, failed = 0, false
for path in files:lines() do
    local module = path:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
    if module ~= ONLY_IN_NGINX then
        local good, reason = pcall(require, module)
        loaded = loaded + 1
        if not good then
            failed = true
            print(reason)
        end
    end
end
files:close()
assert(loaded > 100, "few modules were found")
os.exit(failed and 1 or 0)
