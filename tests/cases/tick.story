# tick: a read of nothing but ticks ends batches
$ streamer --tick ^TICK$ count
< TICK
> 1970-01-01T00:00:01.000Z\t0
< a
< TICK
> 1970-01-01T00:00:02.000Z\t1
< TICK
> 1970-01-01T00:00:03.000Z\t0
< b
.
> 1970-01-01T00:00:04.000Z\t1

# batches: what is read behind the last batch is left alone
$ streamer --batch 2lines --batches 1 count
< a
< b
> 2
< c
< d
.

