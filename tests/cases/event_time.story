# event time: a batch ends when the records' own time has passed its end by --late, whatever the clock says
$ streamer --event-time '$1' --late 5s --batch 10s count
< 1 a
@ 60s
< 9 b
< 12 c
< 4 d
< 14 e
< 15 f
> 1970-01-01T00:00:10.000Z\t3
< 31 g
> 1970-01-01T00:00:20.000Z\t3
.
> 1970-01-01T00:00:40.000Z\t1

# event time: rows that are written wait for the end of their batch, so that they come in the order of time
$ streamer --event-time '$1' --late 10s --batch 10s grep -v no
< 1 a
< 12 b
< 3 c
< 2 no
< 19 d
< 20 e
> 1 a
> 3 c
.
> 12 b
> 19 d
> 20 e

# event time: a record whose batch has ended is late by the records before it, however they were read; it is said what moved the time on
+ log 1 a
+ log 25 b
+ log 9 c
+ log 10 d
+ log 11 e
$ streamer --from {dir}/log --event-time '$1' --late 5s --batch 10s --late-to {dir}/late count
.
> 1970-01-01T00:00:10.000Z\t1
> 1970-01-01T00:00:30.000Z\t1
! streamer: 3 late records were left out and kept; the first, {dir}/log, line 3, is of 1970-01-01T00:00:09.000Z; line 2 had moved the time on to 1970-01-01T00:00:25.000Z; --late DURATION waits longer
$ streamer --from {dir}/late count
.
> 3

# event time: a time in the year 2099 in the middle makes what comes behind it late, and the message says which line it was
$ streamer --event-time '$1' --late 1m --batch 1m count
<< 2026-11-20T09:00:01Z\n2026-11-20T09:00:02Z\n2099-01-01T00:00:00Z\n2026-11-20T09:00:03Z\n2026-11-20T09:01:00Z\n
> 2026-11-20T09:01:00.000Z\t2
.
> 2099-01-01T00:01:00.000Z\t1
! streamer: 2 late records were left out; the first, standard input, line 4, is of 2026-11-20T09:00:03.000Z; line 3 had moved the time on to 2099-01-01T00:00:00.000Z; --late DURATION waits longer, --late-to FILE keeps them

# event time: a record without a time is a bad record, with its line, also in csv whose fields hold line ends
$ streamer --in csv --event-time ts --bad {dir}/bad count
<< ts,text\n1,"two\nlines"\n\n,empty\nsoon,x\n2,y\n
! streamer: standard input, line 5: it has no time: `ts` is missing; it is left out
! streamer: standard input, line 6: it has no time: `ts` is `soon`; it is left out
.
> 1970-01-01T00:00:02.000Z\t1
> 1970-01-01T00:00:03.000Z\t1
$ streamer --from {dir}/bad filter "line <> ''"
.
> ,empty
> soon,x

# event time: with --strict a record without a time ends the run
+ f 1
+ f x
$ streamer --from {dir}/f --strict --event-time '$1' count
.
! streamer: {dir}/f, line 2: it has no time: `$1` is `x`; without --strict it is left out and counted
? 1
$ streamer --event-time '$1' count
<< x\n\xff\nlong long long long long long long long long long long long long long long\n2026-11-31\n1\n
! streamer: standard input, line 1: it has no time: `$1` is `x`; it is left out
! streamer: standard input, line 2: it has no time: `$1` is `\\xff`; it is left out
! streamer: standard input, line 3: it has no time: `$1` is `long`; it is left out
.
> 1970-01-01T00:00:02.000Z\t1
! streamer: 4 bad records were left out

# event time: milliseconds since the epoch are no seconds, and the message says what to write
$ streamer --in json --event-time ts --batch 1m count
< {"ts":1790812801000}
! streamer: standard input, line 1: its time is far from the years 0 to 9999; milliseconds since the epoch are written timestamp_millis(...); it is left out
.
$ streamer --in json --event-time 'timestamp_millis(ts)' --batch 1m count
< {"ts":1790812801000}
.
> 2026-10-01T00:01:00.000Z\t1

# event time: every way to write a time; access logs as they are
$ streamer --in combined --event-time time --late 30s --batch 1m count --by status
< ::1 - - [01/Oct/2026:00:00:01 +0000] "GET / HTTP/1.1" 200 1 "-" "-"
< ::1 - - [01/Oct/2026:02:00:59 +0200] "GET / HTTP/1.1" 404 1 "-" "-"
< ::1 - - [01/Oct/2026:00:01:31 +0000] "GET / HTTP/1.1" 200 1 "-" "-"
> 2026-10-01T00:01:00.000Z\t200\t1
> 2026-10-01T00:01:00.000Z\t404\t1
.
> 2026-10-01T00:02:00.000Z\t200\t1

