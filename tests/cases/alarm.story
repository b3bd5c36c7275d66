# alarm: without a command it says a line, after the output of each batch in which the condition held
$ streamer --batch 1s count then alarm 'count > 1'
< a
< b
@ 1s
> 1970-01-01T00:00:01.000Z\t2
! streamer: alarm: count > 1 held in 1 batch, up to 1970-01-01T00:00:01.000Z
< c
@ 1s
> 1970-01-01T00:00:02.000Z\t1
< d
< e
@ 1s
> 1970-01-01T00:00:03.000Z\t2
! streamer: alarm: count > 1 held in 1 batch, up to 1970-01-01T00:00:03.000Z
.

# alarm --for: it acts with the third batch running, and goes on to act while the condition holds
$ streamer --batch 1s count then alarm 'count = 0' --for 3
@ 2s
> 1970-01-01T00:00:01.000Z\t0
> 1970-01-01T00:00:02.000Z\t0
< a
@ 1s
> 1970-01-01T00:00:03.000Z\t1
@ 2s
> 1970-01-01T00:00:04.000Z\t0
> 1970-01-01T00:00:05.000Z\t0
@ 1s
> 1970-01-01T00:00:06.000Z\t0
! streamer: alarm: count = 0 held in 3 batches, up to 1970-01-01T00:00:06.000Z
@ 1s
> 1970-01-01T00:00:07.000Z\t0
! streamer: alarm: count = 0 held in 4 batches, up to 1970-01-01T00:00:07.000Z
.

# alarm: a batch without rows breaks the row
$ streamer --batch 1s filter '$2 > 5' then alarm 'true' --for 2
< a 6
> a 6
@ 1s
@ 1s
< a 7
> a 7
@ 1s
< a 8
> a 8
@ 1s
! streamer: alarm: true held in 2 batches, up to 1970-01-01T00:00:04.000Z
.

# alarm: in a chain of rows it looks at each of them, and they go on in their order
$ streamer --batch 1s alarm '$2 >= 500' then grep -v c
< a 200
> a 200
< b 503
> b 503
< c 500
@ 1s
! streamer: alarm: $2 >= 500 held in 1 batch, up to 1970-01-01T00:00:01.000Z
< d 1
> d 1
@ 1s
.

# alarm: null does not hold
$ streamer --batch 1s alarm '$2 > 1'
< a
> a
< b x
> b x
@ 1s
.

# alarm --cooldown: not again before so much time has passed, by the times of the batches
$ streamer --batch 1s count then alarm 'count = 0' --for 2 --cooldown 3s --time none --out csv
@ 8s
> count
> 0
> 0
> 0
> 0
> 0
> 0
> 0
> 0
! streamer: alarm: count = 0 held in 2 batches, up to 1970-01-01T00:00:02.000Z
! streamer: alarm: count = 0 held in 5 batches, up to 1970-01-01T00:00:05.000Z
! streamer: alarm: count = 0 held in 8 batches, up to 1970-01-01T00:00:08.000Z
.

# alarm --cooldown: a replay acts as the run did
$ streamer --tick '^$' count then alarm 'count = 0' --cooldown 2s
<
> 1970-01-01T00:00:01.000Z\t0
! streamer: alarm: count = 0 held in 1 batch, up to 1970-01-01T00:00:01.000Z
<
> 1970-01-01T00:00:02.000Z\t0
<
> 1970-01-01T00:00:03.000Z\t0
! streamer: alarm: count = 0 held in 3 batches, up to 1970-01-01T00:00:03.000Z
<
> 1970-01-01T00:00:04.000Z\t0
.

# alarm --exit: the run ends by itself, after the output of the batch
$ streamer --batch 1s count then alarm 'count = 0' --for 2 --exit 3
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1
@ 1s
> 1970-01-01T00:00:02.000Z\t0
@ 1s
> 1970-01-01T00:00:03.000Z\t0
! streamer: alarm: count = 0 held in 2 batches, up to 1970-01-01T00:00:03.000Z; the run ends with status 3
.
? 3

# alarm --exit: what comes later is not written, though it was read
$ streamer --tick '^$' count then alarm 'count >= 2' --exit 0
< a
<
> 1970-01-01T00:00:01.000Z\t1
< b
< c
<
> 1970-01-01T00:00:02.000Z\t2
! streamer: alarm: count >= 2 held in 1 batch, up to 1970-01-01T00:00:02.000Z; the run ends with status 0
< d
<
.

