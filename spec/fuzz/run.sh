#!/bin/sh
# run.sh SECONDS [TARGET…]: libFuzzer on all targets or some, two at a time, from the kept corpora and always with the same
# seed. A finding fails, and is kept. It works on copies: new inputs go to $CORPORA/TARGET, when CORPORA is set, and never
# into the tree.
# run.sh build FOLDER: makes the programs. With FUZZERS=FOLDER the others use them, instead of making their own.
set -eu

flags="-std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all"

compile() { # FOLDER PART: the objects of src/PART
    mkdir -p "$1/objects/$2"
    sources=$(realpath src/"$2"/*.c)
    # shellcheck disable=SC2086
    (cd "$1/objects/$2" && clang $flags -fsanitize=fuzzer-no-link $includes -DDWS_VERSION='"0"' -c $sources)
}

link() { # FOLDER NAME [FILE…]
    folder=$1 name=$2
    shift 2
    # shellcheck disable=SC2086
    clang $flags -fsanitize=fuzzer $includes "spec/fuzz/fuzz_$name.c" "$@" "$folder"/objects/dws/*.o $libraries \
        -o "$folder/$name"
}

build() { # FOLDER
    mkdir -p "$1"
    includes="-I$PWD/src/include -I$PWD/src $(pkg-config --cflags lua5.4)"
    libraries="$(pkg-config --libs libcurl libssl libcrypto zlib) -lpthread -lm"
    compile "$1" lua &
    compile "$1" dws
    wait $!
    link "$1" page spec/fuzz/second_opinion.c &
    link "$1" url
    wait $!
    link "$1" head &
    libraries="$(pkg-config --libs lua5.4) $libraries"
    link "$1" lua "$1"/objects/lua/*.o
    wait $!
}

# Runs one target. Those without a program of their own are scripts.
run() { # FOLDER SECONDS TARGET WORK
    program=$1/$3
    set -- "$@" "-dict=spec/fuzz/$3.dict"
    if [ -e "spec/fuzz/$3.lua" ]; then
        program=$1/lua
        FUZZ_SCRIPT=spec/fuzz/$3.lua
        LUA_PATH="lua/?.lua;lua/?/init.lua;;"
        export FUZZ_SCRIPT LUA_PATH
        set -- "$1" "$2" "$3" "$4" -detect_leaks=0 # the state stays
    fi
    new=${CORPORA:-$4/new}/$3
    mkdir -p "$new"
    "$program" -seed=20251025 -max_total_time="$2" -max_len=4096 -timeout=300 -rss_limit_mb=1024 "$5" \
        -artifact_prefix="$4/finding-$3-" "$new" "spec/fuzz/corpus/$3" >"$4/$3.log" 2>&1 || {
        cat "$4/$3.log"
        kept=$(mktemp -d)
        cp "$4/finding-$3-"* "$kept" || :
        printf '%s: the finding is kept in %s\n' "$3" "$kept"
        return 1
    }
    printf '%s: %s\n' "$3" "$(grep '^Done ' "$4/$3.log")"
}

if [ "$1" = build ]; then
    build "$2"
    exit
fi
seconds=$1
shift
[ $# -gt 0 ] || set -- page head url response credentials dates history input query configuration
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "${FUZZERS:-}" ]; then
    FUZZERS=$work/programs
    build "$FUZZERS"
fi
failed=0
while [ $# -gt 0 ]; do
    run "$FUZZERS" "$seconds" "$1" "$work" &
    [ $# -lt 2 ] || run "$FUZZERS" "$seconds" "$2" "$work" || failed=1
    wait $! || failed=1
    shift
    [ $# -eq 0 ] || shift
done
exit $failed
