# globals may stand anywhere: before the operator, behind it, and behind a later one
$ streamer --out csv words --batch all then --time none count --by word --shards 2
< a b a
.
> word,count
> a,2
> b,1

# a global given twice with the same value is no error
$ streamer --batch 1s words then count --batch 1s
@ 1s
> 1970-01-01T00:00:01.000Z\t0
.

# a global given twice with different values is an error that names both
$ streamer --batch 1s words then count --batch 2s
.
! streamer: `--batch` is given twice, as `1s` and as `2s`: leave one of them out
! see: streamer --help
? 2

# a value may begin with a dash
$ streamer grep -x
< a-x
> a-x
< a
.

# only a word that is exactly `then` separates
$ streamer grep then,
< now then, go
> now then, go
< then
.

# `--` ends the options of any operator
$ streamer grep -F -- --batch
< --batch 1s
> --batch 1s
< x
.

# words after `--` belong to the command of pipe, also those that are called like globals
$ streamer pipe -- echo --batch 1s
.
> --batch 1s

# `then` behind `--` still separates: an argument that is exactly then always does
$ streamer pipe -- cat then count --batch all
< a
.
> 1

# --chain: one operator a line, quoted as in a shell, # at the start of a line for comments, globals too
+ c # the words of lines with a blank in them
+ c grep 'a b'
+ c
+ c   # another one
+ c words --batch all
+ c count --by "word"
$ streamer --chain {dir}/c --out tsv
< x a b
< c
.
> word\tcount
> a\t1
> b\t1
> x\t1

# --chain: an error names file and line
+ c words
+ c
+ c cuont
$ streamer --chain {dir}/c
.
! streamer: {dir}/c, line 3: there is no operator `cuont`; did you mean `count`?
! see: streamer --help
? 2

# --chain: a quote that is not closed
+ c grep 'a
$ streamer --chain {dir}/c
.
! streamer: {dir}/c, line 1: a quote is not closed; quote as in a shell, one operator on a line
! see: streamer --help
? 2

# --chain: a file that is not there
$ streamer --chain {dir}/nothing
.
! streamer: cannot read the chain file `{dir}/nothing`: no such file or directory
? 1

# --chain and an operator exclude each other
+ c words
$ streamer --chain {dir}/c count
.
! streamer: `--chain {dir}/c` and the operator `count` are both given: put all operators into the file, or leave --chain out
! see: streamer --help
? 2

# --explain of a chain of aggregates: stages, live columns, state, shuffles; nothing is read
$ streamer --explain --shards 4 words then count --by word then top 10 count --batch 1s
.
> chain    words then count --by word then top 10 count
> batches  every 1s
> shards   4
> input    standard input: columns line
> stage 0  one pass over each block as it comes, by any shard
>   words      gives word
>   count      gives all that is printed, count; keeps each key with its count
> stage 1  on what was merged by key hash, each shard owns its share of the keys; then by ranges of the order
>   top        gives all that is printed; keeps 10 rows of the batch
> stage 2  on what was merged by one shard
> output   standard output

# --explain of a row-wise chain with a filter and a tee
$ streamer --explain --shards 1 --batch 1s,100lines grep x then sample 0.5 then tee {dir}/x.csv then head 3 --to exec:cat
.
> chain    grep x then sample 0.5 then tee {dir}/x.csv then head 3
> batches  every 1s or 100 records
> shards   1
> input    standard input: columns line
> stage 0  one pass over each block as it comes, by any shard
>   grep       gives all that is printed, line
>   sample     gives all that is printed, line
>   tee        gives line
>   head       gives line; keeps the first 3 rows of the batch
> stage 1  on what was merged by one shard
> output   {dir}/x.csv
> output   exec:cat

# --explain of a pipe and of several sources
$ streamer --explain --shards 1 --tick ^-- --from - --from b.txt pipe -- sort -u
.
> chain    pipe -- sort -u
> batches  at each tick of the input, 1s apart
> shards   1
> input    standard input: columns line
> input    b.txt: columns line
> stage 0  one pass over each block as it comes, by any shard
>   pipe       gives all that is printed; keeps the rows of the batch, and what the command answers
> stage 1  on what was brought together: all rows of the batch, in order
> output   standard output

