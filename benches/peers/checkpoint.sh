#!/usr/bin/env bash
# What a checkpoint costs: benches/peers/checkpoint.sh [DIR]
#
# Running totals of a million keys, of which each of 1000 batches touches a thousand: the time of the whole run, without a checkpoint and with
# one, and how long a run takes that finds nothing new, with all of that state.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
pin "$dir"
input=$dir/totals.txt state=$dir/totals-state
awk 'BEGIN { for (i = 0; i < 1000000; i++) print "key" i; print "TICK"; srand(1)
    for (b = 0; b < 1000; b++) { for (i = 0; i < 1000; i++) print "key" int(rand() * 1000000); print "TICK" } }' > "$input"
job=(--shards 2 --from "$input" --tick TICK window all --emit changed then count --by line)

for kept in no yes no yes no yes; do
    rm -rf "$state"
    more=()
    if [ $kept = yes ]; then more+=(--checkpoint "$state"); fi
    /usr/bin/time -f "checkpoint $kept: %e s, %M KB" "$streamer" "${job[@]}" "${more[@]}" > /dev/null
done
echo
echo "$(du -sm "$state" | cut -f1) MB in the checkpoint; a run that finds nothing new:"
for _ in 1 2 3; do
    /usr/bin/time -f '%e s, %M KB' "$streamer" "${job[@]}" --checkpoint "$state" > /dev/null
done
