# combined: all columns of an access log
$ streamer --in combined head 9 --out csv
< 1.2.3.4 - bob [01/Oct/2026:00:00:01 +0000] "GET /a?x=1 HTTP/1.1" 200 73 "http://x/" "Mozilla/5.0 (X11)"
< ::1 - - [01/Oct/2026:00:00:02 +0000] "POST /b HTTP/2.0" 404 - "-" "say \\"hi\\""
.
> host,ident,user,time,method,path,protocol,status,bytes,referer,agent
> 1.2.3.4,,bob,01/Oct/2026:00:00:01 +0000,GET,/a?x=1,HTTP/1.1,200,73,http://x/,Mozilla/5.0 (X11)
> ::1,,,01/Oct/2026:00:00:02 +0000,POST,/b,HTTP/2.0,404,,,"say \\""hi\\"""

# combined: the common log format, a malformed request line, and more fields behind the agent
$ streamer --in combined head 9 --out json
< h - - [t] "GET / HTTP/1.0" 304 -
< h - - [t] "\\x16\\x03" 400 0 "-" "-"
< h - - [t] "-" 408 0 "-" "-" 0.003 "x"
.
> {"host":"h","ident":null,"user":null,"time":"t","method":"GET","path":"/","protocol":"HTTP/1.0","status":304,"bytes":null,"referer":null,"agent":null}
> {"host":"h","ident":null,"user":null,"time":"t","method":null,"path":null,"protocol":null,"status":400,"bytes":0,"referer":null,"agent":null}
> {"host":"h","ident":null,"user":null,"time":"t","method":null,"path":null,"protocol":null,"status":408,"bytes":0,"referer":null,"agent":null}

# combined: filter and count, as on a live log
$ streamer --in combined --batch 1m filter 'status >= 500' then count --by status
< h - - [t] "GET / HTTP/1.0" 200 1
< h - - [t] "GET / HTTP/1.0" 500 1
< h - - [t] "GET /x HTTP/1.0" 200 1
@ 1m
> 1970-01-01T00:01:00.000Z\t500\t1
.

# combined: grep looks at the line, and text prints it as it came
$ streamer --in combined grep bot then count --by path --batch all
< h - - [t] "GET /a HTTP/1.0" 200 1 "-" "a bot"
< h - - [t] "GET /b HTTP/1.0" 200 1 "-" "a browser"
< h - - [t] "GET /a HTTP/1.0" 200 1 "-" "a bot"
.
> /a\t2

# combined: the whole request line, for who names it
$ streamer --in combined count --by request --batch all
< h - - [t] "GET /a b HTTP/1.0" 200 1
.
> GET /a b HTTP/1.0\t1

# combined: what is bad, with the number of its line
$ streamer --in combined count --by status --batch all
< nothing
! streamer: standard input, line 1: no [time]; it is left out
< h - - [t] GET / 200
! streamer: standard input, line 2: no quoted request; it is left out
< h - - [t] "GET /" 200
< h - - [t] "GET /"
! streamer: standard input, line 4: no status; it is left out
< h - - [t
.
> 200\t1
! streamer: 4 bad records were left out

# combined --strict
+ access.log x
$ streamer --in combined --from {dir}/access.log --strict count
.
! streamer: {dir}/access.log, line 1: no [time]; without --strict it is left out and counted
? 1

# combined of a file, whatever its extension of no format
+ access.log h - - [t] "GET / HTTP/1.0" 200 1
$ streamer --in combined --from {dir}/access.log count --by status
.
> 200\t1

# combined takes no argument
$ streamer --in combined:x count
.
! streamer: combined is given `x`, but takes nothing; a log of another layout: regex:PATTERN
! see: streamer --help
? 2

# combined: an unknown column
$ streamer --in combined count --by statsu
.
! streamer: count: there is no column `statsu` here, the columns are: host, ident, user, time, method, path, protocol, status, bytes, referer, agent; did you mean status?
! see: streamer count --help
? 2


# `ip` is another name of `host`
$ streamer --in combined --out json map 'ip, status'
< 10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 5
> {"ip":"10.0.0.1","status":200}
.

