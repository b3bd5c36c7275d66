## SPARK.md 2, batch semantics, row by row:
##   Batch duration                       batches.story: a batch of 250ms
##   Batch alignment                      batches.story: at each multiple since the epoch; here for windows and for --tz
##   Batch time = END of the interval     batches.story: the first story
##   Zero time                            here: windows are aligned to the epoch, not to the start
##   Every batch is generated             batches.story; here: empty batches in every operator
##   Catch-up                             batches.story: a clock that leaps; here: by a day, forward and back, with windows
##   Block interval                       batches.story: half a record at the border; blocks themselves cannot be shown
##   Allocation                           batches.story: what had arrived goes to the oldest
##   Order                                here: union order; inside of a batch: sources.story
##   Job order                            tee.story; concurrentJobs cannot be shown: batches go out in order
##   A failing batch                      pipe.story, join.story, sinks.story: the run ends with 1, after what was before it
##   slice, remember                      cannot be shown: a command line has no queries of its own
##   No batch or an empty one             here: there is always a batch, for union and windows too
## SPARK.md 3, stateless transformations:
##   map, flatMap, filter                 set.story, words.story, grep.story; here on empty batches
##   glom, repartition, partitionBy       cannot be shown: partitions do not show in a result (laws: runs.rs)
##   mapPartitions                        pipe.story
##   union                                here
##   count                                count.story
##   countByValue, reduce, reduceByKey    here: nothing for an empty batch; reduce.story
##   groupByKey, combineByKey             here
##   mapValues, flatMapValues             here
##   cogroup, joins                       spark_joins.story
##   transform                            sort.story, top.story, distinct.story; join.story: a file that changes
##   transformWith                        here: union; spark_joins.story
##   persist, checkpoint                  cannot be shown: how it is computed is not written on a command line

# SPARK 2: zero time: windows are aligned to the epoch and not to the start, so the first one may come early
* 1970-01-01T00:00:07Z
$ streamer --batch 1s --time both window 5s --every 5s then count
< a
@ 1s
< b
@ 2s
> 1970-01-01T00:00:05.000Z\t1970-01-01T00:00:10.000Z\t2
@ 5s
> 1970-01-01T00:00:10.000Z\t1970-01-01T00:00:15.000Z\t0
.

# SPARK 2: zero time with --tick is the start of time
$ streamer --tick ^-- --time both window 5s --every 5s then count
<< a\n--\n--\n--\n--\n--\nb\n--\n
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:05.000Z\t1
.
> 1970-01-01T00:00:05.000Z\t1970-01-01T00:00:10.000Z\t1

# SPARK 2: time before the epoch: batches and windows are aligned to it all the same
$ streamer --tick ^-- --start 1969-12-31T23:59:55.500Z --time both window 4s --every 2s then count
<< a\n--\nb\n--\n--\n--\nc\n--\n--\n--\nd\n
> 1969-12-31T23:59:52.000Z\t1969-12-31T23:59:56.000Z\t1
> 1969-12-31T23:59:54.000Z\t1969-12-31T23:59:58.000Z\t2
> 1969-12-31T23:59:56.000Z\t1970-01-01T00:00:00.000Z\t2
> 1969-12-31T23:59:58.000Z\t1970-01-01T00:00:02.000Z\t1
.
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:04.000Z\t1

# SPARK 2: batch alignment: a window of days ends at local midnight, and counts days, not hours, where the clocks change
* 2026-03-27T22:00:00Z
$ streamer --batch 1d --tz Europe/Berlin --time both window 2d then count
< a
@ 1h
> 2026-03-26T00:00:00.000+01:00\t2026-03-28T00:00:00.000+01:00\t1
< b
@ jump 23h
@ 1h
> 2026-03-27T00:00:00.000+01:00\t2026-03-29T00:00:00.000+01:00\t2
< c
@ jump 22h
@ 1h
> 2026-03-28T00:00:00.000+01:00\t2026-03-30T00:00:00.000+02:00\t2
< d
@ jump 23h
@ 1h
> 2026-03-29T00:00:00.000+01:00\t2026-03-31T00:00:00.000+02:00\t2
.

