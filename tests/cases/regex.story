# regex: named groups are columns, in the order of the pattern; what does not match is bad
$ streamer --in regex:(?<level>[A-Z]+): (?<msg>.*) head 9 --out csv
< ERROR: disk full
< 2026-01-01 INFO: all is "well"
< nothing of the kind
< WARN: 
< 7 UPPER
.

# regex: the command of the README: how many messages of a level
+ pg.log ERROR: a
+ pg.log FATAL: b
+ pg.log ERROR: c
$ streamer --from {dir}/pg.log --in regex:(?<level>[A-Z]+): (?<msg>.*) count --by level
.

# regex: text prints the records as they are, `line` and fields are there beside the groups
$ streamer --in regex:user=(?P<user>\w+) count --by user,$2 --batch all
< login user=a
< logout user=a
< login user=a
.

# regex: a group that took no part is null, and so is an empty match
$ streamer --in regex:^(?<a>x*)(?<b>y)?$ grep '' --out json
< x
< y
<
.

# regex: bytes that are no UTF-8 are kept
$ streamer --in regex:^(?<k>\w+)=(?<v>.*)$ grep '' then count --by v --batch all
< a=\xff\xfe
< b=\xc3\xa9
.

# regex --strict
$ streamer --in regex:(?<a>x) --strict count --batch all
< y
.

# regex --bad FILE: what does not match is kept, and can be read again
+ bad.txt old
$ streamer --in regex:(?<a>x) --bad {dir}/bad.txt count --batch all
< x
< y
.

# regex: records end in NUL
$ streamer -0 --in regex:(?s)^(?<first>.)(?<rest>.*)$ head 2 --out json
< ab
< c\x00d\x00
.

# regex: a pattern that does not compile
$ streamer --in regex:(?<a>x count
.

# regex: a pattern without named groups
$ streamer --in regex:(x) count
.

# regex: no pattern
$ streamer --in regex count
.

# regex: an unknown column
$ streamer --in regex:(?<level>x) count --by levle
.
