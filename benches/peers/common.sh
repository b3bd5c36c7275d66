# shellcheck shell=bash
# What the scripts beside this one share: two processors, data, measured runs, comparison of answers, the table. To be
# sourced with $dir (where everything goes) set; `pin "$@"` and `begin` come before anything is measured.
set -euo pipefail
export LC_ALL=C
rounds=${PEERS_ROUNDS:-3}
# Part of the full sizes that the data have.
size=${PEERS_SIZE:-1}
# Seconds: what needs more runs once; what needs less runs five times in each round, for it is shaken the most by what else
# the machine does, and once more before that: the first run of a kind pays for memory that a virtual machine's host has to give
# again, up to twice its time.
slow=30
quick=6
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$repo/benches/peers
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
cd "$repo"
family=$(basename "$0" .sh)
runs=$dir/runs-$family.tsv
answers=$dir/answers-$family.tsv
notes=$dir/notes-$family.txt
table=$dir/table-$family.md
disagree=0
# Set before a task: the file that is read, its bytes (for MB/s; empty for none), and what to multiply the times with.
file=
input=
scale=1
# Where what a tool prints goes.
out=$dir/out

say() { echo "$*" >&2; }
note() { say "$*"; echo "$*" >> "$notes"; }
have() { type -P "$1" > /dev/null; }

# pin ARGUMENTS OF THE SCRIPT: all that is measured, the feeders of pipes too, shares PEERS_CORES (as 0,1; default: the last
# two of the processors that this process may use).
pin() {
    [ -z "${PEERS_PINNED:-}" ] || return 0
    local cores
    mapfile -t cores < <(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | awk -F- '{ for (c = $1; c <= $NF; c++) print c }')
    [ "${#cores[@]}" -ge 2 ] || { say "two processors are needed"; exit 1; }
    cargo build --release --quiet --bin streamer --example peers-data --example latency
    PEERS_PINNED=${PEERS_CORES:-${cores[-2]},${cores[-1]}}
    export PEERS_PINNED
    exec taskset -c "$PEERS_PINNED" bash "$here/$family.sh" "$@"
}

time=$(type -P time) || { say "GNU time is needed (apt install time)"; exit 1; }
streamer=${STREAMER:-$repo/target/release/streamer}
# Set where what `time` itself costs would show: then nothing is said of CPU and memory.
bare=
timed() {
    [ -z "$bare" ] || exec "$@"
    exec "$time" -f '%U %S %M' -o "$dir/time" "$@"
}

