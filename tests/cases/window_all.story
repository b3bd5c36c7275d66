## The operator `window all [--ttl D] [--emit changed]` beside what Spark says of state, which is in spark_state.story.

# window all: running totals: every key with each batch, also with an empty one
$ streamer --batch 1s words then window all then count --by word
< a b
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
> 1970-01-01T00:00:01.000Z\tb\t1
< a c
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t2
> 1970-01-01T00:00:02.000Z\tb\t1
> 1970-01-01T00:00:02.000Z\tc\t1
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t2
> 1970-01-01T00:00:03.000Z\tb\t1
> 1970-01-01T00:00:03.000Z\tc\t1
.

# window all without keys: one number, 0 as long as nothing has come
$ streamer --batch 1s window all then count
@ 1s
> 1970-01-01T00:00:01.000Z\t0
< a
< b
@ 1s
> 1970-01-01T00:00:02.000Z\t2
@ 1s
> 1970-01-01T00:00:03.000Z\t2
.

# window all: the window begins where the first batch began
* 2026-11-20T09:00:00Z
$ streamer --batch 1s --time both window all then count
< a
@ 1s
> 2026-11-20T09:00:00.000Z\t2026-11-20T09:00:01.000Z\t1
< b
@ 1s
> 2026-11-20T09:00:00.000Z\t2026-11-20T09:00:02.000Z\t2
.

# window all: no duration has to be written, and then no time leads the rows; batches by lines and --batch all will do
$ streamer --batch 2lines window all then count --by line
<< a\nb\na\nc\na\n
> a\t1
> b\t1
> a\t2
> b\t1
> c\t1
.
> a\t3
> b\t1
> c\t1

# window all over a file: one batch
+ f a
+ f b
+ f a
$ streamer --from {dir}/f window all then count --by line
.
> a\t2
> b\t1

# window all: row-wise operators may stand before the aggregate, and anything behind it
$ streamer --batch 1s window all then words then filter 'word <> "x"' then count --by word then top 1 count
< a b x
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
< b x x x
@ 1s
> 1970-01-01T00:00:02.000Z\tb\t2
.

# window all: agg, over all rows since the start
$ streamer --batch 1s --out csv window all then agg 'sum($2) AS s, max($2) AS m, first($2) AS f, last($2) AS l, p50($2) AS p, collect_list($2) AS all_of' --by '$1'
< k 1
@ 1s
> window_end,$1,s,m,f,l,p,all_of
> 1970-01-01T00:00:01.000Z,k,1,1,1,1,1,[1]
< k 10
< k 4
@ 1s
> 1970-01-01T00:00:02.000Z,k,15,10,1,4,4,"[1,10,4]"
@ 1s
> 1970-01-01T00:00:03.000Z,k,15,10,1,4,4,"[1,10,4]"
.

# window all: reduce
$ streamer --batch 1s window all then reduce '$2' 'greatest(a, b)' --by '$1'
< k 1
@ 1s
> 1970-01-01T00:00:01.000Z\tk\t1
< k 10
< j 2
@ 1s
> 1970-01-01T00:00:02.000Z\tj\t2
> 1970-01-01T00:00:02.000Z\tk\t10
.

# window all then window: the totals of the last batches
$ streamer --batch 1s window all then count then window 2s then agg 'collect_list(count) AS counts'
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t[1]
< b
@ 1s
> 1970-01-01T00:00:02.000Z\t[1,2]
@ 1s
> 1970-01-01T00:00:03.000Z\t[2,2]
.

# window then window all: everything that the windows gave, so a row counts in each
$ streamer --batch 1s window 2s then window all then count
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1
< b
@ 1s
> 1970-01-01T00:00:02.000Z\t3
@ 1s
> 1970-01-01T00:00:03.000Z\t4
.

# window all: an aggregate of aggregates
$ streamer --batch 1s count --by line then window all then agg 'sum(count) AS n, count(*) AS batches' --by line
< a
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t2\t1
< a
< b
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t3\t2
> 1970-01-01T00:00:02.000Z\tb\t1\t1
.

