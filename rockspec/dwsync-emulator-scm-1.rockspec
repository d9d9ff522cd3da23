rockspec_format = "3.0"
package = "dwsync-emulator"
version = "scm-1"
source = {
   url = "git+file://.", -- from a checkout: luarocks make rockspec/dwsync-emulator-scm-1.rockspec
}
description = {
   summary = "Huawei Cloud DWS on this machine: `dwsync emulator`, for trials and tests",
   detailed = [[
      Serves synchronisation records, clusters, IAM and machine credentials from a seeded data set, verifies signatures,
      and fails as ordered. Needs nginx with the Lua module, whose LuaJIT must find lua-cjson and luaossl for Lua 5.1
      (Debian: nginx libnginx-mod-http-lua lua-cjson lua-luaossl; elsewhere OpenResty).]],
   license = "MIT",
}
dependencies = {
   "lua >= 5.1, < 5.6, ~= 5.2",
   "dwsync", -- the command
   "luaossl >= 20220711",
   "luv >= 1.44",
   "lua-cjson >= 2.1",
}
build = {
   type = "command",
   install_command = [[mkdir -p "$(LUADIR)/dwsync" && cp -R lua/dwsync/emulator "$(LUADIR)/dwsync"]],
}
