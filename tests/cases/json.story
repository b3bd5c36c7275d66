# json: columns are members, nested ones by their path; null and missing are the same, an empty string is text
$ streamer --in json --batch all count --by path,a.b[0].c
< {"path":"/x","a":{"b":[{"c":1}]}}
< {"path":"/x","a":{"b":[{"c":1},2]},"new":7}
< {"path":null}
<
< {"a":{"b":"no list"}}
< {"path":"","a":[]}
.
> \t\t2
> \t\t1
> /x\t1\t2

# json: escapes are decoded, numbers and words keep their bytes, nested values are their JSON
$ streamer --in json --batch all count --by v
< {"v":"a\\u00e9\\ud83d\\ude00\\n"}
< {"v":"\\ud83d!"}
< {"v":0.10}
< {"v":1e400}
< {"v":true}
< {"v":{"a": [1, 2]}}
< {"v":"\xff"}
.
> 0.10\t1
> 1e400\t1
> aé😀
> \t1
> true\t1
> {"a": [1, 2]}\t1
> �!\t1
> \xff\t1

# json: a member whose very name has dots comes first, the last of two members of one name wins
$ streamer --in json --batch all count --by a.b
< {"a.b":1,"a":{"b":2}}
< {"a":{"b":2}}
< {"a":{"b":2},"a":{"b":3}}
.
> 1\t1
> 2\t1
> 3\t1

# json: values of any type are compared as numbers where they are some, then as text (type clashes between rows)
$ streamer --in json --batch all sort v:desc --out json
< {"v":9}
< {"v":"10"}
< {"v":true}
< {"v":[1]}
< {"v":null}
< {"v":2.5}
.
> {"v":true}
> {"v":[1]}
> {"v":"10"}
> {"v":9}
> {"v":2.5}
> {"v":null}

# json: rows that are records are printed as they are, members that the first record does not have too
$ streamer --in json --batch all top 2 ms --out json
< {"path":"/a", "ms":10}
<  {"ms":30,"path":"/b","err":{"code" : 7}}\r
< {"ms":20}
.
> {"ms":30,"path":"/b","err":{"code" : 7}}
> {"ms":20}

# json: with --time the time comes first
$ streamer --in json --batch 1s --time end grep a --out json
< {"a":1}
> {"window_end":"1970-01-01T00:00:01.000Z","a":1}
< {"a":{}}
> {"window_end":"1970-01-01T00:00:01.000Z","a":{}}
@ 1s
.

# json to csv: the columns are the members of the first good record
+ a.json nonsense
+ a.json {"b":1,"a":"x,y","b":2}
+ a.json {"a":null,"b":[1, "z"],"c":3}
+ a.json {"c":4}
$ streamer --from {dir}/a.json --out csv grep ''
.
> b,a
> 2,"x,y"
> "[1, ""z""]",
> ,
! streamer: {dir}/a.json, line 1: not JSON: expected a value at byte 1; it is left out

# json to a table
+ a.json {"b":1,"a":"x"}
+ a.json {"a":{"k":true}}
+ a.json {"b":3}
$ streamer --from {dir}/a.json --out table head 2
.
> ── 1970-01-01 00:00:00 UTC · 2 rows · 0 records/s ──────────────────────────────
>    b  a
>    1  x
> null  {"k":true}

# json to csv without any good record: no columns
$ streamer --in json --batch all --out csv grep ''
< nonsense
.
! streamer: standard input, line 1: not JSON: expected a value at byte 1; it is left out

# json without any record
$ streamer --in json --batch all count --by a
.

# json: a column that no record has is null, and said once at the end
$ streamer --in json --batch 1s count --by level,paht
< {"path":1,"level":"info"}
@ 1s
> 1970-01-01T00:00:01.000Z\tinfo\t\t1
< {"path":2}
@ 1s
> 1970-01-01T00:00:02.000Z\t\t\t1
.
! streamer: no record had `paht`: it was null everywhere

# json: a column that some record has is not spoken of, also where it is null
$ streamer --in json --batch all count --by a,b
< {"a":null}
< {"b":1}
.
> \t\t1
> \t1\t1

