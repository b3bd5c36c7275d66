# parse: columns are added beside the others, null where the text does not fit
$ streamer parse 'regex:(?<level>[A-Z]+): (?<msg>.*)' --out csv
< ERROR: a
> line,level,msg
> ERROR: a,ERROR,a
< no
> no,,
.

# parse: rows that are records are printed as they are
$ streamer parse combined
< h - - [t] "GET / HTTP/1.0" 200 1
> h - - [t] "GET / HTTP/1.0" 200 1
< no
> no
.

# parse: of a column, twice
$ streamer parse 'regex:(?<level>[A-Z]+): (?<msg>.*)' then parse 'regex:user=(?<user>\w+)' msg then count --by level,user --batch all
< ERROR: user=a x
< ERROR: user=a y
< INFO: nobody
.
> ERROR\ta\t2
> INFO\t\t1

# parse: a group replaces the column of its name
$ streamer --in 'regex:(?<msg>.*)' parse 'regex:=(?<msg>.*)' msg --out csv
< a=b
> msg
> b
< c
> ""
.

# parse text: its fields are those of the column
$ streamer parse 'regex:: (?<msg>.*)' then parse text msg then count --by $1 --batch all
< x y: a b
< z: a
.
> a\t2

# parse: behind an aggregate
$ streamer count --by $1 then parse 'regex:(?<name>[a-z]+)' $1 --out csv --batch all
< a1
< b2
.
> $1,count,name
> a1,1,a
> b2,1,b

# parse: the end of the batch is no column of the format
$ streamer parse combined then count --by status,window_end --batch 1s
< h - - [t] "GET /" 200 1
@ 1s
> 1970-01-01T00:00:01.000Z\t200\t1970-01-01T00:00:01.000Z\t1
.

# parse: an unknown format, column, and what it could add
$ streamer parse combind
.
! streamer: parse: there is no format `combind`, the formats are: text, csv, tsv, regex, combined, json, logfmt; did you mean combined?
! see: streamer parse --help
? 2

# parse: an unknown column of the format
$ streamer parse combined --columns statsu
.
! streamer: parse: there is no column `statsu` here, the columns are: host, ident, user, time, method, path, protocol, status, bytes, referer, agent; did you mean status?
! see: streamer parse --help
? 2

# parse: an unknown column of the row
$ streamer parse combined entry
.
! streamer: parse: there is no column `entry` here, the columns are: line
! see: streamer parse --help
? 2

