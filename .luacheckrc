std = "max"
max_line_length = 120
files["spec"] = { std = "max+busted" }
files["spec/**/*.lua"] = { std = "max+busted" }
