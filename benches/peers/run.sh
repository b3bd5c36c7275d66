#!/usr/bin/env bash
# The same work by streamer and by what else is installed, on two cores: benches/peers/run.sh [DIR] [BYTES]
#
# Makes BYTES (default 1000000000) of text in DIR (default target/peers), runs every tool three times in turn (a tool that
# needs more than 30 s: once), compares what they print, and writes DIR/table.md. Ends with 1 if two tools disagree.
# PEERS_ALL=1 adds gawk and Miller, which need minutes. STREAMER=PATH measures another build.
set -euo pipefail
cd "$(dirname "$0")/../.."
repo=$PWD
mkdir -p "${1:-target/peers}"
dir=$(cd "${1:-target/peers}" && pwd)
bytes=${2:-1000000000}
rounds=3
slow=30
export LC_ALL=C

# All that is measured, the feeders of pipes too, shares the last two of the processors that this process may use.
if [ -z "${PEERS_PINNED:-}" ]; then
    mapfile -t cores < <(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | awk -F- '{ for (c = $1; c <= $NF; c++) print c }')
    [ "${#cores[@]}" -ge 2 ] || { echo "two processors are needed" >&2; exit 1; }
    cargo build --release --quiet --bin streamer --example peers-text
    PEERS_PINNED=${cores[-2]},${cores[-1]} exec taskset -c "${cores[-2]},${cores[-1]}" bash "$repo/benches/peers/run.sh" "$dir" "$bytes"
fi
time=$(type -P time) || { echo "GNU time is needed (apt install time)" >&2; exit 1; }
streamer=${STREAMER:-$repo/target/release/streamer}
text=$dir/text-$bytes.txt
[ -s "$text" ] || { "$repo/target/release/examples/peers-text" "$bytes" > "$text.part" && mv "$text.part" "$text"; }
cat "$text" > /dev/null
word=grewai
runs=$dir/runs.tsv
: > "$runs"
disagree=0

say() { echo "$*" >&2; }
have() { type -P "$1" > /dev/null; }

# duck SQL: DuckDB's own program, or its Python module.
duck_kind=
if have duckdb; then duck_kind=cli
elif have python3 && python3 -c 'import duckdb' 2> /dev/null; then
    duck_kind=python
    python=$(python3 -c 'import sys; print(sys.executable)')
fi
duck() {
    if [ "$duck_kind" = cli ]; then exec "$time" -f '%U %S %M' -o "$dir/time" duckdb -c "$1"
    else exec "$time" -f '%U %S %M' -o "$dir/time" "$python" -c 'import duckdb, sys; duckdb.sql(sys.argv[1])' "$1"; fi
}
lines() { echo "read_csv('$1', columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, auto_detect = false)"; }
duck_words() {
    duck "SET threads = 2; SET enable_progress_bar = false; COPY (SELECT w, count(*) FROM (SELECT unnest(string_split(line, ' ')) AS w FROM $(lines "$1"))
          WHERE w <> '' GROUP BY w ORDER BY w) TO '/dev/stdout' (FORMAT csv, DELIMITER '\t', HEADER false, QUOTE '')"
}
duck_grep() { duck "SET threads = 2; SET enable_progress_bar = false; COPY (SELECT count(*) FROM $(lines "$1") WHERE contains(line, '$word')) TO '/dev/stdout' (HEADER false)"; }
timed() { exec "$time" -f '%U %S %M' -o "$dir/time" "$@"; }
awk_words='{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (w in n) print w "\t" n[w] }'

# measure TASK TOOL FEED COMMAND…: FEED is - (none), or how many times the text is piped in. What came out is in $dir/out.
measure() {
    local task=$1 tool=$2 feed=$3
    shift 3
    local began=$EPOCHREALTIME
    if [ "$feed" = - ]; then ("$@") < /dev/null > "$dir/out"
    else for _ in $(seq "$feed"); do cat "$text"; done | ("$@") > "$dir/out"; fi
    local ended=$EPOCHREALTIME
    awk -v OFS='\t' -v task="$task" -v tool="$tool" -v wall=$((${ended/./} - ${began/./})) \
        '{ print task, tool, wall / 1e6, $1 + $2, $3 / 1024 }' "$dir/time" >> "$runs"
    say "$(tail -n 1 "$runs")"
}
# Whether the tool was so slow in the first round that once is enough.
done_already() { awk -F'\t' -v task="$1" -v tool="$2" -v slow=$slow '$1 == task && $2 == tool && $3 > slow { found = 1 } END { exit !found }' "$runs"; }

# work TASK TOOL FEED TO_COMPARE COMMAND…: measures, and compares the output (as TO_COMPARE makes it) with the task's first.
work() {
    local task=$1 tool=$2 feed=$3 compare=$4
    shift 4
    done_already "$task" "$tool" && return
    measure "$task" "$tool" "$feed" "$@"
    local hash
    hash=$("$compare" < "$dir/out" | sha256sum)
    local known="$dir/hash-${task// /-}"
    if [ ! -e "$known" ]; then echo "$hash" > "$known"
    elif [ "$hash" != "$(cat "$known")" ]; then say "DISAGREES: $task: $tool"; disagree=1; fi
}
as_is() { cat; }
by_word() { sort -S 1G; }
uniq_words() { awk '{ print $2 "\t" $1 }' | sort -S 1G; }
batches() { awk -F'\t' '{ n[$2] += $3 } END { for (w in n) print w "\t" n[w] }' | sort -S 1G; }
by_size() { wc -lc; }

