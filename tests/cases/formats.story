# --out text: columns joined by a tab, null as nothing
$ streamer count --by $1,$2 --batch all
< a b
< a
.
> a\t\t1
> a\tb\t1

# --out csv: the header, quoting, and an empty line as quotes
$ streamer grep '' --out csv
< a,b "c"
> line
> "a,b ""c"""
<
> ""
< plain
> plain
.

# --out csv: the header is printed also without rows, and once over many batches
$ streamer wordcount --batch 1s --out csv
@ 1s
> window_end,word,count
< a
@ 1s
> 1970-01-01T00:00:02.000Z,a,1
< b
@ 1s
> 1970-01-01T00:00:03.000Z,b,1
.

# --out tsv: quotes where a tab is in the value
$ streamer grep '' --out tsv
< a\tb
> line
> "a\tb"
< a,b
> a,b
.

# --out json: one object a row; numbers bare only where they are valid JSON numbers, nulls as null
$ streamer count --by $1 --out json --batch all
< 7
< 07
< +1
< 1e3
< -0.5
< a"b\\c
< true
<
.
> {"$1":null,"count":1}
> {"$1":-0.5,"count":1}
> {"$1":"+1","count":1}
> {"$1":"07","count":1}
> {"$1":7,"count":1}
> {"$1":1e3,"count":1}
> {"$1":"a\\"b\\\\c","count":1}
> {"$1":"true","count":1}

# --out json --batch 1s: led by the end of the window
$ streamer wordcount --out json --batch 1s
< a a
@ 1s
> {"window_end":"1970-01-01T00:00:01.000Z","word":"a","count":2}
@ 1s
.

# --time start
$ streamer count --out csv --batch 1s --time start
@ 1s
> window_start,count
> 1970-01-01T00:00:00.000Z,0
.

# --time both
$ streamer count --out json --batch 1s --time both
@ 1s
> {"window_start":"1970-01-01T00:00:00.000Z","window_end":"1970-01-01T00:00:01.000Z","count":0}
.

# --time none
$ streamer count --out csv --batch 1s --time none
@ 1s
> count
> 0
.

# --time end for rows that are records
$ streamer grep a --batch 1s --time end
< a
> 1970-01-01T00:00:01.000Z\ta
@ 1s
.

# rows that are records are never led by a time by themselves, top of them neither
$ streamer top 1 line --batch 1s
< a
@ 1s
> a
.

# aggregated rows stay aggregated behind sort, head and sample, and are led by the time
$ streamer wordcount then sort count then head 1 then sample 1 --batch 1s
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
.

# --out table: a rule with window, rows and rate for each batch; numbers to the right
$ streamer wordcount --out table --batch 1s
< a bb a
@ 1s
> ── 1970-01-01 00:00:00 – 00:00:01 UTC · 2 rows · 1 records/s ───────────────────
> word  count
> a         2
> bb        1
@ 1s
> ── 1970-01-01 00:00:01 – 00:00:02 UTC · 0 rows · 0 records/s ───────────────────
.

# --out table --batch all: its time alone
$ streamer count --out table --batch all
< a
.
> ── 1970-01-01 00:00:00 UTC · 1 row · 0 records/s ───────────────────────────────
> count
>     1

# --out table: control characters are made harmless
$ streamer grep '' --out table --batch all
< \x1b[31mred\ttab
.
> ── 1970-01-01 00:00:00 UTC · 1 row · 0 records/s ───────────────────────────────
> line
> ␛[31mred␉tab

# --out spark: the text of DStream.print, an empty batch included (SPARK 7: print)
* 2013-01-01T00:53:49.500Z
$ streamer wordcount --out spark --batch 1s
< hello world hello
@ 500ms
> -------------------------------------------
> Time: 1357001630000 ms
> -------------------------------------------
> (hello,2)
> (world,1)
>
@ 1s
> -------------------------------------------
> Time: 1357001631000 ms
> -------------------------------------------
>
.

# --out spark: one column is bare, and 10 rows are shown of more (SPARK 7: print)
$ streamer words --out spark --batch 1s
< 1 2 3 4 5 6 7 8 9 10
@ 1s
> -------------------------------------------
> Time: 1000 ms
> -------------------------------------------
> 1
> 2
> 3
> 4
> 5
> 6
> 7
> 8
> 9
> 10
>
< 1 2 3 4 5 6 7 8 9 10 11
@ 1s
> -------------------------------------------
> Time: 2000 ms
> -------------------------------------------
> 1
> 2
> 3
> 4
> 5
> 6
> 7
> 8
> 9
> 10
> ...
>
.

# --out spark --limit: so many rows; null is null
$ streamer count --by $2 --out spark --limit 1 --batch 1s
< a b
< a
@ 1s
> -------------------------------------------
> Time: 1000 ms
> -------------------------------------------
> (null,1)
> ...
>
.

# --limit without spark is a usage error
$ streamer words --limit 3
.
! streamer: `--limit` belongs to `--out spark`; for the first rows of each batch append: then head N
! see: streamer --help
? 2

