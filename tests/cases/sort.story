# sort: rows of each batch in order of a field, each batch by itself (SPARK 3: transform, sortBy)
$ streamer sort $2
< a 10
< b 9
@ 1s
> b 9
> a 10
< c 1
.
> c 1

# sort: nulls, then numbers by value, then text by bytes
$ streamer sort $2
< a b
< b B
< c 10
< d -1
< e
< f 9.5
< g Z
.
> e
> d -1
> f 9.5
> c 10
> b B
> g Z
> a b

# sort :desc turns all of it round
$ streamer sort $2:desc
< a b
< b B
< c 10
< d -1
< e
< f 9.5
< g Z
.
> a b
> g Z
> b B
> c 10
> f 9.5
> d -1
> e

# sort: several keys, the second only where the first is equal
$ streamer sort $1:desc,$2
< a 2
< b 2
< a 1
< b 1
.
> b 1
> b 2
> a 1
> a 2

# sort: ties fall to the record order, also with :desc
$ streamer sort $1:desc
< 1 a
< 1 b
< 2 c
< 1 d
.
> 2 c
> 1 a
> 1 b
> 1 d

# sort: numbers of one value are a tie, whatever their bytes: the next key decides
$ streamer sort $1,$2
< 1.0 c
< 1 b
< 1e0 a
.
> 1e0 a
> 1 b
> 1.0 c

# sort of aggregated rows keeps their columns and their time
$ streamer wordcount then sort count:desc,word --batch 1s
< b a c b
@ 1s
> 1970-01-01T00:00:01.000Z\tb\t2
> 1970-01-01T00:00:01.000Z\ta\t1
> 1970-01-01T00:00:01.000Z\tc\t1
@ 1s
.

# sort by two nearly equal numbers that a float could not tell apart
$ streamer sort line
< 9007199254740993
< 9007199254740992
< 9007199254740994
.
> 9007199254740992
> 9007199254740993
> 9007199254740994

# sort without a key is a usage error
$ streamer sort
.
! streamer: sort: KEY[:asc|:desc],… is missing
! usage: streamer sort <KEY[:asc|:desc],…>
! see: streamer sort --help
? 2

# sort by an empty key is a usage error
$ streamer sort $1,
.
! streamer: sort needs a column in each place of `$1,`: write names with a comma between them, and quote $1: '$1:desc'
! see: streamer sort --help
? 2

# sort by a column that does not exist is a usage error with the nearest name
$ streamer wordcount then sort cuont
.
! streamer: sort: there is no column `cuont` here, the columns are: word, count; did you mean count?
! see: streamer sort --help
? 2