# alarm -q: what was asked for is said all the same
$ streamer -q --batch 1s count then alarm 'count = 0' --exit 7
@ 1s
> 1970-01-01T00:00:01.000Z\t0
! streamer: alarm: count = 0 held in 1 batch, up to 1970-01-01T00:00:01.000Z; the run ends with status 7
.
? 7

# alarm: behind a window it looks at the windows, before it at the batches
$ streamer --batch 1s count then alarm 'count = 2' then window 2s --every 2s then agg 'sum(count) AS n' then alarm 'n = 2' --for 2
< a
< b
@ 1s
! streamer: alarm: count = 2 held in 1 batch, up to 1970-01-01T00:00:01.000Z
@ 1s
> 1970-01-01T00:00:02.000Z\t2
< c
@ 1s
< d
@ 1s
> 1970-01-01T00:00:04.000Z\t2
! streamer: alarm: n = 2 held in 2 batches, up to 1970-01-01T00:00:04.000Z
.

# alarm: directly behind a window; the names of its times are those of the window
$ streamer --batch 1s window 2s --every 2s then alarm "unix_timestamp(window_end) - unix_timestamp(window_start) = 2" then count
< a
@ 1s
@ 1s
> 1970-01-01T00:00:02.000Z\t1
! streamer: alarm: unix_timestamp(window_end) - unix_timestamp(window_start) = 2 held in 1 batch, up to 1970-01-01T00:00:02.000Z
@ 2s
> 1970-01-01T00:00:04.000Z\t0
.

# alarm: the end of the batch may be named without an interval too
$ streamer --batch 2lines alarm 'window_end IS NOT NULL' then count
< a
< b
> 2
! streamer: alarm: window_end IS NOT NULL held in 1 batch, up to 1970-01-01T00:00:00.000Z
.

# alarm --exit behind a window: the batch before it is whole, and later windows are not written
$ streamer --tick '^$' --time end tee - then window 2s --every 1s then count then alarm 'count = 2' --exit 9
< a
> 1970-01-01T00:00:01.000Z\ta
<
> 1970-01-01T00:00:01.000Z\t1
< b
> 1970-01-01T00:00:02.000Z\tb
<
> 1970-01-01T00:00:02.000Z\t2
! streamer: alarm: count = 2 held in 1 batch, up to 1970-01-01T00:00:02.000Z; the run ends with status 9
< c
<
.
? 9

# alarm --exit: windows that are given at the end of the input are batches too
$ streamer --tick '^$' window 3s --every 3s then count then alarm 'count = 2' --exit 9
< a
<
< b
.
> 1970-01-01T00:00:03.000Z\t2
! streamer: alarm: count = 2 held in 1 batch, up to 1970-01-01T00:00:03.000Z; the run ends with status 9
? 9

# alarm --exit: what is behind the batch is not written either where it is brought about by the same input
$ streamer --tick '^$' window 2s --every 2s then count then tee - then alarm 'count = 1' --exit 9 then window 6s --every 6s then agg 'sum(count) AS n'
< a
.
> 1970-01-01T00:00:02.000Z\t1
! streamer: alarm: count = 1 held in 1 batch, up to 1970-01-01T00:00:02.000Z; the run ends with status 9
? 9

# alarm: of two that end the run with one batch the first in the chain tells the status
$ streamer --batch 1s alarm 'line = "b"' --exit 4 then alarm 'line = "a"' --exit 5
< a
> a
< b
> b
@ 1s
! streamer: alarm: line = "b" held in 1 batch, up to 1970-01-01T00:00:01.000Z; the run ends with status 4
! streamer: alarm: line = "a" held in 1 batch, up to 1970-01-01T00:00:01.000Z
.
? 4

# alarm: of two in different batches the first batch tells
$ streamer --tick '^$' alarm 'line = "b"' --exit 4 then alarm 'line = "a"' --exit 5
< a
> a
<
! streamer: alarm: line = "a" held in 1 batch, up to 1970-01-01T00:00:01.000Z; the run ends with status 5
< b
<
.
? 5

# alarm: the rows that head does not give are looked at all the same
$ streamer --batch all alarm 'line = "c"' then head 1
< a
< b
< c
.
> a
! streamer: alarm: line = "c" held in 1 batch, up to 1970-01-01T00:00:00.000Z

