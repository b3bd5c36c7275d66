# session: a row when the pause is over: in the first batch that ends more than the gap after the last row
$ streamer --batch 1s session --gap 2s --by '$1' then count
< ann 1
< ann 2
< bob 1
@ 1s
< ann 3
@ 1s
@ 1s
@ 1s
> 1970-01-01T00:00:04.000Z\tbob\t1
@ 1s
> 1970-01-01T00:00:05.000Z\tann\t3
< bob 2
@ 1s
.
> 1970-01-01T00:00:09.000Z\tbob\t1

# session: a pause as long as the gap is none
$ streamer --batch 1s session --gap 2s --by line then count
< a
@ 2s
< a
@ 1s
@ 2s
@ 1s
> 1970-01-01T00:00:06.000Z\ta\t2
.

# session: at the end of the input all close, each at its own time
$ streamer --tick ^-- session --gap 3s --by line then count
< a
< --
< b
< --
< c
< a
.
> 1970-01-01T00:00:06.000Z\tb\t1
> 1970-01-01T00:00:07.000Z\ta\t2
> 1970-01-01T00:00:07.000Z\tc\t1

# session: window_start and window_end are the session's, in the aggregate's expressions
$ streamer --tick ^-- session --gap 1s --by '$1' then agg 'count(*) AS n, window_start AS start, window_end AS end, sum($2) / count(*) AS mean'
< a 1
< --
< a 2
< --
< --
< --
> 1970-01-01T00:00:04.000Z\ta\t2\t1970-01-01T00:00:01.000Z\t1970-01-01T00:00:03.000Z\t1.5
.

# session: and behind it
$ streamer --tick ^-- --time none session --gap 1s --by '$1' then count then set 'since = window_start' then filter 'window_end > "1970-01-01T00:00:03Z"'
< a
< --
< --
< a
< b
< --
.
> a\t1\t1970-01-01T00:00:03.000Z
> b\t1\t1970-01-01T00:00:03.000Z

# session: an aggregate and reduce behind it, with the same --by under another name
$ streamer --tick ^-- session --gap 1s --by '$1' then reduce '$2' 'a * b' --by '$1 AS who'
< a 2
< b 5
< --
< a 3
< b 7
.
> 1970-01-01T00:00:04.000Z\ta\t6
> 1970-01-01T00:00:04.000Z\tb\t35

# session: what it is made of: every kind of aggregate, filters and different values
$ streamer --tick ^-- --time none session --gap 1s --by '$1' then agg 'first($2), last($2), min($2), max($2), p50($2), collect_list($2), count(DISTINCT $2), count(*) FILTER (WHERE $2 > 1)'
< a 3
< b 1
< a 1
< --
< b 1
< a 3
.
> a\t3\t3\t1\t3\t3\t[3,1,3]\t2\t2
> b\t1\t1\t1\t1\t1\t[1,1]\t1\t0

# session: null is a key
$ streamer --tick ^-- --in csv --header k,v --out csv session --gap 1s --by k then agg 'sum(v) AS v'
< ,1
< x,2
< --
> window_end,k,v
< ,3
.
> 1970-01-01T00:00:03.000Z,x,2
> 1970-01-01T00:00:04.000Z,,4

# session: a key of several columns, and of a number that is computed
$ streamer --tick ^-- session --gap 1s --by '$1, length($2) AS l' then count
< a x
< a xx
< --
< a y
.
> 1970-01-01T00:00:03.000Z\ta\t2\t1
> 1970-01-01T00:00:04.000Z\ta\t1\t2

# session: what looks at one row at a time goes before it
$ streamer --tick ^-- filter '$2 > 1' then session --gap 1s --by '$1' then count
< a 1
< b 2
< --
< a 2
.
> 1970-01-01T00:00:03.000Z\tb\t1
> 1970-01-01T00:00:04.000Z\ta\t1

# session: behind an aggregate the time of a row is the end of its batch
$ streamer --tick ^-- count --by line then session --gap 1s --by line then agg 'sum(count) AS rows, count(*) AS batches'
< a
< a
< --
< a
< --
.
> 1970-01-01T00:00:04.000Z\ta\t3\t2

