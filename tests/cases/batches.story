# a batch ends at each multiple of the interval since the epoch, also when nothing arrives (SPARK 2: batch alignment)
* 2026-11-20T09:00:00.300Z
$ streamer --batch 1s count
< a
@ 600ms
< b
@ 100ms
> 2026-11-20T09:00:01.000Z\t2
< c
@ 1s
> 2026-11-20T09:00:02.000Z\t1
@ 1s
> 2026-11-20T09:00:03.000Z\t0
.

# a batch of 250ms: times are printed in milliseconds
* 1970-01-01T00:00:00.100Z
$ streamer --batch 250ms count
< a
@ 150ms
> 1970-01-01T00:00:00.250Z\t1
@ 250ms
> 1970-01-01T00:00:00.500Z\t0
.

# a batch of 7s is aligned to the epoch and not to the start
* 1970-01-01T00:00:10Z
$ streamer --batch 7s count
< a
@ 4s
> 1970-01-01T00:00:14.000Z\t1
@ 7s
> 1970-01-01T00:00:21.000Z\t0
.

# an interval may have several units
$ streamer --batch '1m 30s' count
< a
@ 89s
@ 1s
> 1970-01-01T00:01:30.000Z\t1
.

# a start exactly on a border opens the interval that begins there
* 1970-01-01T00:00:05Z
$ streamer --batch 5s --time both count
< a
@ 5s
> 1970-01-01T00:00:05.000Z\t1970-01-01T00:00:10.000Z\t1
.

# without --batch standard input is cut each second, and no duration is written, so no time is printed
$ streamer count
< a
@ 1s
> 1
@ 1s
> 0
< b
.
> 1

# the default is all if every source is a regular file
+ a 1
+ b 2
$ streamer --from {dir}/a --from {dir}/b count
.
> 2

# one source that is no file, and the default is 1s
+ a 1
$ streamer --from {dir}/a --from - count --explain --shards 1
.
> chain    count
> batches  every 1s
> shards   1
> input    {dir}/a: columns none, records are only counted
> input    standard input: columns none, records are only counted
> stage 0  one pass over each block as it comes, by any shard
>   count      gives all that is printed; keeps one number
> stage 1  on what was merged by one shard
> output   standard output

# --batch all: one batch at the end, no matter how long it takes
$ streamer --batch all count
< a
@ 1h
< b
.
> 2

# --batch all without any input gives one empty batch
$ streamer --batch all count
.
> 0

# --batch all of an aggregate by key gives nothing without input
$ streamer --batch all wordcount
.

# an interval without any input gives one empty batch at the end, at the next border
$ streamer --batch 10s count
@ 3s
.
> 1970-01-01T00:00:10.000Z\t0

# the end of the input: a last batch if a record came since the last border, at the next one (SPEC 1)
$ streamer --batch 10s count
@ 10s
> 1970-01-01T00:00:10.000Z\t0
< a
@ 3s
.
> 1970-01-01T00:00:20.000Z\t1

# the end of the input just behind a border gives no further batch
$ streamer --batch 10s count
< a
@ 10s
> 1970-01-01T00:00:10.000Z\t1
.

# a last record without its end is still a record
$ streamer --batch 1s count
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1
<< b
.
> 1970-01-01T00:00:02.000Z\t1

# half a record at the border belongs to the batch in which it ends
$ streamer --batch 1s count
<< hal
@ 1s
> 1970-01-01T00:00:01.000Z\t0
<< f\n
@ 1s
> 1970-01-01T00:00:02.000Z\t1
.

# --batches ends the run after so many, the empty ones counted; what comes later is not read
$ streamer --batch 1s --batches 2 count
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1
@ 1s
> 1970-01-01T00:00:02.000Z\t0
.

# --batches with a row-wise chain: a batch without rows counts too
$ streamer --batch 1s --batches 2 grep x
< x
> x
@ 1s
< x 2
> x 2
@ 1s
.

# --batches greater than the input has is no error
$ streamer --batches 5 --batch all count
< a
.
> 1

# Nlines: a batch after that many records, the last one shorter
$ streamer --batch 2lines count
< a
< b
> 2
< c
@ 10s
< d
> 2
< e
.
> 1

# Nlines: the end just behind a cut gives no empty batch
$ streamer --batch 2lines count
< a
< b
> 2
.

# Nlines: no input gives one empty batch
$ streamer --batch 2lines count
.
> 0

# Nlines: one read that holds several batches
$ streamer --batch 2lines count --by line
<< a\nb\nc\nd\ne
> a\t1
> b\t1
> c\t1
> d\t1
.
> e\t1

