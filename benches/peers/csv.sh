#!/usr/bin/env bash
# Sums by user of a CSV, by streamer and by what else is installed, on two processors: benches/peers/csv.sh [DIR]
#
# `user,clicks` without a header (1 GB, times PEERS_SIZE) is made in DIR (default target/peers). Ends with 1 if two tools
# disagree or one fails.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tools.sh"
pin "$dir"
begin
peers_of DuckDB Polars mawk gawk mlr angle-grinder reference
use clicks 1000000000 csv

# Types given, nothing guessed, no quotes looked for where there are none.
duck_csv() { echo "read_csv('$file', columns = {'user': 'VARCHAR', 'clicks': 'INTEGER'}, delim = ',', quote = '', escape = '', header = false, auto_detect = false)"; }
duck_sum() { duck_copy "SELECT user, sum(clicks) FROM $(duck_csv) GROUP BY user"; }
duck_top() { duck_copy "SELECT user, sum(clicks) AS clicks FROM $(duck_csv) GROUP BY user ORDER BY clicks DESC LIMIT 10"; }
# In a ninth of the memory of the window function and as fast.
duck_share() {
    duck_copy "SELECT user, clicks, clicks / total FROM $(duck_csv) JOIN (SELECT user, sum(clicks) AS total FROM $(duck_csv) GROUP BY user) USING (user)" \
        'SET preserve_insertion_order = false;'
}
duck_window() { duck_copy "SELECT user, clicks, clicks / sum(clicks) OVER (PARTITION BY user) FROM $(duck_csv)"; }

polar_sum() { polar "show(csv().group_by('user').agg(col('clicks').sum()))"; }
polar_top() { polar "show(csv().group_by('user').agg(col('clicks').sum()).top_k(10, by='clicks'))"; }
polar_share() {
    polar "csv().with_columns(rate=col('clicks') / col('clicks').sum().over('user')).sink_csv('/dev/stdout', include_header=False, separator='\t',
    engine='streaming', maintain_order=False, batch_size=65536)"
}

miller_csv() { miller --icsv --otsv --implicit-csv-header "$@"; }
awk_sum='{ n[$1] += $2 } END { for (u in n) printf "%s\t%.0f\n", u, n[u] }'
awk_top() { timed bash -o pipefail -c "$1 -F, '$awk_sum' '$file' | sort --parallel=2 -k2,2nr | sed -n 1,10p"; }
awk_share() { timed "$1" -F, 'NR == FNR { n[$1] += $2; next } { printf "%s\t%s\t%.17g\n", $1, $2, $2 / n[$1] }' "$file" "$file"; }
angle_sum() { angle '* | parse "*,*" as user, clicks | sum(clicks) as n by user' '{user}	{n}'; }
angle_top() { angle '* | parse "*,*" as user, clicks | sum(clicks) as n by user | sort by n desc | limit 10' '{user}	{n}'; }

# Rates bit by bit.
exact() { mawk -F'\t' '{ printf "%s\t%s\t%.17g\n", $1, $2, $3 }' | by_key; }
# same TOOL NEEDED COMMAND…: the answers of a task whose rows are not kept while it is measured are those of a part.
same() {
    local tool=$1 needed=$2
    shift 2
    [ "$round" = 1 ] && [ -n "$needed" ] || return 0
    in_part
    if ("$@") < /dev/null > "$out"; then compare "$task" "$tool" exact; else failed "$task" "$tool"; fi
    in_full
}

for round in $(seq "$rounds"); do
    task='CSV: clicks by user'
    mine "$task" rows --header user,clicks agg 'sum(clicks) AS clicks' --by user
    peer "$task" reference rows "$reference" reference clicks
    peer "$task" DuckDB rows "$duck" duck_sum
    peer "$task" Polars rows "$polars" polar_sum
    awks "$task" rows -F, "$awk_sum" "$file"
    rough "$task" Miller rows "$mlr" miller_csv stats1 -a sum -f 2 -g 1
    rough "$task" angle-grinder rows "$agrind" angle_sum

    task='CSV: top 10 users'
    mine "$task" rows --header user,clicks agg 'sum(clicks) AS clicks' --by user then top 10 clicks
    peer "$task" reference rows "$reference" reference top
    peer "$task" DuckDB rows "$duck" duck_top
    peer "$task" Polars rows "$polars" polar_top
    peer "$task" 'mawk, sort' rows "$mawk" awk_top mawk
    rough "$task" Miller rows "$mlr" miller_csv stats1 -a sum -f 2 -g 1 then sort -nr 2_sum then head -n 10
    rough "$task" angle-grinder rows "$agrind" angle_top

    task="CSV: share of the user's clicks, every row"
    ours=(timed "$streamer" --shards 2 --header 'user,clicks' set 'rate = clicks / sum(clicks)' --by user)
    kept=$out out=/dev/null
    mine "$task" unseen "${ours[@]:4}"
    peer "$task" DuckDB unseen "$duck" duck_share
    peer "$task" 'DuckDB, window function' unseen "$duck" duck_window
    peer "$task" Polars unseen "$polars" polar_share
    rough "$task" mawk unseen "$mawk" awk_share mawk
    rough "$task" Miller unseen "$mlr" miller_csv fraction -f 2 -g 1
    out=$kept
    same streamer yes eval '"${ours[@]}" --from "$file"'
    same DuckDB "$duck" duck_share
    same 'DuckDB, window function' "$duck" duck_window
    same Polars "$polars" polar_share
    same 'mawk ~' "$mawk" awk_share mawk
    same 'Miller ~' "$mlr" miller_csv fraction -f 2 -g 1
done
finish
