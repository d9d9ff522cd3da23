-- LUA parse.lua FILE…: prints what this Lua cannot parse, and why.
for _, path in ipairs(arg) do
    local chunk, reason = loadfile(path)
    if not chunk then
        print(reason)
    end
end
