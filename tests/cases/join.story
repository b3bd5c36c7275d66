# join: each row beside the rows of the table with the same key, in the order of the table; a clash gets _2
+ users.txt bob Bob Dylan
+ users.txt eve Eve Harris
+ users.txt bob Bob Hope
$ streamer join {dir}/users.txt --on $1 --out csv --batch 1s
< eve login
> line,line_2
> eve login,eve Eve Harris
< max login
< bob logout
> bob logout,bob Bob Dylan
> bob logout,bob Bob Hope
@ 1s
.

# join --kind left: rows without a match are kept; nulls never join, the empty text neither
+ users.txt eve Eve Harris
+ users.txt
$ streamer join {dir}/users.txt --on $1 --kind left --out json --batch 1s
< eve login
> {"line":"eve login","line_2":"eve Eve Harris"}
<
> {"line":"","line_2":null}
< max login
> {"line":"max login","line_2":null}
@ 1s
.

# join --kind right: rows of the table without a match come last, by key, in every batch, the empty one too
+ users.txt eve Eve Harris
+ users.txt 10 Ten
+ users.txt 9 Nine
+ users.txt 09 Nine again
+ users.txt
$ streamer words then join {dir}/users.txt --on word=$1 --kind right --out csv --batch 1s
< max eve 9 eve
@ 1s
> word,line
> eve,eve Eve Harris
> 9,9 Nine
> eve,eve Eve Harris
> ,""
> 09,09 Nine again
> 10,10 Ten
@ 1s
> ,""
> 09,09 Nine again
> 9,9 Nine
> 10,10 Ten
> eve,eve Eve Harris
.

# join --kind full: both, the key of a row of the table in the column of the stream
+ users.txt eve Eve Harris
+ users.txt bob Bob Dylan
$ streamer count --by $1 then join {dir}/users.txt --on $1 --kind full --batch 1s
< max login
< eve login
@ 1s
> 1970-01-01T00:00:01.000Z\teve\t1\teve Eve Harris
> 1970-01-01T00:00:01.000Z\tmax\t1\t
> 1970-01-01T00:00:01.000Z\tbob\t\tbob Bob Dylan
.

# join: a file that changes is read again for the next batch, not within one
+ users.txt eve Eve Harris
$ streamer join {dir}/users.txt --on $1 --batch 1s
< eve 1
> eve 1\teve Eve Harris
+ users.txt eve Second Eve
+ users.txt max Max
< max 2
< eve 3
> eve 3\teve Eve Harris
@ 1s
< max 4
> max 4\tmax Max
< eve 5
> eve 5\teve Eve Harris
> eve 5\teve Second Eve
@ 1s
.

# join --kind right: the same, with the version of the first row of the batch
+ users.txt eve Eve Harris
$ streamer words then join {dir}/users.txt --on word=$1 --kind right --batch 1s
< max
+ users.txt max Max
@ 1s
> eve\teve Eve Harris
< max
@ 1s
> max\tmax Max
> eve\teve Eve Harris
.

# join: a table that does not fit any more ends the run
+ users.txt eve Eve
$ streamer join {dir}/users.txt --on $1 --batch 1s --max-record 10B
< eve 1
> eve 1\teve Eve
+ users.txt max
+ users.txt maximilian Maximilian
@ 1s
< max 2
! streamer: join: {dir}/users.txt, line 3: the record is longer than --max-record (10 bytes); every record of a table must fit: correct it, or leave it out; its files are looked at for each batch: put a new version in place with mv
.
? 1

# join: columns that are named behind it, of the stream and of the table, and a second table
+ users.txt eve Eve
+ towns.txt Eve Paris
$ streamer join {dir}/users.txt --on $1 then join {dir}/towns.txt --on line_2=line --kind left then count --by $2,line_2 --batch all
< eve login
< eve logout
.
> login\teve Eve\t1
> logout\teve Eve\t1

# join: two keys, equal by bytes; null in one of them is no key
+ table.txt a 7
+ table.txt a 07
+ table.txt b
$ streamer join {dir}/table.txt --on $1,$2 --batch all
< a 07
> a 07\ta 07
< b
< a 7.0
.

