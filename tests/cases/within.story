# distinct --within: held back in batches before T0 + D, passes again in the first that is not; what is held back does not make it wait longer
$ streamer --batch 1s distinct --within 3s --time end
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta
< a
< b
@ 1s
> 1970-01-01T00:00:02.000Z\tb
< a
@ 1s
< a
@ 1s
> 1970-01-01T00:00:04.000Z\ta
< b
@ 1s
> 1970-01-01T00:00:05.000Z\tb
< a
@ 1s
< a
@ 1s
> 1970-01-01T00:00:07.000Z\ta
.

# distinct --within: in one batch the first in record order passes, whole
$ streamer --batch 1s distinct --within 2s --by '$1'
< ann 1
< bob 1
< ann 2
@ 1s
> ann 1
> bob 1
< bob 2
< ann 3
@ 1s
< bob 3
< ann 4
@ 1s
> bob 3
> ann 4
.

# distinct --within as long as a batch, or shorter: a key passes once in each batch
$ streamer --batch 2s distinct --within 1s
< a
< a
@ 2s
> a
< a
@ 2s
> a
.

# distinct --within: batches that a count cuts inside an interval have its end
$ streamer --batch 1s,1lines distinct --within 1s
< a
> a
< a
@ 1s
< a
> a
@ 1s
.

# distinct --within then count: rows that pass are counted, in an empty batch none
$ streamer --batch 1s distinct --within 2s then count
< a
< a
< b
@ 1s
> 1970-01-01T00:00:01.000Z\t2
< a
@ 1s
> 1970-01-01T00:00:02.000Z\t0
@ 1s
> 1970-01-01T00:00:03.000Z\t0
.

# distinct --within: null is a key
$ streamer --tick ^-- --in csv --header a,b --out csv distinct --within 5s --by a
< 1,x
< ,x
< --
> a,b
> 1,x
> ,x
< ,y
< 1,y
< 2,y
< --
> 2,y
.

# distinct --within behind a window: the batches are those that the window gives
$ streamer --tick ^-- window 8s --every 2s then distinct --within 4s --time end
< a
< --
< b
< --
> 1970-01-01T00:00:02.000Z\ta
> 1970-01-01T00:00:02.000Z\tb
< --
< c
< --
> 1970-01-01T00:00:04.000Z\tc
< --
< --
> 1970-01-01T00:00:06.000Z\ta
> 1970-01-01T00:00:06.000Z\tb
< --
< --
> 1970-01-01T00:00:08.000Z\tc
< --
< --
.

# distinct --within before a window: what passed
$ streamer --tick ^-- distinct --within 2s then window 3s then count
< a
< --
> 1970-01-01T00:00:01.000Z\t1
< a
< --
> 1970-01-01T00:00:02.000Z\t1
< a
< b
< --
> 1970-01-01T00:00:03.000Z\t3
.

# distinct --within by an expression: the key is computed, the rows pass as they are
$ streamer --tick ^-- distinct --within 2s --by 'length(line) % 2'
< abc
< a
< ab
< --
> abc
> ab
< abcd
< --
< abcd
.
> abcd

# distinct --within: into one sink with a copy from before it: they are the same batches
$ streamer --tick ^-- --to - tee - then distinct --within 9s
< a
> a
< a
> a
< --
> a
.

# distinct --within needs batches at fixed times, and a duration with its unit
$ streamer --batch all distinct --within 1m
.
! streamer: distinct: `--within 1m` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)
! see: streamer distinct --help
? 2

# distinct --within by count
$ streamer --batch 10lines distinct --within 1m
.
! streamer: distinct: `--within 1m` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)
! see: streamer distinct --help
? 2

# distinct --within without its unit
$ streamer --batch 1s distinct --within 5
.
! streamer: --within `5`: durations need a unit, for example 5s or 5ms
! see: streamer distinct --help
? 2

# distinct --within of nothing
$ streamer --batch 1s distinct --within 0s
.
! streamer: --within `0s`: durations are in whole milliseconds, at least 1ms
! see: streamer distinct --help
? 2

# distinct --within behind all since the start
$ streamer --batch 1s window all then distinct --within 5s
.
! streamer: distinct: behind `window all` each batch is everything since the start, so that there is nothing to hold back: leave --within out, or the window
! see: streamer distinct --help
? 2

# distinct --within: what is kept
$ streamer --batch 1s --shards 2 --explain distinct --within 10m --by '$1' then count
.
> chain    distinct --within 10m --by '$1' then count
> batches  every 1s
> shards   2
> input    standard input: columns $1
> stage 0  one pass over each block as it comes, by any shard
>   distinct   gives no column; keeps each key that has passed, for 10m
> stage 1  on what was merged by key hash, each shard owns its share of the keys; then by ranges of the order
>   count      gives all that is printed; keeps one number
> stage 2  on what was merged by one shard
> output   standard output

