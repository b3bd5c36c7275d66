# top: the N greatest rows of each batch, greatest first (SPARK 3: top)
$ streamer top 2 $2
< a 1
< b 30
< c 4
@ 1s
> b 30
> c 4
< d 1
@ 1s
> d 1
.

# top: ties fall to the record order, and :asc gives the smallest
$ streamer top 2 $2:asc
< a 2
< b 1
< c 1
< d 1
.
> b 1
> c 1

# top --by: N rows of each group, in order of the groups
$ streamer top 1 $2 --by $1
< eve 10
< bob 7
< eve 11
< bob 3
< 5 1
.
> 5 1
> bob 7
> eve 11

# top: text is greater than numbers, and numbers than null
$ streamer top 4 $2
< a 10
< b
< c x
< d 9
.
> c x
> a 10
> d 9
> b

# top with two keys: the second decides between rows that are equal in the first
$ streamer top 3 $1,$2:asc
< 2 b
< 1 a
< 2 a
< 2 c
.
> 2 a
> 2 b
> 2 c

# top 0 gives nothing
$ streamer top 0 line then count
< a
@ 1s
> 0
.

# top of more rows than there are gives all of them
$ streamer top 9 line
< a
< b
.
> b
> a

# top of the most frequent words, the chain of every introduction
$ streamer words then count --by word then top 2 count --batch 1s
< a b a c b a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t3
> 1970-01-01T00:00:01.000Z\tb\t2
@ 1s
.

# top of a column that does not exist is a usage error with the nearest name
$ streamer wordcount then top 3 cuont
.
! streamer: top: there is no column `cuont` here, the columns are: word, count; did you mean count?
! see: streamer top --help
? 2

# top: the number stands first
$ streamer wordcount then top count 3
.
! streamer: top needs a whole number of rows first, not `count`: `top 10 count`
! see: streamer top --help
? 2

# top without a key says how it is written
$ streamer top 3
.
! streamer: top: KEY[:asc|:desc],… is missing
! usage: streamer top [OPTIONS] <N> <KEY[:asc|:desc],…>
! see: streamer top --help
? 2

