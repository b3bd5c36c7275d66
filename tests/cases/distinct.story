# distinct: the first row of each key of a batch, in record order; each batch begins anew (SPARK 3: transform)
$ streamer distinct --batch 1s
< b
< a
< b
@ 1s
> b
> a
< b
@ 1s
> b
@ 1s
.

# distinct: rows are equal by bytes
$ streamer distinct
< 7
< 07
< 7.0
< 7
< 7\x20
< A
< a
.
> 7
> 07
> 7.0
> 7
> A
> a

# distinct --by: the whole first row of each key is kept
$ streamer distinct --by $1
< ann login
< bob login
< ann logout
.
> ann login
> bob login

# distinct --by of several columns: the key is all of them, and where one ends matters
$ streamer distinct --by $1,$2
< a bc 1
< ab c 2
< a bc 3
.
> a bc 1
> ab c 2

# distinct: nulls are one key, and a missing field is null
$ streamer distinct --by $2
< a
< b x
< c
< d x
.
> a
> b x

# distinct behind words counts different words (SPARK 3: distinct)
$ streamer words then distinct then count --batch 1s
< to be or not to be
@ 1s
> 1970-01-01T00:00:01.000Z\t4
@ 1s
> 1970-01-01T00:00:02.000Z\t0
.

# distinct --by of a column that is not there is a usage error with the nearest name
$ streamer words then distinct --by wrod
.
! streamer: distinct: there is no column `wrod` here, the columns are: word; did you mean word?
! see: streamer distinct --help
? 2

