rockspec_format = "3.0"
package = "dwsync"
version = "scm-1"
source = {
   url = "git+file://.", -- built from a checkout: luarocks make rockspec/dwsync-scm-1.rockspec
}
description = {
   summary = "How the identity-source synchronisations of a Huawei Cloud DWS cluster went, as Lua tables",
   detailed = [[
      A C module signs and sends the query (OpenSSL, libcurl) and returns records as Lua tables; Lua on top pages
      through them completely or fails, retries under one deadline, and runs many queries at once.]],
   license = "MIT",
}
dependencies = {
   "lua >= 5.1, < 5.6, ~= 5.2", -- LuaRocks calls every 5.2.x 5.2
   "lua-cjson >= 2.1",
   "argparse >= 0.7",
   "luv >= 1.44",
   -- dwsync.history wants luasql-sqlite3 for a file. For PostgreSQL it wants dwsync.pq, which is part of this rock where
   -- pkg-config finds libpq (Debian: libpq-dev) while it is built.
   -- `dwsync emulator` wants dwsync-emulator.
}
build = {
   type = "cmake",
   variables = {
      CMAKE_INSTALL_PREFIX = "$(PREFIX)",
      CMAKE_BUILD_TYPE = "Release",
      DWSYNC_LUA_INCLUDE_DIR = "$(LUA_INCDIR)",
      DWSYNC_LUA_LIBDIR = "$(LIBDIR)",
      DWSYNC_LUA_LUADIR = "$(LUADIR)",
      DWSYNC_LUA_BINDIR = "$(BINDIR)",
   },
}
