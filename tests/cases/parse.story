# parse: columns are added beside the others, null where the text does not fit
$ streamer parse regex:(?<level>[A-Z]+): (?<msg>.*) --out csv
< ERROR: a
< no
.

# parse: rows that are records are printed as they are
$ streamer parse combined
< h - - [t] "GET / HTTP/1.0" 200 1
< no
.

# parse: of a column, twice
$ streamer parse regex:(?<level>[A-Z]+): (?<msg>.*) then parse regex:user=(?<user>\w+) msg then count --by level,user --batch all
< ERROR: user=a x
< ERROR: user=a y
< INFO: nobody
.

# parse: a group replaces the column of its name
$ streamer --in regex:(?<msg>.*) parse regex:=(?<msg>.*) msg --out csv
< a=b
< c
.

# parse text: its fields are those of the column
$ streamer parse regex:: (?<msg>.*) then parse text msg then count --by $1 --batch all
< x y: a b
< z: a
.

# parse: behind an aggregate
$ streamer count --by $1 then parse regex:(?<name>[a-z]+) $1 --out csv --batch all
< a1
< b2
.

# parse: the end of the batch is no column of the format
$ streamer parse combined then count --by status,window_end --batch 1s
< h - - [t] "GET /" 200 1
@ 1s
.

# parse: an unknown format, column, and what it could add
$ streamer parse combind
.

# parse: an unknown column of the format
$ streamer parse combined --columns statsu
.

# parse: an unknown column of the row
$ streamer parse combined entry
.
