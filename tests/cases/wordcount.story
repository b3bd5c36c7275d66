# wordcount: the first example of every introduction, batch by batch (SPARK 3: countByValue; 2: every batch is generated)
$ streamer wordcount --batch 1s
< to be or not
< to be
@ 1s
> 1970-01-01T00:00:01.000Z\tbe\t2
> 1970-01-01T00:00:01.000Z\tnot\t1
> 1970-01-01T00:00:01.000Z\tor\t1
> 1970-01-01T00:00:01.000Z\tto\t2
@ 1s
< be
@ 1s
> 1970-01-01T00:00:03.000Z\tbe\t1
.

# wordcount is a macro: words then count --by word, which --explain shows
$ streamer wordcount --explain --shards 2 --batch 1s
.
> chain    words then count --by word
> batches  every 1s
> shards   2
> input    standard input: columns line
> stage 0  one pass over each block as it comes, by any shard
>   words      gives word
>   count      gives all that is printed; keeps each key with its count
> stage 1  on what was merged by key hash, each shard owns its share of the keys; then by ranges of the order
> output   standard output

# wordcount: words are equal by bytes, in order of numbers, then text
$ streamer wordcount --batch all
< b B 10 9 07 7 b
.
> 07\t1
> 7\t1
> 9\t1
> 10\t1
> B\t1
> b\t2

# wordcount takes no argument: a trailing file name is answered with --from
$ streamer wordcount book.txt
.
! streamer: wordcount: unexpected argument `book.txt`. to read a file: --from book.txt
! see: streamer wordcount --help
? 2