say "$(uname -m), $(nproc) of $(getconf _NPROCESSORS_ONLN) processors, load $(cut -d' ' -f1 /proc/loadavg), $(stat -c %s "$text") bytes"
rm -f "$dir"/hash-*
for tool in mawk gawk mlr rg; do have "$tool" || say "$tool is not installed: skipped"; done
[ -n "$duck_kind" ] || say "DuckDB is not installed: skipped"

for round in $(seq "$rounds"); do
    task='words, file'
    work "$task" streamer - by_word timed "$streamer" wordcount --shards 2 --from "$text"
    work "$task" 'streamer --batch 1s' - batches timed "$streamer" wordcount --shards 2 --batch 1s --from "$text"
    [ -z "$duck_kind" ] || work "$task" DuckDB - by_word duck_words "$text"
    ! have mawk || work "$task" mawk - by_word timed mawk "$awk_words" "$text"
    [ -z "${PEERS_ALL:-}" ] || ! have gawk || work "$task" gawk - by_word timed gawk "$awk_words" "$text"
    work "$task" 'tr, sort, uniq -c' - uniq_words timed bash -c "tr -s ' ' '\n' < '$text' | sort --parallel=2 -S 2G | uniq -c"
    [ -z "${PEERS_ALL:-}" ] || ! have mlr || work "$task" mlr - by_word timed mlr --inidx --ifs lf --implicit-csv-header --onidx --ofs tab nest --explode --values --across-records --nested-fs space -f 1 then filter '$1 != ""' then count -g 1 "$text"

    task='words, pipe'
    work "$task" streamer 1 by_word timed "$streamer" wordcount --shards 2 --batch all
    work "$task" 'streamer --batch 1s' 1 batches timed "$streamer" wordcount --shards 2 --batch 1s
    [ -z "$duck_kind" ] || work "$task" DuckDB 1 by_word duck_words /dev/stdin
    ! have mawk || work "$task" mawk 1 by_word timed mawk "$awk_words"
    work "$task" 'tr, sort, uniq -c' 1 uniq_words timed bash -c "tr -s ' ' '\n' | sort --parallel=2 -S 2G | uniq -c"

    task='lines with a literal, file'
    work "$task" streamer - as_is timed "$streamer" grep -F $word then count --shards 2 --from "$text"
    [ -z "$duck_kind" ] || work "$task" DuckDB - as_is duck_grep "$text"
    ! have rg || work "$task" rg - as_is timed rg -c -F $word "$text"
    work "$task" grep - as_is timed grep -c -F $word "$text"
    ! have mawk || work "$task" mawk - as_is timed mawk "index(\$0, \"$word\") { n++ } END { print n }" "$text"

    task='grep x of a stream, five times the text'
    work "$task" streamer 5 by_size timed "$streamer" grep x --batch all --shards 2
    ! have rg || work "$task" rg 5 by_size timed rg x
    work "$task" grep 5 by_size timed grep x

    task='start-up, three words'
    printf 'a b a\n' > "$dir/three"
    for _ in $(seq 5); do
        work "$task" streamer - by_word timed "$streamer" wordcount --shards 2 --from "$dir/three"
        [ -z "$duck_kind" ] || work "$task" DuckDB - by_word duck_words "$dir/three"
        ! have mawk || work "$task" mawk - by_word timed mawk "$awk_words" "$dir/three"
    done
done

rm -f "$dir/out"
awk -F'\t' '
    function median(key, kind,    count, i, j, t, v) {
        count = n[key]
        for (i = 1; i <= count; i++) v[i] = got[key, i, kind]
        for (i = 2; i <= count; i++) for (j = i; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
        return count % 2 ? v[(count + 1) / 2] : (v[count / 2] + v[count / 2 + 1]) / 2
    }
    { key = $1 FS $2
      if (!(key in n)) keys[++total] = key
      n[key]++
      for (kind = 3; kind <= 5; kind++) got[key, n[key], kind] = $kind }
    END {
        print "| work | tool | wall s | CPU s | peak MB | times as fast as DuckDB |"
        print "|---|---|---:|---:|---:|---:|"
        for (i = 1; i <= total; i++) {
            key = keys[i]; split(key, part, FS)
            wall = median(key, 3); peer = part[1] FS "DuckDB"
            ratio = peer in n && wall > 0 ? sprintf("%.1f", median(peer, 3) / wall) : ""
            printf "| %s | %s%s | %.*f | %.2f | %.0f | %s |\n", part[1] == last ? "" : part[1], part[2],
                n[key] == 1 ? " (one run)" : "", wall < 0.1 ? 3 : 2, wall, median(key, 4), median(key, 5), ratio
            last = part[1]
        }
    }' "$runs" > "$dir/table.md"
cat "$dir/table.md"
say "load at the end: $(cut -d' ' -f1 /proc/loadavg)"
exit $disagree
