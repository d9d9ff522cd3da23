--- The service manager's end of NOTIFY_SOCKET, for a spec: receives datagrams and keeps them in order.
local patience = require "spec.support.patience"
local processes = require "spec.support.processes"

local M = {}

local Receiver = {}
Receiver.__index = Receiver

-- Perl, since luv has no such sockets; each datagram becomes a line.
local PROGRAM = [[
use Socket; $| = 1;
my ($s, $text, $address) = (undef, undef, $ARGV[0]); $address =~ s/^\@/\0/;
socket($s, AF_UNIX, SOCK_DGRAM, 0) and bind($s, pack_sockaddr_un($address)) or die "$!";
print "bound\n";
print "$text\n" while defined recv($s, $text, 65536, 0);
]]

--- Listens at an address: a path, or an abstract name that begins with "@".
-- @tparam string address
-- @treturn table
function M.start(address)
    local child = processes.start("perl", { "-e", PROGRAM, address }, "^(bound\n)")
    return setmetatable({ child = child }, Receiver)
end

--- What was said so far. @treturn string a line for each datagram
function Receiver:text()
    return (self.child.output:gsub("^bound\n", ""))
end

--- Waits until something was said. @tparam string pattern
function Receiver:await(pattern)
    patience.wait_until(function() return self:text():find(pattern) end, function()
        return pattern .. ", but: " .. self:text()
    end)
end

--- Listens no more.
function Receiver:stop()
    self.child:stop "sigterm"
end

return M
