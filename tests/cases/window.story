## The operator `window LENGTH [--every SLIDE]` beside what Spark says of windows, which is in spark_windows.story; session and its
## bad input: session.story; distinct --within: within.story; batches by the time of the records: event_time.story.

# window: --time both shows the borders of each window, the first ones reach back behind the start (SPEC 4: (T - LENGTH, T])
* 2026-11-20T09:00:00Z
$ streamer --batch 1s --time both window 3s then count
< a
@ 1s
> 2026-11-20T08:59:58.000Z\t2026-11-20T09:00:01.000Z\t1
< b
@ 1s
> 2026-11-20T08:59:59.000Z\t2026-11-20T09:00:02.000Z\t2
@ 1s
> 2026-11-20T09:00:00.000Z\t2026-11-20T09:00:03.000Z\t2
@ 1s
> 2026-11-20T09:00:01.000Z\t2026-11-20T09:00:04.000Z\t1
@ 1s
> 2026-11-20T09:00:02.000Z\t2026-11-20T09:00:05.000Z\t0
.

# window: what is printed is led by window_end, also where it is the only duration that is written
$ streamer --tick ^-- window 2s then count
<< a\n--\nb\n--\n
> 1970-01-01T00:00:01.000Z\t1
> 1970-01-01T00:00:02.000Z\t2
.

# window of records: each one is printed as it is, once in each window
$ streamer --batch 1s window 2s
< a
@ 1s
> a
< b
@ 1s
> a
> b
@ 1s
> b
.

# window: behind it window_start and window_end are those of the window
* 1970-01-01T00:00:10Z
$ streamer --batch 1s window 3s then map 'line, window_start AS since, window_end AS until'
< a
@ 1s
> a\t1970-01-01T00:00:08.000Z\t1970-01-01T00:00:11.000Z
< b
@ 1s
> a\t1970-01-01T00:00:09.000Z\t1970-01-01T00:00:12.000Z
> b\t1970-01-01T00:00:09.000Z\t1970-01-01T00:00:12.000Z
.

# window: ... before it those of the batch, and behind it those of the window, for an aggregate, as a key and for each row
$ streamer --batch 1s --out csv map 'line, window_end AS came' then window 2s then set 'now = window_end' then head 9
< a
@ 1s
> line,came,now
> a,1970-01-01T00:00:01.000Z,1970-01-01T00:00:01.000Z
< b
@ 1s
> a,1970-01-01T00:00:01.000Z,1970-01-01T00:00:02.000Z
> b,1970-01-01T00:00:02.000Z,1970-01-01T00:00:02.000Z
@ 1s
> b,1970-01-01T00:00:02.000Z,1970-01-01T00:00:03.000Z
.

# window: window_end in an aggregate and as a key behind it is that of the window
$ streamer --batch 1s --out csv window 2s then agg 'count(*) AS n, max(window_start) AS s' --by 'window_end AS e'
< a
@ 1s
> window_end,e,n,s
> 1970-01-01T00:00:01.000Z,1970-01-01T00:00:01.000Z,1,1969-12-31T23:59:59.000Z
< b
@ 1s
> 1970-01-01T00:00:02.000Z,1970-01-01T00:00:02.000Z,2,1970-01-01T00:00:00.000Z
@ 1s
> 1970-01-01T00:00:03.000Z,1970-01-01T00:00:03.000Z,1,1970-01-01T00:00:01.000Z
.

# window: row-wise operators between it and the aggregate see the window that is given, though they run before it
$ streamer --batch 1s --out csv window 2s --every 2s then set 'w = window_end' then filter '$1 > 1' then agg 'sum($1) AS s, max(w) AS w'
< 1
< 2
@ 1s
< 3
@ 1s
> window_end,s,w
> 1970-01-01T00:00:02.000Z,5,1970-01-01T00:00:02.000Z
< 4
@ 2s
> 1970-01-01T00:00:04.000Z,4,1970-01-01T00:00:04.000Z
.

