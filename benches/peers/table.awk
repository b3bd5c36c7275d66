# The table of what medians.awk writes, in Markdown. `~`: run on a part of the input, once, and multiplied.
BEGIN { FS = "\t" }
function short(ratio) { return sprintf(ratio < 0.095 ? "%.3f" : ratio < 9.95 ? "%.2f" : "%.0f", ratio) }
{
    task[NR] = $1; tool[NR] = $2; wall[NR] = $3; cpu[NR] = $4; peak[NR] = $5; n[NR] = $6; bytes[NR] = $7; answer[NR] = $8
    if ($8 != "FAILED") of[$1, $2] = $3
}
END {
    print "| work | tool | wall s | MB/s | CPU s | peak MB | wall / streamer's | times as fast as DuckDB | answer agrees |"
    print "|---|---|---:|---:|---:|---:|---:|---:|---|"
    for (i = 1; i <= NR; i++) {
        shown = task[i] == task[i - 1] ? "" : task[i]
        if (answer[i] == "FAILED") { printf "| %s | %s | failed | | | | | | |\n", shown, tool[i]; continue }
        about = tool[i] ~ /~$/ ? "~" : ""
        mine = of[task[i], "streamer"]; duck = of[task[i], "DuckDB"]
        printf "| %s | %s%s | %s%.*f | %s | %s%.2f | %.0f | %s | %s | %s |\n", shown, tool[i], n[i] == 1 && !about ? " (one run)" : "",
            about, wall[i] < 0.1 ? 4 : 2, wall[i], bytes[i] && wall[i] ? about sprintf("%.0f", bytes[i] / wall[i] / 1e6) : "",
            about, cpu[i], peak[i], mine && tool[i] != "streamer" ? short(wall[i] / mine) : "",
            duck && wall[i] && tool[i] != "DuckDB" ? short(duck / wall[i]) : "", answer[i]
    }
}
