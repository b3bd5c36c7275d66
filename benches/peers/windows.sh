#!/usr/bin/env bash
# What a slide of a window costs, by streamer and by Spark's reduceByKeyAndWindow: benches/peers/windows.sh [DIR]
#
# Of a million keys each slide brings ten thousand; windows of 10, 100 and 1000 slides, so that they hold 0.1, 0.6 and 1 million keys.
# Measured is the time in which a slide is finished, the median of the last slides, once the window is full; `keys held` is what a
# window gives. Spark gets LIMIT seconds for each of its runs (default 300): where it does not fill the window by then, its last slides
# are given, and how many slides it had come. Each slide must hold as many keys with both, or the status is 1. Needs PySpark 4, in
# the Python that PYSPARK_PYTHON names (default python3), and Java. DIR defaults to target/peers, PEERS_SIZE is a part of all keys.
#
# The second table: `window all --emit changed` where each batch touches 100 keys, of few and of many that are kept.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
pin "$dir"
begin
keys=$(part_of 1000000) touched=$(part_of 10000)
spark_python=${PYSPARK_PYTHON:-python3}
if ! have java || ! have "$spark_python" || ! "$spark_python" -c 'import pyspark.streaming' 2> /dev/null; then
    note "Spark is not installed (Java, and pip install pyspark; PYSPARK_PYTHON names its Python): skipped"
    spark_python=
fi
slides=$dir/slides-$keys.txt
[ -s "$slides" ] || awk -v slides=1200 -v touched="$touched" -v keys="$keys" 'BEGIN {
    for (s = 0; s < slides; s++) { for (n = 0; n < touched; n++) print ((s * touched + n) * 2654435761 % 4294967296) % keys, 1; print "--" }
}' > "$slides"

# median FIELD: of the last fifty lines, in milliseconds.
median() { tail -n 50 | cut -f "$1" | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

# ours WINDOW CHAIN…: the median delay of the last slides, what the last one gave, and the peak memory in MB.
ours() {
    local window=$1
    shift
    timed "$streamer" --from "$slides" --tick ^-- --shards 2 --stats "$dir/stats" window "${window}s" then "$@" > "$out" < /dev/null
}
ours_of() {
    (ours "$@")
    "$streamer" --from "$dir/stats" --in json map 'processingDelay' | sed '$d' | median 1
}
spark_of() {
    [ -n "$spark_python" ] || { echo "-"; return; }
    LIMIT=${LIMIT:-300} "$spark_python" "$here/windows.py" "$1" $(($1 + 60)) "$keys" "$touched" "$2" > "$dir/spark" 2> /dev/null || true
    # Each slide holds as many keys with both.
    if ! awk -F'\t' 'NR == FNR { held[NR] = $1; next } { came = 1 } held[$1] != $2 { bad = 1 } END { exit bad || !came }' "$dir/held" "$dir/spark"; then
        note "DISAGREES or gave nothing: Spark, a window of $1 slides, $2"
    fi
    echo "$(median 3 < "$dir/spark" | awk '{ print $1 * 1000 }') (after $(tail -n 1 "$dir/spark" | cut -f 1) slides)"
}

{
    echo "| window, slides | keys held | streamer: top 1, ms | every key, ms | peak MB | Spark with inverse, ms | without, ms |"
    echo "|---:|---:|---:|---:|---:|---:|---:|"
    for window in 10 100 1000; do
        rm -f "$dir/stats"
        best=$(ours_of $window agg 'sum($2) AS s' --by '$1' then top 1 s)
        rm -f "$dir/stats"
        all=$(ours_of $window agg 'sum($2) AS s' --by '$1' then agg 'count(*) AS n, sum(s) AS s')
        memory=$(awk '{ print int($3 / 1024) }' "$dir/time")
        cut -f 2 "$out" > "$dir/held"
        held=$(tail -n 1 "$dir/held")
        echo "| $window | $held | $best | $all | $memory | $(spark_of $window inverse) | $(spark_of $window plain) |"
    done
    echo
    echo "| keys kept | batch of 100 of them: median ms | peak MB |"
    echo "|---:|---:|---:|"
    for kept in $(part_of 10000) $(part_of 10000000); do
        awk -v keys="$kept" 'BEGIN {
            for (n = 0; n < keys; n++) print n
            for (s = 0; s < 300; s++) { print "--"; for (n = 0; n < 100; n++) print ((s * 100 + n) * 2654435761 % 4294967296) % keys }
        }' > "$dir/kept.txt"
        rm -f "$dir/stats"
        (timed "$streamer" --from "$dir/kept.txt" --tick ^-- --shards 2 --stats "$dir/stats" \
            window all --emit changed then count --by '$1' > "$out" < /dev/null)
        touched=$("$streamer" --from "$dir/stats" --in json map 'processingDelay' | tail -n 200 | sed '$d' | median 1)
        echo "| $kept | $touched | $(awk '{ print int($3 / 1024) }' "$dir/time") |"
    done
    rm -f "$dir/kept.txt" "$dir/held" "$dir/spark" "$dir/stats"
} | tee "$table"
! grep -q DISAGREES "$notes"
