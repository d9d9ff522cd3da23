#!/bin/sh
# picture.sh: makes the picture of the status page, examples/nginx/status-page.png, anew: the emulator's clusters in Chromium.
# From a built tree, when the page has changed.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lua/bin/dwsync emulator -- \
    lua/bin/dwsync report --all-clusters --exclude dws-feature-off -o status --file "$work/status.html"
HOME=$work chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --window-size=1280,648 \
    --screenshot="$work/status.png" "file://$work/status.html" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
cp "$work/status.png" examples/nginx/status-page.png
