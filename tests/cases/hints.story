# a trailing file name is answered with --from
$ streamer words f.txt then count book.txt
.
! streamer: count: unexpected argument `book.txt`. to read a file: --from book.txt
! see: streamer count --help
? 2

# a file name where the operator should stand
$ streamer book.txt
.
! streamer: there is no operator `book.txt`; to read a file: --from book.txt
! see: streamer --help
? 2

# an unknown operator: the nearest names
$ streamer wrods
.
! streamer: there is no operator `wrods`; did you mean `words`?
! see: streamer --help
? 2

# an unknown operator in mid-chain
$ streamer words then cuont
.
! streamer: there is no operator `cuont`; did you mean `count`?
! see: streamer --help
? 2

# an unknown operator that is nothing like any: all of them
$ streamer zzzzzz
.
! streamer: there is no operator `zzzzzz`; the operators are wordcount, words, filter, grep, map, set, flatmap, parse, sample, count, agg, reduce, distinct, sort, top, head, tail, join, window, session, tee, alarm, pipe, sql
! see: streamer --help
? 2

# what other tools call it
$ streamer uniq
.
! streamer: there is no operator `uniq`; did you mean `distinct` or `count --by COLUMN`?
! see: streamer --help
? 2

# an unknown option: the nearest names
$ streamer words --btach 1s
.
! streamer: words: there is no option `--btach`; did you mean `--batch` or `--batches`?
! see: streamer words --help
? 2

# an option of another operator
$ streamer words --by word
.
! streamer: words: there is no option `--by`; it belongs to `set`, `count`, `agg`, `reduce`, `distinct`, `top`, `session`
! see: streamer words --help
? 2

# head -5
$ streamer head -5
.
! streamer: head: the number stands alone here, write: head 5
! see: streamer head --help
? 2

# tail -n 5
$ streamer words then tail -n 5
.
! streamer: tail: the number stands alone here, write: tail 5
! see: streamer tail --help
? 2

# tail -n5
$ streamer tail -n5
.
! streamer: tail: the number stands alone here, write: tail 5
! see: streamer tail --help
? 2

# grep then: the word that separates
$ streamer grep then count
.
! streamer: grep: PATTERN is missing: the word `then` separates operators; to look for it: grep '[t]hen'
! see: streamer grep --help
? 2

# --by $1 that the shell emptied, at the end
$ streamer count --by
.
! streamer: count: `--by` needs a value; was it a `$1` that the shell emptied? write --by '$1' in single quotes
! see: streamer count --help
? 2

# --by "$1" that the shell emptied
$ streamer count --by ''
.
! streamer: --by is given no column: if you wrote $1, the shell has replaced it by nothing; quote it: --by '$1'
! see: streamer count --help
? 2

# --by $1 that the shell emptied, before another option
$ streamer count --by --batch 1s
.
! streamer: count: `--by` needs a value, and `--batch` follows; was it a `$1` that the shell emptied? write --by '$1' in single quotes
! see: streamer count --help
? 2

# no operator
$ streamer
.
! streamer: there is no operator; to count words: streamer wordcount
! usage: streamer [OPTIONS] OPERATOR [ARGS] [then OPERATOR [ARGS]]...
! see: streamer --help
? 2

# a missing operator beside a then
$ streamer words then
.
! streamer: an operator is missing beside a `then`: write OPERATOR then OPERATOR
! see: streamer --help
? 2

# an unknown format: the nearest name
$ streamer words --out jsn
.
! streamer: `--out jsn`: there is no such value, it is one of text, csv, tsv, json, table, spark; did you mean `json`?
! see: streamer --help
? 2

# an operator that stands without then
$ streamer words count
.
! streamer: words: there is no column `count` here, the columns are: line; to go on with the operator of that name: then count
! see: streamer words --help
? 2

# a bare number for a duration
$ streamer count --batch 10
.
! streamer: `--batch 10`: durations need a unit, for example --batch 10s; for batches of so many records: --batch 10lines
! see: streamer --help
? 2

# an unknown column in mid-chain: the nearest name
$ streamer wordcount then top 10 wrd
.
! streamer: top: there is no column `wrd` here, the columns are: word, count; did you mean word?
! see: streamer top --help
? 2

# an unknown source
$ streamer --from tpc://localhost:99 count
.
! streamer: --from tpc://localhost:99: there is no kind of source `tpc:`; did you mean `tcp:`? (a file of that name: ./tpc://localhost:99)
! see: streamer --help
? 2

# a file that is not there
$ streamer --from {dir}/nothing count
.
! streamer: cannot read {dir}/nothing: no such file or directory
? 1

# a directory given as a file
$ streamer --from {dir} count
.
! streamer: cannot read {dir}: it is a directory, not a file; to read the files in it: --from '{dir}/*'
? 1

# a glob that matches nothing
$ streamer --from '{dir}/*.log' count
.
! streamer: no file matches {dir}/*.log
? 1

# a global without its value
$ streamer count --batch
.
! streamer: `--batch` needs a value
! see: streamer --help
? 2

# pipe without --
$ streamer pipe sort
.
! streamer: pipe: unexpected argument `sort`. the command and its arguments stand behind `--`: pipe -- sort
! see: streamer pipe --help
? 2

# a direction in capitals
$ streamer sort line:DESC
.
! streamer: sort: `:DESC` is written `:desc`
! see: streamer sort --help
? 2

# several columns as several words
$ streamer sort '$1' '$2'
.
! streamer: sort: unexpected argument `$2`. several columns are one list, quoted: sort … '$1,$2'
! see: streamer sort --help
? 2

# the habit of tail +2
$ streamer tail +2
.
! streamer: tail needs a whole number of rows first, not `+2`: `tail 10`
! see: streamer tail --help
? 2

# statistics have no stream of their own
$ streamer count --stats -
.
! streamer: `--stats -`: statistics go into a file; to see them on standard error: --stats /dev/stderr
! see: streamer --help
? 2

# a tick that every line matches
$ streamer count --tick ''
.
! streamer: `--tick ''`: the value is empty; was it a variable of the shell that is not set?
! see: streamer --help
? 2

# ticks and a number of lines
$ streamer count --tick x --batch 1s,2lines
.
! streamer: `--tick` ends each batch by a line of the input: `--batch 1s,2lines` can only say how far it moves time on, such as --batch 1s
! see: streamer --help
? 2

# a column where --by is meant
$ streamer count '$1'
.
! streamer: count: unexpected argument `$1`. a column stands behind --by, quoted: count --by '$1'
! see: streamer count --help
? 2

# a column where none belongs
$ streamer head 5 '$1'
.
! streamer: head: unexpected argument `$1`
! see: streamer head --help
? 2


# an aggregate that there is not is said before the column in it
$ streamer agg 'uper($1), mode($2)'
.
! streamer: there is no function `uper`; did you mean upper or power?
!   uper($1), mode($2)
!   ^^^^^^^^
! see: streamer agg --help
? 2

# the direction of a key, as in SQL
$ streamer sort '$1' desc
.
! streamer: sort: unexpected argument `desc`: the direction stands behind the key: '$1:desc'
! see: streamer sort --help
? 2

# a list of keys with a space in it
$ streamer count --by a, b
.
! streamer: count: unexpected argument `b`: several keys are one list: --by 'a,b'
! see: streamer count --help
? 2

# the same, in capitals, of top
$ streamer top 2 word DESC
.
! streamer: top: unexpected argument `DESC`: the direction stands behind the key: word:desc
! see: streamer top --help
? 2

