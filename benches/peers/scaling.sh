#!/usr/bin/env bash
# What more shards and more input cost, on two processors: benches/peers/scaling.sh [DIR]
#
# 1, 2 and 8 shards (more than there are processors) for the words of a text and the sums of a CSV, and ten times the text: the
# same file given ten times. The number of distinct words is left in DIR/distinct. Ends with 1 if two answers differ.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
pin "$dir"
begin

# Counts of ten times the text, as those of one.
tenth() { awk -F'\t' '{ print $1 "\t" $2 / 10 }' | by_key; }
for round in $(seq "$rounds"); do
    use text 1000000000 txt
    task='words, by shards'
    for shards in 1 2 8; do
        work "$task" "streamer --shards $shards" - by_key timed "$streamer" wordcount --shards $shards --from "$file"
    done
    wc -l < "$out" > "$dir/distinct"

    task='words, ten times the text'
    ten=()
    for _ in $(seq 10); do ten+=(--from "$file"); done
    work "$task" 'streamer, the text once' - by_key timed "$streamer" wordcount --shards 2 --from "$file"
    input=$((10 * input))
    work "$task" streamer - tenth timed "$streamer" wordcount --shards 2 "${ten[@]}"
    work "$task" 'streamer, through a pipe' 10 tenth timed "$streamer" wordcount --shards 2 --batch all

    use clicks 1000000000 csv
    task='CSV: clicks by user, by shards'
    for shards in 1 2 8; do
        work "$task" "streamer --shards $shards" - rows timed "$streamer" --header user,clicks agg 'sum(clicks) AS clicks' --by user --shards $shards --from "$file"
    done
done
finish
