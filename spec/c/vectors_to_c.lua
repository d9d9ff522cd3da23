-- vectors_to_c.lua: published signing vectors (JSON) → a C table for sign_spec.c. Run by the build.
-- It must not choose among the fields: what the vectors say is what the spec compares with.
local cjson = require "cjson"

local input, output = arg[1], arg[2]

local function c_string(text)
  return '"' .. text:gsub('[^%w %-_.~/:;,=&+]', function(byte)
    return ("\\%03o"):format(byte:byte())
  end) .. '"'
end

local function c_text(text)
  return ("{%s, %d}"):format(c_string(text), #text)
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function c_headers(vector)
  local rows = {}
  for _, name in ipairs(sorted_keys(vector.headers)) do
    rows[#rows + 1] = ("{%s, %s}"):format(c_text(name), c_text(vector.headers[name]))
  end
  return table.concat(rows, ", "), #rows
end

local function c_names(vector)
  local rows = {}
  for _, name in ipairs(vector.signed_headers) do rows[#rows + 1] = c_text(name) end
  return table.concat(rows, ", "), #rows
end

local function c_vector(vector)
  local headers, header_count = c_headers(vector)
  local names, name_count = c_names(vector)
  local fields = {
    ".name = " .. c_string(vector.name),
    ".algorithm = " .. c_text(vector.algorithm),
    ".ak = " .. c_text(vector.ak),
    ".sk = " .. c_text(vector.sk),
    ".region = " .. c_text(vector.region or ""),
    ".service = " .. c_text(vector.service or ""),
    ".method = " .. c_text(vector.method),
    ".url = " .. c_text("https://" .. vector.host .. vector.wire_target),
    ".body = " .. c_text(vector.body),
    ".headers = {" .. headers .. "}, .header_count = " .. header_count,
    ".names = {" .. names .. "}, .name_count = " .. name_count,
    ".date = " .. c_text(vector.x_sdk_date),
    ".canonical_request = " .. c_text(vector.canonical_request),
    ".string_to_sign = " .. c_text(vector.string_to_sign),
    ".authorization = " .. c_text(vector.expected_authorization),
  }
  return "    {\n        " .. table.concat(fields, ",\n        ") .. ",\n    },\n"
end

local file = assert(io.open(input, "rb"))
local vectors = cjson.decode(file:read("a"))
file:close()

local out = assert(io.open(output, "wb"))
out:write("/* Generated from signing-vectors.json by vectors_to_c.lua. */\n")
out:write("static const struct vector vectors[] = {\n")
for _, vector in ipairs(vectors) do out:write(c_vector(vector)) end
out:write("};\n")
assert(out:close())
