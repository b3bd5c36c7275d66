#!/usr/bin/env bash
# Words and lines of a text, by streamer and by what else is installed, on two processors: benches/peers/text.sh [DIR]
#
# The text (1 GB, times PEERS_SIZE) is made in DIR (default target/peers). Ends with 1 if two tools disagree or one fails.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tools.sh"
pin "$dir"
begin
peers_of DuckDB Polars mawk gawk mlr rg angle-grinder reference
use text 1000000000 txt

# The cheapest query that is right for this text: single spaces, and empty words left out.
duck_words() { duck_copy "SELECT w, count(*) FROM (SELECT unnest(string_split(line, ' ')) AS w FROM $(duck_lines "$1")) WHERE w <> '' GROUP BY w ${2:-}"; }
duck_count() { duck_copy "SELECT count(*) FROM $(duck_lines "$file") WHERE $1"; }
polar_words() { polar "show(lines().select(w=col('line').str.split(' ')).explode('w').filter(col('w') != '').group_by('w').len())"; }
polar_count() { polar "show(lines().filter(col('line').str.contains(r'$1', literal=$2)).select(pl.len()))"; }
awk_words='{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (w in n) print w "\t" n[w] }'
sort_words() { timed bash -c "tr -s ' ' '\n' $1 | sort --parallel=2 -S 2G | uniq -c"; }
angle_words() { timed bash -o pipefail -c "tr -s ' ' '\n' < '$file' | agrind '* | parse \"*\" as word | count by word' -o 'format={word}	{_count}'"; }
miller_words() {
    timed mlr --inidx --ifs lf --implicit-csv-header --onidx --ofs tab nest --explode --values --across-records --nested-fs space -f 1 \
        then filter '$1 != ""' then count -g 1 "$file"
}
# The rows of batches of a second, added up.
batches() { awk -F'\t' '{ n[$2] += $3 } END { for (w in n) print w "\t" n[w] }' | by_key; }
by_size() { wc -lc; }

# counted TASK KIND PATTERN AWK SQL LITERAL FLAGS: how many lines match.
counted() {
    local task=$1 kind=$2 pattern=$3 awk=$4 sql=$5 literal=$6
    mine "$task" as_is grep ${kind:+"$kind"} "$pattern" then count
    work "$task" 'streamer --shards 1' - as_is timed "$streamer" --shards 1 --from "$file" grep ${kind:+"$kind"} "$pattern" then count
    peer "$task" rg as_is "$rg" timed rg -c "${kind:---}" "$pattern" "$file"
    work "$task" grep - as_is timed grep -c "${kind:--E}" "$pattern" "$file"
    peer "$task" DuckDB as_is "$duck" duck_count "$sql"
    peer "$task" Polars as_is "$polars" polar_count "$pattern" "$literal"
    awks "$task" as_is "$awk { n++ } END { print n + 0 }" "$file"
}

for round in $(seq "$rounds"); do
    task='words, file'
    mine "$task" by_key wordcount
    work "$task" 'streamer --batch 1s' - batches timed "$streamer" wordcount --shards 2 --batch 1s --from "$file"
    peer "$task" reference by_key "$reference" reference words
    peer "$task" DuckDB by_key "$duck" duck_words "$file"
    peer "$task" 'DuckDB, in order' by_key "$duck" duck_words "$file" 'ORDER BY w'
    peer "$task" Polars by_key "$polars" polar_words
    awks "$task" by_key "$awk_words" "$file"
    work "$task" 'tr, sort, uniq -c' - uniq_rows sort_words "< '$file'"
    rough "$task" Miller by_key "$mlr" miller_words
    # It takes words such as nan for numbers, and so counts NaN and Nan together.
    rough "$task" 'tr, angle-grinder' apart "$agrind" angle_words

    task='words, pipe'
    work "$task" streamer 1 by_key timed "$streamer" wordcount --shards 2 --batch all
    work "$task" 'streamer --batch 1s' 1 batches timed "$streamer" wordcount --shards 2 --batch 1s
    [ -z "$reference" ] || work "$task" reference 1 by_key timed "$reference" words -t 2 -
    [ -z "$duck" ] || work "$task" DuckDB 1 by_key duck_words /dev/stdin
    [ -z "$mawk" ] || work "$task" mawk 1 by_key timed mawk "$awk_words"
    work "$task" 'tr, sort, uniq -c' 1 uniq_rows sort_words ''

    counted 'lines with a rare literal' -F grewai 'index($0, "grewai")' "contains(line, 'grewai')" True
    counted 'lines with a frequent literal' -F stai 'index($0, "stai")' "contains(line, 'stai')" True
    counted 'lines with a regex that begins with letters' '' 'gr[ea]wa[a-z]*t' '/gr[ea]wa[a-z]*t/' "regexp_matches(line, 'gr[ea]wa[a-z]*t')" False
    counted 'lines with a regex without such' '' '[aeiou]{3}[a-z]*x[.!]' '/[aeiou][aeiou][aeiou][a-z]*x[.!]/' "regexp_matches(line, '[aeiou]{3}[a-z]*x[.!]')" False

    task='grep x of a stream, five times the text'
    work "$task" streamer 5 by_size timed "$streamer" grep x --batch all --shards 2
    [ -z "$rg" ] || work "$task" rg 5 by_size timed rg x
    work "$task" grep 5 by_size timed grep x
done
finish
