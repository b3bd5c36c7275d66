# tail: the last rows of each batch, in record order
$ streamer tail 2
< a
< b
< c
@ 1s
> b
> c
< d
@ 1s
> d
.

# tail of several sources ends with the last one given
+ b 1
+ b 2
+ a 3
+ a 4
$ streamer --from {dir}/b --from {dir}/a tail 3
.
> 2
> 3
> 4

# tail behind head is the end of the beginning
$ streamer head 3 then tail 1
< a
< b
< c
< d
.
> c

# tail behind count --by takes the last groups of their order
$ streamer wordcount then tail 1 --batch 1s
< b a c
@ 1s
> 1970-01-01T00:00:01.000Z\tc\t1
.

# tail 0 gives nothing
$ streamer tail 0
< a
.