# window all --emit changed: the keys that the batch has touched, with all that they have
$ streamer --batch 1s window all --emit changed then count --by line
< a
< b
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
> 1970-01-01T00:00:01.000Z\tb\t1
< a
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t2
@ 1s
< b
@ 1s
> 1970-01-01T00:00:04.000Z\tb\t2
.

# window all --emit all is the default
$ streamer --batch 1s window all --emit all then count --by line
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t1
.

# window all --ttl: a key goes in the first batch that is later than its last record's batch by more than that (SPEC 4)
$ streamer --batch 1s window all --ttl 2s then count --by line
< a
< b
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
> 1970-01-01T00:00:01.000Z\tb\t1
< b
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t1
> 1970-01-01T00:00:02.000Z\tb\t2
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t1
> 1970-01-01T00:00:03.000Z\tb\t2
@ 1s
> 1970-01-01T00:00:04.000Z\tb\t2
@ 1s
.

# window all --ttl: a record in the very batch in which its key expires begins anew
$ streamer --batch 1s window all --ttl 1s then count --by line
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t1
< a
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t1
.

# window all --ttl: one in the last batch before keeps it
$ streamer --batch 1s window all --ttl 1s then count --by line
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
< a
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t2
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t2
@ 1s
.

# window all --ttl shorter than a batch: each batch by itself
$ streamer --batch 1s window all --ttl 500ms then count --by line
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
< a
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t1
@ 1s
.

# window all --ttl --emit changed: a key that expires is not given
$ streamer --batch 1s window all --ttl 1s --emit changed then count --by line
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
< b
@ 1s
> 1970-01-01T00:00:02.000Z\tb\t1
< b
@ 1s
> 1970-01-01T00:00:03.000Z\tb\t2
< a
@ 1s
> 1970-01-01T00:00:04.000Z\ta\t1
.

# window all --ttl with a null key, which is a key as any other
$ streamer --batch 1s --in csv --header k,x window all --ttl 1s then agg 'sum(x) AS s' --by k
< ,1
@ 1s
> 1970-01-01T00:00:01.000Z\t\t1
< ,2
@ 1s
> 1970-01-01T00:00:02.000Z\t\t3
@ 1s
> 1970-01-01T00:00:03.000Z\t\t3
@ 1s
.

# window all --fill: a key that has expired is given with 0
$ streamer --batch 1s window all --ttl 1s then count --by line --fill
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

# window all before no aggregate at all
$ streamer --batch 1s window all
.
! streamer: window: `window all` stands before an aggregate, which is kept up to date: count, agg, reduce, distinct or top; rows and batches are not kept for ever: use a length, such as window 1h
! see: streamer window --help
? 2

# window all before an operator that needs all rows
$ streamer --batch 1s window all then sort line
.
! streamer: sort: `window all then sort` would keep every row for ever: put an aggregate between them, or use a window of some length
! see: streamer sort --help
? 2

# window all before row-wise operators alone
$ streamer --batch 1s window all then filter '$1 > 1'
.
! streamer: window: `window all` stands before an aggregate, which is kept up to date: count, agg, reduce, distinct or top; rows and batches are not kept for ever: use a length, such as window 1h
! see: streamer window --help
? 2

# window all before set with a total
$ streamer --batch 1s window all then set 's = sum($1)'
.
! streamer: set: `window all` stands before an aggregate, which is kept up to date: count, agg, reduce, distinct or top; rows and batches are not kept for ever: use a length, such as window 1h
! see: streamer set --help
? 2

# window all before a child
$ streamer --batch 1s window all then pipe -- cat then count
.
! streamer: pipe: `window all` stands before an aggregate, which is kept up to date: count, agg, reduce, distinct or top; rows and batches are not kept for ever: use a length, such as window 1h
! see: streamer pipe --help
? 2

# window all before another window
$ streamer --batch 1s window all then window 5s then count
.
! streamer: window: `window all` stands before an aggregate, which is kept up to date: count, agg, reduce, distinct or top; rows and batches are not kept for ever: use a length, such as window 1h
! see: streamer window --help
? 2

