#!/usr/bin/env bash
# Questions about CSV, JSON and logs, by streamer and by what else is installed, on two cores: benches/peers/columns.sh [DIR]
#
# DIR (default target/peers) must hold clicks.csv and access.log (see README.md); requests.jsonl (500 MB) is made if it is not
# there, as are the first 100 MB of each. Every tool runs three times in turn (one that needs more than 30 s: once; one marked ~:
# once, on the 100 MB, its times multiplied), the answers are compared, and DIR/table-columns.md written. Ends with 1 if two
# tools disagree or a peer fails; what this build of streamer cannot do yet is skipped. STREAMER=PATH measures another build.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
pin "$dir"

requests=$repo/target/release/examples/peers-requests
[ -s "$dir/requests.jsonl" ] || { "$requests" 500000000 > "$dir/part" && mv "$dir/part" "$dir/requests.jsonl"; }
for file in clicks.csv access.log requests.jsonl; do
    [ -s "$dir/$file" ] || { say "$dir/$file is needed: see benches/README.md"; exit 1; }
    small=$dir/${file%.*}-100m.${file##*.}
    [ -s "$small" ] || { head -c 100000000 "$dir/$file" | sed '$d' > "$dir/part" && mv "$dir/part" "$small"; }
    cat "$dir/$file" "$small" > /dev/null
done
polars=
[ -z "$python" ] || ! "$python" -c 'import polars' 2> /dev/null || polars=yes

# on FILE: what the next measurements read, whole. small: the first 100 MB of it, the times multiplied.
on() { whole=$1 file=$dir/$1 scale=1 input=$(stat -Lc %s "$dir/$1"); }
small() {
    file=$dir/${whole%.*}-100m.${whole##*.} input=$(stat -Lc %s "$dir/$whole")
    scale=$(awk -v all="$input" -v part="$(stat -Lc %s "$file")" 'BEGIN { print all / part }')
}

# The tables as the tools are best told of them: types given, nothing guessed, no quotes looked for where there are none.
csv() { echo "read_csv('$file', columns = {'user': 'VARCHAR', 'clicks': 'INTEGER'}, delim = ',', quote = '', escape = '', header = false, auto_detect = false)"; }
lines() { echo "read_csv('$file', columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '', header = false, auto_detect = false)"; }
json() { echo "read_ndjson('$file', columns = {'path': 'VARCHAR', 'ms': 'DOUBLE', 'bytes': 'BIGINT'})"; }
copy() { duck "$2 COPY ($1) TO '/dev/stdout' (FORMAT csv, DELIMITER '\t', HEADER false, QUOTE '')"; }
status_of="substr(line, strpos(line, '\" ') + 2, 3)"
duck_sum() { copy "SELECT user, sum(clicks) FROM $(csv) GROUP BY user" ''; }
duck_top() { copy "SELECT user, sum(clicks) AS clicks FROM $(csv) GROUP BY user ORDER BY clicks DESC LIMIT 10" ''; }
duck_errors() { copy "SELECT s, count(*) FROM (SELECT $status_of::INT AS s FROM $(lines)) WHERE s >= 500 GROUP BY s" ''; }
duck_get() { copy "SELECT $status_of AS s, count(*) FROM $(lines) WHERE contains(line, 'GET') GROUP BY s" ''; }
duck_p99() { copy "SELECT path, quantile_cont(ms, 0.99) FROM $(json) GROUP BY path" ''; }
duck_report() {
    copy "SELECT path, n, q[1], q[2], bytes FROM (SELECT path, count(*) AS n, quantile_cont(ms, [0.5, 0.99]) AS q, sum(bytes)::BIGINT AS bytes
          FROM $(json) GROUP BY path) ORDER BY q[2] DESC LIMIT 20" ''
}
duck_rate() {
    copy "SELECT user, clicks, clicks / total FROM $(csv) JOIN (SELECT user, sum(clicks) AS total FROM $(csv) GROUP BY user) USING (user)" \
        'SET preserve_insertion_order = false;'
}
duck_window() { copy "SELECT user, clicks, clicks / sum(clicks) OVER (PARTITION BY user) FROM $(csv)" ''; }

# polar EXPRESSION: Polars, streaming, on $file.
polar() {
    export POLARS_MAX_THREADS=2
    timed "$python" -c "
import sys, polars as pl
from polars import col
F = sys.argv[1]
csv = lambda: pl.scan_csv(F, has_header=False, schema={'user': pl.String, 'clicks': pl.Int64}, quote_char=None)
json = lambda *names: pl.scan_ndjson(F, schema={n: t for n, t in [('path', pl.String), ('ms', pl.Float64), ('bytes', pl.Int64)] if n in names})
show = lambda frame: frame.collect(engine='streaming').write_csv('/dev/stdout', include_header=False, separator='\t')
$1" "$file"
}
polar_sum() { polar "show(csv().group_by('user').agg(col('clicks').sum()))"; }
polar_top() { polar "show(csv().group_by('user').agg(col('clicks').sum()).top_k(10, by='clicks'))"; }
polar_errors() {
    polar "fields = {name: pl.Int32 if name == 'status' else pl.String for name in 'ip ident user day zone request status bytes referer agent'.split()}
show(pl.scan_csv(F, has_header=False, separator=' ', schema=fields).filter(col('status') >= 500).group_by('status').len())"
}
polar_get() { polar "show(pl.scan_lines(F).filter(col('line').str.contains('GET', literal=True)).group_by(s=col('line').str.extract('\" ([0-9]{3}) ', 1)).len())"; }
polar_p99() { polar "show(json('path', 'ms').group_by('path').agg(col('ms').quantile(0.99, 'linear')))"; }
polar_report() {
    polar "show(json('path', 'ms', 'bytes').group_by('path').agg(pl.len(), col('ms').quantile(0.5, 'linear').alias('p50'),
    col('ms').quantile(0.99, 'linear').alias('p99'), col('bytes').sum()).top_k(20, by='p99'))"
}
polar_rate() {
    polar "csv().with_columns(rate=col('clicks') / col('clicks').sum().over('user')).sink_csv('/dev/stdout', include_header=False, separator='\t',
    engine='streaming', maintain_order=False, batch_size=65536)"
}

