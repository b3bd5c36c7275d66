# --tick: each matching line ends a batch and is dropped; time stands at 0 and moves on by the interval (default 1s)
* 2026-11-20T09:00:00Z
$ streamer --tick ^--$ count
< a
< b
@ 1h
< --
> 1970-01-01T00:00:01.000Z\t2
< c
< --
> 1970-01-01T00:00:02.000Z\t1
< --
> 1970-01-01T00:00:03.000Z\t0
.

# --tick: the end inside a tick gives a last batch at the next border
$ streamer --tick ^--$ count
< a
< --
> 1970-01-01T00:00:01.000Z\t1
< b
.
> 1970-01-01T00:00:02.000Z\t1

# --tick: the end just behind a tick gives none
$ streamer --tick ^--$ count
< a
< --
> 1970-01-01T00:00:01.000Z\t1
.

# --tick without any tick: one batch
$ streamer --tick ^--$ count
< a
.
> 1970-01-01T00:00:01.000Z\t1

# --tick without any input: one empty batch
$ streamer --tick ^--$ count
.
> 1970-01-01T00:00:01.000Z\t0

# --tick with --batch: the interval; --start: where time stands; --time both shows the borders
$ streamer --tick ^# --batch 1h --start 2026-11-20T00:00:00Z --time both count
< a
< # 1
> 2026-11-20T00:00:00.000Z\t2026-11-20T01:00:00.000Z\t1
< # 2
> 2026-11-20T01:00:00.000Z\t2026-11-20T02:00:00.000Z\t0
.

# --start in the middle of an interval: the first batch ends at the next multiple
$ streamer --tick ^# --batch 1h --start 2026-11-20T00:30:00+01:00 --time both count
< a
< #
> 2026-11-19T23:00:00.000Z\t2026-11-20T00:00:00.000Z\t1
.

# --tick: one read that holds many ticks gives the same
$ streamer --tick ^--$ grep '' --time end
<< a\n--\n--\nb\nc\n--\nd
> 1970-01-01T00:00:01.000Z\ta
> 1970-01-01T00:00:03.000Z\tb
> 1970-01-01T00:00:03.000Z\tc
.
> 1970-01-01T00:00:04.000Z\td

# --tick with several sources: batch k closes when each has reached tick k or its end
+ a 1
+ a --
+ a 2
+ a --
+ a 3
+ a --
+ b x
+ b --
+ b y
$ streamer --tick ^--$ --from {dir}/a --from {dir}/b count --by line
.
> 1970-01-01T00:00:01.000Z\t1\t1
> 1970-01-01T00:00:01.000Z\tx\t1
> 1970-01-01T00:00:02.000Z\t2\t1
> 1970-01-01T00:00:02.000Z\ty\t1
> 1970-01-01T00:00:03.000Z\t3\t1

# --tick with several sources: all of one that never ticks is in the first batch, and holds nobody back behind its end
+ a 1
+ a --
+ a 2
+ b x
+ b y
$ streamer --tick ^--$ --from {dir}/a --from {dir}/b count --by line
.
> 1970-01-01T00:00:01.000Z\t1\t1
> 1970-01-01T00:00:01.000Z\tx\t1
> 1970-01-01T00:00:01.000Z\ty\t1
> 1970-01-01T00:00:02.000Z\t2\t1

# --tick with --batches
$ streamer --tick ^--$ --batches 2 count
<< a\n--\nb\n--\nc\n--\n
> 1970-01-01T00:00:01.000Z\t1
> 1970-01-01T00:00:02.000Z\t1
.

# --tick: the expression looks at a whole line, as in grep
$ streamer --tick tick count
< a
< xticky
> 1970-01-01T00:00:01.000Z\t1
< b
.
> 1970-01-01T00:00:02.000Z\t1

# --tick of a source that cannot tick is a usage error
$ streamer --tick x --from rate:5 count
.
! streamer: --tick cannot be used with rate:5: its rows come by the clock
! see: streamer --help
? 2

# --tick needs an interval to move on by
$ streamer --tick x --batch 10lines count
.
! streamer: `--tick` ends each batch by a line of the input: `--batch 10lines` can only say how far it moves time on, such as --batch 1s
! see: streamer --help
? 2

# --start without --tick is a usage error
$ streamer --start 2026-11-20T00:00:00Z count
.
! streamer: `--start` sets the clock of `--tick REGEX`, which is not given: add it, or leave --start out
! see: streamer --help
? 2

# --start without a zone is a usage error
$ streamer --tick x --start 2026-11-20 count
.
! streamer: `--start 2026-11-20`: not a time with its zone (RFC 3339), write for example 2026-11-20T00:00:00Z or 2026-11-20T00:00:00+01:00
! see: streamer --help
? 2

# --tick with an expression that cannot be read
$ streamer --tick '(' count
.
! streamer: `--tick (`: not a regular expression: regex parse error:
!     (
!     ^
! error: unclosed group
! see: streamer --help
? 2

# tick: a read of nothing but ticks ends batches
$ streamer --tick ^TICK$ count
< TICK
> 1970-01-01T00:00:01.000Z\t0
< a
< TICK
> 1970-01-01T00:00:02.000Z\t1
< TICK
> 1970-01-01T00:00:03.000Z\t0
< b
.
> 1970-01-01T00:00:04.000Z\t1

# batches: what is read behind the last batch is left alone
$ streamer --batch 2lines --batches 1 count
< a
< b
> 2
< c
< d
.

