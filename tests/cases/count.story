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

# count --by several columns: one row for each combination, in order of all of them
$ streamer count --by $2,$1 --batch 1s
< b 2
< a 10
< a 2
< b 2
@ 1s
> 1970-01-01T00:00:01.000Z\t2\ta\t1
> 1970-01-01T00:00:01.000Z\t2\tb\t2
> 1970-01-01T00:00:01.000Z\t10\ta\t1
.

# count --by count: the result of one count is counted by the next
$ streamer wordcount then count --by count --batch all
< to be or not to be
.
> 1\t2
> 2\t2

# count of a count: one row, also for an empty batch
$ streamer count then count
< a
@ 1s
> 1
@ 1s
> 1
.

# count --by a hidden field keeps its name as it was written
$ streamer count --by $1 --out csv --batch all
< a
.
> $1,count
> a,1

# count --by: the same column twice is a usage error
$ streamer count --by $1,$1
.
! streamer: --by '$1,$1' names `$1` twice; name each column once
! see: streamer count --help
? 2

# count --by: a comma without a column is a usage error
$ streamer count --by $1,
.
! streamer: --by '$1,' has a comma without a column; write names with a comma between them, and quote $1: '$1'
! see: streamer count --help
? 2

# count --by of an unknown column of text names what there is
$ streamer count --by user
.
! streamer: count: there is no column `user` here, the columns are: line
! see: streamer count --help
? 2

# count --by $0 says from where fields are counted
$ streamer count --by $0
.
! streamer: count: there is no column `$0`: fields are counted from $1, the whole record is `line`
! see: streamer count --help
? 2

