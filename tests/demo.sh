#!/bin/sh
# Replays conversations of real Node.js, Python and .NET workers through the tap into a hub of its own, and shows what
# arrived. Leaves the hub running until Ctrl-C; with DEMO_ONCE=1 it ends. Exit code 1 when not every invocation arrived.
#   AZM_BUILD   the build folder (build/dev)
#   DEMO_DIR    where its data lies (.demo), emptied first
#   DEMO_WAIT   seconds for the events to arrive (60)
#   DEMO_SPEED  1: the recorded pace; 10: ten times as fast; 0: as fast as possible
set -eu

# Nothing of the caller's settings reaches what is started here: a server of theirs is not to be filled with this.
[ "${DEMO_ALONE:-}" = 1 ] || exec env -i DEMO_ALONE=1 PATH="$PATH" HOME="${HOME:-/}" LANG="${LANG:-C}" TERM="${TERM:-}" \
    AZM_BUILD="${AZM_BUILD:-}" DEMO_ONCE="${DEMO_ONCE:-}" DEMO_SPEED="${DEMO_SPEED:-}" \
    DEMO_DIR="${DEMO_DIR:-}" DEMO_WAIT="${DEMO_WAIT:-}" sh "$0" "$@"

here=$(cd "$(dirname "$0")/.." && pwd)
bin=$(cd "${AZM_BUILD:-$here/build/dev}" && pwd)/bin
recordings=$here/tests/recordings
work=${DEMO_DIR:-$here/.demo}
export AZIMUTH_RUN_DIR="$work/run"
played="node-fails node-batch node-flags01 python-http python-timer-queue dotnet-http dotnet-queue-timer dotnet-aspnetcore-grpc"
patience=${DEMO_WAIT:-60}
hub='' agent=''

fail() {
    echo "demo: $*" >&2
    for log in "$work"/*.log "$work"/run/agent.log; do
        [ ! -s "$log" ] || { echo "--- the end of $log" >&2; tail -n 5 "$log" >&2; }
    done
    exit 1
}

# Only what was started here, by its number.
clean_up() {
    trap '' INT TERM
    for pid in $agent $hub; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in $agent $hub; do
        wait "$pid" 2>/dev/null || true
    done
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start_hub PORT: 0 for any.
start_hub() {
    "$bin/azimuth" hub --listen "127.0.0.1:$1" --data-dir "$work/data" --port-file "$work/port" \
        >"$work/hub.log" 2>&1 &
    hub=$!
    while [ ! -s "$work/port" ]; do
        kill -0 "$hub" 2>/dev/null || return 1
        sleep 0.05
    done
}

count() {
    "$bin/azimuth" traces --hub "$url" --json --limit 1000 | sed -n 's/.*"transactions":\([0-9]*\).*/\1/p' |
        awk '{n += $1} END {print n + 0}'
}

for program in azimuth azimuth-tap; do
    [ -x "$bin/$program" ] || fail "$bin/$program is not there; build first"
done
rm -rf "$work"
mkdir -p "$work/data"
mkdir -m 700 "$work/run"

start_hub 8200 || start_hub 0 || fail "the hub does not start"
url=http://127.0.0.1:$(cat "$work/port")
"$bin/azimuth" agent --foreground >"$work/agent.log" 2>&1 &
agent=$!

echo "Replaying recorded conversations of real workers through the tap:"
expected=0
for name in $played; do
    line=$(ELASTIC_APM_SERVER_URL="$url" "$bin/azimuth" replay --speed "${DEMO_SPEED:-1}" \
        --environments "$recordings/environments.json" "$recordings/$name.jsonl") || fail "${line:-$name cannot be replayed}"
    echo "  $line"
    expected=$((expected + $(echo "$line" | sed 's/.*: \([0-9]*\) invocations.*/\1/')))
done

deadline=$(($(date +%s) + patience))
while arrived=$(count) && [ "$arrived" -lt "$expected" ]; do
    [ "$(date +%s)" -lt "$deadline" ] || fail "only $arrived of $expected invocations arrived within $patience s"
    sleep 0.2
done
[ "$arrived" -eq "$expected" ] || fail "$arrived invocations arrived, but only $expected were made"

echo
echo "The first traces of every app:"
"$bin/azimuth" traces --hub "$url" --limit 1000 | awk '
    NR == 1 {at = index($0, "SERVICE")}
    {split(substr($0, at - 1), from_service, " ")}
    seen[from_service[1]]++ < 5'
echo
failed=$("$bin/azimuth" traces --hub "$url" --json --limit 1000 | sed -n '/"failed":[1-9]/s/.*"trace_id":"\([0-9a-f]*\)".*/\1/p' |
    head -n 1)
[ -n "$failed" ] || fail "none of the failures arrived"
echo "One of the failures:"
"$bin/azimuth" traces --hub "$url" "$failed"
echo
[ "${DEMO_ONCE:-}" = 1 ] || trap 'exit 0' INT # before anybody reads that it may be ended
echo "All $arrived invocations arrived. The page: $url/"
[ "${DEMO_ONCE:-}" != 1 ] || exit 0
echo "Ctrl-C ends the hub."
wait "$hub"
