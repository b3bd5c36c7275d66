# head: the first rows of each batch, in record order (SPARK 3: take)
$ streamer head 2
< a
< b
< c
@ 1s
> a
> b
< d
@ 1s
> d
.

# head of several sources: source in the order given, then position
+ b 1
+ b 2
+ a 3
$ streamer --from {dir}/b --from {dir}/a head 3
.
> 1
> 2
> 3

# head 0 gives nothing, and what follows still has its empty batch
$ streamer head 0 then count
< a
@ 1s
> 0
.

# head behind sort takes the first of the order
$ streamer sort $1 then head 1
< b
< a
.
> a

# head of a head is the shorter one
$ streamer head 3 then head 2
< a
< b
< c
.
> a
> b

# head needs a whole number
$ streamer head ten
.
! streamer: head needs a whole number of rows first, not `ten`: `head 10`
! see: streamer head --help
? 2

