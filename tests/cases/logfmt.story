# logfmt: columns are keys; a key without a value, or with an empty one, is null
$ streamer --in logfmt --batch all count --by level,msg
< level=info msg="it \\"works\\"\\u00e9" flag
< level=info msg="it \\"works\\"\\u00e9"
< level= msg=""
< msg=a=b level=warn level=error
<
.
> \t\t1
> error\ta=b\t1
> info\tit "works"é\t2

# logfmt: rows are printed as they came
$ streamer --in logfmt --batch all top 1 ms
< ms=9 a="b c"
< ms=10 a=d
.
> ms=10 a=d

# logfmt to json and csv: the keys of the first record are the columns
$ streamer --in logfmt --batch all --out json grep ''
< ms=9 a="b c" obj={"x":1} flag
> {"ms":9,"a":"b c","obj":"{\\"x\\":1}","flag":null}
< a=d new=1
> {"ms":null,"a":"d","obj":null,"flag":null}
.

# logfmt: what does not fit
$ streamer --in logfmt --batch all count --by a
< a="x
! streamer: standard input, line 1: not logfmt: the quote at byte 3 is not closed; it is left out
< a=1 =2
! streamer: standard input, line 2: not logfmt: a value without a key at byte 5; it is left out
< a=2
.
> 2\t1

# logfmt --strict
+ a.logfmt a="x
$ streamer --from {dir}/a.logfmt --strict count
.
! streamer: {dir}/a.logfmt, line 1: not logfmt: the quote at byte 3 is not closed; without --strict it is left out and counted
? 1

# logfmt: a key that no record has
$ streamer --in logfmt --batch all count --by b
< a=1
.
> \t1
! streamer: no record had `b`: it was null everywhere

