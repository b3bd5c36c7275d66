# tee --if: copies of the rows for which the condition is true, null is not; all go on
$ streamer --batch 1s --in csv tee - --if 'n > 1' then count --out json
< k,n
< a,1
< b,2
> {"k":"b","n":2}
@ 1s
> {"window_end":"1970-01-01T00:00:01.000Z","count":2}
.

# tee --if: the condition may look at a column that the copy does not print
$ streamer --batch all tee - --if '$2 >= 500' then map '$1' then count
< /a 200
< /b 503
> /b 503
< /c
.
> 3

# tee --if looks at one row
$ streamer tee - --if 'sum(n) > 1' then count
.
! streamer: a condition looks at one row, not at an aggregate of many: use agg … then filter …
!   sum(n) > 1
!   ^^^^^^^^^^
! see: streamer tee --help
? 2

# explain: a leading filter looks at its columns first
$ streamer --in json --batch all --shards 2 --explain filter 'status > 499' then tee - --if 'ms > 5' then map 'upper(path) AS p' then count --by p
.
> chain    filter 'status > 499' then tee - --if 'ms > 5' then map 'upper(path) AS p' then count --by p
> batches  one, at the end of the input
> shards   2
> input    standard input: columns status first; of the rows that pass also line, ms, path
> stage 0  one pass over each block as it comes, by any shard
>   filter     gives line, ms, path
>   tee        gives path
>   map        gives p
>   count      gives all that is printed; keeps each key with its count
> stage 1  on what was merged by key hash, each shard owns its share of the keys; then by ranges of the order
> output   standard output

# tee: the copies of a batch come before what a window makes of it, on the same sink
$ streamer --batch 1s count then tee - then window 2s then count
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1
> 1970-01-01T00:00:01.000Z\t1
< b
@ 1s
> 1970-01-01T00:00:02.000Z\t1
> 1970-01-01T00:00:02.000Z\t2
.

