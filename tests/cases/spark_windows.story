## SPARK.md 4, window operations, row by row:
##   window(w, s)                         here: partial windows, the first output, empty windows, slide > window
##   window over a window                 here
##   reduceByWindow(f), (f, inv)          here: nothing without a record, with or without an inverse
##   countByWindow                        here: 0 from the first window on
##   countByValueAndWindow                here
##   reduceByKeyAndWindow(f), (f, inv)    here: keys vanish with their last record, which needs no filterFunc
##   quirk: slide > window with inv       here: 110, 110000 and nothing, without a leak
##   quirk: filter drops a key            here: +1 and then -1 is a key with 0, and no error when they leave
##   quirk: floating sums                 here: exact
##   groupByKeyAndWindow                  here
##   PySpark inverse, invFunc absent      cannot be shown: how a window is computed is not written on a command line
##   memory                               cannot be shown here: --explain says what is kept (window.story)
##   durations in multiples of the parent's slide: window.story, bad input

# SPARK 4: window(w): the first windows are partial and are given, the first one with the first batch; no data gives an empty one
$ streamer --batch 1s window 3s then count
@ 1s
> 1970-01-01T00:00:01.000Z\t0
< a
@ 1s
> 1970-01-01T00:00:02.000Z\t1
< b
< c
@ 1s
> 1970-01-01T00:00:03.000Z\t3
@ 1s
> 1970-01-01T00:00:04.000Z\t3
@ 1s
> 1970-01-01T00:00:05.000Z\t2
@ 1s
> 1970-01-01T00:00:06.000Z\t0
@ 1s
> 1970-01-01T00:00:07.000Z\t0
.

# SPARK 4: window(w, s): concatenation of the batches in (T - w, T], the oldest first
$ streamer --batch 1s window 4s --every 2s then agg 'collect_list(line) AS rows'
< 1
@ 1s
< 2
@ 1s
> 1970-01-01T00:00:02.000Z\t[1,2]
< 3
@ 1s
< 4
< 5
@ 1s
> 1970-01-01T00:00:04.000Z\t[1,2,3,4,5]
< 6
@ 1s
@ 1s
> 1970-01-01T00:00:06.000Z\t[3,4,5,6]
@ 2s
> 1970-01-01T00:00:08.000Z\t[6]
@ 2s
> 1970-01-01T00:00:10.000Z\t[]
.

# SPARK 4: window of a window: the slide of the first is the unit of the second; rows are in it as often as they were given
$ streamer --batch 1s window 2s then window 2s then agg 'collect_list(line) AS rows'
< 1
@ 1s
> 1970-01-01T00:00:01.000Z\t[1]
< 2
@ 1s
> 1970-01-01T00:00:02.000Z\t[1,1,2]
< 3
@ 1s
> 1970-01-01T00:00:03.000Z\t[1,2,2,3]
@ 1s
> 1970-01-01T00:00:04.000Z\t[2,3,3]
@ 1s
> 1970-01-01T00:00:05.000Z\t[3]
@ 1s
> 1970-01-01T00:00:06.000Z\t[]
.

# SPARK 4: window of a window with slides of their own (SPARK-7326: ends are floored to the grid, which is the epoch here)
* 1970-01-01T00:00:05Z
$ streamer --batch 1s window 4s --every 2s then count then window 8s --every 4s then agg 'collect_list(count) AS counts'
< a
@ 1s
< b
@ 1s
< c
@ 1s
> 1970-01-01T00:00:08.000Z\t[1,3]
@ 1s
@ 4s
> 1970-01-01T00:00:12.000Z\t[1,3,2,0]
@ 4s
> 1970-01-01T00:00:16.000Z\t[2,0,0,0]
.
> 1970-01-01T00:00:20.000Z\t[0,0,0]

# SPARK 4: window with a slide longer than itself skips batches
$ streamer --batch 1s window 2s --every 3s then agg 'collect_list(line) AS rows'
< 1
@ 1s
< 2
@ 1s
< 3
@ 1s
> 1970-01-01T00:00:03.000Z\t[2,3]
< 4
@ 1s
< 5
@ 1s
@ 1s
> 1970-01-01T00:00:06.000Z\t[5]
@ 3s
> 1970-01-01T00:00:09.000Z\t[]
.