# window: operators that look at whole batches look at all rows of the window: top, head, tail, sort, distinct, set with a total
$ streamer --batch 1s window 2s then top 2 '$1'
< 1
< 5
@ 1s
> 5
> 1
< 7
< 2
@ 1s
> 7
> 5
< 6
@ 1s
> 7
> 6
.

# window: set over the window
$ streamer --batch 1s --time end window 2s then set 'share = $1 / sum($1)' then map '$1 AS x, share'
< 1
@ 1s
> 1970-01-01T00:00:01.000Z\t1\t1
< 3
@ 1s
> 1970-01-01T00:00:02.000Z\t1\t0.25
> 1970-01-01T00:00:02.000Z\t3\t0.75
< 1
@ 1s
> 1970-01-01T00:00:03.000Z\t3\t0.75
> 1970-01-01T00:00:03.000Z\t1\t0.25
.

# window: distinct over the window, the first row of each key by batch, then by place
$ streamer --batch 1s --time end window 2s then distinct --by '$1'
< a 1
< b 1
@ 1s
> 1970-01-01T00:00:01.000Z\ta 1
> 1970-01-01T00:00:01.000Z\tb 1
< b 2
< a 2
@ 1s
> 1970-01-01T00:00:02.000Z\ta 1
> 1970-01-01T00:00:02.000Z\tb 1
< b 3
@ 1s
> 1970-01-01T00:00:03.000Z\tb 2
> 1970-01-01T00:00:03.000Z\ta 2
.

# window: --fill gives keys that have left the window with 0
$ streamer --batch 1s window 2s then count --by line --fill
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
< b
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t1
> 1970-01-01T00:00:02.000Z\tb\t1
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t0
> 1970-01-01T00:00:03.000Z\tb\t1
@ 1s
> 1970-01-01T00:00:04.000Z\ta\t0
> 1970-01-01T00:00:04.000Z\tb\t0
.

# window: the end of the input in the middle of a slide: the window is given once more, at its next time
$ streamer --batch 1s window 4s --every 2s then count
< a
@ 1s
< b
@ 1s
> 1970-01-01T00:00:02.000Z\t2
< c
@ 500ms
.
> 1970-01-01T00:00:04.000Z\t3

# window: the end of the input just behind a slide: nothing more
$ streamer --batch 1s window 4s --every 2s then count
< a
@ 2s
> 1970-01-01T00:00:02.000Z\t1
.

# window: the end of the input behind an empty batch that no window has given yet: it was received
$ streamer --batch 1s window 4s --every 2s then count
< a
@ 3s
> 1970-01-01T00:00:02.000Z\t1
.
> 1970-01-01T00:00:04.000Z\t1

# window: no input at all gives one empty batch, and so one window
$ streamer --batch 1s window 4s --every 2s then count
.
> 1970-01-01T00:00:02.000Z\t0

# window: windows over windows are given at the end one after the other
$ streamer --batch 1s window 2s --every 2s then count then window 6s --every 6s then agg 'collect_list(count) AS counts'
< a
@ 1s
< b
@ 1s
< c
.
> 1970-01-01T00:00:06.000Z\t[2,1]

# window: --batches ends the input: the window is given once more
$ streamer --batch 1s --batches 3 window 4s --every 2s then count
< a
@ 1s
@ 1s
> 1970-01-01T00:00:02.000Z\t1
< b
@ 1s
> 1970-01-01T00:00:04.000Z\t2
.

# window: batches that a count has cut inside the interval are in the window of the interval
$ streamer --batch 1s,2lines window 2s then count
< a
< b
< c
@ 1s
> 1970-01-01T00:00:01.000Z\t3
< d
@ 1s
> 1970-01-01T00:00:02.000Z\t4
@ 1s
> 1970-01-01T00:00:03.000Z\t1
.