# SPARK 2: batch alignment: ... and in autumn, with a slide
* 2026-10-23T21:00:00Z
$ streamer --batch 1d --tz Europe/Berlin --time both window 2d --every 2d then count
< a
@ 1h
> 2026-10-22T00:00:00.000+02:00\t2026-10-24T00:00:00.000+02:00\t1
< b
@ jump 23h
@ 1h
< c
@ jump 24h
@ 1h
> 2026-10-24T00:00:00.000+02:00\t2026-10-26T00:00:00.000+01:00\t2
< d
@ jump 23h
@ 1h
.
> 2026-10-26T00:00:00.000+01:00\t2026-10-28T00:00:00.000+01:00\t1

# SPARK 2: batch alignment: windows of hours go on each hour over the change
* 2026-10-24T23:30:00Z
$ streamer --batch 1h --tz Europe/Berlin --time both window 2h then count
< a
@ 30m
> 2026-10-25T00:00:00.000+02:00\t2026-10-25T02:00:00.000+02:00\t1
< b
@ 1h
> 2026-10-25T01:00:00.000+02:00\t2026-10-25T02:00:00.000+01:00\t2
@ 1h
> 2026-10-25T02:00:00.000+02:00\t2026-10-25T03:00:00.000+01:00\t1
@ 1h
> 2026-10-25T02:00:00.000+01:00\t2026-10-25T04:00:00.000+01:00\t0
.

# SPARK 2: catch-up: a clock that leaps by some batches: windows in between are given, in order, at their own times
$ streamer --batch 1s window 3s --every 2s then count
< a
@ jump 5s
@ 1s
> 1970-01-01T00:00:02.000Z\t1
> 1970-01-01T00:00:04.000Z\t0
> 1970-01-01T00:00:06.000Z\t0
< b
@ 1s
@ 1s
> 1970-01-01T00:00:08.000Z\t1
.

# SPARK 2: catch-up: a clock that leaps by a day: each batch in between, with windows of hours
* 2026-11-20T00:00:00Z
$ streamer --batch 1h window 6h --every 6h then count
< a
@ jump 24h
@ 1h
> 2026-11-20T06:00:00.000Z\t1
> 2026-11-20T12:00:00.000Z\t0
> 2026-11-20T18:00:00.000Z\t0
> 2026-11-21T00:00:00.000Z\t0
< b
.
> 2026-11-21T06:00:00.000Z\t1

# SPARK 2: a clock that is set back by a day: times never step back, and windows go on at their pace
* 2026-11-20T00:00:00Z
$ streamer --batch 1s window 2s then count
< a
@ 1s
> 2026-11-20T00:00:01.000Z\t1
@ jump -1d
< b
@ 1s
> 2026-11-20T00:00:02.000Z\t2
< c
@ 1s
> 2026-11-20T00:00:03.000Z\t2
@ 1s
> 2026-11-20T00:00:04.000Z\t1
.

# SPARK 2: a clock that is set back by a day: running totals with a ttl lose nothing early
* 2026-11-20T00:00:00Z
$ streamer --batch 1s window all --ttl 2s then count --by line
< a
@ 1s
> 2026-11-20T00:00:01.000Z\ta\t1
@ jump -1d
@ 1s
> 2026-11-20T00:00:02.000Z\ta\t1
@ 1s
> 2026-11-20T00:00:03.000Z\ta\t1
@ 1s
.

# SPARK 2: initial batches: a start exactly at a slide, the first window is given one slide later
* 1970-01-01T00:00:10Z
$ streamer --batch 1s --time both window 2s --every 2s then count
< a
@ 1s
< b
@ 1s
> 1970-01-01T00:00:10.000Z\t1970-01-01T00:00:12.000Z\t2
.

# SPARK 2: order: the union of several sources, batch by batch, is the first one's records and then the second one's
+ a 1
+ a --
+ a 2
+ a --
+ b x
+ b --
+ b y
+ b --
$ streamer --tick ^-- --from {dir}/b --from {dir}/a window 2s then agg 'collect_list(line) AS rows'
.
> 1970-01-01T00:00:01.000Z\t["x",1]
> 1970-01-01T00:00:02.000Z\t["x",1,"y",2]

# SPARK 2: no batch: a source that has ended gives nothing, and the batches of the others are whole
+ a 1
+ a --
+ b x
+ b --
+ b y
+ b --
+ b z
+ b --
$ streamer --tick ^-- --from {dir}/a --from {dir}/b window 2s then agg 'collect_list(line) AS rows'
.
> 1970-01-01T00:00:01.000Z\t[1,"x"]
> 1970-01-01T00:00:02.000Z\t[1,"x","y"]
> 1970-01-01T00:00:03.000Z\t["y","z"]

