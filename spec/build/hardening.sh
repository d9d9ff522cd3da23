#!/bin/sh
# hardening.sh BUILD_DIR: what the hardening flags that compiler and linker know did to each module, and to programs with
# libdws inside.
set -eu
build=$1
known() { grep -q "^KNOWS_$1:INTERNAL=1$" "$build/CMakeCache.txt"; }
type=$(sed -n 's/^CMAKE_BUILD_TYPE:[A-Z]*=//p' "$build/CMakeCache.txt")
failed=0
expect() { # FILE WHAT COMMAND...
    file=$1 what=$2
    shift 2
    if ! "$@" "$file" >/dev/null; then
        printf '%s %s\n' "$file" "$what"
        failed=1
    fi
}
has_relro() { readelf -lW "$1" | grep GNU_RELRO; }
binds_now() { readelf -dW "$1" | grep -E '(BIND_NOW|Flags:.* NOW)'; }
has_plain_stack() { readelf -lW "$1" | grep -E 'GNU_STACK.* RW +0x'; }
has_canaries() { nm -u "$1" | grep -w __stack_chk_fail; }
is_fortified() { nm -u "$1" | grep '_chk@\|_chk$'; }
is_independent() { readelf -hW "$1" | grep 'Type: *DYN'; }
has_landing_pad() { objdump -d "$1" | grep -A1 '<luaopen_dwsync_[a-z]*>:' | grep 'endbr\(64\|32\)'; }

linked() {
    if known relro; then expect "$1" "has no read-only relocations" has_relro; fi
    if known now; then expect "$1" "does not bind at load time" binds_now; fi
    if known noexecstack; then expect "$1" "has an executable stack" has_plain_stack; fi
    if known stack_protector_strong; then expect "$1" "has no stack protector" has_canaries; fi
    case $type in
        Release | RelWithDebInfo | MinSizeRel) expect "$1" "has no checked functions of the C library" is_fortified ;;
    esac
    expect "$1" "is not position-independent" is_independent
}

modules=0
for module in "$build"/*/dwsync/core.so "$build"/*/dwsync/pq.so; do
    [ -e "$module" ] || continue # pq.so only where libpq is
    linked "$module"
    if known cf_protection; then expect "$module" "has no landing pads for branches" has_landing_pad; fi
    modules=$((modules + 1))
done
for program in "$build"/spec/c/transfer_spec "$build"/spec/c/pool_spec "$build"/spec/c/count_failures; do
    if [ -e "$program" ]; then linked "$program"; fi
done
[ "$modules" -gt 0 ] && [ $failed -eq 0 ]