# json: records that do not fit are left out, three are shown, with their lines
$ streamer --in json --batch all count
< {"a":1}
<
< {"a":01}
! streamer: standard input, line 3: not JSON: expected no digit after a leading 0 at byte 7; it is left out
< [1]
! streamer: standard input, line 4: not an object, but another value of JSON; it is left out
< {"a":"b
! streamer: standard input, line 5: not JSON: it ends where a closing quote is expected; it is left out
< {"a":1} x
< {"a":1}
.
> 2
! streamer: 4 bad records were left out

# json: what is wrong is said
$ streamer --in json --batch all count
< {"a" 1}
! streamer: standard input, line 1: not JSON: expected `:` at byte 6; it is left out
< {"a":"tab\t"}
! streamer: standard input, line 2: not JSON: a control character in a string, at byte 10; it is left out
< {"a":"\\x"}
! streamer: standard input, line 3: not JSON: expected one of the escapes of JSON at byte 8; it is left out
.
> 0

# json: more that is wrong
$ streamer --in json --batch all count
< {"a":1,}
! streamer: standard input, line 1: not JSON: expected a key in quotes at byte 8; it is left out
< {a:1}
! streamer: standard input, line 2: not JSON: expected a key in quotes at byte 2; it is left out
< nul
! streamer: standard input, line 3: not JSON: expected a value at byte 1; it is left out
.
> 0

# json: nested in less than 128 others, in 128
+ deep.jsonl {"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}
+ deep.jsonl {"a":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}
$ streamer --from {dir}/deep.jsonl count
.
> 1
! streamer: {dir}/deep.jsonl, line 2: nested deeper than 127 levels; it is left out

# json --strict: the first record that does not fit ends the run
+ a.json {"a":1}
+ a.json {"a":
$ streamer --from {dir}/a.json --strict count
.
! streamer: {dir}/a.json, line 2: not JSON: it ends where a value is expected; without --strict it is left out and counted
? 1

# json --bad: the records that do not fit are kept
+ a.json {"a":1}
+ a.json {"a":
+ a.json 7
$ streamer --from {dir}/a.json --bad {dir}/bad.txt count
.
> 1
! streamer: {dir}/a.json, line 2: not JSON: it ends where a value is expected; it is left out
! streamer: {dir}/a.json, line 3: not an object, but another value of JSON; it is left out

# json: a byte-order mark is no part of the first record, CRLF is white space
$ streamer --in json --batch all --out csv grep ''
< \xef\xbb\xbf{"a":1}\r
> a
> 1
< {"a":2}\r
> 2
.

# json: the fields of a record and the record itself are there as in text
$ streamer --in json --batch all count --by $2,line
< {"a": "b c"}
.
> "b\t{"a": "b c"}\t1

# json -0: a record may have several lines, and is printed in one
$ streamer -0 --in json --batch all --out json grep a
<< {\n  "a": 1\n}\0{"a":\n2}
> {   "a": 1 }
.
> {"a": 2}

# json: values are kept apart from text that looks like them, where they are grouped (a string of the same text is the same key)
$ streamer --in json --batch all --out json count --by a
< {"a":"7"}
< {"a":7}
< {"a":"x"}
.
> {"a":7,"count":2}
> {"a":"x","count":1}

# json: the extension tells the format
+ b.ndjson {"n":2}
+ b.ndjson {"n":1}
$ streamer --from {dir}/b.ndjson sort n
.
> {"n":1}
> {"n":2}

# json: numbered records leave no gap for blank lines (sample sees the same records)
$ streamer --in json --batch all sample 0.5 --seed 1
< {"n":1}
<
< {"n":2}
<
< bad
! streamer: standard input, line 5: not JSON: expected a value at byte 1; it is left out
< {"n":3}
> {"n":3}
< {"n":4}
> {"n":4}
< {"n":5}
> {"n":5}
.

# json: a batch time is a column where no member is called so
$ streamer --in json --batch 1s count --by window_end,a
< {"a":1}
@ 1s
> 1970-01-01T00:00:01.000Z\t1970-01-01T00:00:01.000Z\t1\t1
.

# json: a leading filter looks at its own columns first, the others are cut for what passes
$ streamer --in json --batch all filter 'status >= 500' then count --by path
< {"status":500,"path":"/\\u0061"}
< {"status":200,"path":"/b"}
< {"status":"503","path":"/a"}
< {"status":[1],"path":"/c"}
<
< {"status":7
! streamer: standard input, line 6: not JSON: it ends where `,` or `}` is expected; it is left out
.
> /a\t2

# json: the columns are those of the first record that fits, also where others come before it or are too long
$ streamer --in json --max-record 12B set 'z = 1' --out csv --batch all
< nonsense
< {"b":1,"ccccc":2}
< {"a":1}
> a,z
> 1,1
! streamer: standard input, line 1: not JSON: expected a value at byte 1; it is left out
! streamer: standard input, line 2: a record of 17 bytes is longer than --max-record (12 bytes); it is left out
.

# json: a first file without records does not tell the columns
+ a.json
+ b.json {"a":1}
$ streamer --from '{dir}/*.json' set 'z = 1' --out csv
.
> a,z
> 1,1


# json: values that are only handed on stay what they were: arrays, objects, truth values
$ streamer --in json --out json --batch all map 'ok AS o, tags, at' then tee - --if 'o = "true"' then distinct
< {"ok":true,"tags":[1,{"b":2}],"at":{"x":1},"s":"t"}
> {"o":true,"tags":[1,{"b":2}],"at":{"x":1}}
< {"ok":false}
.
> {"o":true,"tags":[1,{"b":2}],"at":{"x":1}}
> {"o":false,"tags":null,"at":null}

# json: so do keys, and the first of a group
$ streamer --in json --out json agg 'first(tags) AS tags, count(*) AS n' --by ok
< {"ok":true,"tags":[1,{"b":2}]}
< {"ok":false}
< {"ok":true}
.
> {"ok":false,"tags":null,"n":1}
> {"ok":true,"tags":[1,{"b":2}],"n":2}

# json: so do items of an array
$ streamer --in json --out json flatmap tags --as tag --keep then set 'same = tag' then map 'tag, same'
< {"tags":[1,{"b":2},"x",true]}
> {"tag":1,"same":1}
> {"tag":{"b":2},"same":{"b":2}}
> {"tag":"x","same":"x"}
> {"tag":true,"same":true}
.

