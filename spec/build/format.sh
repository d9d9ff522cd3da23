#!/bin/sh
# format.sh: C is written as .clang-format says; the widths of comments, which that leaves alone, included.
set -eu
files=$(find src spec examples -name node_modules -prune -o -name '*.[ch]' -print)
# shellcheck disable=SC2086
clang-format --dry-run --Werror $files
# shellcheck disable=SC2086
if LC_ALL=C.UTF-8 grep -HnE '.{121,}' $files; then
    echo "longer than 120 columns"
    exit 1
fi
