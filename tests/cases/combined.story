# combined: all columns of an access log
$ streamer --in combined head 9 --out csv
< 1.2.3.4 - bob [01/Oct/2026:00:00:01 +0000] "GET /a?x=1 HTTP/1.1" 200 73 "http://x/" "Mozilla/5.0 (X11)"
< ::1 - - [01/Oct/2026:00:00:02 +0000] "POST /b HTTP/2.0" 404 - "-" "say \\"hi\\""
.

# combined: the common log format, a malformed request line, and more fields behind the agent
$ streamer --in combined head 9 --out json
< h - - [t] "GET / HTTP/1.0" 304 -
< h - - [t] "\\x16\\x03" 400 0 "-" "-"
< h - - [t] "-" 408 0 "-" "-" 0.003 "x"
.

# combined: filter and count of the README
$ streamer --in combined count --by status --batch 1m
< h - - [t] "GET / HTTP/1.0" 200 1
< h - - [t] "GET / HTTP/1.0" 500 1
< h - - [t] "GET /x HTTP/1.0" 200 1
@ 1m
.

# combined: grep looks at the line, and text prints it as it came
$ streamer --in combined grep bot then count --by path --batch all
< h - - [t] "GET /a HTTP/1.0" 200 1 "-" "a bot"
< h - - [t] "GET /b HTTP/1.0" 200 1 "-" "a browser"
< h - - [t] "GET /a HTTP/1.0" 200 1 "-" "a bot"
.

# combined: the whole request line, for who names it
$ streamer --in combined count --by request --batch all
< h - - [t] "GET /a b HTTP/1.0" 200 1
.

# combined: what is bad, with the number of its line
$ streamer --in combined count --by status --batch all
< nothing
< h - - [t] GET / 200
< h - - [t] "GET /" 200
< h - - [t] "GET /"
< h - - [t
.

# combined --strict
$ streamer --in combined --strict count --batch all
< x
.

# combined of a file, whatever its extension of no format
+ access.log h - - [t] "GET / HTTP/1.0" 200 1
$ streamer --in combined --from {dir}/access.log count --by status
.

# combined takes no argument
$ streamer --in combined:x count
.

# combined: an unknown column
$ streamer --in combined count --by statsu
.