# SPARK 4: reduceByWindow(f): nothing if the window has no record
$ streamer --batch 1s window 2s then reduce line 'greatest(a, b)'
@ 1s
< 3
@ 1s
> 1970-01-01T00:00:02.000Z\t3
< 1
@ 1s
> 1970-01-01T00:00:03.000Z\t3
@ 1s
> 1970-01-01T00:00:04.000Z\t1
@ 1s
.

# SPARK 4: reduceByWindow(f, inv): the same, a sum too, before the first record as behind the last
$ streamer --batch 1s window 2s then reduce line 'a + b'
@ 1s
< 3
@ 1s
> 1970-01-01T00:00:02.000Z\t3
< 1
@ 1s
> 1970-01-01T00:00:03.000Z\t4
@ 1s
> 1970-01-01T00:00:04.000Z\t1
@ 1s
.

# SPARK 4: agg over an empty window without --by is one row, as in SQL; with --by it is nothing
$ streamer --batch 1s window 2s then agg 'count(*) AS n, sum(line) AS s'
< 3
@ 1s
> 1970-01-01T00:00:01.000Z\t1\t3
@ 1s
> 1970-01-01T00:00:02.000Z\t1\t3
@ 1s
> 1970-01-01T00:00:03.000Z\t0\t
.

# SPARK 4: the same with --by
$ streamer --batch 1s window 2s then agg 'count(*) AS n, sum(line) AS s' --by line
< 3
@ 1s
> 1970-01-01T00:00:01.000Z\t3\t1\t3
@ 1s
> 1970-01-01T00:00:02.000Z\t3\t1\t3
@ 1s
.

# SPARK 4: countByWindow: here 0 from the first window on, before any record has come
$ streamer --batch 1s window 3s --every 3s then count
@ 3s
> 1970-01-01T00:00:03.000Z\t0
< a
< b
@ 1s
< c
@ 2s
> 1970-01-01T00:00:06.000Z\t3
@ 3s
> 1970-01-01T00:00:09.000Z\t0
.

# SPARK 4: countByValueAndWindow
$ streamer --batch 1s window 2s then count --by line
< a
< b
< a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t2
> 1970-01-01T00:00:01.000Z\tb\t1
< b
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t2
> 1970-01-01T00:00:02.000Z\tb\t2
< b
@ 1s
> 1970-01-01T00:00:03.000Z\tb\t2
@ 1s
> 1970-01-01T00:00:04.000Z\tb\t1
@ 1s
.

# SPARK 4: reduceByKeyAndWindow(f): keys without data in the window vanish
$ streamer --batch 1s --in csv --header k,x window 3s then agg 'sum(x) AS s' --by k
< a,1
< b,5
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
> 1970-01-01T00:00:01.000Z\tb\t5
< a,2
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t3
> 1970-01-01T00:00:02.000Z\tb\t5
< c,0
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t3
> 1970-01-01T00:00:03.000Z\tb\t5
> 1970-01-01T00:00:03.000Z\tc\t0
@ 1s
> 1970-01-01T00:00:04.000Z\ta\t2
> 1970-01-01T00:00:04.000Z\tc\t0
@ 1s
> 1970-01-01T00:00:05.000Z\tc\t0
@ 1s
.

# SPARK 4: reduceByKeyAndWindow of what has no inverse: the greatest leaves with its record
$ streamer --batch 1s --in csv --header k,x window 3s then agg 'max(x) AS m, min(x) AS l, first(x) AS f, last(x) AS t' --by k
< a,9
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t9\t9\t9\t9
< a,1
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t9\t1\t9\t1
< a,5
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t9\t1\t9\t5
@ 1s
> 1970-01-01T00:00:04.000Z\ta\t5\t1\t1\t5
@ 1s
> 1970-01-01T00:00:05.000Z\ta\t5\t5\t5\t5
@ 1s
.

# SPARK 4: quirk, slide > window with an inverse function: 110, 110000 and then nothing, where Spark leaks
$ streamer --batch 1s window 2s --every 3s then reduce line 'a + b'
< 1
@ 1s
< 10
@ 1s
< 100
@ 1s
> 1970-01-01T00:00:03.000Z\t110
< 1000
@ 1s
< 10000
@ 1s
< 100000
@ 1s
> 1970-01-01T00:00:06.000Z\t110000
@ 3s
.

