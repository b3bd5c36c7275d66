# regex: named groups are columns, in the order of the pattern; what does not match is bad
$ streamer --in 'regex:(?<level>[A-Z]+): (?<msg>.*)' head 9 --out csv
< ERROR: disk full
< 2026-01-01 INFO: all is "well"
< nothing of the kind
! streamer: standard input, line 3: does not match the pattern; it is left out
< WARN: 
< 7 UPPER
! streamer: standard input, line 5: does not match the pattern; it is left out
.
> level,msg
> ERROR,disk full
> INFO,"all is ""well"""
> WARN,

# regex: of a .log file: how many errors of each level
+ pg.log ERROR: a
+ pg.log FATAL: b
+ pg.log ERROR: c
+ pg.log INFO: d
$ streamer --from {dir}/pg.log --in 'regex:(?<level>[A-Z]+): (?<msg>.*)' filter 'level IN ("ERROR", "FATAL")' then count --by level
.
> ERROR\t2
> FATAL\t1

# regex: text prints the records as they are, `line` and fields are there beside the groups
$ streamer --in 'regex:user=(?P<user>\w+)' count --by user,$2 --batch all
< login user=a
< logout user=a
< login user=a
.
> a\tuser=a\t3

# regex: a group that took no part is null, and so is an empty match
$ streamer --in 'regex:^(?<a>x*)(?<b>y)?$' grep '' --out json
< x
> {"a":"x","b":null}
< y
> {"a":null,"b":"y"}
<
> {"a":null,"b":null}
.

# regex: bytes that are no UTF-8 are kept
$ streamer --in 'regex:^(?<k>\w+)=(?<v>.*)$' grep '' then count --by v --batch all
< a=\xff\xfe
< b=\xc3\xa9
.
> é\t1
> \xff\xfe\t1

# regex --strict
$ streamer --in 'regex:(?<a>x)' --strict count --batch all
< y
.
! streamer: standard input, line 1: does not match the pattern; without --strict it is left out and counted
? 1

# regex --bad FILE: what does not match is still told
+ bad.txt old
$ streamer --in 'regex:(?<a>x)' --bad {dir}/bad.txt count --batch all
< x
< y
! streamer: standard input, line 2: does not match the pattern; it is left out
.
> 1

# regex: records end in NUL
$ streamer -0 --in 'regex:(?s)^(?<first>.)(?<rest>.*)$' head 2 --out json
< ab
< c\x00d\x00
.
> {"first":"a","rest":"b\\nc"}
> {"first":"d","rest":null}

# regex: a pattern that does not compile
$ streamer --in 'regex:(?<a>x' count
.
! streamer: regex cannot read the pattern: regex parse error:
!     (?<a>x
!     ^
! error: unclosed group
! see: streamer --help
? 2

# regex: a pattern without named groups
$ streamer --in 'regex:(x)' count
.
! streamer: regex: the pattern `(x)` has no named group, so there are no columns; name what it is to cut out: (?<name>...)
! see: streamer --help
? 2

# regex: no pattern
$ streamer --in regex count
.
! streamer: regex is given no pattern; write it behind a colon, with a name for each column: 'regex:(?<level>[A-Z]+): (?<msg>.*)'
! see: streamer --help
? 2

# regex: an unknown column
$ streamer --in 'regex:(?<level>x)' count --by levle
.
! streamer: count: there is no column `levle` here, the columns are: level; did you mean level?
! see: streamer count --help
? 2

