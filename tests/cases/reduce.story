# reduce: nothing for an empty batch, a row for the others
$ streamer --batch 1s --in csv reduce n 'a * b'
< n
< 2
< 3
@ 1s
> 1970-01-01T00:00:01.000Z\t6
@ 1s
< 7
@ 1s
> 1970-01-01T00:00:03.000Z\t7
.

# reduce --by: each key apart, nulls skipped, a key of nulls alone is null
$ streamer --batch all --in csv reduce n 'a * b' --by k --out csv
< k,n
< a,2
< a,
< b,
< a,5
.
> k,n
> a,10
> b,

# reduce: what a known aggregate does, in any order of a and b
$ streamer --batch all --in csv reduce n 'Least(b, a)' --out json
< n
< 10
< 9
< x
.
> {"n":9}

# reduce: text, and a later operator sees the column by its name
$ streamer --batch all words then reduce word 'if(length(a) > length(b), a, b)' then map 'upper(word) AS w' --out csv
< to be or nothing
.
> w
> NOTHING

# reduce: one value needs no folding
$ streamer --batch all --in csv reduce n 'a - b'
< n
< 007
.
> 7

# reduce: only a and b are known
$ streamer reduce line 'a + c'
.
! streamer: in reduce only a and b are known, which stand for two values, not `c`
!   a + c
!   ^^^^^
! see: streamer reduce --help
? 2

