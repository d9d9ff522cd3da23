#!/bin/sh
# setup.sh: installs what is missing (Debian 12, as root or with sudo) and builds. Shared by quickstart.sh and
# spec/run.sh; with --tests also what only the tests need. Says nothing when there is nothing to do.
# It must not change anything outside Debian's packages and the build folders.
set -eu
cd "$(dirname "$0")/.."

RUN_PACKAGES="gcc libc6-dev cmake ninja-build pkg-config lua5.4 liblua5.4-dev libcurl4-openssl-dev libssl-dev zlib1g-dev
    lua-cjson lua-argparse lua-luv lua-yaml lua-luaossl nginx-light libnginx-mod-http-lua
    lua-sql-sqlite3 libpq-dev"
TEST_PACKAGES="luajit2 libluajit2-5.1-dev lua5.3 liblua5.3-dev lua5.1 liblua5.1-0-dev lua-busted lua-check lua-ldoc luarocks
    cmark-gfm make clang clang-format libclang-rt-14-dev valgrind mandoc curl openssl procps util-linux binutils git
    postgresql pgbouncer sqlite3 iproute2 iptables faketime shellcheck zsh
    chromium
    prometheus prometheus-alertmanager python3-aiosmtpd
    apprise
    wrk"

say() { printf '%s\n' "$*" >&2; }

wanted=$RUN_PACKAGES
if [ "${1:-}" = --tests ]; then
    wanted="$wanted $TEST_PACKAGES"
    command -v npm >/dev/null 2>&1 || wanted="$wanted nodejs npm"
fi

missing_packages() {
    for package in $wanted; do
        case "$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null)" in
            *" installed") ;;
            *) printf '%s ' "$package" ;;
        esac
    done
}

stop_with() {
    say "setup.sh: $1"
    say "  dwsync needs a C11 compiler, CMake 3.21, pkg-config, Lua 5.4, libcurl 7.87 or later (OpenSSL build), OpenSSL 3;"
    say "  for Lua: lua-cjson, argparse, luv, lyaml; for the emulator: nginx with the Lua module (OpenResty) and luaossl;"
    say "  for the history: LuaSQL with SQLite, or libpq 14 or later for PostgreSQL."
    say "  With those in place: cmake --preset release && cmake --build build"
    exit 1
}

# Their own services are not wanted: the emulator and the specs start what they need themselves.
keep_quiet() {
    if command -v systemctl >/dev/null 2>&1; then
        $root systemctl disable --now "$1" >/dev/null 2>&1 || true
    fi
}

install_missing() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || stop_with "these Debian packages are missing, and sudo is not installed: $missing"
        root=sudo
    fi
    say "setup.sh: installing $missing"
    log=$(mktemp)
    # RUNLEVEL=1 keeps packages from starting their services.
    # shellcheck disable=SC2086
    if ! { $root apt-get update -qq && $root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $missing; } >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        stop_with "apt-get could not install these packages: $missing"
    fi
    rm -f "$log"
    for service in nginx postgresql pgbouncer prometheus; do
        case "$missing" in *"$service"*) keep_quiet "$service" ;; esac
    done
}

build() {
    log=$(mktemp)
    if ! { cmake --preset "$1" && cmake --build build; } >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        exit 1
    fi
    rm -f "$log"
}

if command -v dpkg-query >/dev/null 2>&1; then
    install_missing
elif ! command -v cmake >/dev/null 2>&1; then
    stop_with "this is not Debian, so nothing is installed for you"
fi
if [ "${1:-}" = --tests ]; then
    build dev
else
    build release
fi
