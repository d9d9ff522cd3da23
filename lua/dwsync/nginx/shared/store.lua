--- Documents in the shared dict. A publication is seen whole or not at all, and what is not replaced stays: documents
-- are written beside the previous ones, under keys with the new number, and then the current number changes.
-- It must not evict anything to make room.
--
-- Keys begin with the version of this layout, so that another version of dwsync does not misread them.
-- @module dwsync.nginx.shared.store
local M = {}

local Store = { __name = "dwsync.nginx.shared.store" }
Store.__index = Store

local PREFIX = "dwsync.3:"
local CURRENT, NUMBER = PREFIX .. "current", PREFIX .. "number"

-- Room that a publication leaves free, so that lease and state can always be written.
local RESERVE_BYTES = 8192

--- A store in a shared dict.
-- @tparam table dict a shared dict, used for nothing else
-- @treturn dwsync.nginx.shared.store
function M.new(dict)
    return setmetatable({ dict = dict }, Store)
end

-- ---- state: small values, replaced in place --------------------------------------------------------

--- Reads a small value.
-- @tparam string name
-- @treturn string|number or nil
function Store:get_state(name)
    return (self.dict:get(PREFIX .. "state:" .. name))
end

--- Writes a small value.
-- @tparam string name
-- @tparam ?string|number value nil removes it
-- @treturn ?true
-- @treturn string
function Store:set_state(name, value)
    return self.dict:safe_set(PREFIX .. "state:" .. name, value)
end

-- ---- reading ---------------------------------------------------------------------------------------

--- The number of the current publication.
-- @treturn number or nil before the first one
function Store:current()
    return (self.dict:get(CURRENT))
end

local function contents_key(number)
    return ("%s%d:contents"):format(PREFIX, number)
end

local function piece_key(name, number, piece)
    return ("%s%d:document%s:%s"):format(PREFIX, number, piece == 1 and "" or piece, name)
end

local function no_pause() end

local LINES = 64 -- of contents, between two pauses

-- A line of the contents is "NAME NUMBER DIGEST LENGTH PIECES"; the number is that of the publication that wrote the
-- document.
local function read_contents(text, pause)
    local contents, count = {}, 0
    for name, number, digest, length, pieces in text:gmatch "(%S+) (%d+) (%S+) (%d+) (%d+)\n" do
        contents[name] = { number = tonumber(number), digest = digest, length = tonumber(length),
            pieces = tonumber(pieces) }
        count = count + 1
        if count % LINES == 0 then
            pause()
        end
    end
    return contents
end

local function current_contents(self, pause)
    local number = self:current()
    return number and self:contents(number, pause) or {}
end