# window: --batch 1s is the default for standard input, and enough
$ streamer window 2s then count
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1
< b
@ 1s
> 1970-01-01T00:00:02.000Z\t2
.

# window: units may be mixed, the slide may have other ones
$ streamer --batch 500ms window '1s 500ms' --every 1s then count
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1
@ 1s
> 1970-01-01T00:00:02.000Z\t0
@ 1s
> 1970-01-01T00:00:03.000Z\t0
.

# window over a join with a file: each row was joined in its own batch
+ names.csv k,name
+ names.csv 1,one
$ streamer --batch 1s --in csv --header k join {dir}/names.csv --on k --kind left then window 2s then map 'k, name'
< 1
< 2
@ 1s
> 1\tone
> 2\t
+ names.csv 2,two
< 2
@ 1s
> 1\tone
> 2\t
> 2\ttwo
@ 1s
> 2\ttwo
.

# window, explained: panes where an aggregate follows, rows where it looks at whole batches
$ streamer --batch 1s window 4s --every 2s then count --by '$1' then window 6s then sort count --explain --shards 2
.
> chain    window 4s --every 2s then count --by '$1' then window 6s then sort count
> batches  every 1s
> shards   2
> input    standard input: columns $1
> stage 0  one pass over each block as it comes, by any shard
>   window     gives $1; keeps what is combined of each of its 2 panes
>   count      gives all that is printed, count; keeps each key with its count
> stage 1  on what was merged by key hash, each shard owns its share of the keys; then by ranges of the order
>   window     gives all that is printed, count; keeps what is combined of each of its 3 panes
>   sort       gives all that is printed; keeps all rows of the batch
> stage 2  on what was sorted by every shard, then merged by ranges of the order
> output   standard output

# window: a length that is no multiple of the batch names both and the fix
$ streamer --batch 2s window 5s then count
.
! streamer: window: the length of 5s is no multiple of 2s, which is how far apart the batches before it are: write 4s or 6s, or other batches
! see: streamer window --help
? 2

# window: so does a slide
$ streamer --batch 2s window 6s --every 3s then count
.
! streamer: window: the --every of 3s is no multiple of 2s, which is how far apart the batches before it are: write 2s or 4s, or other batches
! see: streamer window --help
? 2

# window: a length below the batch
$ streamer --batch 2s window 1s then count
.
! streamer: window: the length of 1s is no multiple of 2s, which is how far apart the batches before it are: write 2s, or other batches
! see: streamer window --help
? 2

# window: of a window behind a window the slide before is the unit
$ streamer --batch 1s window 4s --every 2s then count then window 3s then count
.
! streamer: window: the length of 3s is no multiple of 2s, which is how far apart the batches before it are: write 2s or 4s, or other batches
! see: streamer window --help
? 2

# window: ... and --every without a multiple
$ streamer --batch 1s window 4s --every 2s then count then window 4s --every 3s then count
.
! streamer: window: the --every of 3s is no multiple of 2s, which is how far apart the batches before it are: write 2s or 4s, or other batches
! see: streamer window --help
? 2

# window: batches of the default interval are no multiple either
$ streamer window 1500ms then count
.
! streamer: window: the length of 1s 500ms is no multiple of 1s, which is how far apart the batches before it are: write 1s or 2s, or other batches
! see: streamer window --help
? 2

# window with --batch all is a usage error
$ streamer --batch all window 5m then count
.
! streamer: window: `window 5m` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)
! see: streamer window --help
? 2

# window with batches of so many lines is a usage error
$ streamer --batch 100lines window 5m then count
.
! streamer: window: `window 5m` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)
! see: streamer window --help
? 2

# window over a file without --batch is a usage error
+ a x
$ streamer --from {dir}/a window 5m then count
.
! streamer: window: `window 5m` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)
! see: streamer window --help
? 2

# window with --once, whose default is one batch, is a usage error
$ streamer --once window 5m then count
.
! streamer: window: `window 5m` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)
! see: streamer window --help
? 2

