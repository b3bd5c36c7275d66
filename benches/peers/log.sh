#!/usr/bin/env bash
# Filters and counts of an access log, by streamer and by what else is installed, on two processors: benches/peers/log.sh [DIR]
#
# The log, in the combined format (500 MB, times PEERS_SIZE), is made in DIR (default target/peers). Ends with 1 if two tools
# disagree or one fails.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tools.sh"
pin "$dir"
begin
peers_of DuckDB Polars mawk gawk mlr rg angle-grinder reference
use access 500000000 log

# DuckDB cuts the status out of the line: splitting it into ten columns took longer.
status_of="substr(line, strpos(line, '\" ') + 2, 3)"
duck_errors() { duck_copy "SELECT s, count(*) FROM (SELECT $status_of::INT AS s FROM $(duck_lines "$file")) WHERE s >= 500 GROUP BY s"; }
duck_get() { duck_copy "SELECT $status_of AS s, count(*) FROM $(duck_lines "$file") WHERE contains(line, 'GET') GROUP BY s"; }
duck_404() { duck_copy "SELECT count(*) FROM $(duck_lines "$file") WHERE contains(line, '\" 404 ')"; }
polar_errors() {
    polar "fields = {name: pl.Int32 if name == 'status' else pl.String for name in 'ip ident user day zone request status bytes referer agent'.split()}
show(pl.scan_csv(F, has_header=False, separator=' ', schema=fields).filter(col('status') >= 500).group_by('status').len())"
}
polar_get() { polar "show(lines().filter(col('line').str.contains('GET', literal=True)).group_by(s=col('line').str.extract('\" ([0-9]{3}) ', 1)).len())"; }
polar_404() { polar "show(lines().filter(col('line').str.contains('\" 404 ', literal=True)).select(pl.len()))"; }
miller_log() { miller --inidx --ifs ' ' --otsv "$@"; }
awk_errors='{ s = substr($3, 2, 3) } s >= 500 { n[s]++ } END { for (s in n) print s "\t" n[s] }'
awk_get='/GET/ { n[substr($3, 2, 3)]++ } END { for (s in n) print s "\t" n[s] }'
angle_errors() { angle '* | parse "\" * " as status | where status >= 500 | count by status' '{status}	{_count}'; }
angle_get() { angle '"GET" | parse "\" * " as status | count by status' '{status}	{_count}'; }

for round in $(seq "$rounds"); do
    task='log: status >= 500, by status'
    mine "$task" rows --in combined filter 'status >= 500' then count --by status
    peer "$task" DuckDB rows "$duck" duck_errors
    peer "$task" Polars rows "$polars" polar_errors
    awks "$task" rows -F'"' "$awk_errors" "$file"
    rough "$task" Miller rows "$mlr" miller_log filter '$9 >= 500' then count -g 9
    rough "$task" angle-grinder rows "$agrind" angle_errors

    task='log: lines with GET, by status'
    mine "$task" rows --in combined grep -F GET then count --by status
    peer "$task" reference rows "$reference" reference access
    peer "$task" DuckDB rows "$duck" duck_get
    peer "$task" Polars rows "$polars" polar_get
    awks "$task" rows -F'"' "$awk_get" "$file"
    rough "$task" Miller rows "$mlr" miller_log grep GET then count -g 9
    rough "$task" angle-grinder rows "$agrind" angle_get

    task='log: 404 as plain text, counted'
    mine "$task" as_is grep -F '" 404 ' then count
    peer "$task" rg as_is "$rg" timed rg -c -F '" 404 ' "$file"
    work "$task" grep - as_is timed grep -c -F '" 404 ' "$file"
    peer "$task" DuckDB as_is "$duck" duck_404
    peer "$task" Polars as_is "$polars" polar_404
    awks "$task" as_is 'index($0, "\" 404 ") { n++ } END { print n + 0 }' "$file"
done
finish