# alarm: a command that fails is said, the run goes on
$ streamer --batch all alarm true -- sh -c 'exit 3'
< a
> a
.
! streamer: alarm: the command `sh` failed with exit status 3

# alarm: a command that a signal ends
$ streamer --batch all alarm true --exit 3 -- sh -c 'kill -9 $$'
< a
> a
.
! streamer: alarm: true held in 1 batch, up to 1970-01-01T00:00:00.000Z; the run ends with status 3
! streamer: alarm: the command `sh` was ended by SIGKILL
? 3

# alarm: the words behind -- belong to the command, also a global and an option of its own
$ streamer --batch all alarm true -- sh -c 'test "$1 $2" = "--for --batch" || exit 9' sh --for --batch
< a
> a
.

# alarm: operators behind the command
$ streamer --batch all alarm true -- true then count
< a
.
> 1

# alarm: the command is looked for before anything runs
$ streamer count then alarm 'count > 1' -- no-such-command-here --for
.
! streamer: alarm cannot run `no-such-command-here`: there is no such command in PATH
? 1

# alarm: an aggregate stands before it
$ streamer alarm 'count(*) > 5'
.
! streamer: a condition looks at one row, not at an aggregate of many: put count or agg before it: count then alarm 'count > 5'
!   count(*) > 5
!   ^^^^^^^^^^^^
! see: streamer alarm --help
? 2

# alarm: it is true or not
$ streamer count then alarm 'count'
.
! streamer: alarm: here a condition is wanted, but a number is no condition: compare it, as in x > 0
!   count
!   ^^^^^
! see: streamer alarm --help
? 2

# alarm: --for 0
$ streamer count then alarm 'count > 5' --for 0
.
! streamer: alarm: `--for 0`: at least 1 batch
! see: streamer alarm --help
? 2

# alarm: --cooldown without a unit
$ streamer count then alarm 'count > 5' --cooldown 5
.
! streamer: alarm: `--cooldown 5`: durations need a unit, for example 5s or 5ms
! see: streamer alarm --help
? 2

# alarm: --exit beyond what a shell can tell from a signal
$ streamer count then alarm 'count > 5' --exit 300
.
! streamer: alarm: `--exit 300`: not an exit status from 0 to 125, write for example --exit 3
! see: streamer alarm --help
? 2

# alarm: an unknown column
$ streamer count then alarm 'cuont > 5'
.
! streamer: alarm: there is no column `cuont` here, the columns are: count; did you mean count?
!   cuont > 5
!   ^^^^^
! see: streamer alarm --help
? 2

# alarm: without a condition
$ streamer count then alarm -- ./page.sh
.
! streamer: alarm: EXPR is missing
! usage: streamer alarm [OPTIONS] <EXPR> [-- <COMMAND>...]
! see: streamer alarm --help
? 2

# alarm: a command without its --
$ streamer count then alarm 'count > 5' --for 3 ./page.sh
.
! streamer: alarm: unexpected argument `./page.sh`. the command and its arguments stand behind `--`: alarm … -- ./page.sh
! see: streamer alarm --help
? 2

# alarm: a condition without quotes
$ streamer count then alarm count = 0
.
! streamer: alarm: unexpected argument `=`: the expression is one argument: quote it: alarm 'count = 0'
! see: streamer alarm --help
? 2

# alarm: not behind `window all` without an aggregate
$ streamer --batch 1s window all then alarm 'true' then count
.
! streamer: alarm: `window all` stands before an aggregate, which is kept up to date: count, agg, reduce, distinct or top; rows and batches are not kept for ever: use a length, such as window 1h
! see: streamer alarm --help
? 2

# alarm: --explain says what is kept
$ streamer --batch 10s --shards 2 --explain grep -i error then count then alarm 'count > 50' --for 3 --cooldown 5m -- true
.
> chain    grep -i error then count then alarm 'count > 50' --for 3 --cooldown 5m -- true
> batches  every 10s
> shards   2
> input    standard input: columns line
> stage 0  one pass over each block as it comes, by any shard
>   grep       gives no column
>   count      gives all that is printed, count; keeps one number
> stage 1  on what was merged by one shard
>   alarm      gives all that is printed; keeps in how many batches running it held, and when it acted last
> output   standard output