# event time: before the epoch, and days that end at local midnight
$ streamer --event-time '$1' --late 0s --batch 1d --tz Europe/Berlin --time both count
< 1969-12-30T22:59:59Z
< 1969-12-30T23:00:00Z
> 1969-12-30T00:00:00.000+01:00\t1969-12-31T00:00:00.000+01:00\t1
< -1
> 1969-12-31T00:00:00.000+01:00\t1970-01-01T00:00:00.000+01:00\t1
< 2026-03-29T21:59:59Z
> 1970-01-01T00:00:00.000+01:00\t1970-01-02T00:00:00.000+01:00\t1
< 2026-03-29T22:00:00Z
> 2026-03-29T00:00:00.000+01:00\t2026-03-30T00:00:00.000+02:00\t1
.
> 2026-03-30T00:00:00.000+02:00\t2026-03-31T00:00:00.000+02:00\t1

# event time: batches without records are skipped
$ streamer --event-time '$1' --late 0s count
< 1
< 5
> 1970-01-01T00:00:02.000Z\t1
< 9
> 1970-01-01T00:00:06.000Z\t1
.
> 1970-01-01T00:00:10.000Z\t1

# event time: --fill asks for batches without records between the first and the last
$ streamer --event-time '$1' --late 0s count --by '$2 AS k' --fill
< 1 a
< 4 b
> 1970-01-01T00:00:02.000Z\ta\t1
< 5 a
> 1970-01-01T00:00:03.000Z\ta\t0
> 1970-01-01T00:00:04.000Z\ta\t0
> 1970-01-01T00:00:05.000Z\ta\t0
> 1970-01-01T00:00:05.000Z\tb\t1
.
> 1970-01-01T00:00:06.000Z\ta\t1
> 1970-01-01T00:00:06.000Z\tb\t0

# event time: a gap of very many batches is not filled
$ streamer --event-time '$1' --late 0s count --by '$2 AS k' --fill
< 1 a
< 2 b
> 1970-01-01T00:00:02.000Z\ta\t1
< 4102444800 c
> 1970-01-01T00:00:03.000Z\ta\t0
> 1970-01-01T00:00:03.000Z\tb\t1
.
> 2100-01-01T00:00:01.000Z\ta\t0
> 2100-01-01T00:00:01.000Z\tb\t0
> 2100-01-01T00:00:01.000Z\tc\t1
! streamer: batches without records are not filled in where time leaps over more than 100,000 of them

# event time: a window slides over what is skipped
$ streamer --event-time '$1' --late 0s --batch 10s window 30s then count
< 1
< 12
> 1970-01-01T00:00:10.000Z\t1
< 55
> 1970-01-01T00:00:20.000Z\t2
< 61
> 1970-01-01T00:00:30.000Z\t2
> 1970-01-01T00:00:40.000Z\t1
> 1970-01-01T00:01:00.000Z\t1
.
> 1970-01-01T00:01:10.000Z\t2

# event time: with --batches the run ends after so many
$ streamer --event-time '$1' --late 0s --batch 10s --batches 2 count
< 1
< 11
> 1970-01-01T00:00:10.000Z\t1
< 21
> 1970-01-01T00:00:20.000Z\t1
< 31
.

# event time: no record, no batch
$ streamer --event-time '$1' --out csv count
.
> window_end,count

# event time: files are read side by side, each with its own time; the slowest tells when a batch ends
+ a 1
+ a 11
+ a 21
+ b 2
+ b 3
+ b 4
+ c 19
+ c 18
$ streamer --from '{dir}/?' --event-time '$1' --late 0s --batch 10s agg 'collect_list($1) AS times'
.
> 1970-01-01T00:00:10.000Z\t[1,2,3,4]
> 1970-01-01T00:00:20.000Z\t[11,19,18]
> 1970-01-01T00:00:30.000Z\t[21]

# event time: a live source that has been silent for --idle does not hold the others back; what it gives later may be late
$ streamer --from - --from rate:1 --event-time '$1' --late 0s --idle 5s --batch 2s --batches 4 -q --late-to {dir}/late count
@ 4005ms
@ 1s
> 1970-01-01T00:00:02.000Z\t2
> 1970-01-01T00:00:04.000Z\t2
@ 1s
> 1970-01-01T00:00:06.000Z\t2
< 1970-01-01T00:00:01Z
< 1970-01-01T00:00:20Z
@ 1s
@ 2s
> 1970-01-01T00:00:08.000Z\t2
.
$ streamer --from {dir}/late grep .
.
> 1970-01-01T00:00:01Z

# event time: rows of rate: carry the time at which they are due
$ streamer --from rate:10 --event-time timestamp --late 1s --batches 2 count
@ 1005ms
@ 1s
> 1970-01-01T00:00:01.000Z\t10
@ 1s
> 1970-01-01T00:00:02.000Z\t10
@ 1s
.