# window all: a row-wise operator before the aggregate cannot see a window that goes on
$ streamer --batch 1s window all then filter 'window_end > window_start' then count
.
! streamer: filter: behind `window all` what is combined is kept, not the rows, and window_start and window_end grow with each batch: name them in front of it, for the time of each row's own batch, or behind this operator
! see: streamer filter --help
? 2

# window all: an aggregate over the window's own time
$ streamer --batch 1s window all then agg 'max(window_end) AS m'
.
! streamer: agg: behind `window all` what is combined is kept, not the rows, and window_start and window_end grow with each batch: name them in front of it, for the time of each row's own batch, or behind this operator
! see: streamer agg --help
? 2

# window all --ttl without keys
$ streamer --batch 1s window all --ttl 1h then count
.
! streamer: count: `window all --ttl` looks at each key, and there are none here: write it before count, agg or reduce with --by
! see: streamer count --help
? 2

# window all --emit changed without keys
$ streamer --batch 1s window all --emit changed then agg 'sum($1)'
.
! streamer: agg: `window all --emit changed` looks at each key, and there are none here: write it before count, agg or reduce with --by
! see: streamer agg --help
? 2

# window all --ttl with batches that end at no fixed times
$ streamer --batch 100lines window all --ttl 1h then count --by line
.
! streamer: window: `--ttl 1h` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)
! see: streamer window --help
? 2

# window all --ttl over a file
+ a x
$ streamer --from {dir}/a window all --ttl 1h then count --by line
.
! streamer: window: `--ttl 1h` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)
! see: streamer window --help
? 2

# window all --ttl: bare numbers have no unit
$ streamer --batch 1s window all --ttl 5 then count --by line
.
! streamer: --ttl `5`: durations need a unit, for example 5s or 5ms
! see: streamer window --help
? 2

# window all --ttl 0s
$ streamer --batch 1s window all --ttl 0s then count --by line
.
! streamer: --ttl `0s`: durations are in whole milliseconds, at least 1ms
! see: streamer window --help
? 2

# window all --ttl: a negative one
$ streamer --batch 1s window all --ttl -1h then count --by line
.
! streamer: --ttl `-1h`: not a duration, write for example 500ms, 1s, 5m or 1h 30m
! see: streamer window --help
? 2

# window all --ttl: months have no fixed length
$ streamer --batch 1s window all --ttl 2months then count --by line
.
! streamer: --ttl `2months`: months and years have no fixed length, the largest unit is the week; minutes are a small m
! see: streamer window --help
? 2

# window all --every
$ streamer --batch 1s window all --every 10s then count
.
! streamer: `window all` is given with each batch: instead of --every 10s make the batches so long, --batch 10s
! see: streamer window --help
? 2

# window all --emit: an unknown word
$ streamer --batch 1s window all --emit change then count --by line
.
! streamer: window: `--emit change`: there is no such value, it is one of all, changed; did you mean `changed`?
! see: streamer window --help
? 2

# window al
$ streamer --batch 1s window al then count
.
! streamer: LENGTH `al`: not a duration, write for example 500ms, 1s, 5m or 1h 30m
! see: streamer window --help
? 2

# window all: its borders, named in its aggregate
$ streamer --batch 1s window all then agg 'max(window_end)'
.
! streamer: agg: behind `window all` what is combined is kept, not the rows, and window_start and window_end grow with each batch: name them in front of it, for the time of each row's own batch, or behind this operator
! see: streamer agg --help
? 2

# window all: the borders of each row's own batch, named in front of it
$ streamer --batch 1s set 'seen = window_end' then window all then agg 'max(seen) AS last' --by line then set 'now = window_end'
< a
< b
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1970-01-01T00:00:01.000Z\t1970-01-01T00:00:01.000Z
> 1970-01-01T00:00:01.000Z\tb\t1970-01-01T00:00:01.000Z\t1970-01-01T00:00:01.000Z
< b
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t1970-01-01T00:00:01.000Z\t1970-01-01T00:00:02.000Z
> 1970-01-01T00:00:02.000Z\tb\t1970-01-01T00:00:02.000Z\t1970-01-01T00:00:02.000Z
.