# session behind a window: its batches are those of the window
$ streamer --tick ^-- window 2s --every 2s then count --by line then session --gap 2s --by line then agg 'collect_list(count) AS counts'
< a
< --
< a
< --
< --
< --
< a
< b
< --
< --
> 1970-01-01T00:00:06.000Z\ta\t[2]
< --
< --
< --
< --
> 1970-01-01T00:00:10.000Z\ta\t[1]
> 1970-01-01T00:00:10.000Z\tb\t[1]
< --
.

# window behind session: sessions that close in the batches of the window
$ streamer --tick ^-- session --gap 1s --by line then count then window 4s --every 4s then agg 'count(*) AS sessions'
< a
< --
< b
< --
< --
< --
> 1970-01-01T00:00:04.000Z\t2
< --
< c
.
> 1970-01-01T00:00:08.000Z\t1

# session behind session: sessions of sessions
$ streamer --tick ^-- session --gap 1s --by '$1, $2' then count then session --gap 2s --by '$1' then agg 'sum(count) AS rows, count(*) AS sessions'
< a x
< a y
< --
< a x
< --
.
> 1970-01-01T00:00:07.000Z\ta\t3\t2

# session: nothing comes, nothing is given
$ streamer --batch 1s session --gap 2s --by line then count
@ 2s
.

# session then count without keys: one row for each batch, also when no session closes
$ streamer --tick ^-- session --gap 1s --by line then count then count
< a
< --
> 1970-01-01T00:00:01.000Z\t0
< --
> 1970-01-01T00:00:02.000Z\t0
< --
> 1970-01-01T00:00:03.000Z\t1
< --
> 1970-01-01T00:00:04.000Z\t0
.

# session: its rows are led by window_end, although no duration of a batch is written
$ streamer --out json session --gap 1s --by line then count
< a
.
> {"window_end":"1970-01-01T00:00:03.000Z","line":"a","count":1}

# session by event time: from the first row's time to the last one's and the gap; batches without records are left out, but where one closes
$ streamer --event-time '$1' --batch 10s session --gap 90s --by '$2' then agg 'count(*) AS hits, window_start AS since, window_end AS until'
< 2026-11-20T09:00:01.5Z ann
< 2026-11-20T09:01:31.5Z ann
< 2026-11-20T09:01:33Z bob
< 2026-11-20T09:04:00Z ann
< 2026-11-20T09:30:00Z bob
> 2026-11-20T09:03:10.000Z\tann\t2\t2026-11-20T09:00:01.500Z\t2026-11-20T09:03:01.500Z
> 2026-11-20T09:03:10.000Z\tbob\t1\t2026-11-20T09:01:33.000Z\t2026-11-20T09:03:03.000Z
.
> 2026-11-20T09:05:40.000Z\tann\t1\t2026-11-20T09:04:00.000Z\t2026-11-20T09:05:30.000Z
> 2026-11-20T09:31:40.000Z\tbob\t1\t2026-11-20T09:30:00.000Z\t2026-11-20T09:31:30.000Z

# session by event time: a result of no session comes only where there are records or a session closes
$ streamer --event-time '$1' --batch 10s session --gap 1m --by '$2' then count then count
< 2026-11-20T09:00:01Z ann
< 2026-11-20T09:10:01Z ann
> 2026-11-20T09:00:10.000Z\t0
.
> 2026-11-20T09:01:10.000Z\t1
> 2026-11-20T09:10:10.000Z\t0
> 2026-11-20T09:11:10.000Z\t1

# session by event time: before the epoch, and a microsecond more than the gap
$ streamer --event-time '$1' --batch 1s session --gap 1s --by '$2' then agg 'count(*) AS n, window_start AS since'
< 1969-12-31T23:59:57.000001Z a
< 1969-12-31T23:59:57.000001Z b
< 1969-12-31T23:59:58.000001Z a
< 1969-12-31T23:59:58.000002Z b
.
> 1969-12-31T23:59:59.000Z\tb\t1\t1969-12-31T23:59:57.000001Z
> 1970-01-01T00:00:00.000Z\ta\t2\t1969-12-31T23:59:57.000001Z
> 1970-01-01T00:00:00.000Z\tb\t1\t1969-12-31T23:59:58.000002Z