# event time: what cannot be a time is refused
$ streamer --event-time '$1 >' count
.
! streamer: --event-time: the expression ends where an operand is missing: did the shell take a `>`? quote the expression: 'a > 5'
!   $1 >
!       ^
! see: streamer --help
? 2
$ streamer --event-time '$1 = 2' count
.
! streamer: --event-time: here a time is wanted, but a condition is no time
!   $1 = 2
!   ^^^^^^
! see: streamer --help
? 2
$ streamer --event-time 'sum($1)' count
.
! streamer: --event-time: the time of a record is its own, not that of an aggregate of many
!   sum($1)
!   ^^^^^^^
! see: streamer --help
? 2
$ streamer --event-time window_end count
.
! streamer: --event-time: `window_end` is a time of the batch, which only the time of the record tells: name a column of the record
! see: streamer --help
? 2
$ streamer --event-time nonesuch count
.
! streamer: --event-time: there is no column `nonesuch` here, the columns are: line
! see: streamer --help
? 2
$ streamer --event-time 'tim(line)' count
.
! streamer: --event-time: there is no function `tim`; did you mean trim or timestamp_millis or timestamp_micros?
!   tim(line)
!   ^^^^^^^^^
! see: streamer --help
? 2
$ streamer --event-time '' count
.
! streamer: --event-time: the expression is empty: did the shell replace a `$1` by nothing? write it in single quotes: '$1 > 5'
! see: streamer --help
? 2

# event time: what contradicts it is refused
$ streamer --event-time '$1' --batch all count
.
! streamer: `--event-time` cuts batches by time: `--batch all` can only say how long they are, such as --batch 1m
! see: streamer --help
? 2
$ streamer --event-time '$1' --batch 100lines count
.
! streamer: `--event-time` cuts batches by time: `--batch 100lines` can only say how long they are, such as --batch 1m
! see: streamer --help
? 2
$ streamer --event-time '$1' --batch 1s,100lines count
.
! streamer: `--event-time` cuts batches by time: `--batch 1s,100lines` can only say how long they are, such as --batch 1m
! see: streamer --help
? 2
$ streamer --event-time '$1' --tick x count
.
! streamer: `--event-time` and `--tick` are two clocks: leave one of them out
! see: streamer --help
? 2
$ streamer --event-time '$1' --start 2026-11-20T00:00:00Z count
.
! streamer: `--start` sets the clock of `--tick REGEX`; with `--event-time` the first record tells the time: leave --start out
! see: streamer --help
? 2
$ streamer --late 3s count
.
! streamer: `--late` belongs to `--event-time EXPR`, which is not given: add it, or leave --late out
! see: streamer --help
? 2
$ streamer --idle 3s count
.
! streamer: `--idle` belongs to `--event-time EXPR`, which is not given: add it, or leave --idle out
! see: streamer --help
? 2
$ streamer --late-to x count
.
! streamer: `--late-to` belongs to `--event-time EXPR`, which is not given: add it, or leave --late-to out
! see: streamer --help
? 2
$ streamer --event-time '$1' --late 3 count
.
! streamer: `--late 3`: durations need a unit, for example 3s or 3ms
! see: streamer --help
? 2
$ streamer --event-time '$1' --late -3s count
.
! streamer: `--late -3s`: a duration is not negative, write for example 3s
! see: streamer --help
? 2
$ streamer --event-time '$1' --idle 0s count
.
! streamer: `--idle 0s`: durations are in whole milliseconds, at least 1ms
! see: streamer --help
? 2
$ streamer --event-time '$1' --late-to /nonexistent/late count
.
! streamer: cannot keep late records in /nonexistent/late: no such file or directory
? 1

# event time: the plan says where rows wait
$ streamer --event-time '$1' --batch 1m --shards 2 --explain filter '$2 > 1' then tee x.txt then count --by '$2'
.
> chain    filter '$2 > 1' then tee x.txt then count --by '$2'
> batches  every 1m of the records' own time
> shards   2
> input    standard input: columns line, $1, $2
> stage 0  one pass over each block as it comes, by any shard
>   filter     gives $2, line
>   (hold)     gives $2; keeps the rows of the batches that are open: they are written in the order of time
> stage 1  on what was held: all rows of the batch, in order
>   tee        gives $2
>   count      gives all that is printed; keeps each key with its count
> stage 2  on what was merged by key hash, each shard owns its share of the keys; then by ranges of the order
> output   x.txt
> output   standard output
$ streamer --event-time '$1' --batch 1m --shards 2 --explain filter '$2 > 1' then count --by '$2'
.
> chain    filter '$2 > 1' then count --by '$2'
> batches  every 1m of the records' own time
> shards   2
> input    standard input: columns $1, $2
> stage 0  one pass over each block as it comes, by any shard
>   filter     gives $2
>   count      gives all that is printed; keeps each key with its count
> stage 1  on what was merged by key hash, each shard owns its share of the keys; then by ranges of the order
> output   standard output

