# What the scripts beside this one share: two processors, measured runs, comparison of answers, the table. To be sourced, with
# $dir (where everything goes) set, and `pin "$@"` called before anything is measured.
set -euo pipefail
export LC_ALL=C
rounds=${PEERS_ROUNDS:-3}
slow=30
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
cd "$repo"
runs=$dir/runs-$(basename "$0" .sh).tsv
table=$dir/table-$(basename "$0" .sh).md
disagree=0
# Set before a task: bytes of its input (for MB/s; empty for none), and what to multiply the times with.
input=
scale=1
# Where what a tool prints goes.
out=$dir/out

say() { echo "$*" >&2; }
have() { type -P "$1" > /dev/null; }

# pin ARGUMENTS OF THE SCRIPT: all that is measured, the feeders of pipes too, shares PEERS_CORES (as 0,1; default: the last
# two of the processors that this process may use).
pin() {
    [ -z "${PEERS_PINNED:-}" ] || return 0
    local cores
    mapfile -t cores < <(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | awk -F- '{ for (c = $1; c <= $NF; c++) print c }')
    [ "${#cores[@]}" -ge 2 ] || { say "two processors are needed"; exit 1; }
    cargo build --release --quiet --bin streamer --example peers-text --example peers-requests
    PEERS_PINNED=${PEERS_CORES:-${cores[-2]},${cores[-1]}}
    export PEERS_PINNED
    exec taskset -c "$PEERS_PINNED" bash "$repo/benches/peers/$(basename "$0")" "$@"
}

time=$(type -P time) || { say "GNU time is needed (apt install time)"; exit 1; }
streamer=${STREAMER:-$repo/target/release/streamer}
timed() { exec "$time" -f '%U %S %M' -o "$dir/time" "$@"; }

# duck SQL: DuckDB's own program, or its Python module.
duck_kind=
if have duckdb; then duck_kind=cli
elif have python3 && python3 -c 'import duckdb' 2> /dev/null; then duck_kind=python; fi
python=
! have python3 || python=$(python3 -c 'import sys; print(sys.executable)')
duck() {
    local sql="SET threads = 2; SET enable_progress_bar = false; $1"
    if [ "$duck_kind" = cli ]; then timed duckdb -c "$sql"
    else timed "$python" -c 'import duckdb, sys; duckdb.sql(sys.argv[1])' "$sql"; fi
}

# measure TASK TOOL FEED COMMAND…: FEED is - (none), or how many times $text is piped in. What came out is in $out. The status
# is that of the command.
measure() {
    local task=$1 tool=$2 feed=$3 status=0
    shift 3
    local began=$EPOCHREALTIME
    if [ "$feed" = - ]; then ("$@") < /dev/null > "$out" || status=$?
    else for _ in $(seq "$feed"); do cat "$text"; done | ("$@") > "$out" || status=$?; fi
    local ended=$EPOCHREALTIME
    [ "$status" = 0 ] || return "$status"
    tail -n 1 "$dir/time" | awk -v OFS='\t' -v task="$task" -v tool="$tool" -v wall=$((${ended/./} - ${began/./})) -v scale="$scale" -v input="$input" \
        '{ print task, tool, scale * wall / 1e6, scale * ($1 + $2), $3 / 1024, input }' >> "$runs"
    say "$(tail -n 1 "$runs")"
}
# Whether the tool was so slow in the first round, or gave no result in it, that once is enough.
done_already() { awk -F'\t' -v task="$1" -v tool="$2" -v slow=$slow '$1 == task && $2 == tool && ($3 > slow || $3 == "failed") { found = 1 } END { exit !found }' "$runs"; }

# compare TASK TOOL TO_COMPARE: the output (as TO_COMPARE makes it) with the task's first.
compare() {
    local hash known="$dir/hash-${1//[ ,]/-}"
    hash=$("$3" < "$out" | sha256sum)
    if [ ! -e "$known" ]; then echo "$hash" > "$known"
    elif [ "$hash" != "$(cat "$known")" ]; then say "DISAGREES: $1: $2"; disagree=1; fi
}
# work TASK TOOL FEED TO_COMPARE COMMAND…: measures and compares.
work() {
    local task=$1 tool=$2 feed=$3 how=$4
    shift 4
    ! done_already "$task" "$tool" || return 0
    if measure "$task" "$tool" "$feed" "$@"; then compare "$task" "$tool" "$how"; else failed "$task" "$tool"; fi
}
failed() {
    say "FAILED: $1: $2"
    printf '%s\t%s\tfailed\n' "$1" "$2" >> "$runs"
    disagree=1
}

begin() {
    : > "$runs"
    rm -f "$dir"/hash-*
    say "$(uname -m), $(nproc) of $(getconf _NPROCESSORS_ONLN) processors, load $(cut -d' ' -f1 /proc/loadavg)"
}

# Writes and shows the table of medians, and ends the script.
finish() {
    rm -f "$dir/out"
    awk -F'\t' '
        function median(key, kind,    count, i, j, t, v) {
            count = n[key]
            for (i = 1; i <= count; i++) v[i] = got[key, i, kind]
            for (i = 2; i <= count; i++) for (j = i; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
            return count % 2 ? v[(count + 1) / 2] : (v[count / 2] + v[count / 2 + 1]) / 2
        }
        $3 == "failed" { next }
        { key = $1 FS $2
          if (!(key in n)) keys[++total] = key
          n[key]++
          for (kind = 3; kind <= 5; kind++) got[key, n[key], kind] = $kind
          if ($6 != "") { bytes[key] = $6; speed = 1 } }
        END {
            print "| work | tool | wall s |" (speed ? " MB/s |" : "") " CPU s | peak MB | times as fast as DuckDB |"
            print "|---|---|---:|" (speed ? "---:|" : "") "---:|---:|---:|"
            for (i = 1; i <= total; i++) {
                key = keys[i]; split(key, part, FS)
                wall = median(key, 3); peer = part[1] FS "DuckDB"
                ratio = peer in n && wall > 0 ? median(peer, 3) / wall : ""
                if (ratio != "") ratio = sprintf(ratio < 0.1 ? "%.3f" : "%.1f", ratio)
                about = part[2] ~ /~$/
                printf "| %s | %s%s | %s%.*f |%s %s%.2f | %.0f | %s |\n", part[1] == last ? "" : part[1], part[2],
                    n[key] == 1 && !about ? " (one run)" : "", about ? "~" : "", wall < 0.1 ? 3 : 2, wall,
                    speed ? sprintf(" %s |", key in bytes && wall > 0 ? (about ? "~" : "") sprintf("%.0f", bytes[key] / wall / 1e6) : "") : "",
                    about ? "~" : "", median(key, 4), median(key, 5), ratio
                last = part[1]
            }
        }' "$runs" > "$table"
    cat "$table"
    say "load at the end: $(cut -d' ' -f1 /proc/loadavg)"
    exit $disagree
}
