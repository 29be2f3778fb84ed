#!/usr/bin/env bash
# ./run.sh        starts what does not run yet (Azurite, a registry, the engine), then the functions, and stays
# ./run.sh demo   does the same beside it, on data of its own, and plays the story on the sample repository
# ./run.sh bench  measures it beside what a user would pick instead (docs/benchmarks.md), on data of its own too;
#                 --write puts the figures into that page, --rounds 3 is quicker, and "builds", "merge", "memory", "recovery"
#                 or "acknowledgement" behind it measures only that; --only "classic builder" only the builds of such a title
# ./run.sh bench lists 100000   measures the lists of builds when there are so many
set -euo pipefail
cd "$(dirname "$0")"
. scripts/setup.sh

mode=${1:-run}
case "$mode" in run | demo | bench) ;; *) fail "'$mode' is unknown: ./run.sh, ./run.sh demo or ./run.sh bench" ;; esac

pids=""
scratch=$(mktemp -d "${TMPDIR:-/tmp}/ci-run.XXXXXX")
data=$PWD/.state
[ "$mode" = run ] || data=$scratch

stop() {
    code=$1
    trap - EXIT INT TERM
    # Last started, first stopped: the functions before what they use.
    for pid in $pids; do
        kill -TERM "$pid" 2>/dev/null || true
        tries=150
        while kill -0 "$pid" 2>/dev/null && [ "$tries" -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    [ -z "${container:-}" ] || docker rm -f "$container" >/dev/null 2>&1 || true
    rm -rf "$scratch"
    exit "$code"
}
trap 'stop $?' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start NAME COMMAND…: in the background and out of the reach of the terminal's Ctrl-C, so that the order of stopping is ours.
start() {
    name=$1; shift
    mkdir -p "$data/logs"
    (trap '' INT; exec "$@") >"$data/logs/$name.log" 2>&1 &
    pids="$! $pids"
}

start_azurite() {
    if [ "$mode" = run ] && ! port_is_free 10000; then
        blob=10000 queue=10001 table=10002
        say "  storage    Azurite, already running"
        return
    fi
    blob=$(free_port 10000) queue=$(free_port $((blob + 1))); table=$(free_port $((queue + 1)))
    start azurite node scripts/node_modules/azurite/dist/src/azurite.js --silent --skipApiVersionCheck --disableTelemetry \
        --location "$data/azurite" --blobPort "$blob" --queuePort "$queue" --tablePort "$table"
    wait_for 30 curl -s -o /dev/null "http://127.0.0.1:$table/" || fail "Azurite did not start: see $data/logs/azurite.log"
    say "  storage    Azurite on ports $blob, $queue, $table"
}

start_engine() {
    engine=${Docker__Host:-$(default_engine)}
    if engine_answers "$engine"; then
        say "  engine     Docker at $engine"
        return
    fi
    [ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ] || fail "No Docker engine answers at $engine: start Docker Desktop, or: sudo systemctl start docker"
    need dockerd docker.io "Install Docker: https://docs.docker.com/engine/install"
    engine="unix://$scratch/docker.sock"
    start dockerd "$(command -v dockerd || echo /usr/sbin/dockerd)" --data-root "$data/docker" --exec-root "$scratch/exec" \
        -H "$engine" --pidfile "$scratch/docker.pid"
    wait_for 60 engine_answers "$engine" || fail "The Docker engine did not start: see $data/logs/dockerd.log"
    say "  engine     Docker, started for this run"
}

start_registry() {
    if [ "$mode" = run ] && curl -fs -o /dev/null --max-time 3 "http://${Registry__Address:-localhost:83}/v2/"; then
        registry=${Registry__Address:-localhost:83}
        say "  registry   $registry, already running"
        return
    fi
    port=83
    if ! port_is_free 83 || { [ "$(id -u)" != 0 ] && [ "$(uname)" = Linux ]; }; then port=$(free_port 5083); fi
    registry=localhost:$port
    if is_debian_root || command -v docker-registry >/dev/null 2>&1; then
        need docker-registry docker-registry ""
        mkdir -p "$data/registry"
        cat >"$scratch/registry.yml" <<CONFIG
version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: "$data/registry" }, delete: { enabled: true } }
http: { addr: "127.0.0.1:$port" }
CONFIG
        start registry docker-registry serve "$scratch/registry.yml"
    else
        need docker docker.io "Install Docker: https://docs.docker.com/engine/install"
        container=$(docker -H "$engine" run -d -p "127.0.0.1:$port:5000" -e REGISTRY_STORAGE_DELETE_ENABLED=true registry:2) ||
            fail "The registry's image could not be run: docker run registry:2 tells why."
    fi
    wait_for 30 curl -fs -o /dev/null "http://$registry/v2/" || fail "The registry did not start: see $data/logs/registry.log"
    say "  registry   $registry"
}

