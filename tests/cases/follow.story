# --follow: a file from its start to its end, then what is appended; live, so batches of a second by default
+ a.log 1
+ a.log 2
$ streamer --batches 3 --from {dir}/a.log --follow count
@ 1s
> 2
@ 200ms
+ a.log 3
@ 200ms
@ 600ms
> 1
@ 1s
> 0
.

# --follow: rows come when they are read; a record without its end waits for the rest of it
+ a.log 1
$ streamer --batches 1 --from 'file:{dir}/a.log?follow=true' grep ''
> 1
++ a.log begun
@ 100ms
+ a.log  and ended
@ 100ms
> begun and ended
++ a.log open
@ 100ms
@ 700ms
.

# --follow: a file that is not there yet is waited for, which is said once
$ streamer --batches 3 --from {dir}/a.log --follow grep ''
! streamer: {dir}/a.log is not there; waiting for it
@ 2s
+ a.log 1
@ 100ms
> 1
@ 900ms
.

# --follow: every file of a glob, in the order of their names inside a batch
+ b.log b1
+ a.log a1
$ streamer --from '{dir}/*.log' --follow --batch 1s --batches 1 count --by line
+ a.log a2
+ b.log b2
+ c.log is not followed
@ 100ms
@ 900ms
> 1970-01-01T00:00:01.000Z\ta1\t1
> 1970-01-01T00:00:01.000Z\ta2\t1
> 1970-01-01T00:00:01.000Z\tb1\t1
> 1970-01-01T00:00:01.000Z\tb2\t1
.

# --follow: one header, then records for ever
+ a.csv user,n
$ streamer --from {dir}/a.csv --follow --batch 1s --batches 2 agg 'sum(n) AS n' --by user
+ a.csv ann,1
@ 100ms
@ 900ms
> 1970-01-01T00:00:01.000Z\tann\t1
@ 100ms
+ a.csv ann,2
+ a.csv ann,3
@ 100ms
@ 800ms
> 1970-01-01T00:00:02.000Z\tann\t5
.

# --follow: the columns that are shown are those of the first file that has a header, whichever it is
++ a.csv user
+ b.csv user,n
$ streamer --from '{dir}/*.csv' --follow --batch 1s --batches 1 head 9 --out csv
+ b.csv ann,1
+ a.csv ,n
+ a.csv bob,2
@ 100ms
@ 900ms
> user,n
> bob,2
> ann,1
.

# --follow --once: what is there now, a last record without its end too
+ a.log 1
++ a.log 2
$ streamer --once --follow --from {dir}/a.log --from {dir}/none grep ''
.
> 1
> 2
! streamer: {dir}/none is not there; it is left out

# --follow is for files
$ streamer --follow count
.
! streamer: `--follow` goes on with what is appended to files, and there is none: add --from FILE
! see: streamer --help
? 2

# --follow: several files would mix their ticks, one may tick
+ a.log 1
+ b.log 1
$ streamer --follow --from '{dir}/*.log' --tick x count
.
! streamer: --tick cannot be used with {dir}/*.log: its files are followed side by side, so that their ticks would mix
! see: streamer --help
? 2

# --follow of one file with ticks
+ a.log 1
+ a.log x
$ streamer --follow --batches 2 --from {dir}/a.log --tick x count
> 1970-01-01T00:00:01.000Z\t1
+ a.log 2
+ a.log 3
+ a.log x
@ 100ms
> 1970-01-01T00:00:02.000Z\t2
.

# --follow: the other side of a join, as any stream
+ a.csv id,n
+ a.csv ann,1
$ streamer --batches 1 --batch 1s map '$1 AS id' then join 'file:{dir}/a.csv?follow=true' --on id
< ann
+ a.csv ann,2
@ 100ms
@ 900ms
> ann\t1
> ann\t2
.

