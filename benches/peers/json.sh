#!/usr/bin/env bash
# Percentiles of JSON lines, by streamer and by what else is installed, on two processors: benches/peers/json.sh [DIR]
#
# The requests (500 MB, times PEERS_SIZE) are made in DIR (default target/peers). Percentiles are exact, with linear
# interpolation, but angle-grinder's, which are estimates. Ends with 1 if two tools disagree or one fails.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/tools.sh"
pin "$dir"
begin
peers_of DuckDB Polars jq mlr angle-grinder
use requests 500000000 jsonl

duck_json() { echo "read_ndjson('$file', columns = {'path': 'VARCHAR', 'ms': 'DOUBLE', 'bytes': 'BIGINT'})"; }
duck_p99() { duck_copy "SELECT path, quantile_cont(ms, 0.99) FROM $(duck_json) GROUP BY path"; }
duck_report() {
    duck_copy "SELECT path, n, q[1], q[2], bytes FROM (SELECT path, count(*) AS n, quantile_cont(ms, [0.5, 0.99]) AS q, sum(bytes)::BIGINT AS bytes
          FROM $(duck_json) GROUP BY path) ORDER BY q[2] DESC LIMIT 20"
}
polar_p99() { polar "show(json('path', 'ms').group_by('path').agg(col('ms').quantile(0.99, 'linear')))"; }
polar_report() {
    polar "show(json('path', 'ms', 'bytes').group_by('path').agg(pl.len(), col('ms').quantile(0.5, 'linear').alias('p50'),
    col('ms').quantile(0.99, 'linear').alias('p99'), col('bytes').sum()).top_k(20, by='p99'))"
}
miller_json() { miller --ijsonl --otsv "$@"; }

# jq takes the fields out, sort brings them in order, mawk reads the percentiles off: jq's own group_by was slower.
at='function at(q,    h, i) { h = (m - 1) * q; i = int(h); return i + 1 < m ? v[i] + (v[i + 1] - v[i]) * (h - i) : v[i] }'
jq_p99() {
    timed bash -o pipefail -c "jq -r 'select(.ms != null) | \"\(.path)\t\(.ms)\"' '$file' | sort --parallel=2 -t '	' -k1,1 -k2,2g | mawk -F'\t' '$at
        \$1 != p { if (m) printf \"%s\t%.17g\n\", p, at(0.99); p = \$1; m = 0 } { v[m++] = \$2 } END { if (m) printf \"%s\t%.17g\n\", p, at(0.99) }'"
}
jq_report() {
    timed bash -o pipefail -c "jq -r '[.path, .ms, .bytes] | @tsv' '$file' | sort --parallel=2 -t '	' -k1,1 -k2,2g | mawk -F'\t' '$at
        function show() { if (n) printf \"%s\t%.0f\t%.17g\t%.17g\t%.0f\n\", p, n, at(0.5), at(0.99), b }
        \$1 != p { show(); p = \$1; m = n = b = 0 } { n++; b += \$3 } \$2 != \"\" { v[m++] = \$2 } END { show() }' | sort -t '	' -k4,4gr | sed -n 1,20p"
}

for round in $(seq "$rounds"); do
    task='JSON: p99 by path'
    mine "$task" rows agg 'p99(ms) AS p99' --by path
    peer "$task" DuckDB rows "$duck" duck_p99
    peer "$task" Polars rows "$polars" polar_p99
    peer "$task" 'jq, sort, mawk' rows "$jq" jq_p99
    rough "$task" Miller rows "$mlr" miller_json stats1 -a p99 -i -f ms -g path
    rough "$task" 'angle-grinder, estimates' apart "$agrind" angle '* | json | p99(ms) by path' '{path}	{p99}'

    # Miller takes all four aggregates of three columns, as its stats1 does: more than was asked.
    task='JSON: four aggregates by path, top 20'
    mine "$task" rows agg 'count(*) AS n, p50(ms) AS p50, p99(ms) AS p99, sum(bytes) AS bytes' --by path then top 20 p99
    peer "$task" DuckDB rows "$duck" duck_report
    peer "$task" Polars rows "$polars" polar_report
    peer "$task" 'jq, sort, mawk' rows "$jq" jq_report
    rough "$task" Miller rows "$mlr" miller_json stats1 -a count,p50,p99,sum -i -f ms,bytes,status -g path \
        then sort -nr ms_p99 then head -n 20 then cut -o -f path,status_count,ms_p50,ms_p99,bytes_sum
done
finish