# part_of COUNT: as much of it as PEERS_SIZE says.
part_of() { awk -v full="$1" -v size="$size" 'BEGIN { printf "%d", full * size }'; }
# use KIND FULL_BYTES ENDING: makes the file if it is not there, and reads it from here on. Its bytes are those of data/SHA256,
# where its size is listed.
use() {
    local bytes
    bytes=$(part_of "$2")
    whole=$dir/$1-$bytes.$3
    if [ ! -s "$whole" ]; then
        "$repo/target/release/examples/peers-data" "$1" "$bytes" > "$whole.part"
        local known made
        known=$(awk -v name="$1-$bytes.$3" '$2 == name { print $1 }' "$here/data/SHA256")
        made=$(sha256sum < "$whole.part")
        [ -z "$known" ] || [ "$known" = "${made%% *}" ] || { say "$whole.part is not what data/SHA256 says"; exit 1; }
        mv "$whole.part" "$whole"
    fi
    in_full
    cat "$file" > /dev/null
}
in_full() {
    file=$whole scale=1
    input=$(stat -Lc %s "$whole")
}
# in_part: the first 100 MB of it (of full size), the times multiplied.
in_part() {
    file=${whole%.*}-part.${whole##*.}
    [ -s "$file" ] || { head -c "$(part_of 100000000)" "$whole" | sed '$d' > "$file.part" && mv "$file.part" "$file"; }
    scale=$(awk -v all="$input" -v part="$(stat -Lc %s "$file")" 'BEGIN { print all / part }')
}

# measure TASK TOOL FEED COMMAND…: FEED is - (none), or how many times $file is piped in. What came out is in $out. The status
# is that of the command.
measure() {
    local task=$1 tool=$2 feed=$3 status=0
    shift 3
    local began=$EPOCHREALTIME
    if [ "$feed" = - ]; then ("$@") < /dev/null > "$out" || status=$?
    else for _ in $(seq "$feed"); do cat "$file"; done | ("$@") > "$out" || status=$?; fi
    local ended=$EPOCHREALTIME
    [ "$status" = 0 ] || return "$status"
    tail -n 1 "$dir/time" | awk -v OFS='\t' -v task="$task" -v tool="$tool" -v wall=$((${ended/./} - ${began/./})) -v scale="$scale" -v input="$input" \
        '{ print task, tool, scale * wall / 1e6, scale * ($1 + $2), $3 / 1024, input }' >> "$runs"
    say "$(tail -n 1 "$runs")"
}
# Whether the tool was so slow in the first round, or gave no result in it, that once is enough.
done_already() { awk -F'\t' -v task="$1" -v tool="$2" -v slow=$slow '$1 == task && $2 == tool && ($3 > slow || $3 == "failed") { found = 1 } END { exit !found }' "$runs"; }

# compare TASK TOOL TO_COMPARE: the output (as TO_COMPARE makes it) with the first of the task in this round of measuring.
# `apart` compares nothing: for what is not meant to be the same.
compare() {
    local hash known verdict=same
    known=$dir/hash-$(tr -c 'a-zA-Z0-9\n' - <<< "$1")
    if [ "$3" = apart ]; then verdict=apart
    else
        hash=$("$3" < "$out" | sha256sum)
        if [ ! -e "$known" ]; then
            echo "$hash" > "$known"
            verdict=first
        elif [ "$hash" != "$(cat "$known")" ]; then
            note "DISAGREES: $1: $2"
            disagree=1 verdict=differs
        elif [ "$(head -n 1 "$known.by" 2> /dev/null)" = "$2" ]; then verdict=first; fi
        [ "$verdict" != first ] || echo "$2" > "$known.by"
    fi
    printf '%s\t%s\t%s\n' "$1" "$2" "$verdict" >> "$answers"
}
# work TASK TOOL FEED TO_COMPARE COMMAND…: measures and compares.
work() {
    local task=$1 tool=$2 feed=$3 how=$4
    shift 4
    ! done_already "$task" "$tool" || return 0
    if measure "$task" "$tool" "$feed" "$@"; then
        [ "$how" = unseen ] || compare "$task" "$tool" "$how"
        if tail -n 1 "$runs" | awk -F'\t' -v quick="$quick" '{ exit !($3 < quick) }'; then
            sed -i '$d' "$runs"
            for _ in 1 2 3 4 5; do measure "$task" "$tool" "$feed" "$@" || failed "$task" "$tool"; done
        fi
    else failed "$task" "$tool"; fi
}
failed() {
    note "FAILED: $1: $2"
    printf '%s\t%s\tfailed\n' "$1" "$2" >> "$runs"
    disagree=1
}
# mine TASK TO_COMPARE ARGUMENTS…: streamer with two shards on $file. What `rough` compares with, too.
mine() {
    local task=$1 how=$2
    shift 2
    mine=("$@")
    work "$task" streamer - "$how" timed "$streamer" --shards 2 --from "$file" "$@"
}
# peer TASK TOOL TO_COMPARE NEEDED COMMAND…: if NEEDED is not empty.
peer() { [ -z "$4" ] || work "$1" "$2" - "$3" "${@:5}"; }
# rough TASK TOOL TO_COMPARE NEEDED COMMAND…: once, in part, the answer compared with streamer's of the same part.
rough() {
    local task=$1 tool="$2 ~" how=$3 needed=$4
    shift 4
    [ -n "$needed" ] && [ "$round" = 1 ] || return 0
    in_part
    local known
    known=$dir/hash-$(tr -c 'a-zA-Z0-9\n' - <<< "$task")
    [ ! -e "$known" ] || mv "$known" "$known-whole"
    case $how in
        apart | unseen) ;;
        *) "$streamer" --shards 2 --from "$file" "${mine[@]}" < /dev/null | "$how" | sha256sum > "$known" || failed "$task" streamer ;;
    esac
    quick=0 work "$task" "$tool" - "$how" "$@"
    rm -f "$known"
    [ ! -e "$known-whole" ] || mv "$known-whole" "$known"
    in_full
}

as_is() { cat; }
# Rows in any order; numbers behind the first column as they are when they are whole, else to six decimals.
rows() { awk -F'\t' -v OFS='\t' '{ for (i = 2; i <= NF; i++) $i = sprintf("%.6f", $i); print }' | sort -S 2G --parallel=2; }
# A key and a whole number, in any order.
by_key() { sort -S 2G --parallel=2; }
# The same of `uniq -c`.
uniq_rows() { awk '{ print $2 "\t" $1 }' | by_key; }

begin() {
    : > "$runs"
    : > "$answers"
    : > "$notes"
    rm -f "$dir"/hash-*
    say "$family: $(uname -m), processors $PEERS_PINNED, load $(cut -d' ' -f1 /proc/loadavg)"
}
# Writes and shows the table of medians, and ends the script.
finish() {
    rm -f "$out"
    awk -f "$here/medians.awk" "$answers" "$runs" > "$dir/medians-$family.tsv"
    awk -f "$here/table.awk" "$dir/medians-$family.tsv" > "$table"
    cat "$table"
    exit $disagree
}