# SPARK 2: no batch: a source without any tick gives all that it has to the first batch
+ a 1
+ a 2
+ b x
+ b --
+ b y
+ b --
+ b z
$ streamer --tick ^-- --from {dir}/a --from {dir}/b window 2s then agg 'collect_list(line) AS rows'
.
> 1970-01-01T00:00:01.000Z\t[1,2,"x"]
> 1970-01-01T00:00:02.000Z\t[1,2,"x","y"]
> 1970-01-01T00:00:03.000Z\t["y","z"]

# SPARK 2: no batch: windows over a source that has no record but ticks, the last one of the other ending an empty batch
+ a 1
+ a --
+ a --
+ a --
+ b --
$ streamer --tick ^-- --from {dir}/a --from {dir}/b window 2s then count
.
> 1970-01-01T00:00:01.000Z\t1
> 1970-01-01T00:00:02.000Z\t1
> 1970-01-01T00:00:03.000Z\t0

# SPARK 2: every batch is generated: row-wise operators give nothing for an empty one
$ streamer --batch 1s --time end grep -v x then sample 1 then words then filter 'word <> ""' then set 'n = length(word)' then flatmap 'array(n, n)' --as m --keep then map 'word, m'
@ 1s
< a bc
> 1970-01-01T00:00:02.000Z\ta\t1
> 1970-01-01T00:00:02.000Z\ta\t1
> 1970-01-01T00:00:02.000Z\tbc\t2
> 1970-01-01T00:00:02.000Z\tbc\t2
< x
@ 1s
@ 1s
.

# SPARK 2: every batch is generated: an empty one through sort, top, distinct, tail, set, pipe and tee, and then counted
$ streamer --batch 1s sort line then top 5 line then distinct then tail 3 then set 'n = count(*)' then tee {dir}/tee then pipe -- cat then count
@ 1s
> 1970-01-01T00:00:01.000Z\t0
< a
@ 1s
> 1970-01-01T00:00:02.000Z\t1
@ 1s
> 1970-01-01T00:00:03.000Z\t0
.

# SPARK 2: every batch is generated: the same behind a window
$ streamer --batch 1s window 2s then sort line then top 5 line then distinct then tail 3 then set 'n = count(*)' then pipe -- cat then count
@ 1s
> 1970-01-01T00:00:01.000Z\t0
< a
@ 1s
> 1970-01-01T00:00:02.000Z\t1
@ 1s
> 1970-01-01T00:00:03.000Z\t1
@ 1s
> 1970-01-01T00:00:04.000Z\t0
.

# SPARK 3: countByValue, reduceByKey, groupByKey: an empty batch gives nothing
$ streamer --batch 1s words then count --by word
< a b a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t2
> 1970-01-01T00:00:01.000Z\tb\t1
@ 1s
.

# SPARK 3: groupByKey: the values of each key in the order that they came; combineByKey: another type than the values have
$ streamer --batch 1s --in csv --header k,v agg 'collect_list(v) AS vs, concat(min(v), "-", max(v)) AS span' --by k
< b,2
< a,1
< b,1
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t[1]\t1-1
> 1970-01-01T00:00:01.000Z\tb\t[2,1]\t1-2
@ 1s
.

# SPARK 3: reduce: nothing for an empty batch, one row for any other
$ streamer --batch 1s reduce line 'a + b'
< 1
< 2
@ 1s
> 1970-01-01T00:00:01.000Z\t3
@ 1s
< 3
@ 1s
> 1970-01-01T00:00:03.000Z\t3
.

# SPARK 3: mapValues and flatMapValues keep the key
$ streamer --batch 1s --in csv --header k,v set 'v = upper(v)' then flatmap 'split(v, " ")' --as part --keep then map 'k, part'
< a,x y
> a\tX
> a\tY
< b,z
> b\tZ
@ 1s
@ 1s
.

# SPARK 3: union: one source after the other in each batch
+ a 1
+ a --
+ a 2
+ b x
+ b --
+ b y
$ streamer --tick ^-- --time end --from {dir}/b --from {dir}/a filter 'line <> ""'
.
> 1970-01-01T00:00:01.000Z\tx
> 1970-01-01T00:00:01.000Z\t1
> 1970-01-01T00:00:02.000Z\ty
> 1970-01-01T00:00:02.000Z\t2

