# bytes are bytes: invalid UTF-8, NUL, CRLF and a byte-order mark survive
$ streamer grep ''
< \xef\xbb\xbfa\xff\0b\r
> ﻿a\xff\0b\r
.

# -0: records end in NUL, newlines are part of them; what is printed ends in a newline
$ streamer -0 grep b
<< a\nb\0c\0b
> a
> b
.
> b

# -0 with count and fields: a newline is white space between fields
$ streamer -0 count --by $2 --batch all
<< a\nb\0c b\0
.
> b\t2

# CRLF: the carriage return is white space between fields, so it is no part of the last one
$ streamer count --by $2 --batch all
< a b\r
< a b
.
> b\t2

# a byte-order mark is part of the first field
$ streamer count --by $1 --batch all
< \xef\xbb\xbfa
< a
.
> a\t1
> ﻿a\t1

# empty lines are records
$ streamer count --by line --batch all
<
<
.
> \t2

# -0: an empty record is a record
$ streamer -0 count --batch all
<< \0\0a
.
> 3

# --out json: bytes that are no UTF-8 are replaced, control characters are escaped
$ streamer grep '' --out json
< a\xffb\0c"\\d\r
> {"line":"a�b\\u0000c\\"\\\\d\\r"}
.