# Nlines alone carries the clock at the cut
* 2026-11-20T09:00:00Z
$ streamer --batch 2lines --time both count
@ 1500ms
< a
@ 1s
< b
> 2026-11-20T09:00:00.000Z\t2026-11-20T09:00:02.500Z\t2
@ 2s
< c
@ 1s
.
> 2026-11-20T09:00:02.500Z\t2026-11-20T09:00:05.500Z\t1

# --batch all carries the clock at the end
* 2026-11-20T09:00:00Z
$ streamer --batch all --time both count
< a
@ 90s
.
> 2026-11-20T09:00:00.000Z\t2026-11-20T09:01:30.000Z\t1

# Nlines with --batches: not one record more is taken
$ streamer --batch 2lines --batches 2 grep ''
<< a\nb\nc\nd\ne\n
> a
> b
> c
> d
.

# 1s,3lines: whichever comes first; a cut by count carries the end of the interval
$ streamer --batch 1s,3lines --time both count
< a
< b
@ 1s
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:01.000Z\t2
< c
< d
< e
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:02.000Z\t3
< f
@ 1s
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:02.000Z\t1
@ 1s
> 1970-01-01T00:00:02.000Z\t1970-01-01T00:00:03.000Z\t0
.

# 1s,3lines: behind a cut by count the interval gives no second batch unless something came
$ streamer --batch 1s,3lines count
<< a\nb\nc\n
> 1970-01-01T00:00:01.000Z\t3
@ 1s
<< d\ne\nf\ng\nh\ni\n
> 1970-01-01T00:00:02.000Z\t3
> 1970-01-01T00:00:02.000Z\t3
@ 1s
@ 1s
> 1970-01-01T00:00:03.000Z\t0
.

# 1s,3lines: the end behind a cut by count
$ streamer --batch 3lines,1s count
<< a\nb\nc\n
> 1970-01-01T00:00:01.000Z\t3
.

# a clock that leaps makes every batch in between, in order; what had arrived goes to the oldest (SPARK 2: catch-up)
$ streamer --batch 1s count
< a
@ jump 3s
@ 1s
> 1970-01-01T00:00:01.000Z\t1
> 1970-01-01T00:00:02.000Z\t0
> 1970-01-01T00:00:03.000Z\t0
> 1970-01-01T00:00:04.000Z\t0
< b
@ 1s
> 1970-01-01T00:00:05.000Z\t1
.

# a wall clock that steps back a little: no batch is made twice, the border is waited for
$ streamer --batch 1s count
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1
@ jump -500ms
< b
@ 1s
@ 500ms
> 1970-01-01T00:00:02.000Z\t1
@ 1s
> 1970-01-01T00:00:03.000Z\t0
.

# a wall clock that is set back an hour: batches go on at their pace and their times never step back
$ streamer --batch 1s count
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1
@ jump -1h
< b
@ 1s
> 1970-01-01T00:00:02.000Z\t1
< c
@ 1s
> 1970-01-01T00:00:03.000Z\t1
.

# back and forth again: times only grow
$ streamer --batch 1s count
@ 1s
> 1970-01-01T00:00:01.000Z\t0
@ jump -2s
@ 1s
> 1970-01-01T00:00:02.000Z\t0
@ jump 2s
@ 1s
> 1970-01-01T00:00:03.000Z\t0
.

# --once: what is there is processed in one batch, then the run ends (Spark's availableNow)
+ a 1
+ a 2
$ streamer --once --from {dir}/a count
.
> 2

# --once with --batch 1lines: several batches, all of what is there
+ a 1
+ a 2
$ streamer --once --batch 1line --from {dir}/a count
.
> 1
> 1

# --once of standard input: to its end, in one batch
$ streamer --once count
< a
@ 1s
< b
.
> 2

# an interval in months is refused
$ streamer --batch 1month count
.
! streamer: `--batch 1month`: months and years have no fixed length, the largest unit is the week; minutes are a small m
! see: streamer --help
? 2

# a bare number is refused with the fix
$ streamer --batch 5 count
.
! streamer: `--batch 5`: durations need a unit, for example --batch 5s; for batches of so many records: --batch 5lines
! see: streamer --help
? 2

# no batch is shorter than a millisecond
$ streamer --batch 10us count
.
! streamer: `--batch 10us`: durations are in whole milliseconds, at least 1ms
! see: streamer --help
? 2

# an interval of nothing is refused
$ streamer --batch 0s count
.
! streamer: `--batch 0s`: durations are in whole milliseconds, at least 1ms
! see: streamer --help
? 2

# --batches 0 is refused
$ streamer --batches 0 count
.
! streamer: `--batches 0`: at least 1
! see: streamer --help
? 2

