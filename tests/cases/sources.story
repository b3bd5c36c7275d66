# several --from: the order of the sources, whatever their names
+ b 1
+ a 2
$ streamer --from {dir}/b --from {dir}/a grep ''
.
> 1
> 2

# a glob: files in order of their names, those that begin with a dot left out
+ b.log b1
+ a.log a1
+ a10.log a10
+ .c.log hidden
+ other no
$ streamer --from '{dir}/*.log' grep ''
.
> a1
> a10
> b1

# an existing file of that very name wins over the glob
+ a*.log star
+ ab.log ab
$ streamer --from '{dir}/a*.log' grep ''
.
> star

# the same file twice is read twice
+ a 1
$ streamer --from {dir}/a --from {dir}/a count
.
> 2

# file:PATH with options
+ a 1
$ streamer --from 'file:{dir}/a?in=text' count
.
> 1

# a last line without its end stands apart from the first of the next file
+ a 1
$ streamer --from 'exec:printf x' --from {dir}/a --batch all grep ''
.
> x
> 1

# standard input beside files, as `-`: its place is where it was written
+ a 1
$ streamer --from {dir}/a --from - --from {dir}/a --batch all head 9
< 2
.
> 1
> 2
> 1

# exec: a child's output, split into words without a shell
$ streamer --from "exec:printf '%s\n' a 'b c' $HOME" --batch all grep ''
.
> a
> b c
> $HOME

# exec: a child that fails ends the run with status 1, what it wrote is printed
$ streamer --from "exec:sh -c 'echo a; exit 4'" --batch all count
.
> 1
! streamer: `sh -c 'echo a; exit 4'` failed with exit status 4
? 1

# exec: a command that does not exist
$ streamer --from exec:no-such-command-here count
.
! streamer: cannot run `no-such-command-here`: no such file or directory
? 1

# rate: N rows a second in each batch, timestamp and value from 0
* 2026-11-20T09:00:00Z
$ streamer --from rate:4 --batch 1s --batches 2 count
@ 1s
> 2026-11-20T09:00:01.000Z\t4
@ 1s
> 2026-11-20T09:00:02.000Z\t4
.

# rate: rows are printed with both their columns
* 2026-11-20T09:00:00Z
$ streamer --from rate:2 --batch 1s --batches 1 tail 9 --out csv
@ 1s
> timestamp,value
> 2026-11-20T09:00:00.000Z,0
> 2026-11-20T09:00:00.500Z,1
.

# rate: columns by name and by number
$ streamer --from rate:4 --batch 1s --batches 1 top 1 value
@ 1s
> 1970-01-01T00:00:00.750Z\t3
.

# rate: a number is needed
$ streamer --from rate:fast count
.
! streamer: --from rate:fast: rows a second are a whole number from 1 to 1000000000, such as rate:100
! see: streamer --help
? 2

# --once of a source without an end is a usage error
$ streamer --once --from rate:1 count
.
! streamer: --once cannot be used with rate:1: it never ends
! see: streamer --help
? 2

# --in of a format that does not exist names those that do
$ streamer --in txt count
.
! streamer: there is no format `txt`, the formats are: text, csv, tsv, regex, combined, json, logfmt; did you mean text?
! see: streamer --help
? 2

# several --from of different columns: what one shows is there of all that have it
+ a.txt a line
$ streamer --from {dir}/a.txt --from rate:2 --shards 1 --explain head 1
.
> chain    head 1
> batches  every 1s
> shards   1
> input    {dir}/a.txt: columns line
> input    rate:2: columns line
> stage 0  one pass over each block as it comes, by any shard
>   head       gives line; keeps the first 1 rows of the batch
> stage 1  on what was merged by one shard
> output   standard output

