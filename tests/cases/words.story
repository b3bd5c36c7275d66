# words: a row for each run of bytes other than ASCII white space, in the order of the input (SPARK 3: flatMap)
$ streamer words
< to be,  or\tnot
> to
> be,
> or
> not
<   \x0b\x0c\r to be
> to
> be
@ 1s
.

# words: no word is lost or made by empty lines, white space alone, or a last line without its end
$ streamer words
<
<    \t
<< last
.
> last

# words: other bytes belong to the word: NUL, invalid UTF-8, and the no-break space, which is not ASCII
$ streamer words
< a\0b c\xffd e\xc2\xa0f
> a\0b
> c\xffd
> e f
.

# words COLUMN: the words of one field; a missing field has none
$ streamer words $2
< 1 one
> one
< 2
< 3 three x
> three
.

# words of words: the result is again a row `word`, and `words word` changes nothing
$ streamer words then words word --out csv
< a b
> word
> a
> b
.

# words: `line` is gone behind it, and an operator that names it is told what there is
$ streamer words then words
.
! streamer: words: there is no column `line` here, the columns are: word
! see: streamer words --help
? 2

# words with -0: a newline is white space inside a record, and so ends a word as well
$ streamer -0 words then count --by word --batch all
<< a b\nc\0d
.
> a\t1
> b\t1
> c\t1
> d\t1