# window: a bare number is refused with the fix
$ streamer --batch 1s window 5 then count
.
! streamer: LENGTH `5`: durations need a unit, for example 5s or 5ms
! see: streamer window --help
? 2

# window: --every with a bare number
$ streamer --batch 1s window 5s --every 1 then count
.
! streamer: --every `1`: durations need a unit, for example 1s or 1ms
! see: streamer window --help
? 2

# window: nothing is no length
$ streamer --batch 1s window 0s then count
.
! streamer: LENGTH `0s`: durations are in whole milliseconds, at least 1ms
! see: streamer window --help
? 2

# window: --every 0s
$ streamer --batch 1s window 5s --every 0s then count
.
! streamer: --every `0s`: durations are in whole milliseconds, at least 1ms
! see: streamer window --help
? 2

# window: a negative length
$ streamer --batch 1s window -5s then count
.
! streamer: LENGTH `-5s`: not a duration, write for example 500ms, 1s, 5m or 1h 30m
! see: streamer window --help
? 2

# window: a negative slide
$ streamer --batch 1s window 5s --every -1s then count
.
! streamer: --every `-1s`: not a duration, write for example 500ms, 1s, 5m or 1h 30m
! see: streamer window --help
? 2

# window: months have no fixed length
$ streamer --batch 1d window 1month then count
.
! streamer: LENGTH `1month`: months and years have no fixed length, the largest unit is the week; minutes are a small m
! see: streamer window --help
? 2

# window: M is a month
$ streamer --batch 1s window 5M then count
.
! streamer: LENGTH `5M`: months and years have no fixed length, the largest unit is the week; minutes are a small m
! see: streamer window --help
? 2

# window: less than a millisecond
$ streamer --batch 1ms window 10us then count
.
! streamer: LENGTH `10us`: durations are in whole milliseconds, at least 1ms
! see: streamer window --help
? 2

# window: the length is missing
$ streamer --batch 1s window then count
.
! streamer: window: LENGTH is missing
! usage: streamer window [OPTIONS] <LENGTH>
! see: streamer window --help
? 2

# window: an unknown option
$ streamer --batch 1s window 5s --slide 1s then count
.
! streamer: window: there is no option `--slide`
! see: streamer window --help
? 2

# window: a word too many
$ streamer --batch 1s window 5s 1s then count
.
! streamer: window: unexpected argument `1s`. to read a file: --from 1s
! see: streamer window --help
? 2

# window: --ttl is for window all
$ streamer --batch 1s window 5s --ttl 1h then count --by line
.
! streamer: --ttl is for `window all`; from a window of 5s rows leave by themselves
! see: streamer window --help
? 2

# window: --emit is for window all
$ streamer --batch 1s window 5s --emit changed then count --by line
.
! streamer: --emit is for `window all`; from a window of 5s rows leave by themselves
! see: streamer window --help
? 2

# window: its borders are its own, whatever named those of the batches in front of it
$ streamer --batch 1s set 'v = window_start' then window 2s then count --by 'v, window_end AS e'
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:00.000Z\t1970-01-01T00:00:01.000Z\t1
< b
@ 1s
> 1970-01-01T00:00:02.000Z\t1970-01-01T00:00:00.000Z\t1970-01-01T00:00:02.000Z\t1
> 1970-01-01T00:00:02.000Z\t1970-01-01T00:00:01.000Z\t1970-01-01T00:00:02.000Z\t1
.

# window_end where the rows have a column window_start of their own
$ streamer --batch 1s set 'window_start = 5' then set 'e = window_end' then map 'window_start, e'
< a
> 5\t1970-01-01T00:00:01.000Z
@ 1s
.

# window_start where a column is called window_end
$ streamer --batch 1s count --by window_end then filter 'window_end > window_start' then set 's = window_start'
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:01.000Z\t1\t1970-01-01T00:00:00.000Z
.

