# shellcheck shell=bash
# How the peers are called, on $file: each told what a good user would tell it. To be sourced behind common.sh; says which of
# them are not there. REFERENCE=PATH is a program that a user names as the limit of the machine (README.md says which tasks).

# duck SQL: DuckDB's own program, or its Python module.
duck=
if have duckdb; then duck=program
elif have python3 && python3 -c 'import duckdb' 2> /dev/null; then duck=python; fi
python=
! have python3 || python=$(python3 -c 'import sys; print(sys.executable)')
duck() {
    local sql="SET threads = 2; SET enable_progress_bar = false; $1"
    if [ "$duck" = program ]; then timed duckdb -c "$sql"
    else timed "$python" -c 'import duckdb, sys; duckdb.sql(sys.argv[1])' "$sql"; fi
}
# duck_copy QUERY [SETTINGS]: its rows, tabs between the columns.
duck_copy() { duck "${2:-} COPY ($1) TO '/dev/stdout' (FORMAT csv, DELIMITER '\t', HEADER false, QUOTE '')"; }
# duck_lines FILE: a table of one column, line.
duck_lines() { printf '%s' "read_csv('$1', columns = {'line': 'VARCHAR'}, delim = '" '\x01' "', quote = '', escape = '', header = false, auto_detect = false)"; }

polars=
[ -z "$python" ] || ! "$python" -c 'import polars' 2> /dev/null || polars=yes
# polar PROGRAM: Polars, streaming, on $file.
polar() {
    export POLARS_MAX_THREADS=2
    timed "$python" -c "
import sys, polars as pl
from polars import col
F = sys.argv[1]
lines = lambda: pl.scan_lines(F)
csv = lambda: pl.scan_csv(F, has_header=False, schema={'user': pl.String, 'clicks': pl.Int64}, quote_char=None)
json = lambda *names: pl.scan_ndjson(F, schema={n: t for n, t in [('path', pl.String), ('ms', pl.Float64), ('bytes', pl.Int64)] if n in names})
show = lambda frame: frame.collect(engine='streaming').write_csv('/dev/stdout', include_header=False, separator='\t')
$1" "$file"
}

miller() { timed mlr --headerless-csv-output "$@" "$file"; }
# angle QUERY FORMAT: angle-grinder; a row of its result as FORMAT says.
angle() { timed agrind -f "$file" "$1" -o "format=$2"; }
reference() { timed "$reference" "$1" -t 2 "$file"; }

mawk=$(type -P mawk || true) gawk=$(type -P gawk || true) mlr=$(type -P mlr || true) jq=$(type -P jq || true) rg=$(type -P rg || true)
agrind=$(type -P agrind || true) reference=${REFERENCE:-}
# awks TASK TO_COMPARE ARGUMENTS…: mawk and gawk, as installed.
awks() {
    local task=$1 how=$2 which
    shift 2
    for which in mawk gawk; do peer "$task" $which "$how" "${!which}" timed $which "$@"; done
}
# peers_of TOOL…: notes which of those that the script uses are not installed.
peers_of() {
    local tool
    for tool in "$@"; do
        case $tool in
            DuckDB) [ -n "$duck" ] || note "DuckDB is not installed (its program, or pip install duckdb): skipped" ;;
            Polars) [ -n "$polars" ] || note "Polars is not installed (pip install polars): skipped" ;;
            angle-grinder) [ -n "$agrind" ] || note "angle-grinder is not installed (cargo install ag): skipped" ;;
            reference) [ -n "$reference" ] || note "REFERENCE is not set: no rows of a reference" ;;
            *) have "$tool" || note "$tool is not installed: skipped" ;;
        esac
    done
}
