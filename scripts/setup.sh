# shellcheck shell=bash
# Sourced by run.sh and test.sh: sees that everything is there, installs what it may, and names what it may not.
# Runs with the bash of macOS (3.2) too.

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }

is_debian_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# need COMMAND DEBIAN-PACKAGE HOW-TO: installs it on Debian as root, otherwise says how to get it.
need() {
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] && return 0
    if is_debian_root; then
        say "Installing $2 …"
        if [ -z "${APT_UPDATED:-}" ]; then
            apt-get update -qq >/dev/null || fail "apt-get update failed: check this machine's network and package sources."
            APT_UPDATED=1
        fi
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$2" >/dev/null 2>&1 || fail "apt-get install $2 failed: run it by hand to see why."
    else
        fail "$1 is missing. $3"
    fi
}

# want DEBIAN-PACKAGE: installs it on Debian as root; elsewhere, or when that fails, things go on without it.
want() {
    is_debian_root && ! dpkg -s "$1" >/dev/null 2>&1 || return 0
    say "Installing $1 …"
    [ -n "${APT_UPDATED:-}" ] || apt-get update -qq >/dev/null 2>&1 || true
    APT_UPDATED=1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null 2>&1 || say "apt-get install $1 failed: it is left out."
}

# What has to be there: without it nothing begins.
check_tools() {
    command -v dotnet >/dev/null 2>&1 || fail "The .NET SDK 10 is missing: get it from https://dotnet.microsoft.com/download/dotnet/10.0"
    dotnet --list-sdks | grep -q '^10\.' || fail "The .NET SDK 10 is missing (found: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')): get it from https://dotnet.microsoft.com/download/dotnet/10.0"
    need git git "Install it from https://git-scm.com"
    need curl curl "Install it with your system's package manager."
    need node nodejs "Install Node.js 20 or newer from https://nodejs.org"
    command -v npm >/dev/null 2>&1 || fail "npm is missing: it comes with Node.js from https://nodejs.org"
}

# What comes from npm, unless it is there already.
install_packages() {
    if [ ! -f scripts/node_modules/.installed ] || [ scripts/package-lock.json -nt scripts/node_modules/.installed ]; then
        say "Installing Azurite and GitHub's example payloads (npm) …"
        (cd scripts && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null) || fail "npm ci in scripts/ failed: run it by hand to see why."
        touch scripts/node_modules/.installed
    fi
}

# engine_answers ADDRESS
engine_answers() {
    case "$1" in
        unix://*) curl -fs --max-time 3 --unix-socket "${1#unix://}" http://localhost/_ping >/dev/null 2>&1 ;;
        tcp://*) curl -fs --max-time 3 "http://${1#tcp://}/_ping" >/dev/null 2>&1 ;;
        *) return 1 ;;
    esac
}

default_engine() { printf '%s' "${DOCKER_HOST:-unix:///var/run/docker.sock}"; }

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_port FIRST: the first port from FIRST on that nobody listens on.
free_port() {
    port=$1
    while ! port_is_free "$port"; do port=$((port + 1)); done
    printf '%s' "$port"
}

# wait_for SECONDS COMMAND…: until the command succeeds.
wait_for() {
    tries=$(($1 * 5)); shift
    while ! "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2
    done
}
