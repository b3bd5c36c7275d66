# --to PATH: appended to, the extension chooses the format, a csv header only at the start of the file
+ out.csv window_end,count
$ streamer --to {dir}/out.csv count --batch 1s
< a
@ 1s
@ 1s
.
$ streamer --from 'file:{dir}/out.csv?in=text' grep ''
.
> window_end,count
> 1970-01-01T00:00:01.000Z,1
> 1970-01-01T00:00:02.000Z,0

# --to PATH: a new file gets its csv header, rows or not
$ streamer --to {dir}/out.csv wordcount --batch 1s
.
$ streamer --from 'file:{dir}/out.csv?in=text' grep ''
.
> window_end,word,count

# --to PATH: its extension wins over --out, which holds for the others
$ streamer --to {dir}/out.csv --to - --out json words
< a
> {"word":"a"}
.
$ streamer --from 'file:{dir}/out.csv?in=text' grep ''
.
> word
> a

# --to twice: every row goes to each
$ streamer --to - --to {dir}/out.json words
< a b
> a
> b
.
$ streamer --from {dir}/out.json grep ''
.
> {"word":"a"}
> {"word":"b"}

# --to twice the same sink: each row is written twice, behind one header
$ streamer --to - --to - --out csv wordcount --batch all
< a
.
> word,count
> a,1
> a,1

# templates: one file a batch, none for an empty batch; every name that they know
$ streamer --to {dir}/{batch}_{start_ms}_{end_ms}.csv count --by line --batch 1s
< a
@ 1s
@ 1s
< b
@ 1s
.
$ streamer --from 'file:{dir}/0_0_1000.csv?in=text' --from 'file:{dir}/2_2000_3000.csv?in=text' grep ''
.
> window_end,line,count
> 1970-01-01T00:00:01.000Z,a,1
> window_end,line,count
> 1970-01-01T00:00:03.000Z,b,1
$ streamer --from 'file:{dir}/1_1000_2000.csv?in=text' grep ''
.
! streamer: cannot read {dir}/1_1000_2000.csv: no such file or directory
? 1

# templates: {start} and {end} are compact times
* 2026-11-20T09:00:00Z
$ streamer --to {dir}/{start}-{end}.txt count --batch 1s
@ 1s
.
$ streamer --from {dir}/20261120T090000.000Z-20261120T090001.000Z.txt grep ''
.
> 2026-11-20T09:00:01.000Z\t0

# templates: an existing file is never replaced, the name gets -2
+ 0.txt before
$ streamer --to {dir}/{batch}.txt words --batch all
< a
.
$ streamer --from {dir}/0.txt --from {dir}/0-2.txt grep ''
.
> before
> a

# templates: an unknown name is a usage error with the nearest one
$ streamer --to {dir}/{batsch}.txt words
.
! streamer: `{dir}/{batsch}.txt` is no template of a file: `{batsch}` is unknown, did you mean {batch}?; there are {start} {end} {start_ms} {end_ms} {batch} (file:PATH takes braces as they are)
! see: streamer --help
? 2

# tee: a copy of the rows as they are at this point, beside the result
$ streamer words then tee {dir}/words.txt then count --by word --batch 1s
< a b a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t2
> 1970-01-01T00:00:01.000Z\tb\t1
.
$ streamer --from {dir}/words.txt grep ''
.
> a
> b
> a

# tee of aggregated rows to a csv file: header and time
$ streamer wordcount then tee {dir}/all.csv then top 1 count --batch 1s
< a b a
@ 1s
> 1970-01-01T00:00:01.000Z\ta\t2
.
$ streamer --from 'file:{dir}/all.csv?in=text' grep ''
.
> window_end,word,count
> 1970-01-01T00:00:01.000Z,a,2
> 1970-01-01T00:00:01.000Z,b,1

# tee -: copies stand before the result of their batch
$ streamer tee - then count --batch 1s
< a
> a
< b
> b
@ 1s
> 1970-01-01T00:00:01.000Z\t2
.

# the same sink for rows of different columns is a usage error where a header tells them apart
$ streamer --out csv tee - then count
.
! streamer: standard output would get rows of different columns: write them to different sinks
! see: streamer --help
? 2

# --to exec: a process for each batch, the empty one too, with the window in its environment
$ streamer --batch 1s --to "exec:sh -c '{ echo $STREAMER_BATCH $STREAMER_WINDOW_START $STREAMER_WINDOW_END; cat; } >> {dir}/x'" words
< a b
@ 1s
@ 1s
.
$ streamer --from {dir}/x grep ''
.
> 0 1970-01-01T00:00:00.000Z 1970-01-01T00:00:01.000Z
> a
> b
> 1 1970-01-01T00:00:01.000Z 1970-01-01T00:00:02.000Z

# --to exec: a process that fails ends the run with status 1
$ streamer --batch all --to "exec:sh -c 'cat >/dev/null; exit 3'" words
< a
.
! streamer: exec:sh -c 'cat >/dev/null; exit 3' failed with exit status 3
? 1

# --to a directory that is not there
$ streamer --to {dir}/no/out.csv words
.
! streamer: cannot write to {dir}/no/out.csv: there is no directory {dir}/no, make it first
? 1