# join: a glob of files, in order of name
+ b.part eve second
+ a.part eve first
$ streamer join {dir}/*.part --on $1 --batch all
< eve
> eve\teve first
> eve\teve second
.

# join: what is printed is a row of columns, not the record
+ users.txt eve Eve
$ streamer grep e then join {dir}/users.txt --on $1 then sort line_2 --out tsv --batch all
< eve login
.
> line\tline_2
> eve login\teve Eve

# join: a table that is not there is a failure before anything runs
$ streamer join {dir}/none.txt --on $1
.
! streamer: cannot read {dir}/none.txt: no such file or directory
? 1
$ streamer join {dir} --on $1
.
! streamer: cannot read {dir}: it is a directory, not a file; to join with the files in it: '{dir}/*'
? 1
$ streamer join {dir}/none*.txt --on $1
.
! streamer: no file matches {dir}/none*.txt
? 1

# join: columns and kinds of sources that are not there are usage errors
+ users.txt eve Eve
$ streamer join {dir}/users.txt --on line=lime
.
! streamer: join: {dir}/users.txt: there is no column `lime` here, the columns are: line; did you mean line?
! see: streamer join --help
? 2
$ streamer join {dir}/users.txt --on lime=line
.
! streamer: join: there is no column `lime` here, the columns are: line; did you mean line?
! see: streamer join --help
? 2
$ streamer join {dir}/users.txt --on $1 then count --by line_3
.
! streamer: count: there is no column `line_3` here, the columns are: line, line_2; did you mean line_2 or line?
! see: streamer count --help
? 2
$ streamer join {dir}/users.txt
.
! streamer: join: --on KEYS is missing
! usage: streamer join [OPTIONS] --on <KEYS> <SOURCE>
! see: streamer join --help
? 2
$ streamer join fiel:users.txt --on $1
.
! streamer: join: fiel:users.txt: there is no kind of source `fiel:`; did you mean `file:`? (a file of that name: ./fiel:users.txt)
! see: streamer join --help
? 2

# join with csv: columns by name, a clash gets _2, and only needed columns of either side are cut
+ users.csv id,name,town
+ users.csv 7,Eve,Paris
+ users.csv 8,"Bob, or ""Rob""",Rome
+ logins.csv user,town
+ logins.csv 7,Oslo
+ logins.csv 07,Bonn
+ logins.csv 8,Rome
$ streamer --from {dir}/logins.csv join {dir}/users.csv --on user=id --kind full --out csv
.
> user,town,name,town_2
> 7,Oslo,Eve,Paris
> 07,Bonn,,
> 8,Rome,"Bob, or ""Rob""",Rome
$ streamer --from {dir}/logins.csv join {dir}/users.csv --on user=id then filter 'town = town_2' then map 'name, town'
.
> Bob, or "Rob"\tRome
$ streamer --from {dir}/logins.csv join {dir}/users.csv --on user=id then count --by town_2
.
> Paris\t1
> Rome\t1
$ streamer --shards 4 --from {dir}/logins.csv join {dir}/users.csv --on user=id then filter 'name = "Eve"' then map 'town' --explain
.
> chain    join {dir}/users.csv --on 'user=id' then filter 'name = "Eve"' then map town
> batches  one, at the end of the input
> shards   4
> input    {dir}/logins.csv: columns user, town
> stage 0  one pass over each block as it comes, by any shard
>   join       gives name, town; keeps the table {dir}/users.csv, of its columns those that are needed
>   filter     gives town
>   map        gives all that is printed
> output   standard output
$ streamer --from {dir}/logins.csv join {dir}/users.csv --on user=uid
.
! streamer: {dir}/users.csv: there is no column `uid` here, the columns are: id, name, town; did you mean id?; if the file has no header line: ?in=csv&header=a,b behind it
? 1
$ streamer --from {dir}/logins.csv join {dir}/users.csv --on user=id then count --by twon
.
! streamer: {dir}/logins.csv: count: there is no column `twon` here, the columns are: user, town; did you mean town?; if the file has no header line: --header a,b
? 1

# join with csv: a record that does not fit is named by file and line; a file without a header tells nothing
+ users.csv id,name
+ users.csv 7,Eve
+ users.csv 8,Bob,Rome
+ empty.csv
$ streamer join {dir}/users.csv --on $1=id --batch all
< 7
! streamer: join: {dir}/users.csv, line 3: 3 fields where the header has 2; every record of a table must fit: correct it, or leave it out
.
? 1
$ streamer join {dir}/empty.csv --on $1=id --batch all
.
! streamer: cannot join with {dir}/empty.csv: nothing tells its columns, because it is empty; give it a header or a first record
? 1

# join: the format is that of --in, or in the spelling, with a header
+ users 7,Eve
+ users 8,Bob
$ streamer join 'file:{dir}/users?in=csv&header=id,name' --on '$1=id' --batch all
< 8 x
> 8 x\tBob
.
$ streamer --in csv join {dir}/users --on 7 --out csv --batch all
< 7,x
< 8,y
> 7,x,Eve
> 8,y,Bob
.

# join with json: the columns are those of the first object
+ users.json {"id": 7, "name": "Eve"}
+ users.json {"id": 8, "town": "Rome"}
$ streamer --in json join {dir}/users.json --on user=id --kind left --batch all --out json
< {"user": 8, "n": 1}
> {"user":8,"n":1,"name":null}
< {"user": 7, "n": 2}
> {"user":7,"n":2,"name":"Eve"}
.

# join: nested values of a table are JSON in its columns, too
+ users.json {"id": 7, "tags": ["a", true]}
$ streamer join {dir}/users.json --on $1=id --batch all --out json
< 7
> {"line":"7","tags":["a", true]}
.

# join: a table has its header in its own spelling
+ users.csv 7,Eve
$ streamer join {dir}/users.csv --on $1=id --batch all
.
! streamer: {dir}/users.csv: there is no column `id` here, the columns are: 7, Eve; if the file has no header line: ?in=csv&header=a,b behind it
? 1
$ streamer join 'file:{dir}/users.csv?header=id,name' --on $1=id --batch all
< 7
> 7\tEve
.

# join behind a window: all of it sees the version of the table at its own time, also rows that came before
+ users.txt eve Eve
$ streamer --batch 1s window 2s then join {dir}/users.txt --on $1 then count --by $1,line_2
< eve 1
< max 2
@ 1s
> 1970-01-01T00:00:01.000Z\teve\teve Eve\t1
+ users.txt max Max
@ 1s
> 1970-01-01T00:00:02.000Z\teve\teve Eve\t1
> 1970-01-01T00:00:02.000Z\tmax\tmax Max\t1
@ 1s
.
$ streamer --batch 1s window all then join {dir}/users.txt --on $1 then count --by $1
.
! streamer: join: `window all` stands before an aggregate, which is kept up to date: count, agg, reduce, distinct or top; rows and batches are not kept for ever: use a length, such as window 1h
! see: streamer join --help
? 2

# join --kind right: the borders of the batch behind it, also of rows that only the table has
+ users.txt eve Eve
$ streamer words then set 'v = window_start' then join {dir}/users.txt --on word=$1 --kind right --batch 1s then count --by window_end
< max
@ 1s
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:01.000Z\t1
.