make_settings() {
    [ -f local.settings.json ] && return
    secret=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
    key=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
    sed -e "s/replace-with-a-long-random-string/$secret/" -e "s/\"Api__Key\": \"\"/\"Api__Key\": \"$key\"/" \
        local.settings.json.example >local.settings.json
    chmod 600 local.settings.json
    say "  settings   made local.settings.json with a random webhook secret and API key"
}

# begin_build SOLUTION|PROJECT: in the background, without what only people who change the code need, and without what only the
# Functions host reads.
begin_build() {
    dotnet build "$1" -c Release -v quiet --nologo -p:HostExtensions=false -p:RunAnalyzers=false -p:GenerateDocumentationFile=false \
        >"$scratch/build.log" 2>&1 &
    building=$!
    pids="$building $pids"
}

# end_build WHAT: waits for it.
end_build() {
    say "  building   $1 …"
    wait "$building" || { cat "$scratch/build.log" >&2; fail "The build failed."; }
    pids=" $pids" pids=${pids/ $building / }
}

account="AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
storage() {
    printf 'DefaultEndpointsProtocol=http;%s;BlobEndpoint=http://127.0.0.1:%s/devstoreaccount1;QueueEndpoint=http://127.0.0.1:%s/devstoreaccount1;TableEndpoint=http://127.0.0.1:%s/devstoreaccount1;' \
        "$account" "$blob" "$queue" "$table"
}

check_tools
case "$mode" in
    demo) begin_build scripts/demo.slnf ;;
    bench) begin_build scripts/bench.slnf ;;
    *) begin_build scripts/run.slnf ;;
esac
install_packages
say "Starting"
start_azurite
start_engine
start_registry
export Docker__Host=$engine Registry__Address=$registry Registry__Url=http://$registry
export AzureWebJobsStorage
AzureWebJobsStorage=$(storage)

if [ "$mode" = demo ]; then
    end_build "the functions, their host and the demo"
    need docker docker.io "Install Docker: https://docs.docker.com/engine/install"
    if is_debian_root; then need busybox busybox-static ""; fi
    # The demo starts the functions itself, for it plays GitHub and must tell them so.
    dotnet demo/bin/Release/net10.0/Ci.Demo.dll local/bin/Release/net10.0/Ci.Local.dll functions/bin/Release/net10.0 demo/samples/hello &
    demo=$!
    pids="$demo $pids"
    wait "$demo"
    exit
fi

if [ "$mode" = bench ]; then
    end_build "the functions, their host and the benchmark"
    need docker docker.io "Install Docker: https://docs.docker.com/engine/install"
    need busybox busybox-static "Install a static busybox: the benchmark's base image is made of it."
    # What it is compared with. The table does without what is not there, and names it.
    for peer in webhook python3-flask buildbot buildbot-worker; do want "$peer"; done
    mkdir -p "$scratch/base/bin"
    cp "$(command -v busybox)" "$scratch/base/bin/busybox"
    for applet in sh cat echo sleep; do ln -s busybox "$scratch/base/bin/$applet"; done
    tar -C "$scratch/base" -c . | docker -H "$engine" import --change 'ENV PATH=/bin' - ci-bench-base:1 >/dev/null
    # What a run that is broken off leaves in its temporary folder goes with the rest.
    TMPDIR=$scratch dotnet bench/bin/Release/net10.0/Ci.Bench.dll "${@:2}" &
    bench=$!
    pids="$bench $pids"
    wait "$bench"
    docker -H "$engine" rmi ci-bench-base:1 >/dev/null 2>&1 || true
    exit
fi

make_settings
end_build "the functions and their host"
port=${PORT:-7071}
port_is_free "$port" || fail "Port $port is taken: stop what uses it, or choose another with PORT=7072 ./run.sh"
(trap '' INT; exec dotnet local/bin/Release/net10.0/Ci.Local.dll --app functions/bin/Release/net10.0 --script-root . --port "$port") &
host=$!
pids="$host $pids"
wait_for 30 sh -c "! kill -0 $host 2>/dev/null || curl -fs -o /dev/null http://localhost:$port/" || true
kill -0 "$host" 2>/dev/null || fail "The functions did not start; the reason stands above."
if node scripts/health.mjs "$port" 10 >"$scratch/health"; then
    say "Ready. Ctrl-C stops what was started here."
else
    say "The functions run, but builds cannot yet; they begin when that is mended. Ctrl-C stops what was started here."
fi
cat "$scratch/health"
say "  webhook    http://localhost:$port/api/webhook  (secret: GitHub__WebhookSecret in local.settings.json)"
say "  builds     http://localhost:$port/api/builds  (key: Api__Key in the same file)"
say "  pull from  $registry"
wait "$host"
