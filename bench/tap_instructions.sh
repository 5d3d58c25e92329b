#!/bin/sh
# User instructions of the tap per invocation, by callgrind: the slope between two streams, so that start-up does not
# count. Repeatable to 0.5 %; compared with the last release's figure (budget 1.02 x).
# usage: bench/tap_instructions.sh [BIN_DIR] [RECORDING]
set -eu
here=$(dirname "$0")/..
bin=$(cd "${1:-$here/build/release/bin}" && pwd)
recording=${2:-$here/tests/recordings/node-flags01.jsonl}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count() {
    printf '#!/bin/sh\nexec valgrind --tool=callgrind --callgrind-out-file=%s "%s/azimuth-tap" "$@"\n' \
        "$work/out.$1" "$bin" >"$work/tap"
    chmod +x "$work/tap"
    # valgrind's own memory breaks the budget that this run judges
    "$bin/bench_tap_replay" memory --invocations "$1" --tap "$work/tap" "$recording" >/dev/null 2>&1 || :
    sed -n 's/^summary: //p' "$work/out.$1"
}
few=$(count 160)
many=$(count 3360)
echo "user instructions per invocation: $(((many - few) / 3200))"
