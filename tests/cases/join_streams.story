# join with a stream: batch by batch, the rows of the very same batch meet; what comes a batch later meets nothing (SPARK 6: stream-stream inner)
+ left a 1
+ left b 2
+ left --
+ left c 3
+ left --
+ right a one
+ right a uno
+ right c too early
+ right --
+ right b too late
+ right c three
+ right --
$ streamer --tick ^--$ --from {dir}/left join 'exec:cat {dir}/right' --on $1 --time end
.
> 1970-01-01T00:00:01.000Z\ta 1\ta one
> 1970-01-01T00:00:01.000Z\ta 1\ta uno
> 1970-01-01T00:00:02.000Z\tc 3\tc three

# join with a stream, left: rows without a match stay where they are (SPARK 6: leftOuterJoin)
+ left a 1
+ left b 2
+ left
+ left --
+ left c 3
+ right a one
+ right
+ right --
+ right b too late
$ streamer --tick ^--$ --from {dir}/left join 'exec:cat {dir}/right' --on $1 --kind left --time end --out csv
.
> window_end,line,line_2
> 1970-01-01T00:00:01.000Z,a 1,a one
> 1970-01-01T00:00:01.000Z,b 2,
> 1970-01-01T00:00:01.000Z,"",
> 1970-01-01T00:00:02.000Z,c 3,

# join with a stream, right: rows of the right without a match stand last, by key, nulls first, their key in the left's column (SPARK 6: rightOuterJoin)
+ left a,1
+ left 9,2
+ left --
+ left a,3
+ right zoe,z
+ right 10,ten
+ right 9,nine
+ right ,nobody
+ right 09,other
+ right --
+ right b,bee
$ streamer --tick ^--$ --from {dir}/left --in csv --header id,n join 'exec?in=csv&header=id,name:cat {dir}/right' --on id --kind right --time end
.
> 1970-01-01T00:00:01.000Z\t9\t2\tnine
> 1970-01-01T00:00:01.000Z\t\t\tnobody
> 1970-01-01T00:00:01.000Z\t09\t\tother
> 1970-01-01T00:00:01.000Z\t10\t\tten
> 1970-01-01T00:00:01.000Z\tzoe\t\tz
> 1970-01-01T00:00:02.000Z\tb\t\tbee

# join with a stream, full: both; a side without rows is an empty side, in every batch (SPARK 6: fullOuterJoin, SPARK 2: batches without data)
+ left a,1
+ left --
+ left b,2
+ left --
+ left --
+ left --
+ right --
+ right b,bee
+ right --
+ right c,cee
+ right --
+ right --
$ streamer --tick ^--$ --from {dir}/left --in csv --header id,n join 'exec?in=csv&header=id,name:cat {dir}/right' --on id --kind full --time end
.
> 1970-01-01T00:00:01.000Z\ta\t1\t
> 1970-01-01T00:00:02.000Z\tb\t2\tbee
> 1970-01-01T00:00:03.000Z\tc\t\tcee
$ streamer --tick ^--$ --from {dir}/left --in csv --header id,n join 'exec?in=csv&header=id,name:cat {dir}/right' --on id then count
.
> 1970-01-01T00:00:01.000Z\t0
> 1970-01-01T00:00:02.000Z\t1
> 1970-01-01T00:00:03.000Z\t0
> 1970-01-01T00:00:04.000Z\t0

# join with a stream: a source that never ticks is in the first batch with all it has; the others go on
+ left a,1
+ left --
+ left a,2
+ left --
+ right a,x
$ streamer --tick ^--$ --from {dir}/left --in csv --header id,n join 'exec?in=csv&header=id,name:cat {dir}/right' --on id --kind left --time end
.
> 1970-01-01T00:00:01.000Z\ta\t1\tx
> 1970-01-01T00:00:02.000Z\ta\t2\t

