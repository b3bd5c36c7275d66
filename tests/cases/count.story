# count: one row for every batch, 0 for an empty one (SPARK 3: count)
$ streamer --batch 1s count
< hello
@ 1s
< a
< b
@ 1s
@ 1s
.

# count --by: groups in order of the key, nothing for an empty batch
$ streamer --batch 1s count --by $1
< b x
< a y
< b z
@ 1s
@ 2s
< 10 x
< 9 x
< \x20
.

# count without an interval is not led by its time
$ streamer count
< a
@ 1s
.

# the last batch carries the next boundary, and there is none if nothing came since the last one
$ streamer --batch 10s count
@ 3s
< a
@ 7s
.

