# set: aggregates are taken over the batch, and every row of it gets them
$ streamer --batch 1s --in csv set 'part = n / sum(n), most = max(n)' --out csv
< k,n
< a,1
< b,3
@ 1s
> k,n,part,most
> a,1,0.25,3
> b,3,0.75,3
< c,5
@ 1s
> c,5,1,5
@ 1s
.

# set --by: over the rows of the same key; a missing key is a group of its own
$ streamer --batch all --in csv set 'rows = count(*), t = sum(n)' --by k --out csv
< k,n
< a,1
< ,2
< a,3
< ,5
.
> k,n,rows,t
> a,1,2,4
> ,2,2,7
> a,3,2,4
> ,5,2,7

# set: all expressions see the columns as they were before, and a column keeps its place
$ streamer --batch all --in csv set 'a = b, b = a, c = a + b' --out csv
< a,b
< 1,2
> a,b,c
> 2,1,3
.

# set: a later operator sees what was set, with a copy of the rows before and behind
$ streamer --batch all --in json --out json tee - then set 'n = count(*)' --by k then tee - then count --by n
< {"k":"x"}
> {"k":"x"}
< {"k":"y"}
> {"k":"y"}
< {"k":"x"}
> {"k":"x"}
.
> {"k":"x","n":2}
> {"k":"y","n":1}
> {"k":"x","n":2}
> {"n":1,"count":1}
> {"n":2,"count":2}

# set with a tick: each batch has its own sums
$ streamer --tick ^T --in csv set 's = sum(n)' --out csv
< n
< 1
< 2
< T
> n,s
> 1,3
> 2,3
< T
< 5
.
> 5,5

# set --by without an aggregate is refused
$ streamer set 'a = 1' --by k
.
! streamer: set: --by makes groups for aggregates, but no aggregate stands in the assignments: leave it out
! see: streamer set --help
? 2


# an item of a list that was made here is a column as any other
$ streamer --batch all set "xs = split(line, ' ')" then filter "xs[0] = 'a'" then map 'xs[1] AS second'
< a b
> b
< c d
.

# ... also in map
$ streamer --batch all map "split(line, ',') AS xs" then map 'xs[1]'
< a,b
> b
.

# ... and beside a list that is kept
$ streamer --batch all map "split(line, ',') AS xs, 1 AS n" then flatmap 'array(n, 2)' --as n --keep then map 'n, xs[1]'
< a,b
> 1\tb
> 2\tb
.

