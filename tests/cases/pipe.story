# pipe: each batch through a child, the empty one too (SPARK 3: mapPartitions; RDD.pipe)
$ streamer --batch 1s pipe -- wc -l
< a
@ 1s
> 1
@ 1s
> 0
.

# pipe: what stands behind the `--` belongs to the command, also a global
$ streamer pipe -- echo --out csv
.
> --out csv

# pipe: rows as --out text prints them, columns joined by a tab, null as nothing
$ streamer --batch all count --by $2,$1 then pipe -- tr '\t' =
< a b
< a
.
> =a=1
> b=a=1

# pipe: its rows have the column line, and the fields of it
$ streamer --batch all pipe -- cat then count --by $2
< a x
< b y
< c x
.
> x\t2
> y\t1

# pipe: a row `line` for each line of its answer, a last one without its end too
$ streamer --batch all --out csv pipe -- printf 'x\ny'
< a
.
> line
> x
> y

# pipe: a child that reads nothing is no error
$ streamer --batch all pipe -- echo done
< a
< b
.
> done

# pipe: a child that fails ends the run with status 1
$ streamer --batch all pipe -- sh -c 'cat; exit 3'
< a
.
! streamer: pipe: the command `sh` failed with exit status 3
? 1

# pipe: a child that a signal ends
$ streamer --batch all pipe -- sh -c 'kill -9 $$'
< a
.
! streamer: pipe: the command `sh` was ended by SIGKILL
? 1

# pipe: a command that does not exist is told before anything runs
$ streamer pipe -- no-such-command-here
.
! streamer: pipe cannot run `no-such-command-here`: there is no such command in PATH
? 1

# pipe: bytes survive
$ streamer --batch all pipe -- cat
< \xff\0\r
<
.
> \xff\0\r
>

