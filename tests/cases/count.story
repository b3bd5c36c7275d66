# count: one row for every batch, 0 for an empty one (SPARK 3: count)
$ streamer --batch 1s count
< hello
@ 1s
> 1970-01-01T00:00:01.000Z\t1
< a
< b
@ 1s
> 1970-01-01T00:00:02.000Z\t2
@ 1s
> 1970-01-01T00:00:03.000Z\t0
.

# count --by: groups in order of the key, nothing for an empty batch
$ streamer --batch 1s count --by $1
< b x
< a y
< b z
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t1
> 1970-01-01T00:00:01.000Z\tb\t2
@ 2s
< 10 x
< 9 x
< \x20
.
> 1970-01-01T00:00:04.000Z\t\t1
> 1970-01-01T00:00:04.000Z\t9\t1
> 1970-01-01T00:00:04.000Z\t10\t1

# count without an interval is not led by its time
$ streamer count
< a
@ 1s
> 1
.

# the last batch carries the next boundary, and there is none if nothing came since the last one
$ streamer --batch 10s count
@ 3s
< a
@ 7s
> 1970-01-01T00:00:10.000Z\t1
.

