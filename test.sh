#!/usr/bin/env bash
# ./test.sh [runner options]   sets up as run.sh does, builds, and runs every test (or those that the options choose,
#                              like -class '*DockerIgnore*')
set -euo pipefail
cd "$(dirname "$0")"
. scripts/setup.sh

check_tools
install_packages
if is_debian_root; then
    need docker docker.io ""
    need dockerd docker.io ""
    need docker-registry docker-registry ""
    need busybox busybox-static ""
    command -v google-chrome >/dev/null 2>&1 || need chromium chromium ""
    docker compose version >/dev/null 2>&1 || need docker-compose docker-compose ""
fi

log=$(mktemp "${TMPDIR:-/tmp}/ci-test.XXXXXX")
trap 'rm -f "$log"' EXIT
dotnet build Ci.sln -c Release -v quiet --nologo >"$log" 2>&1 || { cat "$log" >&2; fail "The build failed."; }

# The tests start many short-lived .NET processes, which end before it pays to compile anew what was called thirty times:
# so only what was called 0x400 times is.
export DOTNET_TieredPGO="${DOTNET_TieredPGO:-0}" DOTNET_TC_CallCountThreshold="${DOTNET_TC_CallCountThreshold:-400}"

code=0
dotnet tests/bin/Release/net10.0/Ci.Tests.dll -noColor "$@" | tee "$log" || code=$?

# The runner's summary: "Ci.Tests  Total: 9, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 1.2s"
number() { sed -n "s/.*Total:.* $1: \([0-9]*\),.*/\1/p; s/.*[[:space:]]$1: \([0-9]*\),.*Time:.*/\1/p" "$log" | head -n 1; }
total=$(number Total) errors=$(number Errors) failed=$(number Failed) skipped=$(number Skipped) notrun=$(number 'Not Run')
[ -n "$total" ] || fail "The test runner gave no summary (exit code $code)."
bad=$((failed + errors))
passed=$((total - failed - skipped - notrun))
[ "$passed" -gt 0 ] || [ "$bad" -gt 0 ] || fail "No test ran."
if [ "${CI:-}" = true ] && [ "$skipped" -gt 0 ]; then
    say "In CI nothing may be skipped."
    code=1
fi
echo "$passed passed, $bad failed, $skipped skipped"
exit "$code"
