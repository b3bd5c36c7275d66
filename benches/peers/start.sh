#!/usr/bin/env bash
# How long counting three words takes, 50 times in a row, by streamer and by what else is installed: benches/peers/start.sh [DIR]
#
# The row `true` is what the loop of the shell itself takes, and in every other row. CPU and memory are those of one more run.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tools.sh"
pin "$dir"
begin
peers_of DuckDB Polars mawk gawk mlr reference
file=$dir/three
printf 'a b a\n' > "$file"

duck_words() { duck_copy "SELECT w, count(*) FROM (SELECT unnest(string_split(line, ' ')) AS w FROM $(duck_lines "$file")) GROUP BY w"; }
polar_words() { polar "show(lines().select(w=col('line').str.split(' ')).explode('w').group_by('w').len())"; }
awk_words='{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (w in n) print w "\t" n[w] }'

# starts TOOL NEEDED TO_COMPARE COMMAND…
starts() {
    [ -n "$2" ] || return 0
    local tool=$1 how=$3 kept=$runs
    shift 3
    # What CPU and memory it takes, and whether it is right; the wall times come from the loop.
    runs=$dir/once.tsv
    : > "$runs"
    quick=0 work "$task" "$tool" - "$how" "$@"
    local once
    once=$(cut -f 4,5 "$runs" | head -n 1)
    runs=$kept bare=yes
    for _ in $(seq 50); do
        local began=$EPOCHREALTIME ended
        ("$@") < /dev/null > "$out"
        ended=$EPOCHREALTIME
        printf '%s\t%s\t%s\t%s\t\n' "$task" "$tool" "$(awk -v wall=$((${ended/./} - ${began/./})) 'BEGIN { print wall / 1e6 }')" "$once" >> "$runs"
    done
    bare=
    say "$(tail -n 1 "$runs")"
}
task='start-up, three words, 50 times'
starts streamer yes by_key timed "$streamer" wordcount --shards 2 --from "$file"
starts reference "$reference" by_key timed "$reference" words -t 2 "$file"
starts DuckDB "$duck" by_key duck_words
starts Polars "$polars" by_key polar_words
starts mawk "$mawk" by_key timed mawk "$awk_words" "$file"
starts gawk "$gawk" by_key timed gawk "$awk_words" "$file"
starts Miller "$mlr" by_key timed mlr --inidx --ifs lf --implicit-csv-header --onidx --ofs tab nest --explode --values --across-records \
    --nested-fs space -f 1 then count -g 1 "$file"
starts true yes apart timed true
rm -f "$dir/once.tsv"
finish