# join over windows: what each window holds of both; a pair comes again with each window that holds both (SPARK 6: windowed join)
+ left a 1
+ left --
+ left b 2
+ left --
+ left a 3
+ left --
+ right b early
+ right --
+ right a one
+ right --
+ right --
$ streamer --tick ^--$ --from {dir}/left window 2s then join 'exec:cat {dir}/right' --on $1 --time both
.
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:02.000Z\ta 1\ta one
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:02.000Z\tb 2\tb early
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:03.000Z\ta 3\ta one
$ streamer --tick ^--$ --from {dir}/left window 2s then join 'exec:cat {dir}/right' --on $1 --kind full --time both
.
> 1969-12-31T23:59:59.000Z\t1970-01-01T00:00:01.000Z\ta 1\t
> 1969-12-31T23:59:59.000Z\t1970-01-01T00:00:01.000Z\t\tb early
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:02.000Z\ta 1\ta one
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:02.000Z\tb 2\tb early
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:03.000Z\tb 2\t
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:03.000Z\ta 3\ta one

# join over windows: a slide that is longer than the window leaves rows of both sides out; the end fires it once more
+ left a 1
+ left --
+ left a 2
+ left --
+ left a 3
+ left --
+ left a 4
+ left --
+ right a one
+ right --
+ right a two
+ right --
+ right a three
+ right --
+ right a four
$ streamer --tick ^--$ --from {dir}/left window 1s --every 3s then join 'exec:cat {dir}/right' --on $1 --time both
.
> 1970-01-01T00:00:02.000Z\t1970-01-01T00:00:03.000Z\ta 3\ta three
$ streamer --tick ^--$ --from {dir}/left window 2s --every 2s then join 'exec:cat {dir}/right' --on $1 --time both
.
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:02.000Z\ta 1\ta one
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:02.000Z\ta 1\ta two
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:02.000Z\ta 2\ta one
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:02.000Z\ta 2\ta two
> 1970-01-01T00:00:02.000Z\t1970-01-01T00:00:04.000Z\ta 3\ta three
> 1970-01-01T00:00:02.000Z\t1970-01-01T00:00:04.000Z\ta 3\ta four
> 1970-01-01T00:00:02.000Z\t1970-01-01T00:00:04.000Z\ta 4\ta three
> 1970-01-01T00:00:02.000Z\t1970-01-01T00:00:04.000Z\ta 4\ta four

# join behind a window and an aggregate: the right is that of the window, each record once
+ left a
+ left a
+ left b
+ left --
+ left a
+ left --
+ right a x
+ right --
+ right b y
+ right --
$ streamer --tick ^--$ --from {dir}/left window 2s then count --by line then join 'exec:cat {dir}/right' --on line=$1 --kind left
.
> 1970-01-01T00:00:01.000Z\ta\t2\ta x
> 1970-01-01T00:00:01.000Z\tb\t1\t
> 1970-01-01T00:00:02.000Z\ta\t3\ta x
> 1970-01-01T00:00:02.000Z\tb\t1\tb y

# join over a window of windows: the last window tells how much of the right counts
+ left a
+ left --
+ left --
+ left --
+ left --
+ right a 1
+ right --
+ right a 2
+ right --
+ right a 3
+ right --
+ right a 4
+ right --
$ streamer --tick ^--$ --from {dir}/left window 2s then count --by line then window 3s --every 2s then join 'exec:cat {dir}/right' --on line=$1 --time both
.
> 1969-12-31T23:59:59.000Z\t1970-01-01T00:00:02.000Z\ta\t1\ta 1
> 1969-12-31T23:59:59.000Z\t1970-01-01T00:00:02.000Z\ta\t1\ta 2
> 1969-12-31T23:59:59.000Z\t1970-01-01T00:00:02.000Z\ta\t1\ta 1
> 1969-12-31T23:59:59.000Z\t1970-01-01T00:00:02.000Z\ta\t1\ta 2
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:04.000Z\ta\t1\ta 2
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:04.000Z\ta\t1\ta 3
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:04.000Z\ta\t1\ta 4

