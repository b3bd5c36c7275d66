# sample 1 passes every row and sample 0 none
$ streamer sample 1 then tee - then sample 0
< a
> a
< b
> b
.

# sample: the same rows on every run, by the number of the record and not by its text
$ streamer sample 0.5 --batch 1s
< 1
> 1
< 2
< 3
< 4
> 4
@ 1s
< 5
< 6
> 6
< 7
> 7
< 8
.

# sample: cut into other batches, the same rows pass
$ streamer sample 0.5 --batch 3lines
< 1
> 1
< 2
< 3
< 4
> 4
< 5
< 6
> 6
< 7
> 7
< 8
.

# sample --seed: another seed is another choice
$ streamer sample 0.5 --seed 7
< 1
> 1
< 2
> 2
< 3
> 3
< 4
> 4
< 5
> 5
< 6
> 6
< 7
< 8
.

# sample: a source is sampled apart from others, so two files with the same lines give different rows
+ a 1
+ a 2
+ a 3
+ a 4
+ b 1
+ b 2
+ b 3
+ b 4
$ streamer --from {dir}/a --from {dir}/b sample 0.5
.
> 1
> 4
> 3

# sample of several rows of one record: each row is chosen by itself
$ streamer words then sample 0.5
< a b c d e f g h
> a
> b
> c
> d
> e
> g
.

# sample: what is no fraction is a usage error that shows how to write it
$ streamer sample 10
.
! streamer: sample needs a fraction from 0 to 1, not `10`: `sample 0.1` passes a tenth of the rows
! see: streamer sample --help
? 2

# sample: a percentage is no fraction
$ streamer sample -0.1
.
! streamer: sample needs a fraction from 0 to 1, not `-0.1`: `sample 0.1` passes a tenth of the rows
! see: streamer sample --help
? 2

