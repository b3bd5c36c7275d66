#!/usr/bin/env bash
# Words of a text and sums of a CSV by Spark in local[2], beside streamer: benches/peers/spark.sh [DIR]
#
# Each once, by a DStream and by DataFrames; the wall time is that of the whole command, a start of some seconds included. Needs
# Java and PySpark 4, in the Python that PYSPARK_PYTHON names (default python3). Ends with 1 if two answers differ.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
pin "$dir"
begin
spark_python=${PYSPARK_PYTHON:-python3}
if ! have java || ! have "$spark_python" || ! "$spark_python" -c 'import pyspark.streaming' 2> /dev/null; then
    note "Spark is not installed (Java, and pip install pyspark; PYSPARK_PYTHON names its Python): skipped"
    finish
fi
# The interpreter itself: what stands before it would be measured.
spark_python=$("$spark_python" -c 'import sys; print(sys.executable)')
export PYSPARK_PYTHON=$spark_python PYSPARK_DRIVER_PYTHON=$spark_python
# Spark writes to its standard error whatever the log level.
spark() { timed "$spark_python" "$here/spark.py" "$@" "$file" 2> "$dir/spark-errors"; }

# What all.sh has measured already is only run for its answer.
beside() {
    [ -n "${PEERS_ALL:-}" ] || { mine "$@"; return; }
    "$streamer" --shards 2 --from "$file" "${@:3}" < /dev/null > "$out"
    compare "$1" streamer "$2"
}

round=1
use text 1000000000 txt
task='words, file'
beside "$task" by_key wordcount
work "$task" 'Spark DStream' - by_key spark dstream words
work "$task" 'Spark DataFrame' - by_key spark dataframe words

use clicks 1000000000 csv
task='CSV: clicks by user'
beside "$task" rows --header user,clicks agg 'sum(clicks) AS clicks' --by user
work "$task" 'Spark DStream' - rows spark dstream clicks
work "$task" 'Spark DataFrame' - rows spark dataframe clicks
finish
