-- primitives_to_c.lua: vectors of hashes, HMAC and derived keys (JSON) → a C table. Run by the build.
-- It must not choose among the vectors: a kind that the spec does not know fails there.
local cjson = require "cjson"

local input, output = arg[1], arg[2]

local function c_string(text)
  return '"' .. text:gsub("[^%w %-_.~/:;,=&+]", function(byte)
    return ("\\%03o"):format(byte:byte())
  end) .. '"'
end

local function c_text(text)
  if type(text) ~= "string" then text = "" end
  return ("{%s, %d}"):format(c_string(text), #text)
end

local texts = {
  "kind", "algorithm", "key", "message", "ak", "sk", "info", "expected_hex", "prk_hex", "kdf_input_hex",
  "private_key_hex", "public_x_hex", "public_y_hex", "za_hex", "one_valid_signature_der_hex",
}

local function c_vector(vector)
  local repeated = type(vector.message_repeat) == "table" and vector.message_repeat or { vector.message, 1 }
  local fields = { ".name = " .. c_string(vector.name) }
  vector.message = repeated[1]
  for _, name in ipairs(texts) do
    fields[#fields + 1] = (".%s = %s"):format(name:gsub("_hex$", ""), c_text(vector[name]))
  end
  fields[#fields + 1] = ".times = " .. repeated[2]
  return "    {\n        " .. table.concat(fields, ",\n        ") .. ",\n    },\n"
end

local file = assert(io.open(input, "rb"))
local vectors = cjson.decode(file:read("a"))
file:close()

local out = assert(io.open(output, "wb"))
out:write("/* Generated from primitive-vectors.json by primitives_to_c.lua. */\n")
out:write("static const struct primitive primitives[] = {\n")
for _, vector in ipairs(vectors) do out:write(c_vector(vector)) end
out:write("};\n")
assert(out:close())