# window behind session, by event time: it is given as long as it holds sessions, and once more at the end
$ streamer --event-time '$1' --batch 10s session --gap 10s --by '$2' then count then window 1m --every 30s then agg 'count(*) AS sessions'
< 2026-11-20T09:00:01Z ann
< 2026-11-20T09:00:41Z ann
< 2026-11-20T09:10:01Z ann
> 2026-11-20T09:00:30.000Z\t1
.
> 2026-11-20T09:01:00.000Z\t2
> 2026-11-20T09:01:30.000Z\t1
> 2026-11-20T09:10:30.000Z\t1

# session needs an aggregate
$ streamer --batch 1s session --gap 1s --by '$1'
.
! streamer: session: session stands directly before the aggregate that is made of each session: session --gap 30m --by ip then agg 'count(*) AS hits'
! see: streamer session --help
? 2

# session directly before it
$ streamer --batch 1s session --gap 1s --by '$1' then filter '$2 > 1' then count
.
! streamer: filter: directly behind session stands the aggregate that is made of each session, count, agg or reduce: session --gap 30m --by ip then agg 'count(*) AS hits'; what looks at one row at a time goes before session, or behind the aggregate
! see: streamer filter --help
? 2

# session before a window
$ streamer --batch 1s session --gap 1s --by '$1' then window 5s then count
.
! streamer: window: directly behind session stands the aggregate that is made of each session, count, agg or reduce: session --gap 30m --by ip then agg 'count(*) AS hits'; what looks at one row at a time goes before session, or behind the aggregate
! see: streamer window --help
? 2

# session with another --by
$ streamer --batch 1s session --gap 1s --by '$1' then count --by '$2'
.
! streamer: count: its --by is another one than that of the session before it, whose rows it combines: leave it out, or write the same
! see: streamer count --help
? 2

# session with --fill
$ streamer --batch 1s session --gap 1s --by '$1' then count --by '$1' --fill
.
! streamer: count: --fill is not for sessions, of which only those are given that close: leave it out
! see: streamer count --help
? 2

# session: a column that is no key
$ streamer --batch 1s session --gap 1s --by '$1' then agg '$2, count(*)'
.
! streamer: agg: `$2` stands outside of an aggregate, but a row of the result is made of many rows: take one of its values, first($2), or group by it, --by '$2'
!   $2, count(*)
!   ^^
! see: streamer agg --help
? 2

# session: its end inside of an aggregate
$ streamer --batch 1s session --gap 1s --by '$1' then agg 'max(window_end)'
.
! streamer: agg: window_start and window_end are those of the session here, and known when it is closed: name them outside of aggregates and --by, or behind this operator
! see: streamer agg --help
? 2

# session: a gap without a unit
$ streamer --batch 1s session --gap 30 --by '$1' then count
.
! streamer: --gap `30`: durations need a unit, for example 30s or 30ms
! see: streamer session --help
? 2

# session: no gap
$ streamer --batch 1s session --gap 0s --by '$1' then count
.
! streamer: --gap `0s`: durations are in whole milliseconds, at least 1ms
! see: streamer session --help
? 2

# session: a gap below nothing
$ streamer --batch 1s session --gap -5s --by '$1' then count
.
! streamer: --gap `-5s`: not a duration, write for example 500ms, 1s, 5m or 1h 30m
! see: streamer session --help
? 2

# session needs batches at fixed times
$ streamer --batch all session --gap 1s --by '$1' then count
.
! streamer: session: `--gap 1s` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)
! see: streamer session --help
? 2

# session: a column that there is not
$ streamer --batch 1s --in csv --header a,b session --gap 1s --by c then count
.
! streamer: session: there is no column `c` here, the columns are: a, b
! see: streamer session --help
? 2

# session: what is kept
$ streamer --batch 1s --shards 2 --explain session --gap 30m --by '$1' then agg 'sum($2) AS s, window_end AS until'
.
> chain    session --gap 30m --by '$1' then agg 'sum($2) AS s, window_end AS until'
> batches  every 1s
> shards   2
> input    standard input: columns $1, $2
> stage 0  one pass over each block as it comes, by any shard
>   session    gives $1, $2; keeps what is combined of each open session
>   agg        gives all that is printed; keeps each key with its sum
> stage 1  on what was merged by key hash, each shard owns its share of the keys; then by ranges of the order
> output   standard output

