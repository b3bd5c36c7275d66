# --fill: keys of earlier batches come again, in the order of the keys; counts are 0, all else is null
$ streamer --batch 1s --in csv agg 'count(*) AS n, sum(x) AS s' --by k --fill --out csv
< k,x
< b,1
< a,2
@ 1s
> window_end,k,n,s
> 1970-01-01T00:00:01.000Z,a,1,2
> 1970-01-01T00:00:01.000Z,b,1,1
< c,3
@ 1s
> 1970-01-01T00:00:02.000Z,a,0,
> 1970-01-01T00:00:02.000Z,b,0,
> 1970-01-01T00:00:02.000Z,c,1,3
@ 1s
> 1970-01-01T00:00:03.000Z,a,0,
> 1970-01-01T00:00:03.000Z,b,0,
> 1970-01-01T00:00:03.000Z,c,0,
.

# --fill: with count and two keys, and an operator behind it
$ streamer --batch 1s --in csv count --by k,x --fill then sort count:desc
< k,x
< b,1
< a,2
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t2\t1
> 1970-01-01T00:00:01.000Z\tb\t1\t1
< b,1
@ 1s
> 1970-01-01T00:00:02.000Z\tb\t1\t1
> 1970-01-01T00:00:02.000Z\ta\t2\t0
.

# --fill: with reduce, and an expression over the aggregates
$ streamer --batch 1s --in csv reduce x 'a * b' --by k --fill then set 'known = x IS NOT NULL' --out csv
< k,x
< a,2
@ 1s
> window_end,k,x,known
> 1970-01-01T00:00:01.000Z,a,2,true
< b,3
@ 1s
> 1970-01-01T00:00:02.000Z,a,,false
> 1970-01-01T00:00:02.000Z,b,3,true
.

# --fill wants --by
$ streamer agg 'count(*)' --fill
.
! streamer: agg: --by KEYS is missing
! usage: streamer agg [OPTIONS] <EXPR [AS NAME], …>
! see: streamer agg --help
? 2

