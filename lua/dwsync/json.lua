--- JSON for everything but pages of records: errors, clusters, projects, configuration, output.
-- It must not be used for pages of records, which core.decode_page checks.
-- @module dwsync.json
local cjson = require "cjson"

local M = {}

-- Instances of our own: the settings of the shared one belong to the host program.
local decoder = cjson.new()
decoder.decode_max_depth(64)
decoder.decode_invalid_numbers(false)

local encoder = cjson.new()
encoder.encode_sparse_array(false, 0) -- holes were nulls, however many

local EXACT = 2 ^ 53

-- Other values are returned unchanged.
local function to_integer(number)
    if math.type(number) == "float" and number % 1 == 0 and number >= -EXACT and number <= EXACT then
        return math.tointeger(number)
    end
    return number
end

local function normalise(value)
    for key, item in pairs(value) do
        if item == cjson.null then
            value[key] = nil -- assigning to an existing field is allowed while traversing
        elseif type(item) == "table" then
            normalise(item)
        elseif math.type then
            value[key] = to_integer(item)
        end
    end
    return value
end

-- lua-cjson reads and writes numbers with the C library. It asks for the decimal point of the locale when an instance
-- is made, and does not notice a later os.setlocale of the host program; a point of two bytes aborts the process.
local function without_locale(call, value)
    local locale = os.setlocale(nil, "numeric")
    if locale == "C" then
        return pcall(call, value)
    end
    os.setlocale("C", "numeric")
    cjson.new()
    local good, result = pcall(call, value)
    os.setlocale(locale, "numeric")
    return good, result
end

-- lua-cjson makes a table of every "[]", which is 40 times as much. So many brackets and commas no answer needs.
local MOST = 500000

--- Decodes what a service answered: as `decode`, but not what would take far more memory than it has bytes.
-- @tparam string text
-- @treturn table value, or nil
-- @treturn string reason when there is no value
function M.decode_answer(text)
    local count = 0
    for _ in (#text > MOST and text or ""):gmatch "[%[{,]" do
        count = count + 1
        if count > MOST then
            return nil, ("it has more than %d values"):format(MOST)
        end
    end
    return M.decode(text)
end

--- Decodes a JSON object or array. Null becomes absent; on Lua 5.3 and later whole numbers become integers.
-- @tparam string text
-- @treturn table value, or nil
-- @treturn string reason
function M.decode(text)
    local ok, value = without_locale(decoder.decode, text)
    if not ok then
        return nil, value
    end
    if type(value) ~= "table" then
        return nil, "it is not a JSON object or array"
    end
    return normalise(value)
end

--- Whether a decoded value is an array of objects, without other values and without nulls before one.
-- @tparam table value
-- @treturn boolean
function M.is_list(value)
    local count = 0
    for _, item in pairs(value) do
        if type(item) ~= "table" then
            return false
        end
        count = count + 1
    end
    for i = 1, count do
        if value[i] == nil then
            return false
        end
    end
    return true
end

--- Encodes a value. Raises for what JSON cannot hold (functions, NaN, mixed tables). Whole numbers are written exactly,
-- floats up to 2^53; inside nested tables lua-cjson rounds to 14 digits.
-- @param value
-- @treturn string
function M.encode(value)
    if math.type and math.type(value) == "integer" then
        return ("%d"):format(value)
    elseif type(value) == "number" and value % 1 == 0 and value >= -EXACT and value <= EXACT then
        return ("%.0f"):format(value)
    end
    local good, text = without_locale(encoder.encode, value)
    return good and text or error(text, 2)
end

return M
