# --max-record: a longer record is left out, shown and counted; the others are untouched
$ streamer --max-record 5B grep ''
< abc
> abc
< abcdefgh
! streamer: standard input, line 2: a record of 8 bytes is longer than --max-record (5 bytes); it is left out
< abcde
> abcde
.

# --max-record: the first three are shown with source and number, the rest is one total at the end
$ streamer --max-record 2B count --batch all
< aaa
! streamer: standard input, line 1: a record of 3 bytes is longer than --max-record (2 bytes); it is left out
< b
< ccc
! streamer: standard input, line 3: a record of 3 bytes is longer than --max-record (2 bytes); it is left out
< ddd
! streamer: standard input, line 4: a record of 3 bytes is longer than --max-record (2 bytes); it is left out
< eee
< fff
.
> 1
! streamer: 5 bad records were left out

# --max-record --strict: the first one ends the run with status 1
+ a 1
+ a 123
+ a 2
$ streamer --max-record 2B --strict --from {dir}/a count
.
! streamer: {dir}/a, line 2: a record of 3 bytes is longer than --max-record (2 bytes); without --strict it is left out and counted
? 1

# --max-record -q: nothing is said, but nothing else changes
$ streamer --max-record 2B -q count --batch all
< aaa
< b
.
> 1

# --max-record needs a unit
$ streamer --max-record 100 count
.
! streamer: `--max-record 100`: sizes need a unit, for example 100MiB or 100KiB
! see: streamer --help
? 2

# --max-record in a file: the source is named
+ a 12345678
+ a 1
$ streamer --max-record 4B --from {dir}/a grep ''
.
> 1
! streamer: {dir}/a, line 1: a record of 8 bytes is longer than --max-record (4 bytes); it is left out

# --max-record: a csv record goes on to where its quotes close, however it comes in
$ streamer --in csv --max-record 20B filter true --batch all
<
< a,b
<
< 1,"xxxxxxxxxxxxxxxxxxxxx
< yyyyy,3
<
< zzz"
! streamer: standard input, line 4: a record of 38 bytes is longer than --max-record (20 bytes); it is left out
< 2,3
> 2,3
< 4
! streamer: standard input, line 9: 1 field where the header has 2; it is left out
.

