# dir: new files of a directory, each wholly in the batch at whose end it is found, in order of path; SPARK 1, rules 1 and 2
+ old.txt old
$ streamer --batches 3 --from dir:{dir} --batch 1s count
+ b.txt 1
+ b.txt 2
@ 1s
> 1970-01-01T00:00:01.000Z\t2
@ 1s
> 1970-01-01T00:00:02.000Z\t0
+ c.txt 3
+ a.txt 4
+ .hidden 5
@ 1s
> 1970-01-01T00:00:03.000Z\t2
.

# dir: a file is taken once, what is appended later is ignored; SPARK 1, rule 6
$ streamer --batches 2 --from dir:{dir} --batch 1s grep ''
+ b 1
+ a 2
@ 1s
> 2
> 1
+ b more
+ c 3
@ 1s
> 3
.

# dir: ?existing=true takes what was there at the start, however old; SPARK 1, rules 3 to 5 (Spark would not)
+ a 1
$ streamer --batches 2 --from 'dir:{dir}?existing=true' --batch 1s count
@ 1s
> 1970-01-01T00:00:01.000Z\t1
@ 1s
> 1970-01-01T00:00:02.000Z\t0
.

# dir: ?glob= chooses by name, and its extension tells the format; every file has its own header
$ streamer --batches 1 --from 'dir:{dir}?glob=*.csv' --batch 1s agg 'sum(n) AS n' --by user
+ a.csv n,user
+ a.csv 1,ann
+ a.csv 2,bob
+ b.csv user,n
+ b.csv ann,10
+ c.txt no csv
@ 1s
> 1970-01-01T00:00:01.000Z\tann\t11
> 1970-01-01T00:00:01.000Z\tbob\t2
.

# dir: columns given in the source; the files have no header
$ streamer --batches 2 --from 'dir:{dir}?in=csv&header=user,n' --batch 1s map 'n, user' --out csv
+ a.csv ann,1
@ 1s
> n,user
> 1,ann
+ b.csv bob,2
@ 1s
> 2,bob
.

# dir: bad records are told with the file and its own line numbers
$ streamer --batches 2 --from 'dir:{dir}?glob=*.csv' --batch 1s map 'user, n'
+ a.csv user,n
+ a.csv ann,1
+ a.csv too,many,fields
+ b.csv user,n
+ b.csv bob
+ b.csv bob,2
@ 1s
> ann\t1
> bob\t2
! streamer: {dir}/a.csv, line 3: 3 fields where the header has 2; it is left out
! streamer: {dir}/b.csv, line 2: 1 field where the header has 2; it is left out
+ c.csv user,n
+ c.csv cid,3
+ c.csv a,b,c
@ 1s
> cid\t3
! streamer: {dir}/c.csv, line 3: 3 fields where the header has 2; it is left out
.

# dir: a last line without its end stands apart from the first one of the next file, empty files give nothing until they are filled
$ streamer --batches 2 --from dir:{dir} --batch 1s count --by line
++ a 1
++ b 1
++ empty
@ 1s
> 1970-01-01T00:00:01.000Z\t1\t2
+ empty 2
@ 1s
> 1970-01-01T00:00:02.000Z\t2\t1
.

# dir: beside other sources in the order given; the batch waits until its files have been read
$ streamer --batches 1 --from - --from dir:{dir} --batch 1s grep ''
+ a from a file
< from the pipe
> from the pipe
@ 1s
> from a file
.

# dir: --once is what is there now, the files that were there before too
+ b 2
+ a 1
$ streamer --once --from dir:{dir} grep ''
.
> 1
> 2

# dir: --once of a directory in which nothing is: one batch, empty
$ streamer --once --from dir:{dir} count
.
> 0

# dir: --batches ends it; an empty directory gives empty batches
$ streamer --from dir:{dir} --batch 1s --batches 2 count
@ 2s
> 1970-01-01T00:00:01.000Z\t0
> 1970-01-01T00:00:02.000Z\t0
.

# dir: cuts by number alone: it is listed every second, and files are spread over batches
$ streamer --batches 2 --from dir:{dir} --batch 2lines count
+ a 1
+ a 2
+ a 3
@ 1s
> 2
+ b 4
@ 1s
> 2
.

# dir: its files come by the clock, so it cannot tick
$ streamer --from dir:{dir} --tick x count
.
! streamer: --tick cannot be used with dir:{dir}: its files come by the clock
! see: streamer --help
? 2

# dir: what is missing at the start, or is no directory, is an error
$ streamer --from dir:{dir}/none count
.
! streamer: cannot list {dir}/none: no such file or directory
? 1

# dir: a file is read in another way
+ a 1
$ streamer --from dir:{dir}/a count
.
! streamer: cannot list {dir}/a: it is a file, not a directory; to read it: --from {dir}/a
? 1

# dir: a glob of directories that matches none
$ streamer --from 'dir:{dir}/x*' count
.
! streamer: no directory matches {dir}/x*
? 1

# dir: wrong options are told
$ streamer --from 'dir:{dir}?existing=yes' count
.
! streamer: --from dir:{dir}?existing=yes: existing=yes: it is true or false
! see: streamer --help
? 2

# dir: the other side of a join: what came in the same batch
$ streamer --batches 2 --batch 1s map '$1 AS id' then join 'dir:{dir}?in=csv&header=id,n' --on id
< ann
< bob
+ a.csv ann,1
@ 1s
> ann\t1
< ann
+ b.csv ann,2
+ b.csv ann,3
@ 1s
> ann\t2
> ann\t3
.

# dir: by the records' own time it is listed every second; the files of a directory are one source
$ streamer --batches 2 --from 'dir:{dir}?in=csv&header=time,n' --event-time time --late 1s agg 'sum(n) AS n'
+ a.csv 1970-01-01T00:00:01Z,1
+ a.csv 1970-01-01T00:00:02Z,2
+ b.csv 1970-01-01T00:00:03.5Z,3
@ 1s
> 1970-01-01T00:00:02.000Z\t1
+ c.csv no time,9
+ c.csv 1970-01-01T00:00:02.5Z,4
@ 1s
! streamer: {dir}/c.csv, line 1: it has no time: `time` is `no time`; it is left out
+ d.csv 1970-01-01T00:00:05Z,5
@ 1s
> 1970-01-01T00:00:03.000Z\t6
.