local function write_contents(contents, pause)
    local names, lines = {}, {}
    for name in pairs(contents) do
        names[#names + 1] = name
    end
    table.sort(names)
    for i, name in ipairs(names) do
        local entry = contents[name]
        lines[i] = ("%s %d %s %d %d\n"):format(name, entry.number, entry.digest, entry.length, entry.pieces)
        if i % LINES == 0 then
            pause()
        end
    end
    return table.concat(lines)
end

--- What a publication holds.
-- @tparam number number
-- @tparam[opt] function pause called every few documents
-- @treturn table by name: `digest`, `length`, `pieces`: how many; or nil when it is gone
function Store:contents(number, pause)
    local text = self.dict:get(contents_key(number))
    return text and read_contents(text, pause or no_pause)
end

--- One document, in the pieces in which it was published.
-- @tparam table contents
-- @tparam string name
-- @tparam[opt] function pause called between two: it may wait
-- @treturn ?{string,...} nil when it does not exist, or when another publication has just replaced it
function Store:pieces(contents, name, pause)
    local entry, pieces = contents[name], {}
    for i = 1, entry and entry.pieces or 0 do
        if pause and i > 1 then
            pause()
        end
        pieces[i] = self.dict:get(piece_key(name, entry.number, i))
        if not pieces[i] then
            return nil
        end
    end
    return entry and pieces
end

--- One document as one text.
-- @tparam table contents
-- @tparam string name
-- @treturn ?string
function Store:document(contents, name)
    local pieces = self:pieces(contents, name)
    return pieces and table.concat(pieces)
end

-- ---- publishing ------------------------------------------------------------------------------------

local function remove(self, keys)
    for _, key in ipairs(keys) do
        self.dict:delete(key)
    end
end

local function write(self, key, text)
    local written, err = self.dict:safe_set(key, text)
    if written and self.dict:free_space() < RESERVE_BYTES then
        self.dict:delete(key)
        return nil, "no memory"
    end
    return written, err
end

-- The keys of a document, of which each is added to a table as a key.
local function add_keys(set, name, entry)
    for i = 1, entry.pieces do
        set[piece_key(name, entry.number, i)] = true
    end
end

-- Removes documents that this publication does not need: the last one's, and what a killed worker left.
local function sweep_out(self, keys, number, contents, pause)
    local needed = { [contents_key(number)] = true }
    for name, entry in pairs(contents) do
        add_keys(needed, name, entry)
        pause()
    end
    for _, key in ipairs(keys) do
        pause()
        if key:find("^dwsync%.%d+:%d+:") and not needed[key] then
            self.dict:delete(key)
        end
    end
end

local function foreign(keys)
    for _, key in ipairs(keys) do
        if not key:find "^dwsync%." then
            return key
        end
    end
end

local LOOKED_AT = 100

--- A key of something else that uses the dict: what makes room for itself takes that of others, too. The last
-- publication looked at all keys; where it could not note what it saw, some are looked at.
-- @tparam ?boolean is_full whether there may have been no room for that
-- @treturn ?string
function Store:stranger(is_full)
    return self:get_state "stranger" or is_full and foreign(self.dict:get_keys(LOOKED_AT)) or nil
end

-- Whether the document is published already, and still there.
local function is_same(self, document, old)
    if not old or document.digest and (old.digest ~= document.digest or old.length ~= document.length) then
        return false
    end
    for i = 1, old.pieces do
        if self.dict:ttl(piece_key(document.name, old.number, i)) == nil then
            return false
        end
    end
    return true
end

-- Writes all of a document, or nothing, and notes its keys. Returns its entry, or nil and why.
local function write_document(self, document, number, written, pause)
    local first = #written
    for i, piece in ipairs(document.pieces) do
        pause()
        local key = piece_key(document.name, number, i)
        local good, err = write(self, key, piece)
        if not good then
            for at = first + 1, #written do
                self.dict:delete(written[at])
            end
            return nil, err
        end
        written[#written + 1] = key
    end
    return { number = number, digest = document.digest, length = document.length, pieces = #document.pieces }
end

local function remove_document(self, name, entry)
    for i = 1, entry.pieces do
        self.dict:delete(piece_key(name, entry.number, i))
    end
end

local function write_list(self, number, contents, pause)
    return write(self, contents_key(number), write_contents(contents, pause))
end

--- Publishes documents in place of the current ones.
-- @tparam {table,...} documents `name` (without blanks), `pieces` (texts), `length` (of all of them), `digest` (of the
-- text, without blanks), `optional`: without room for its new version the old one stays, or it is left out; one without
-- pieces is the one of before
-- @tparam function may_go_on called before the change; when it returns false nothing changes
-- @tparam[opt] function pause called between two pieces
-- @treturn table contents, or nil: then everything is as it was
-- @treturn table|string the names of optional documents that did not fit; or why it failed: "no memory",
-- "lost the lease"
function Store:publish(documents, may_go_on, pause)
    pause = pause or no_pause
    local before = current_contents(self, pause)
    pause()
    local keys = self.dict:get_keys(0)
    pause()
    self:set_state("stranger", foreign(keys))
    local number, err = self.dict:incr(NUMBER, 1, 0)
    if not number then
        return nil, err
    end
    local contents, written, missing, spare = {}, {}, {}, {}
    for _, document in ipairs(documents) do
        local name, old = document.name, before[document.name]
        pause()
        if is_same(self, document, old) then
            contents[name] = old
        elseif document.pieces then
            contents[name], err = write_document(self, document, number, written, pause)
            if not contents[name] and document.optional then
                contents[name], missing[#missing + 1] = old, name
            elseif not contents[name] then
                remove(self, written)
                return nil, err
            elseif document.optional then
                spare[#spare + 1] = name
            end
        end
    end
    local good
    written[#written + 1] = contents_key(number)
    good, err = write_list(self, number, contents, pause)
    while not good and spare[1] do -- what may be missing took the room
        local name = table.remove(spare)
        remove_document(self, name, contents[name])
        contents[name], missing[#missing + 1] = before[name], name
        good, err = write_list(self, number, contents, pause)
    end
    if good and not may_go_on() then
        good, err = nil, "lost the lease"
    end
    if good then
        good, err = self.dict:safe_set(CURRENT, number)
    end
    if not good then
        remove(self, written)
        return nil, err
    end
    sweep_out(self, keys, number, contents, pause)
    return contents, missing
end

--- How full the dict is, in bytes.
-- @tparam[opt] table contents of the current publication, when they are known
-- @treturn table `capacity`, `free` (whole pages only), `documents`: bytes of all current documents
function Store:usage(contents)
    local bytes = 0
    for _, entry in pairs(contents or current_contents(self)) do
        bytes = bytes + entry.length
    end
    return { capacity = self.dict:capacity(), free = self.dict:free_space(), documents = bytes }
end

return M