# join of three streams, and an aggregate of the pairs
+ left a,1
+ left b,2
+ left --
+ left a,3
+ names a,Ann
+ names b,Bob
+ names --
+ names a,Anna
+ towns Ann,Rome
+ towns Bob,Oslo
+ towns --
+ towns Anna,Bonn
$ streamer --tick ^--$ --from {dir}/left --in csv --header id,n join 'exec?in=csv&header=id,name:cat {dir}/names' --on id then join 'exec?in=csv&header=name,town:cat {dir}/towns' --on name then agg 'sum(n) AS n, max(name) AS name' --by town
.
> 1970-01-01T00:00:01.000Z\tOslo\t2\tBob
> 1970-01-01T00:00:01.000Z\tRome\t1\tAnn
> 1970-01-01T00:00:02.000Z\tBonn\t3\tAnna

# join: cogroup is a full join of what was collected (SPARK 3: cogroup)
+ left a,1
+ left a,2
+ left b,3
+ right a,x
+ right c,y
+ right c,z
$ streamer --batch all --from {dir}/left --in csv --header k,x agg 'collect_list(x) AS xs' --by k then join 'exec?in=csv&header=k,y:cat {dir}/right' --on k --kind full then agg 'first(xs) AS xs, collect_list(y) AS ys' --by k --out json
.
> {"k":"a","xs":[1,2],"ys":["x"]}
> {"k":"b","xs":[3],"ys":[]}
> {"k":"c","xs":null,"ys":["y","z"]}

# join with a stream: a clash gets _2; the header of a csv stream tells its columns, and only needed ones are cut
+ left id,town
+ left 7,Oslo
+ right.csv id,name,town
+ right.csv 7,Eve,Paris
$ streamer --from {dir}/left --in csv --batch all join 'exec:cat {dir}/right.csv' --on id --out csv
.
> id,town,name,town_2
> 7,Oslo,Eve,Paris
$ streamer --from {dir}/left --in csv --batch all join 'exec:cat {dir}/right.csv' --on id then filter 'town <> town_2' then map 'name'
.
> Eve
$ streamer --from {dir}/left --in csv --batch all join 'exec:cat {dir}/right.csv' --on id then map 'name' --explain --shards 2
.
> chain    join 'exec:cat {dir}/right.csv' --on id then map name
> batches  one, at the end of the input
> shards   2
> input    {dir}/left: columns id
> input    exec:cat {dir}/right.csv: columns id, name; read to be joined with
> stage 0  one pass over each block as it comes, by any shard
>   join       gives name; keeps the rows of the batch, and those of exec:cat {dir}/right.csv of the batch
> stage 1  on what was kept, until what it is joined with is complete: all rows of the batch, in order
>   map        gives all that is printed
> output   standard output
$ streamer --from {dir}/left --in csv --batch all join 'exec:cat {dir}/right.csv' --on id then map 'nmae'
.
! streamer: {dir}/left: map: there is no column `nmae` here, the columns are: id, town; if the file has no header line: --header a,b
? 1
$ streamer --from {dir}/left --in csv --batch all join 'exec:cat {dir}/right.csv' --on id=uid
.
! streamer: exec:cat {dir}/right.csv: there is no column `uid` here, the columns are: id, name, town; did you mean id?; if the file has no header line: ?in=csv&header=a,b behind it
? 1

# join with a json stream: the columns are those of its first object
+ left 7 login
+ left 8 logout
+ right {"id": 7, "name": "Eve", "tags": ["a", {"b": null}]}
+ right {"id": 8, "town": "Rome"}
$ streamer --from {dir}/left --batch all join 'exec?in=json:cat {dir}/right' --on $1=id --out json
.
> {"line":"7 login","name":"Eve","tags":["a", {"b": null}]}
> {"line":"8 logout","name":null,"tags":null}

# join with a stream: a record that does not fit is left out and named by its source and line; --strict makes it an error
+ left 7,x
+ right 7,Eve
+ right 8,Bob,Rome
+ right 7,Eva
$ streamer --from {dir}/left --in csv --header id,n --batch all join 'exec?in=csv&header=id,name:cat {dir}/right' --on id
.
> 7\tx\tEve
> 7\tx\tEva
! streamer: exec:cat {dir}/right, line 2: 3 fields where --header has 2; it is left out
$ streamer --from {dir}/left --in csv --header id,n --batch all join 'exec?in=csv&header=id,name:cat {dir}/right' --on id --strict
.
! streamer: exec:cat {dir}/right, line 2: 3 fields where --header has 2; without --strict it is left out and counted
? 1

