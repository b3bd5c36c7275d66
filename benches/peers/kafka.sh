#!/usr/bin/env bash
# Reading a topic of small records from a broker on this machine: benches/peers/kafka.sh [DIR]
#
# Ten million records of seven digits in four partitions (PEERS_SIZE is a part of that), counted, and their words counted, by streamer,
# by kcat into mawk, and by Spark Structured Streaming (availableNow, two cores; PYSPARK_PYTHON names a Python with PySpark 4, whose
# Kafka package comes from Maven Central, if that has it for this version). Seconds are the best of three, of Spark those of one run
# without its start; CPU is that of the process (of kcat with mawk). The broker is that of tests/servers, started for this; it shares
# the machine, so its load is told first. Each tool must count the same, or the status is 1. DIR defaults to target/peers.
set -euo pipefail
export LC_ALL=C
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
dir=${1:-$repo/target/peers}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
records=$(awk -v part="${PEERS_SIZE:-1}" 'BEGIN { print int(10000000 * part) }')
have() { type -P "$1" > /dev/null; }
have kcat && have mawk || { echo "kcat and mawk are needed: apt-get install kcat mawk" >&2; exit 1; }
cd "$repo"
"$repo/tests/servers/fetch.sh" kafka > /dev/null
cargo build --release --quiet
streamer=${CARGO_TARGET_DIR:-$repo/target}/release/streamer
data=$(mktemp -d "$dir/kafka.XXXXXX")
stop() { kill "$(cat "$data/kafka.pid")" 2> /dev/null || true; rm -rf "$data"; }
trap stop EXIT
broker=$("$repo/tests/servers/kafka/up.sh" "$data" | tail -n 1)
seq 1000000 "$((1000000 + records - 1))" | kcat -b "$broker" -t small -P -X linger.ms=50 -X batch.num.messages=10000 -X sticky.partitioning.linger.ms=50
bytes=$((records * 7))

# best NAME ANSWER COMMAND…: the best of three runs, as a row; the last line that it prints must be ANSWER.
best() {
    local name=$1 answer=$2 round found
    shift 2
    for round in 1 2 3; do
        found=$( { TIMEFORMAT='%R %U %S'; time "$@" > "$data/out"; } 2>&1 | tail -n 1)
        [ "$answer" = "-" ] || [ "$(tail -n 1 "$data/out")" = "$answer" ] || { echo "$name: $(tail -n 1 "$data/out") is not $answer" >&2; touch "$data/wrong"; }
        echo "$found"
    done | sort -n | head -n 1 | awk -v name="$name" -v records="$records" -v bytes="$bytes" \
        '{ printf "| %s | %.2f | %.2f | %.2f | %.1f |\n", name, $1, $2 + $3, records / $1 / 1e6, bytes / $1 / 1e6 }'
}

echo "load before: $(cut -d' ' -f1-3 /proc/loadavg); $records records"
echo
echo "| | s | CPU, s | million records/s | MB/s |"
echo "|---|---:|---:|---:|---:|"
best "streamer --once count" "$records" "$streamer" --from "kafka://$broker/small" --once count
echo 1 | kcat -b "$broker" -t one -P
records=1 bytes=7 best "streamer --once count, of one record: its start" 1 "$streamer" --from "kafka://$broker/one" --once count
best "kcat, mawk: count" "$records" bash -c "kcat -b $broker -t small -C -e -q | mawk 'END { print NR }'"
best "streamer --once wordcount" - "$streamer" --from "kafka://$broker/small" --once wordcount then count
best "kcat, mawk: words" - bash -c "kcat -b $broker -t small -C -e -q | mawk '{ for (i = 1; i <= NF; i++) n[\$i]++ } END { for (w in n) k++; print k }'"
python=${PYSPARK_PYTHON:-python3}
if have java && "$python" -c 'import pyspark' 2> /dev/null; then
    if "$python" "$repo/benches/peers/kafka.py" "$broker" small > "$data/spark" 2> "$data/spark.err"; then
        awk -v records="$records" -v bytes="$bytes" \
            '{ printf "| Spark Structured Streaming: count | %.2f | %.2f | %.2f | %.1f |\n", $1, $2, records / $1 / 1e6, bytes / $1 / 1e6 }' "$data/spark"
        [ "$(cut -f 3 "$data/spark")" = "$records" ] || touch "$data/wrong"
    else
        echo "Spark failed: $(tail -n 1 "$data/spark.err")" >&2
    fi
else
    echo "Spark is not installed: skipped" >&2
fi
[ ! -e "$data/wrong" ]
