#!/bin/sh
# fuzz.sh [SECONDS [CORPUS]]: libFuzzer on the JSON and page readers, from the kept corpus; any finding ends it and is
# kept. Always the same seed. It works on a copy: new inputs go to CORPUS, when named, and never into the tree.
set -eu
seconds=${1:-60}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/new"
clang -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -Isrc/include -DDWS_VERSION='"0"' \
    spec/fuzz/fuzz_page.c spec/fuzz/second_opinion.c src/dws/json.c src/dws/page.c src/dws/filter.c src/dws/buf.c \
    src/dws/error.c -lcrypto -lm -o "$work/fuzz_page"
"$work/fuzz_page" -seed=20251025 -max_total_time="$seconds" -max_len=4096 -timeout=300 -rss_limit_mb=1024 \
    -dict=spec/fuzz/page.dict -artifact_prefix="$work/finding-" "${2:-$work/new}" spec/fuzz/corpus >"$work/log" 2>&1 || {
    cat "$work/log"
    kept=$(mktemp -d)
    cp "$work"/finding-* "$kept" || :
    printf 'the finding is kept in %s\n' "$kept"
    exit 1
}
grep -E '^#[0-9]+[[:space:]]+DONE|^Done ' "$work/log"