miller() { timed mlr --headerless-csv-output "$@" "$file"; }
miller_csv() { miller --icsv --otsv --implicit-csv-header "$@"; }
miller_log() { miller --inidx --ifs ' ' --otsv "$@"; }
miller_json() { miller --ijsonl --otsv "$@"; }

mawk_sum() { timed mawk -F, '{ n[$1] += $2 } END { for (u in n) printf "%s\t%.0f\n", u, n[u] }' "$file"; }
mawk_top() { timed bash -o pipefail -c "mawk -F, '{ n[\$1] += \$2 } END { for (u in n) printf \"%s\t%.0f\n\", u, n[u] }' '$file' | sort --parallel=2 -k2,2nr | sed -n 1,10p"; }
mawk_errors() { timed mawk -F'"' '{ s = substr($3, 2, 3) } s >= 500 { n[s]++ } END { for (s in n) print s "\t" n[s] }' "$file"; }
mawk_get() { timed mawk -F'"' '/GET/ { n[substr($3, 2, 3)]++ } END { for (s in n) print s "\t" n[s] }' "$file"; }
mawk_rate() { timed mawk -F, 'NR == FNR { n[$1] += $2; next } { printf "%s\t%s\t%.17g\n", $1, $2, $2 / n[$1] }' "$file" "$file"; }

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

# In any order of rows; numbers as they are when they are whole, else to six decimals, or (rates) bit by bit.
rows() { awk -F'\t' -v OFS='\t' '{ for (i = 2; i <= NF; i++) $i = sprintf("%.6f", $i); print }' | sort -S 2G --parallel=2; }
exact() { mawk -F'\t' '{ printf "%s\t%s\t%.17g\n", $1, $2, $3 }' | sort -S 4G --parallel=2; }

# mine TASK HOW ARGUMENTS…: streamer, skipped if it fails.
mine() {
    local task=$1 how=$2
    shift 2
    ! done_already "$task" streamer || return 0
    if measure "$task" streamer - timed "$streamer" --shards 2 --from "$file" "$@" 2> "$dir/why"; then compare "$task" streamer "$how"
    else
        say "skipped: $task: streamer: $(head -n 1 "$dir/why")"
        printf '%s\tstreamer\tfailed\n' "$task" >> "$runs"
    fi
}
# peer TASK TOOL HOW NEEDED COMMAND…: if NEEDED is not empty.
peer() { [ -z "$4" ] || work "$1" "$2" - "$3" "${@:5}"; }
# rough TASK TOOL HOW NEEDED CHECK COMMAND…: once, on the 100 MB, where CHECK (another tool's command) gives the right answer.
rough() {
    local tool="$2 ~" task=$1 how=$3 needed=$4 check=$5
    shift 5
    [ -n "$needed" ] && [ "$round" = 1 ] || return 0
    small
    local known="$dir/hash-${task//[ ,]/-}"
    [ ! -e "$known" ] || mv "$known" "$known-whole"
    ("$check") < /dev/null > "$out"
    compare "$task" check "$how"
    work "$task" "$tool" - "$how" "$@"
    rm "$known"
    [ ! -e "$known-whole" ] || mv "$known-whole" "$known"
    on "$whole"
}
# unseen TASK: the rows are not kept while it is measured; `same` compares those of the 100 MB.
unseen() { work_out=$out out=/dev/null; }
seen() { out=$work_out; }
nothing() { cat > /dev/null; echo; }
same() {
    local task=$1 tool=$2
    shift 2
    [ "$round" = 1 ] || return 0
    small
    if ("$@") < /dev/null > "$out" 2> "$dir/why"; then compare "$task 100 MB" "$tool" exact
    elif [ "$tool" = streamer ]; then say "skipped: $task: streamer"
    else failed "$task" "$tool"; fi
    on "$whole"
}

