# Of all runs of a task by a tool their medians, from the files answers-*.tsv and then runs-*.tsv: task, tool, wall seconds, CPU
# seconds, peak MB, runs, bytes of the input, and what was found of the answer: yes (agrees), NO, not compared, alone, -. In
# the order in which tasks came first, and in each that of its tools.
BEGIN { FS = OFS = "\t" }
function median(key, kind,    count, i, j, t, v) {
    count = n[key]
    for (i = 1; i <= count; i++) v[i] = got[key, i, kind]
    for (i = 2; i <= count; i++) for (j = i; j > 1 && v[j] < v[j - 1]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
    return count % 2 ? v[(count + 1) / 2] : (v[count / 2] + v[count / 2 + 1]) / 2
}
function answer(key, task) {
    if (differs[key]) return "NO"
    if (same[key]) return "yes"
    if (first[key]) return agreed[task] ? "yes" : "alone"
    return apart[key] ? "not compared" : "-"
}
NF == 3 && $3 != "failed" {
    key = $1 FS $2
    if ($3 == "differs") differs[key] = 1
    else if ($3 == "apart") apart[key] = 1
    else if ($3 == "first") first[key] = 1
    else { same[key] = 1; agreed[$1] = 1 }
    next
}
{
    key = $1 FS $2
    if (!($1 in tasks)) { tasks[$1] = ++all; task[all] = $1 }
    if (!(key in seen)) { seen[key] = 1; tool[$1, ++tools[$1]] = $2 }
    if ($3 == "failed") { failed[key] = 1; next }
    n[key]++
    for (kind = 3; kind <= 5; kind++) got[key, n[key], kind] = $kind + 0
    bytes[key] = $6
}
END {
    for (i = 1; i <= all; i++) for (j = 1; j <= tools[task[i]]; j++) {
        key = task[i] FS tool[task[i], j]
        if (failed[key]) print key, "", "", "", 0, "", "FAILED"
        else print key, median(key, 3), median(key, 4), median(key, 5), n[key], bytes[key], answer(key, task[i])
    }
}
