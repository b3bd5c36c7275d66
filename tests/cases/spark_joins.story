## SPARK.md 6, joins, row by row:
##   stream-stream, inner, left, right, full   here: batches of the same time; a side without data is an empty side
##   a late match in the next batch            here: it meets nothing
##   both must have the same slide             cannot be shown: `window` before a join holds for both sides
##   windowed join                             here: a pair is given with every window that holds both
##   stream-static                             join.story: a table, also one that changes between batches
## and of SPARK.md 3: join and the outer joins, cogroup, transformWith: here.

# SPARK 6: join of two streams: rows meet those of the same batch; what comes a batch later meets nothing
+ left 1,a
+ left 2,b
+ left --
+ left 3,c
+ left --
+ right 2,x
+ right 2,y
+ right 3,early
+ right --
+ right 1,late
+ right 3,z
+ right --
$ streamer --tick ^-- --time end --in csv --header id,l --from {dir}/left join 'exec?in=csv&header=id,r:cat {dir}/right' --on id
.
> 1970-01-01T00:00:01.000Z\t2\tb\tx
> 1970-01-01T00:00:01.000Z\t2\tb\ty
> 1970-01-01T00:00:02.000Z\t3\tc\tz

# SPARK 6: leftOuterJoin
+ left 1,a
+ left 2,b
+ left --
+ left 3,c
+ left --
+ right 2,x
+ right --
+ right --
$ streamer --tick ^-- --time end --in csv --header id,l --from {dir}/left join 'exec?in=csv&header=id,r:cat {dir}/right' --on id --kind left
.
> 1970-01-01T00:00:01.000Z\t1\ta\t
> 1970-01-01T00:00:01.000Z\t2\tb\tx
> 1970-01-01T00:00:02.000Z\t3\tc\t

# SPARK 6: rightOuterJoin: rows of the right alone come last, by key
+ left 1,a
+ left --
+ left --
+ right 3,z
+ right 1,x
+ right 2,y
+ right --
+ right 4,w
+ right --
$ streamer --tick ^-- --time end --in csv --header id,l --from {dir}/left join 'exec?in=csv&header=id,r:cat {dir}/right' --on id --kind right
.
> 1970-01-01T00:00:01.000Z\t1\ta\tx
> 1970-01-01T00:00:01.000Z\t2\t\ty
> 1970-01-01T00:00:01.000Z\t3\t\tz
> 1970-01-01T00:00:02.000Z\t4\t\tw

# SPARK 6: fullOuterJoin, the left empty in the second batch, the right in the third, both in the fourth
+ left 1,a
+ left --
+ left --
+ left 5,e
+ left --
+ left --
+ left 6,f
+ right 2,y
+ right --
+ right 4,w
+ right --
+ right --
+ right --
+ right 6,v
$ streamer --tick ^-- --time end --in csv --header id,l --from {dir}/left join 'exec?in=csv&header=id,r:cat {dir}/right' --on id --kind full
.
> 1970-01-01T00:00:01.000Z\t1\ta\t
> 1970-01-01T00:00:01.000Z\t2\t\ty
> 1970-01-01T00:00:02.000Z\t4\t\tw
> 1970-01-01T00:00:03.000Z\t5\te\t
> 1970-01-01T00:00:05.000Z\t6\tf\tv

# SPARK 6: a null meets nothing, not even a null
+ left ,a
+ right ,x
$ streamer --tick ^-- --time end --in csv --header id,l --from {dir}/left join 'exec?in=csv&header=id,r:cat {dir}/right' --on id --kind full
.
> 1970-01-01T00:00:01.000Z\t\ta\t
> 1970-01-01T00:00:01.000Z\t\t\tx

# SPARK 6: a side that has ended is an empty side from then on
+ left 1,a
+ right 1,x
+ right --
+ right 1,y
+ right --
+ right 1,z
$ streamer --tick ^-- --time end --in csv --header id,l --from {dir}/left join 'exec?in=csv&header=id,r:cat {dir}/right' --on id --kind full
.
> 1970-01-01T00:00:01.000Z\t1\ta\tx
> 1970-01-01T00:00:02.000Z\t1\t\ty
> 1970-01-01T00:00:03.000Z\t1\t\tz

# SPARK 6: windowed join: a pair is given with every window that holds both sides
+ left 1,a
+ left --
+ left --
+ left --
+ left --
+ right --
+ right 1,x
+ right --
+ right --
+ right --
$ streamer --tick ^-- --time both --in csv --header id,l --from {dir}/left window 3s then join 'exec?in=csv&header=id,r:cat {dir}/right' --on id
.
> 1969-12-31T23:59:59.000Z\t1970-01-01T00:00:02.000Z\t1\ta\tx
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:03.000Z\t1\ta\tx

# SPARK 6: windowed join with a slide, and the rest at the end of the input
+ left 1,a
+ left --
+ left 2,b
+ left --
+ left 3,c
+ right --
+ right 1,x
+ right --
+ right 2,y
$ streamer --tick ^-- --time both --in csv --header id,l --from {dir}/left window 4s --every 2s then join 'exec?in=csv&header=id,r:cat {dir}/right' --on id --kind full
.
> 1969-12-31T23:59:58.000Z\t1970-01-01T00:00:02.000Z\t1\ta\tx
> 1969-12-31T23:59:58.000Z\t1970-01-01T00:00:02.000Z\t2\tb\t
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:04.000Z\t1\ta\tx
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:04.000Z\t2\tb\ty
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:04.000Z\t3\tc\t

# SPARK 3: cogroup: lists of both sides for the keys of either
+ left k,1
+ left k,2
+ left j,3
+ left --
+ right k,x
+ right m,y
+ right k,z
+ right --
$ streamer --tick ^-- --in csv --header k,x --from {dir}/left agg 'collect_list(x) AS xs' --by k then join 'exec?in=csv&header=k,y:cat {dir}/right' --on k --kind full then agg 'first(xs) AS xs, collect_list(y) AS ys' --by k
.
> 1970-01-01T00:00:01.000Z\tj\t[3]\t[]
> 1970-01-01T00:00:01.000Z\tk\t[1,2]\t["x","z"]
> 1970-01-01T00:00:01.000Z\tm\t\t["y"]

# SPARK 3: transformWith: an aggregate of each side's batch beside the other
+ left k,1
+ left k,2
+ left --
+ right k,10
+ right --
$ streamer --tick ^-- --in csv --header k,x --from {dir}/left agg 'sum(x) AS s' --by k then join 'exec?in=csv&header=k,y:cat {dir}/right' --on k then map 'k, s / y AS share'
.
> 1970-01-01T00:00:01.000Z\tk\t0.3

# join behind window all is refused
$ streamer --batch 1s window all then join 'exec?in=csv&header=k,y:cat /dev/null' --on '$1=k' then count
.
! streamer: join: `window all` stands before an aggregate, which is kept up to date: count, agg, reduce, distinct or top; rows and batches are not kept for ever: use a length, such as window 1h
! see: streamer join --help
? 2