mawk=$(type -P mawk || true) mlr=$(type -P mlr || true) jq=$(type -P jq || true)
begin
[ -n "$duck_kind" ] || say "DuckDB is not installed: skipped"
[ -n "$polars" ] || say "Polars is not installed: skipped"
for tool in mawk mlr jq; do have "$tool" || say "$tool is not installed: skipped"; done
# What the answers on the 100 MB are compared with.
checked_by=$([ -n "$duck_kind" ] && echo duck || echo polar)

for round in $(seq "$rounds"); do
    on clicks.csv
    task='CSV: clicks by user'
    mine "$task" rows --header user,clicks agg 'sum(clicks) AS clicks' --by user
    peer "$task" DuckDB rows "$duck_kind" duck_sum
    peer "$task" Polars rows "$polars" polar_sum
    peer "$task" mawk rows "$mawk" mawk_sum
    rough "$task" Miller rows "$mlr" "${checked_by}_sum" miller_csv stats1 -a sum -f 2 -g 1

    task='CSV: top 10 users'
    mine "$task" rows --header user,clicks agg 'sum(clicks) AS clicks' --by user then top 10 clicks
    peer "$task" DuckDB rows "$duck_kind" duck_top
    peer "$task" Polars rows "$polars" polar_top
    peer "$task" 'mawk, sort' rows "$mawk" mawk_top
    rough "$task" Miller rows "$mlr" "${checked_by}_top" miller_csv stats1 -a sum -f 2 -g 1 then sort -nr 2_sum then head -n 10

    task='CSV: share of the user'"'"'s clicks, every row'
    unseen
    mine "$task" nothing --header user,clicks set 'rate = clicks / sum(clicks)' --by user
    peer "$task" DuckDB nothing "$duck_kind" duck_rate
    peer "$task" 'DuckDB, window function' nothing "$duck_kind" duck_window
    peer "$task" Polars nothing "$polars" polar_rate
    rough "$task" mawk nothing "$mawk" true mawk_rate
    rough "$task" Miller nothing "$mlr" true miller_csv fraction -f 2 -g 1
    seen
    # The work was measured unseen; here is the check of its answers.
    [ -z "$duck_kind" ] || same "$task" DuckDB duck_rate
    [ -z "$duck_kind" ] || same "$task" 'DuckDB, window function' duck_window
    [ -z "$polars" ] || same "$task" Polars polar_rate
    [ -z "$mawk" ] || same "$task" mawk mawk_rate
    [ -z "$mlr" ] || same "$task" Miller miller_csv fraction -f 2 -g 1
    same "$task" streamer eval 'timed "$streamer" --shards 2 --from "$file" --header user,clicks set "rate = clicks / sum(clicks)" --by user'

    on access.log
    task='log: status >= 500, by status'
    mine "$task" rows --in combined filter 'status >= 500' then count --by status
    peer "$task" DuckDB rows "$duck_kind" duck_errors
    peer "$task" Polars rows "$polars" polar_errors
    peer "$task" mawk rows "$mawk" mawk_errors
    rough "$task" Miller rows "$mlr" "${checked_by}_errors" miller_log filter '$9 >= 500' then count -g 9

    task='log: lines with GET, by status'
    mine "$task" rows --in combined grep -F GET then count --by status
    peer "$task" DuckDB rows "$duck_kind" duck_get
    peer "$task" Polars rows "$polars" polar_get
    peer "$task" mawk rows "$mawk" mawk_get
    rough "$task" Miller rows "$mlr" "${checked_by}_get" miller_log grep GET then count -g 9

    on requests.jsonl
    task='JSON: p99 by path'
    mine "$task" rows agg 'p99(ms) AS p99' --by path
    peer "$task" DuckDB rows "$duck_kind" duck_p99
    peer "$task" Polars rows "$polars" polar_p99
    peer "$task" 'jq, sort, mawk' rows "$jq" jq_p99
    rough "$task" Miller rows "$mlr" "${checked_by}_p99" miller_json stats1 -a p99 -i -f ms -g path

    task='JSON: four aggregates by path, top 20'
    mine "$task" rows agg 'count(*) AS n, p50(ms) AS p50, p99(ms) AS p99, sum(bytes) AS bytes' --by path then top 20 p99
    peer "$task" DuckDB rows "$duck_kind" duck_report
    peer "$task" Polars rows "$polars" polar_report
    peer "$task" 'jq, sort, mawk' rows "$jq" jq_report
    rough "$task" Miller rows "$mlr" "${checked_by}_report" miller_json stats1 -a count,p50,p99,sum -i -f ms,bytes,status -g path \
        then sort -nr ms_p99 then head -n 20 then cut -o -f path,status_count,ms_p50,ms_p99,bytes_sum
done
finish
