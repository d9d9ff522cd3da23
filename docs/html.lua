-- html.lua FOLDER [TREE]: README.md and the pages it leads to as HTML in FOLDER, as they lie in the tree; what they
-- link to beside pages is copied. Exit status 1, with each place named, when a link, an anchor or a file that is named
-- is not there. It must not ask the network: links to elsewhere are looked at for their form only.
local out, tree = arg[1], arg[2] or "."
local REFERENCE = "reference/index.html" -- LDoc's, which CMake's target puts there

-- Pages whose code spans name files of the tree from its top. The maps name them from their own folder, the changelog
-- also those that are gone.
local function names_files(path)
    return path:find "^docs/" or path:find "^%u+%.md$" and path ~= "CHANGELOG.md"
end
local TOP = { docs = true, examples = true, lua = true, rockspec = true, spec = true, src = true }

local complaints = {}
local function complain(page, what, ...)
    local text = page.path .. ": " .. what:format(...)
    if not complaints[text] then
        complaints[text] = true
        complaints[#complaints + 1] = text
    end
end

local function quoted(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function read(path)
    local file = io.open(tree .. "/" .. path, "rb")
    local text = file and file:read "*a" -- nil for a folder
    if file then
        file:close()
    end
    return text
end

local function exists(path)
    local file = io.open(tree .. "/" .. path, "rb")
    return file and file:close()
end

local function write(path, text)
    local folder = (out .. "/" .. path):match "^(.*)/"
    assert(os.execute("mkdir -p " .. quoted(folder)))
    local file = assert(io.open(out .. "/" .. path, "wb"))
    file:write(text)
    assert(file:close())
end

-- The path that a link means, from the top of the tree; nil when it leads out of it.
local function resolved(from, link)
    local parts = {}
    for part in ((from:match "^(.*/)" or "") .. link):gmatch "[^/]+" do
        if part == ".." then
            if not table.remove(parts) then
                return nil
            end
        elseif part ~= "." then
            parts[#parts + 1] = part
        end
    end
    return table.concat(parts, "/")
end

local function html_path(path)
    return (path:gsub("README%.md$", "index.html"):gsub("%.md$", ".html"))
end

-- How a page names what lies at a path of FOLDER.
local function relative(from, path)
    return ("../"):rep(select(2, from:gsub("/", ""))) .. path
end

-- The anchor of a heading, as GitHub makes it.
local function anchor(html)
    local text = html:gsub("<[^>]*>", ""):gsub("&%w+;", ""):lower()
    return (text:gsub("[%z\1-\31!-,./:-@[-^`{-~]", ""):gsub(" ", "-"))
end

local pages, order = {}, {}

local function load_page(path)
    local input = assert(io.popen("cmark-gfm --extension table --validate-utf8 " .. quoted(tree .. "/" .. path)))
    local html = input:read "*a"
    assert(input:close() ~= nil and html ~= "", "cmark-gfm could not read " .. path)
    local page = { path = path, html_path = html_path(path), anchors = {}, headings = {} }
    page.html = html:gsub("<h(%d)>(.-)</h%d>", function(level, text)
        local name, again = anchor(text), 0
        while page.anchors[name] do
            again = again + 1
            name = anchor(text) .. "-" .. again
        end
        page.anchors[name] = true
        page.title = page.title or text
        if level == "2" then
            page.headings[#page.headings + 1] = { name = name, text = text }
        end
        return ('<h%s id="%s">%s</h%s>'):format(level, name, text, level)
    end):gsub("<table>.-</table>", '<div class="scroll">%0</div>')
    pages[path] = page
    order[#order + 1] = page
    return page
end

-- Calls see(page, attribute, link, path, fragment) for each link and picture; what it returns takes the link's place.
local function each_link(page, see)
    page.html = page.html:gsub('(<%a+[^>]- ?)(%a+)="([^"]*)"', function(before, attribute, link)
        if attribute ~= "href" and attribute ~= "src" then
            return nil
        elseif link:find "^%a[%w+.-]*:" then
            if not link:find "^https://[%w-]+%.[%w.-]+[/%w%%?&=#;:.,_~+-]*$" then
                complain(page, "%s is not an address of the form https://host/path", link)
            end
            return nil
        end
        local path, fragment = link:match "^([^#]*)#?(.*)$"
        local target = path == "" and page.path or resolved(page.path, path)
        return ('%s%s="%s"'):format(before, attribute, see(page, link, target, fragment) or link)
    end)
end

-- Loads what a page leads to. README.md ends with a list of the pages: their order is that of its last links to them.
local copied, last_link, links = {}, {}, 0
local function reach(page, link, path, fragment)
    if not path or not exists(path) then
        complain(page, "%s is not there", link)
    elseif path:find "%.md$" then
        local target = pages[path] or load_page(path)
        links = links + 1
        last_link[target] = page == order[1] and path ~= page.path and links or last_link[target] or math.huge
    elseif fragment ~= "" then
        complain(page, "%s has no anchors", link)
    elseif not copied[path] then
        local text = read(path)
        if text then
            copied[path] = text
        else
            complain(page, "%s is a folder: name a file in it", link)
        end
    end
end

local function check_anchor(page, link, path, fragment)
    local target = path and pages[path]
    if target then
        if fragment ~= "" and not target.anchors[fragment] then
            complain(page, "%s: %s has no heading of that name", link, path)
        end
        return relative(page.html_path, target.html_path) .. (fragment ~= "" and "#" .. fragment or "")
    end
end

local function check_names(page)
    for name in page.html:gmatch "<code>([%w_.-]+/[%w_./-]+)</code>" do
        if TOP[name:match "^[^/]+"] and not exists(name) then
            complain(page, "`%s` is not there", name)
        end
    end
end

local function navigation(current)
    local parts = { '<nav id="pages" aria-label="Pages">\n<ul>\n' }
    local function add(path, text, more)
        parts[#parts + 1] = ('<li><a href="%s"%s>%s</a>%s</li>\n'):format(relative(current.html_path, path),
            path == current.html_path and ' aria-current="page"' or "", text, more or "")
    end
    for _, page in ipairs(order) do
        local within = {}
        for _, heading in ipairs(page == current and page ~= order[1] and page.headings or {}) do
            within[#within + 1] = ('<li><a href="#%s">%s</a></li>'):format(heading.name, heading.text)
        end
        add(page.html_path, page.title, #within > 1 and "<ul>" .. table.concat(within, "\n") .. "</ul>")
    end
    add(REFERENCE, "Reference of the Lua modules")
    parts[#parts + 1] = "</ul>\n</nav>"
    return table.concat(parts)
end

local DOCUMENT = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<link rel="stylesheet" href="%s">
</head>
<body>
<header><a href="%s">dwsync</a> <a class="to-pages" href="#pages">All pages</a></header>
<main>
%s</main>
%s
</body>
</html>
]]

local next_page = 1
last_link[load_page "README.md"] = 0
while order[next_page] do
    order[next_page].place = next_page
    each_link(order[next_page], reach)
    next_page = next_page + 1
end
table.sort(order, function(a, b)
    if last_link[a] ~= last_link[b] then
        return last_link[a] < last_link[b]
    end
    return a.place < b.place
end)
for _, page in ipairs(order) do
    if names_files(page.path) then
        check_names(page)
    end
    each_link(page, check_anchor)
end
local listing = assert(io.popen("cd " .. quoted(tree) .. " && ls docs/*.md"))
for path in listing:lines() do
    if not pages[path] then
        complain(pages["README.md"], "nothing leads to %s", path)
    end
end
listing:close()

for _, page in ipairs(order) do
    local title = page.title:gsub("<[^>]*>", "")
    write(page.html_path, DOCUMENT:format(title == "dwsync" and title or title .. " – dwsync",
        relative(page.html_path, "style.css"), relative(page.html_path, "index.html"), page.html, navigation(page)))
end
for path, text in pairs(copied) do
    write(path, text)
end
write("style.css", assert(read "docs/style.css"))

for _, text in ipairs(complaints) do
    io.stderr:write(text, "\n")
end
os.exit(#complaints == 0 and 0 or 1)
