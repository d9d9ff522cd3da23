rockspec_format = "3.0"
package = "kong-plugin-dwsync"
version = "scm-1"
source = {
   url = "git+file://.", -- in this folder: luarocks make
}
description = {
   summary = "A plugin of Kong that lets requests through only while the accounts of Huawei Cloud DWS are fresh",
   license = "MIT",
}
dependencies = {
   "lua == 5.1", -- LuaJIT
   "dwsync",
}
build = {
   type = "builtin",
   modules = {
      ["kong.plugins.dwsync.handler"] = "handler.lua",
      ["kong.plugins.dwsync.schema"] = "schema.lua",
   },
}
