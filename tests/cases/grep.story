# grep: the rows whose line matches, byte for byte, as they come (SPARK 3: filter)
$ streamer grep err
< all well
< error 1
> error 1
<   error\t2  \r
>   error\t2  \r
@ 1s
< no
< err
> err
.

# grep '': every record passes, also empty ones and a last one without its end, which gets one
$ streamer grep ''
< a
> a
<
>
<< b
.
> b

# grep -v: the rows that do not match; together with grep they are all rows
$ streamer grep -v e
< one
< two
> two
<
>
.

# grep -i: upper and lower case are the same, beyond ASCII too
$ streamer grep -i ÄR
< ärger
> ärger
< ÄRGER
> ÄRGER
< arger
.

# grep -F: the pattern is just its characters
$ streamer grep -F a.b
< a.b
> a.b
< axb
.

# grep -vi -F: short options stand together
$ streamer grep -vi -F A.
< a.
< b
> b
.

# grep ^ and $ are the ends of each record, and a match lies within one record
$ streamer grep ^b$
< a
< b
> b
< b\r
< ab
.

# grep never matches over the end of a line
$ streamer grep 'a\sb'
< a
< b
< a b
> a b
.

# grep: a pattern that begins with a dash is a value, and `--` ends the options
$ streamer grep -- -v
< x -v
> x -v
< x
.

# grep -5: what is no option of grep and begins with a dash is the pattern
$ streamer grep -5
< 1-5
> 1-5
< 15
.

# grep: a pattern that cannot be read is a usage error with a caret, and shows the way out
$ streamer grep '(a'
.
! streamer: grep cannot read the pattern: regex parse error:
!     (a
!     ^
! error: unclosed group
! to look for just these characters: grep -F '(a'
! see: streamer grep --help
? 2

# grep behind an operator that made other columns says where it belongs
$ streamer words then grep a
.
! streamer: grep: it looks at the column `line`, but here the columns are: word; put grep before what makes them (words, count …), where the rows are still whole lines and `$1` is their first field
! see: streamer grep --help
? 2

# grep in mid-chain is done before the rows are combined
$ streamer grep a then grep -v b then count
< a
< ab
< b
@ 1s
> 1
.

