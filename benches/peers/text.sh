#!/usr/bin/env bash
# The same work by streamer and by what else is installed, on two cores: benches/peers/run.sh [DIR] [BYTES]
#
# Makes BYTES (default 1000000000) of text in DIR (default target/peers), runs every tool three times in turn (a tool that
# needs more than 30 s: once), compares what they print, and writes DIR/table-run.md. Ends with 1 if two tools disagree.
# PEERS_ALL=1 adds gawk and Miller, which need minutes. STREAMER=PATH measures another build.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
bytes=${2:-1000000000}
pin "$dir" "$bytes"
text=$dir/text-$bytes.txt
[ -s "$text" ] || { "$repo/target/release/examples/peers-text" "$bytes" > "$text.part" && mv "$text.part" "$text"; }
cat "$text" > /dev/null
word=grewai

lines() { echo "read_csv('$1', columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, auto_detect = false)"; }
duck_words() {
    duck "COPY (SELECT w, count(*) FROM (SELECT unnest(string_split(line, ' ')) AS w FROM $(lines "$1"))
          WHERE w <> '' GROUP BY w ORDER BY w) TO '/dev/stdout' (FORMAT csv, DELIMITER '\t', HEADER false, QUOTE '')"
}
duck_grep() { duck "COPY (SELECT count(*) FROM $(lines "$1") WHERE contains(line, '$word')) TO '/dev/stdout' (HEADER false)"; }
awk_words='{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (w in n) print w "\t" n[w] }'

as_is() { cat; }
by_word() { sort -S 1G; }
uniq_words() { awk '{ print $2 "\t" $1 }' | sort -S 1G; }
batches() { awk -F'\t' '{ n[$2] += $3 } END { for (w in n) print w "\t" n[w] }' | sort -S 1G; }
by_size() { wc -lc; }

begin
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
finish
