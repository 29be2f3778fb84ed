#!/usr/bin/env bash
# The container's first process: starts the Functions host, and tells it to end when the container is to end.
#
# The base image's start script is a shell that waits for the host and hands no signal on to it; as the first process it would
# ignore docker stop, and running builds would be killed. The whole process group must not be told either: a worker that is
# told to end together with its host is gone before its builds are handed over. So the host alone is told, and it ends its worker.
set -m
start=${1:-/opt/startup/start_nonappservice.sh}
host=Microsoft.Azure.WebJobs.Script.WebHost
all_told=

# The host is a process of the script's group: its program has that name, or is run by dotnet under it.
host_ids() {
    local process line words stat
    for process in /proc/[0-9]*; do
        { line=$(<"$process/stat"); mapfile -d '' -t words <"$process/cmdline"; } 2>/dev/null || continue
        # Behind the name, which may hold anything: state, parent, group.
        read -ra stat <<<"${line##*) }"
        [[ ${stat[2]} == "$group" ]] || continue
        case "${words[0]##*/} ${words[1]##*/}" in
            "$host "* | *" $host" | *" $host.dll") echo "${process##*/}" ;;
        esac
    done
}

tell_host() {
    local ids
    ids=$(host_ids)
    if [[ -n $ids ]]; then
        kill -TERM $ids 2>/dev/null
    else
        # There is no host yet, or it cannot be told from others.
        tell_all
    fi
}

tell_all() {
    [[ -z $all_told ]] || return
    all_told=yes
    kill -TERM -- "-$group" 2>/dev/null
}

trap tell_host TERM INT
"$start" &
group=$!

# A signal ends the wait, not what is waited for.
while wait "$group"; kill -0 "$group" 2>/dev/null; do :; done
wait "$group"
code=$?

# Nobody else tells a worker that has lost its host.
tell_all
while kill -0 -- "-$group" 2>/dev/null; do sleep 0.2; done
exit "$code"