# join with a stream: a source that breaks ends the run (what came of the others by then is given; here it matches nothing)
+ left b 1
$ streamer --from {dir}/left --batch all join 'exec:sh -c "echo a one; exit 3"' --on $1
.
! streamer: `sh -c "echo a one; exit 3"` failed with exit status 3
? 1

# join on the timer: a batch with records of the right only is a batch as any other
$ streamer --batch 1s --batches 3 --from rate:1 join - --on value=$1 --kind full then count --by value
< 0
< 5
@ 1s
> 1970-01-01T00:00:01.000Z\t0\t1
> 1970-01-01T00:00:01.000Z\t5\t1
< 7
@ 1s
> 1970-01-01T00:00:02.000Z\t1\t1
> 1970-01-01T00:00:02.000Z\t7\t1
@ 1s
> 1970-01-01T00:00:03.000Z\t2\t1
.

# join on the timer: standard input on the left, rows that the right makes by the clock
$ streamer --batch 2s --batches 2 join rate:1 --on $1=value --time end
< 0
< 2
< 1
@ 2s
> 1970-01-01T00:00:02.000Z\t0\t1970-01-01T00:00:00.000Z
> 1970-01-01T00:00:02.000Z\t1\t1970-01-01T00:00:01.000Z
< 2
< 2
@ 2s
> 1970-01-01T00:00:04.000Z\t2\t1970-01-01T00:00:02.000Z
> 1970-01-01T00:00:04.000Z\t2\t1970-01-01T00:00:02.000Z
.

# join: a side keeps the rows of a window, and --stats tells of them
+ left a
+ left --
+ left --
+ left --
+ right a 1
+ right a 2
+ right --
+ right --
+ right --
$ streamer --tick ^--$ --from {dir}/left window 2s then join 'exec:cat {dir}/right' --on line=$1 then count --stats {dir}/stats
.
> 1970-01-01T00:00:01.000Z\t2
> 1970-01-01T00:00:02.000Z\t2
> 1970-01-01T00:00:03.000Z\t0
$ streamer --from {dir}/stats --in json map stateRows
.
> 3
> 1
> 0

# join behind a cut by count: only the rows of the very batch, also of one interval
$ streamer --batch 1s,2lines --from exec:true join - --on line=$1 --kind right --time end
< 1
< 2
> 1970-01-01T00:00:01.000Z\t1\t1
> 1970-01-01T00:00:01.000Z\t2\t2
< 3
@ 1s
> 1970-01-01T00:00:01.000Z\t3\t3
< 1
@ 1s
> 1970-01-01T00:00:02.000Z\t1\t1
.

# join: what cannot be is said before anything runs
$ streamer join - --on $1
.
! streamer: standard input is to be read twice, and only one source can have it: --from is - unless it is given; write where the others come from
! see: streamer --help
? 2
$ streamer --from {dir}/none join - --on $1 then join - --on $1
.
! streamer: standard input is to be read twice, and only one source can have it: --from is - unless it is given; write where the others come from
! see: streamer --help
? 2
$ streamer --tick ^--$ join rate:1 --on $1=value
.
! streamer: --tick cannot be used with rate:1: its rows come by the clock
! see: streamer --help
? 2
$ streamer --batch 1s window all then count --by $1 then join tcp://localhost:9 --on $1
.
! streamer: join: behind `window all` a batch is everything since the start, so that every row of tcp://localhost:9 would be kept for ever: join before it: join tcp://localhost:9 --on id then window all then count --by id
! see: streamer join --help
? 2
$ streamer --batch 1s window all then join tcp://localhost:9 --on $1
.
! streamer: join: `window all` stands before an aggregate, which is kept up to date: count, agg, reduce, distinct or top; rows and batches are not kept for ever: use a length, such as window 1h
! see: streamer join --help
? 2
$ streamer join tcp://localhost --on $1
.
! streamer: join: tcp://localhost: this is not of the form tcp://HOST:PORT
! see: streamer join --help
? 2
$ streamer join listen://127.0.0.1:0?in=csv --on $1=id
.
! streamer: join: listen://127.0.0.1:0 gathers many senders, so that csv needs the names of its columns: add ?in=csv&header=a,b behind it
! see: streamer join --help
? 2
$ streamer --once join 'exec?restart=1s:true' --on $1
.
! streamer: --once cannot be used with exec:true: with restart= it never ends
! see: streamer --help
? 2

