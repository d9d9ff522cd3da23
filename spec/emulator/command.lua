-- Runs `dwsync emulator` alone, for the lifecycle spec: the command's own module and nothing else of the command line.
local parser = require "argparse" "dwsync"
local command = require "dwsync.cli.commands.emulator"
command.configure(parser:command "emulator")
os.exit(command.run(parser:parse()), true)
