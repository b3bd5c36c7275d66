## SPARK.md 5, stateful operations, row by row:
##   updateStateByKey                     here: all keys with each batch, an empty one too
##   iterator form, (time, key, ...)      here: behind the aggregate window_end is the time of the batch; keys cannot be renamed
##   initial state                        here: records of a first source
##   values order                         here
##   parent gives no batch                here: an empty batch changes nothing
##   mapWithState                         here: --emit changed, what was touched, once a batch and not once a record
##   stateSnapshots                       here: without --emit changed
##   timeout                              here: in the exact batch, where Spark looks in each tenth
##   update while timing out              cannot be shown: there is no function that could
##   initialState, partitioner            as above; partitions cannot be shown
##   checkpoint intervals, dir, map       shown with processes that are killed: tests/process/checkpoint.rs

# SPARK 5: updateStateByKey: every key with state in every batch, the empty ones too
$ streamer --batch 1s words then window all then count --by word
< a a b
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t2
> 1970-01-01T00:00:01.000Z\tb\t1
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t2
> 1970-01-01T00:00:02.000Z\tb\t1
< c a
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t3
> 1970-01-01T00:00:03.000Z\tb\t1
> 1970-01-01T00:00:03.000Z\tc\t1
@ 1s
> 1970-01-01T00:00:04.000Z\ta\t3
> 1970-01-01T00:00:04.000Z\tb\t1
> 1970-01-01T00:00:04.000Z\tc\t1
.

# SPARK 5: updateStateByKey: a function that may be any expression over aggregates, with the time of the batch
$ streamer --batch 1s --in csv --header k,v --out csv window all then agg 'sum(v) / count(*) AS mean, max(v) - min(v) AS span' --by k then set 'at = window_end'
< a,1
< b,5
@ 1s
> window_end,k,mean,span,at
> 1970-01-01T00:00:01.000Z,a,1,0,1970-01-01T00:00:01.000Z
> 1970-01-01T00:00:01.000Z,b,5,0,1970-01-01T00:00:01.000Z
< a,4
@ 1s
> 1970-01-01T00:00:02.000Z,a,2.5,3,1970-01-01T00:00:02.000Z
> 1970-01-01T00:00:02.000Z,b,5,0,1970-01-01T00:00:02.000Z
.

# SPARK 5: updateStateByKey: None removes the key: a filter behind it keeps the key from being given, the state stays
$ streamer --batch 1s --in csv --header k,v window all then agg 'sum(v) AS s' --by k then filter 's <> 0'
< a,1
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
< a,-1
@ 1s
< a,5
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t5
.

# SPARK 5: values order: in the order that they came, over all batches
$ streamer --batch 1s --in csv --header k,v window all then agg 'collect_list(v) AS vs, first(v) AS f, last(v) AS l' --by k
< a,3
< b,x
< a,1
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t[3,1]\t3\t1
> 1970-01-01T00:00:01.000Z\tb\t["x"]\tx\tx
< a,2
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t[3,1,2]\t3\t2
> 1970-01-01T00:00:02.000Z\tb\t["x"]\tx\tx
.

# SPARK 5: initial state: records that were there before, read from a file; keys that nobody touches are given too
+ before old,100
+ before k,1
$ streamer --batch 1s --in csv --header k,v --from {dir}/before --from - window all then agg 'sum(v) AS s' --by k
< k,5
@ 1s
> 1970-01-01T00:00:01.000Z\tk\t6
> 1970-01-01T00:00:01.000Z\told\t100
@ 1s
> 1970-01-01T00:00:02.000Z\tk\t6
> 1970-01-01T00:00:02.000Z\told\t100
.

# SPARK 5: mapWithState: only what a batch touches is given
$ streamer --batch 1s words then window all --emit changed then count --by word
< a a b
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t2
> 1970-01-01T00:00:01.000Z\tb\t1
@ 1s
< c a
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t3
> 1970-01-01T00:00:03.000Z\tc\t1
.

# SPARK 5: mapWithState: stateSnapshots are the same chain without --emit changed
$ streamer --batch 1s words then window all then count --by word then filter 'count > 1'
< a a b
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t2
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t2
.

# SPARK 5: timeout: strictly later than the last record's batch by more than the time, in the exact batch
$ streamer --batch 1s words then window all --ttl 3s then count --by word
< a b
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
> 1970-01-01T00:00:01.000Z\tb\t1
< a
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t2
> 1970-01-01T00:00:02.000Z\tb\t1
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t2
> 1970-01-01T00:00:03.000Z\tb\t1
@ 1s
> 1970-01-01T00:00:04.000Z\ta\t2
> 1970-01-01T00:00:04.000Z\tb\t1
@ 1s
> 1970-01-01T00:00:05.000Z\ta\t2
@ 1s
.

# SPARK 5: timeout: any record of a key puts it off, whatever it changes
$ streamer --batch 1s --in csv --header k,v window all --ttl 1s then agg 'max(v) AS m' --by k
< a,9
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t9
< a,
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t9
< a,1
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t9
@ 1s
> 1970-01-01T00:00:04.000Z\ta\t9
@ 1s
.

# SPARK 5: timeout: a clock that leaps makes every batch in between, so it comes in its own
$ streamer --batch 1s words then window all --ttl 3s then count --by word
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
@ jump 5s
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t1
> 1970-01-01T00:00:03.000Z\ta\t1
> 1970-01-01T00:00:04.000Z\ta\t1
< a
@ 1s
> 1970-01-01T00:00:08.000Z\ta\t1
.

# SPARK 5: timeout and emit changed: what comes again behind the timeout begins anew
$ streamer --batch 1s words then window all --ttl 1s --emit changed then count --by word
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
< a
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t2
@ 1s
@ 1s
< a
@ 1s
> 1970-01-01T00:00:05.000Z\ta\t1
.

# SPARK 5: timeout with ticks of the input
$ streamer --tick ^-- window all --ttl 2s then count --by line
<< a\n--\nb\n--\n--\nb\n--\n--\n--\n--\n
> 1970-01-01T00:00:01.000Z\ta\t1
> 1970-01-01T00:00:02.000Z\ta\t1
> 1970-01-01T00:00:02.000Z\tb\t1
> 1970-01-01T00:00:03.000Z\ta\t1
> 1970-01-01T00:00:03.000Z\tb\t1
> 1970-01-01T00:00:04.000Z\tb\t2
> 1970-01-01T00:00:05.000Z\tb\t2
> 1970-01-01T00:00:06.000Z\tb\t2
.

