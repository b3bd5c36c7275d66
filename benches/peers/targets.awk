# What is aimed at, each with what was measured, in Markdown: from table-latency.md (if it is there), then the medians of
# all scripts. `distinct` is the number of distinct words.
BEGIN {
    FS = "\t"
    print "| target | asked for | measured | |"
    print "|---|---:|---:|---|"
}
/^\|/ { split($0, cell, / *\| */); median[cell[2]] = cell[6]; worst[cell[2]] = cell[7]; taken[cell[2]] = cell[5]; next }
$1 == "" || NF < 8 { next }
$8 != "FAILED" { wall[$1, $2] = $3; peak[$1, $2] = $5; answer[$1, $2] = $8 }
$8 != "FAILED" && $8 == "yes" && $2 !~ /^(streamer|reference)/ {
    if (!($1 in best) || $3 < wall[$1, best[$1]]) best[$1] = $2
}
function verdict(met) { return met ? "met" : "NOT MET" }
function missing(what, asked) { printf "| %s | %s | | not measured |\n", what, asked }
# times as fast as PEER, at least.
function faster(task, peer, least) {
    if (!((task, "streamer") in wall) || !((task, peer) in wall)) missing(task ": " peer " / streamer", "≥ " least)
    else measured(task ": " peer " / streamer", "≥ " least, wall[task, peer] / wall[task, "streamer"], 1, least)
}
function measured(what, asked, value, sign, border) {
    printf "| %s | %s | %.2f | %s |\n", what, asked, value, verdict(sign * value >= sign * border)
}
# One time over another, at most.
function within(what, task, tool, base_task, base, most) {
    if (!((task, tool) in wall) || !((base_task, base) in wall)) missing(what, "≤ " most)
    else measured(what, "≤ " most, wall[task, tool] / wall[base_task, base], -1, most)
}
function best_of(task, least) {
    if (task in best) faster(task, best[task], least)
    else missing(task ": best peer / streamer", "≥ " least)
}
# The median, as everywhere; beside it the slowest batch.
function late(row,    what) {
    what = "latency, " row ": to the last byte, ms"
    if (!(row in median)) { missing(what, "< 20"); return }
    printf "| %s | < 20 | median %s, maximum %s (%s MB/s taken) | %s |\n", what, median[row], worst[row], taken[row], verdict(median[row] + 0 < 20)
}
END {
    words = "words, file"; clicks = "CSV: clicks by user"; keys = "20 million keys, all"; rare = "lines with a rare literal"; often = "lines with a frequent literal"
    ten = "words, ten times the text"
    faster(words, "DuckDB", 4.5)
    faster(words, "Spark DStream", 40)
    within("words, file: streamer / reference", words, "streamer", words, "reference", 1.2)
    within("words: pipe / file", "words, pipe", "streamer", words, "streamer", 1.3)
    faster(clicks, "DuckDB", 5)
    within("CSV: clicks by user: streamer / reference", clicks, "streamer", clicks, "reference", 1.35)
    best_of("log: status >= 500, by status", 2)
    best_of("log: lines with GET, by status", 2)
    best_of("JSON: p99 by path", 1.5)
    faster(keys, "DuckDB", 2)
    if (((keys, "streamer") in peak) && ((keys, "DuckDB") in peak))
        measured(keys ": memory of streamer / DuckDB", "≤ 0.5", peak[keys, "streamer"] / peak[keys, "DuckDB"], -1, 0.5)
    else missing(keys ": memory of streamer / DuckDB", "≤ 0.5")
    within(rare ": streamer --shards 1 / rg", rare, "streamer --shards 1", rare, "rg", 1)
    within(rare ": streamer --shards 2 / rg", rare, "streamer", rare, "rg", "1 (less)")
    within(often ": streamer --shards 1 / rg", often, "streamer --shards 1", often, "rg", 1)
    within(often ": streamer --shards 2 / rg", often, "streamer", often, "rg", "1 (less)")
    start = "start-up, three words, 50 times"
    if ((start, "streamer") in wall) measured("start-up, ms, the shell's fork included", "< 10", 1000 * wall[start, "streamer"], -1, 10)
    else missing("start-up, ms", "< 10")
    for (idle = 1; idle >= 0; idle--) for (way = 1; way <= 2; way++) for (batch = 1; batch <= 2; batch++)
        late("`--batch " (batch == 1 ? "100" : "1000") "ms`, 100 MB/s through a " (way == 1 ? "socket" : "pipe") (idle ? ", every millisecond" : ""))
    if ((ten, "streamer") in peak) {
        what = sprintf("words of ten times the text, %s distinct: peak MB", distinct)
        measured(what, "< 300", peak[ten, "streamer"], -1, 300)
    } else missing("words of ten times the text: peak MB", "< 300")
    print "| **not aimed at, but watched** | | | |"
    within("words: ten times the text / the text once", ten, "streamer", ten, "streamer, the text once", 11)
    for (i = 1; i <= 2; i++) {
        task = i == 1 ? "words, by shards" : "CSV: clicks by user, by shards"
        if ((task, "streamer --shards 1") in wall)
            measured(task ": 1 shard / 2 shards", "≥ 1.7", wall[task, "streamer --shards 1"] / wall[task, "streamer --shards 2"], 1, 1.7)
        else missing(task ": 1 shard / 2 shards", "≥ 1.7")
        within(task ": 8 shards / 2 shards", task, "streamer --shards 8", task, "streamer --shards 2", 1.15)
    }
}