# join: --explain says what is read to be looked up, and how long it is kept
$ streamer --batch 5s --from tcp://a:1 --in csv window 20s then join 'tcp://b:2?in=csv' --on id --explain --shards 2
.
> chain    window 20s then join 'tcp://b:2?in=csv' --on id
> batches  every 5s
> shards   2
> input    tcp://a:1: columns id
> input    tcp://b:2: columns id; read to be joined with
> stage 0  one pass over each block as it comes, by any shard
>   window     gives all that is printed, id; keeps its rows, of their columns those that are needed
> stage 1  on what was brought together: all rows of the batch, in order
>   join       gives all that is printed; keeps the rows of the batch, and those of tcp://b:2 of the last 20s
> stage 2  on what was kept, until what it is joined with is complete: all rows of the batch, in order
> output   standard output
$ streamer --from tcp://a:1 join tcp://b:2 --on $1 --explain --shards 2
.
> chain    join tcp://b:2 --on '$1'
> batches  every 1s
> shards   2
> input    tcp://a:1: columns line, $1
> input    tcp://b:2: columns line, $1; read to be joined with
> stage 0  one pass over each block as it comes, by any shard
>   join       gives all that is printed; keeps the rows of the batch, and those of tcp://b:2 of the batch
> stage 1  on what was kept, until what it is joined with is complete: all rows of the batch, in order
> output   standard output


# join under --event-time: both sides tell their times, and rows of the same interval meet, however far apart they were read
+ left t,id,n
+ left 1,a,1
+ left 2,b,2
+ left 12,a,3
+ right t,id,w
+ right 3,a,x
+ right 9,b,y
+ right 14,a,z
+ right soon,a,q
+ right 40,c,zz
$ streamer --event-time t --batch 10s --time both --from {dir}/left --in csv join 'exec:cat {dir}/right' --on id --kind full
.
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:10.000Z\t1\ta\t1\t3\tx
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:10.000Z\t2\tb\t2\t9\ty
> 1970-01-01T00:00:10.000Z\t1970-01-01T00:00:20.000Z\t12\ta\t3\t14\tz
> 1970-01-01T00:00:40.000Z\t1970-01-01T00:00:50.000Z\t\tc\t\t40\tzz
! streamer: exec:cat {dir}/right, line 5: it has no time: `t` is `soon`; it is left out
$ streamer --event-time t --batch 10s --time both --from {dir}/left --in csv window 20s then join 'exec:cat {dir}/right' --on id --kind full
.
> 1969-12-31T23:59:50.000Z\t1970-01-01T00:00:10.000Z\t1\ta\t1\t3\tx
> 1969-12-31T23:59:50.000Z\t1970-01-01T00:00:10.000Z\t2\tb\t2\t9\ty
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:20.000Z\t1\ta\t1\t3\tx
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:20.000Z\t1\ta\t1\t14\tz
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:20.000Z\t2\tb\t2\t9\ty
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:20.000Z\t12\ta\t3\t3\tx
> 1970-01-01T00:00:00.000Z\t1970-01-01T00:00:20.000Z\t12\ta\t3\t14\tz
> 1970-01-01T00:00:10.000Z\t1970-01-01T00:00:30.000Z\t12\ta\t3\t14\tz
> 1970-01-01T00:00:30.000Z\t1970-01-01T00:00:50.000Z\t\tc\t\t40\tzz
! streamer: exec:cat {dir}/right, line 5: it has no time: `t` is `soon`; it is left out
$ streamer --event-time t --batch 10s --from {dir}/left --in csv join 'exec:printf "id,w\n1,2\n"' --on id
.
! streamer: exec:printf "id,w\\n1,2\\n": there is no column `t` here, the columns are: id, w; if the file has no header line: ?in=csv&header=a,b behind it
? 1

