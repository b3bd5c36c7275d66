#!/usr/bin/env bash
# Counting by 20 million distinct keys, by streamer and by what else is installed, on two processors: benches/peers/keys.sh [DIR]
#
# The keys (500 MB, times PEERS_SIZE) are made in DIR (default target/peers). streamer gives them in order, as sort does; the
# others need not. Of the top 10 the counts are compared, for many keys share them. Ends with 1 if two tools disagree or one fails.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tools.sh"
pin "$dir"
begin
peers_of DuckDB Polars mawk gawk mlr angle-grinder reference
use keys 500000000 txt

duck_keys() { duck_copy "SELECT line, count(*) FROM $(duck_lines "$file") GROUP BY line"; }
duck_sorted() { duck_copy "SELECT line, count(*) FROM $(duck_lines "$file") GROUP BY line ORDER BY line"; }
duck_top() { duck_copy "SELECT line, count(*) AS n FROM $(duck_lines "$file") GROUP BY line ORDER BY n DESC LIMIT 10"; }
polar_keys() { polar "show(lines().group_by('line').len())"; }
polar_top() { polar "show(lines().group_by('line').len().top_k(10, by='len'))"; }
sort_keys() { timed bash -o pipefail -c "sort --parallel=2 -S 2G '$file' | uniq -c"; }
miller_keys() { miller --inidx --ifs ' ' --otsv count -g 1 "$@"; }
angle_keys() { angle '* | parse "*" as key | count as n by key' '{key}	{n}'; }
awk_keys='{ n[$0]++ } END { for (k in n) print k "\t" n[k] }'
counts() { cut -f 2 | sort; }

for round in $(seq "$rounds"); do
    task='20 million keys, all'
    mine "$task" by_key count --by '$1'
    peer "$task" reference by_key "$reference" reference lines
    peer "$task" DuckDB by_key "$duck" duck_keys
    peer "$task" 'DuckDB, in order' by_key "$duck" duck_sorted
    peer "$task" Polars by_key "$polars" polar_keys
    awks "$task" by_key "$awk_keys" "$file"
    work "$task" 'sort, uniq -c' - uniq_rows sort_keys
    rough "$task" Miller by_key "$mlr" miller_keys
    # It takes keys such as 12345678e1234567 for numbers.
    rough "$task" angle-grinder apart "$agrind" angle_keys

    task='20 million keys, top 10'
    mine "$task" counts count --by '$1' then top 10 count
    peer "$task" DuckDB counts "$duck" duck_top
    peer "$task" Polars counts "$polars" polar_top
done
finish
