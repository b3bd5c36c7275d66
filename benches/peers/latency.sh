#!/usr/bin/env bash
# How long after its border a batch has come out: benches/peers/latency.sh [DIR]
#
# Runs the example `latency` with LATENCY_BATCHES batches a row (default 30; of one second a third), and keeps its tables.
dir=${1:-target/peers}
. "$(dirname "$0")/common.sh"
pin "$dir"
begin
"$repo/target/release/examples/latency" "${LATENCY_BATCHES:-30}" "$streamer" | tee "$table"