# SPARK 4: quirk, a key of +1 and then -1: it is there with 0 as long as one of its records is, and leaves without an error
$ streamer --batch 1s --in csv --header k,x window 2s then agg 'sum(x) AS s' --by k
< k,1
@ 1s
> 1970-01-01T00:00:01.000Z\tk\t1
< k,-1
@ 1s
> 1970-01-01T00:00:02.000Z\tk\t0
@ 1s
> 1970-01-01T00:00:03.000Z\tk\t-1
@ 1s
.

# SPARK 4: quirk, a key whose value is zero from the first: it leaves with its record and not before
$ streamer --batch 1s --in csv --header k,x window 2s then agg 'sum(x) AS s' --by k
< k,0
@ 1s
> 1970-01-01T00:00:01.000Z\tk\t0
@ 1s
> 1970-01-01T00:00:02.000Z\tk\t0
@ 1s
.

# SPARK 4: quirk, floating sums: what leaves leaves nothing behind; 0.1 + 0.2 - 0.1 is 0.2
$ streamer --batch 1s window 2s then agg 'sum(line) AS s, avg(line) AS a'
< 0.1
@ 1s
> 1970-01-01T00:00:01.000Z\t0.1\t0.1
< 0.2
@ 1s
> 1970-01-01T00:00:02.000Z\t0.30000000000000004\t0.15000000000000002
@ 1s
> 1970-01-01T00:00:03.000Z\t0.2\t0.2
< 1e300
< 0.3
@ 1s
> 1970-01-01T00:00:04.000Z\t1e300\t5e299
< -1e300
@ 1s
> 1970-01-01T00:00:05.000Z\t0.3\t0.09999999999999999
< 0.1
@ 1s
> 1970-01-01T00:00:06.000Z\t-1e300\t-5e299
@ 1s
> 1970-01-01T00:00:07.000Z\t0.1\t0.1
@ 1s
> 1970-01-01T00:00:08.000Z\t\t
.

# SPARK 4: groupByKeyAndWindow: the values of each key in the order that they came
$ streamer --batch 1s --in csv --header k,x window 3s then agg 'collect_list(x) AS xs' --by k
< a,1
< b,2
< a,3
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t[1,3]
> 1970-01-01T00:00:01.000Z\tb\t[2]
< b,4
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t[1,3]
> 1970-01-01T00:00:02.000Z\tb\t[2,4]
< a,5
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t[1,3,5]
> 1970-01-01T00:00:03.000Z\tb\t[2,4]
@ 1s
> 1970-01-01T00:00:04.000Z\ta\t[5]
> 1970-01-01T00:00:04.000Z\tb\t[4]
@ 1s
> 1970-01-01T00:00:05.000Z\ta\t[5]
@ 1s
.

# SPARK 4: every other aggregate that takes back: distinct values, percentiles, variance, sets
$ streamer --batch 1s window 2s then agg 'count(DISTINCT line) AS d, p50(line) AS p, stddev_pop(line) AS s, collect_set(line) AS c'
< 1
< 1
< 3
@ 1s
> 1970-01-01T00:00:01.000Z\t2\t1\t0.9428090415820634\t[1,3]
< 1
< 5
@ 1s
> 1970-01-01T00:00:02.000Z\t3\t1\t1.6\t[1,3,5]
< 9
@ 1s
> 1970-01-01T00:00:03.000Z\t3\t5\t3.265986323710904\t[1,5,9]
@ 1s
> 1970-01-01T00:00:04.000Z\t1\t9\t0\t[9]
@ 1s
> 1970-01-01T00:00:05.000Z\t0\t\t\t[]
.

# SPARK 4: an aggregate with a filter keeps a key whose rows do not pass it
$ streamer --batch 1s --in csv --header k,x window 2s then agg 'count(*) FILTER (WHERE x > 1) AS n' --by k
< a,1
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t0
< a,5
@ 1s
> 1970-01-01T00:00:02.000Z\ta\t1
@ 1s
> 1970-01-01T00:00:03.000Z\ta\t1
@ 1s
.

