-- load_once.lua: modules that must not be loaded twice in one Lua state, which busted would do for each spec file.
-- luv 1.44 closes its loop when its first module table is collected, and goes on using it.
require "luv"
