#!/usr/bin/env bash
# Everything that can be measured beside other tools, in one run: benches/peers/all.sh [DIR]
#
# Makes the data in DIR (default target/peers), runs the scripts beside this one in turn, and writes DIR/table-all.md: the machine,
# what is aimed at and whether it is met, the table of all tasks and tools, and what has tables of its own. Ends with 1 if two
# tools disagree or one fails.
#
#     PEERS_SIZE=0.1                 a tenth of the data (default 1: 1 GB of text and of CSV, 500 MB of each other kind)
#     PEERS_ROUNDS=3                 rounds, of which medians are taken
#     PEERS_CORES=0,1                the two processors (default: the last two)
#     PEERS_ONLY='text csv'          only these scripts, of: text csv log json keys start scaling spark latency windows
#     REFERENCE=PATH                 a program that does some of the work and nothing else: the limit of the machine
#     PYSPARK_PYTHON=PATH            the Python that has PySpark (default python3)
#     STREAMER=PATH                  another build
#     LIMIT=60, LATENCY_BATCHES=30   seconds for each of Spark's windows; batches for each latency
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
pin "$dir"
scripts=${PEERS_ONLY:-text csv log json keys start scaling spark latency windows}
export LIMIT=${LIMIT:-60} PEERS_ALL=1
began=$(date -u +%FT%TZ) load=$(cut -d' ' -f1-3 /proc/loadavg) status=0
rm -f "$dir"/{runs,answers,notes,medians,table}-*.{tsv,txt,md} "$dir/distinct"
: > "$dir/failed"
for script in $scripts; do
    bash "$here/$script.sh" "$dir" > "$dir/shown" || { echo "$script" >> "$dir/failed"; status=1; }
done
version() { "$@" 2>&1 | sed -n 1p || true; }
collected() { for script in $scripts; do [ ! -s "$dir/$1-$script.$2" ] || echo "$dir/$1-$script.$2"; done; }
{
    echo "Made by \`PEERS_SIZE=$size PEERS_ROUNDS=$rounds benches/peers/all.sh\`, scripts $scripts, commit $(git describe --always --dirty), $began to $(date -u +%FT%TZ)."
    echo
    echo "* $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(uname -mr), processors $PEERS_PINNED of $(getconf _NPROCESSORS_ONLN), $(awk '/MemTotal/ { printf "%.0f GB", $2 / 1e6 }' /proc/meminfo)"
    echo "* load at the start $load, at the end $(cut -d' ' -f1-3 /proc/loadavg)"
    echo "* $({ ! have mawk || version mawk -W version; for tool in gawk sort rg mlr jq agrind; do ! have $tool || version $tool --version < /dev/null; done; } | paste -sd ';' | sed 's/;/; /g')"
    python3 -c 'import duckdb; print("* DuckDB", duckdb.__version__)' 2> /dev/null || true
    python3 -c 'import polars; print("* Polars", polars.__version__)' 2> /dev/null || true
    "${PYSPARK_PYTHON:-python3}" -c 'import pyspark; print("* Spark", pyspark.__version__)' 2> /dev/null || true
    collected notes txt | xargs -r -d '\n' sort -u | sed 's/^/* /'
    sed 's/^/* FAILED: the script or an answer of it: /' "$dir/failed"
    echo
    echo "## Targets"
    echo
    awk -v s="$size" 'BEGIN { if (s != 1) print "The data are " s " of the size that the targets are for: what follows shows that this runs, and no more.\n" }'
    mapfile -t answers_files < <(collected answers tsv)
    mapfile -t runs_files < <(collected runs tsv)
    awk -f "$here/medians.awk" "${answers_files[@]}" "${runs_files[@]}" /dev/null > "$dir/medians-all.tsv"
    latency=/dev/null
    [ ! -s "$dir/table-latency.md" ] || latency=$dir/table-latency.md
    awk -v distinct="$(cat "$dir/distinct" 2> /dev/null || echo -)" -f "$here/targets.awk" "$latency" "$dir/medians-all.tsv"
    echo
    echo "## All tasks"
    echo
    awk -f "$here/table.awk" "$dir/medians-all.tsv"
    for script in latency windows; do
        [ -s "$dir/table-$script.md" ] || continue
        printf '\n## %s\n\n' "${script^}"
        cat "$dir/table-$script.md"
    done
} > "$table"
rm -f "$dir/shown" "$dir/failed" "$dir/out"
cat "$table"
exit $status
