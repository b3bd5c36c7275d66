# --in csv: the first line names the columns; quotes, a byte-order mark and CRLF go, empty is null
$ streamer --in csv count --by user --batch all
<< \xef\xbb\xbf"user",clicks\r\n
<< ann,1\r\n
<< "b,b",2\r\n
<< "c ""q""",3\r\n
<< ann,\r\n
<< ,5\r\n
<< "",6\r\n
.
> \t2
> ann\t2
> b,b\t1
> c "q"\t1

# rows that are records: text prints the line as it came
$ streamer --in csv sort clicks:desc --batch all
< user,clicks
< ann,1
< "bob",20
.
> "bob",20
> ann,1

# csv to csv: quoted where need be, a column without a name is its $N, a name that is there twice gets a number
$ streamer --in csv sort x:desc --out csv --batch all
< ,x,x
< a,1,"u,v"
< b,2,"""w"""
.
> $1,x,x_2
> b,2,"""w"""
> a,1,"u,v"

# csv to json: numbers bare, nulls as null
$ streamer --in csv head 5 --out json --batch all
< user,clicks
< ann,1
< "",07
.
> {"user":"ann","clicks":1}
> {"user":null,"clicks":"07"}

# csv to table
$ streamer --in csv head 5 --out table --batch all
< user,clicks
< ann,1
< bob,22
.
> ── 1970-01-01 00:00:00 UTC · 2 rows · 0 records/s ──────────────────────────────
> user  clicks
> ann        1
> bob       22

# a newline in quotes, over several reads and batches
$ streamer --in csv --batch 1s grep a --out json
< id,text
< 1,"a
@ 1s
<< b""
@ 1s
< "
> {"id":1,"text":"a\\nb\\""}
< 2,a
> {"id":2,"text":"a"}
@ 1s
.

# tsv: tabs between fields
$ streamer --in tsv count --by b --batch all
< a\tb
< 1\tx y
< 2\t"x\ty"
.
> x\ty\t1
> x y\t1

# --header: no line of the input is one; $N and line are there as well
$ streamer --in csv --header user,clicks top 1 clicks --out csv --batch all
< ann,1
< bob,2
.
> user,clicks
> bob,2

# $N counts the columns, line is the whole record
$ streamer --in csv count --by '$2,line' --batch all
< a,b
< 1,"x"
.
> x\t1,"x"\t1

# by extension; the sources have their headers in any order
+ a.csv user,clicks
+ a.csv ann,1
+ b.tsv clicks\tuser
+ b.tsv 2\tann
$ streamer --from {dir}/a.csv --from {dir}/b.tsv count --by user
.
> ann\t2

# ?in=csv&header=: the format and the names of one source
+ b ann,1
+ b bob,2
$ streamer --from 'file:{dir}/b?in=csv&header=user,clicks' sort user:desc --out json
.
> {"user":"bob","clicks":2}
> {"user":"ann","clicks":1}

# several files: each has its own header, columns are matched by name
+ a.csv user,clicks
+ a.csv ann,1
+ b.csv clicks,user
+ b.csv 2,bob
$ streamer --from '{dir}/*.csv' head 9 --out csv
.
> user,clicks
> ann,1
> bob,2

# several files: a column that the first does not have would be lost
+ a.csv user,clicks
+ a.csv ann,1
+ b.csv user,clicks,page
+ b.csv bob,2,/x
$ streamer --from '{dir}/*.csv' --shards 1 head 9 --out csv
.
> user,clicks
> ann,1
! streamer: {dir}/b.csv: the header has a column `page` that the first file does not have, so that its values would be lost; give files of other columns a --from of their own, or name the columns in the chain
? 1

# ... but where columns are named it is not asked for
+ a.csv user,clicks
+ a.csv ann,1
+ b.csv page,user,clicks
+ b.csv /x,bob,2
$ streamer --from '{dir}/*.csv' count --by user
.
> ann\t1
> bob\t1

# ragged records are left out and told by line; a header in mid-file too
+ a.csv user,clicks
+ a.csv ann
+ a.csv bob,1
+ a.csv "a
+ a.csv b",1,2
+ a.csv user,clicks
+ a.csv ann,1,2,3
+ a.csv ann,7
$ streamer --from {dir}/a.csv count --by user
.
> ann\t1
> bob\t1
! streamer: {dir}/a.csv, line 2: 1 field where the header has 2; it is left out
! streamer: {dir}/a.csv, line 4: 3 fields where the header has 2; it is left out
! streamer: {dir}/a.csv, line 6: the header again; it is left out
! streamer: 4 bad records were left out

# a quote that is not closed
+ a.csv user,clicks
+ a.csv ann,1
+ a.csv "bob,1
+ a.csv ann,1
$ streamer --from {dir}/a.csv count --by user
.
> ann\t1
! streamer: {dir}/a.csv, line 3: a quote that is not closed; it is left out

# --strict: a record that does not fit ends the run
+ a.csv user,clicks
+ a.csv ann,1
+ a.csv ann
$ streamer --from {dir}/a.csv --strict count --by user
.
! streamer: {dir}/a.csv, line 3: 1 field where the header has 2; without --strict it is left out and counted
? 1

# --bad FILE keeps the records that do not fit, as they came
+ a.csv user,clicks
+ a.csv ann
+ a.csv "b",1
+ a.csv "c",1,"x""y"
$ streamer --from {dir}/a.csv --bad {dir}/bad -q count
.
> 1

# an unknown column, which only the header shows
+ a.csv user,clicks
+ a.csv ann,1
$ streamer --from {dir}/a.csv count --by usr
.
! streamer: {dir}/a.csv: there is no column `usr` here, the columns are: user, clicks; did you mean user?; if the file has no header line: --header a,b
? 1

# an unknown column where all are shown
+ a.csv user,clicks
$ streamer --from {dir}/a.csv sort Clicks --out csv
.
! streamer: {dir}/a.csv: sort: there is no column `Clicks` here, the columns are: user, clicks; it is written `clicks`; if the file has no header line: --header a,b
? 1

# an unknown column that --header shows is a usage error
$ streamer --in csv --header user,clicks count --by usr
.
! streamer: count: there is no column `usr` here, the columns are: user, clicks; did you mean user?
! see: streamer count --help
? 2

# a missing header: the first record is taken for one
+ a.csv ann,1
+ a.csv bob,2
$ streamer --from {dir}/a.csv count --by user
.
! streamer: {dir}/a.csv: there is no column `user` here, the columns are: ann, 1; if the file has no header line: --header a,b
? 1

# an empty input has no columns and no rows
$ streamer --in csv sort user --out csv --batch all
.

# empty lines are no records
$ streamer --in csv count --batch all
<
< user
<
< ann
< \r
< bob
.
> 2

# -0: records end in NUL and may hold line ends
$ streamer --in csv -0 count --by a --batch all
<< a,b\0x\ny,1\0x\ny,2\0
.
> x
> y\t2


# csv: --bad keeps the record at which --strict ends the run
+ a.csv a,b
+ a.csv 1
$ streamer --from {dir}/a.csv --strict --bad {dir}/bad.txt count
.
! streamer: {dir}/a.csv, line 2: 1 field where the header has 2; without --strict it is left out and counted
? 1

# csv: a byte-order mark before a quote that spans lines, however the input is cut into reads
$ streamer --in csv --header a,b --out json --batch all map a
<< \xef\xbb\xbf"one\n
<< more","x"\ny,z\n
> {"a":"one\\nmore"}
> {"a":"y"}
.

