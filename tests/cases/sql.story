# sql: one SELECT for each batch
$ streamer --batch 1s --in csv sql 'SELECT k, sum(n) AS s FROM input WHERE n > 1 GROUP BY k HAVING count(*) > 1 ORDER BY s DESC' --out csv
< k,n
< a,2
< b,9
< a,3
< b,1
< b,2
@ 1s
> window_end,k,s
> 1970-01-01T00:00:01.000Z,b,11
> 1970-01-01T00:00:01.000Z,a,5
@ 1s
.

# sql: expressions of GROUP BY stand in HAVING, ORDER BY and SELECT, in any case
$ streamer --batch all --in csv sql 'SELECT upper(k) AS u, length(upper(k)) AS l, count(*) FROM input GROUP BY UPPER(k) HAVING upper(k) > "A" ORDER BY upper(k) DESC' --out csv
< k
< a
< bb
< B
< Bb
.
> u,l,count(*)
> BB,2,2
> B,1,1

# sql: commas in brackets and quotes, names in backticks
$ streamer --batch all --in csv sql 'SELECT concat(`a b`, ",", greatest(1, n)) AS `x, y` FROM input ORDER BY `x, y` LIMIT 1' --out csv
< a b,n
< q,3
< p,2
.
> "x, y"
> "p,2"

# sql: DISTINCT and ORDER BY; LIMIT 0 gives the header alone
$ streamer --batch all --in csv sql 'SELECT DISTINCT k FROM input ORDER BY k DESC' then sql 'SELECT k FROM input LIMIT 0' --out csv
< k
< a
< b
.
> k

# sql: an aggregate of HAVING with a condition of its own
$ streamer --batch all --in csv sql 'SELECT k FROM input GROUP BY k HAVING count(*) FILTER (WHERE (n > 1)) = 1'
< k,n
< a,1
< b,1
< b,2
.
> b

# sql: a number in ORDER BY is a column of SELECT
$ streamer sql 'SELECT line FROM input ORDER BY 2'
.
! streamer: sql: 2 stands for a column of SELECT, which names 1, counted from 1
! see: streamer sql --help
? 2

# sql: an aggregate in ORDER BY wants groups
$ streamer sql 'SELECT line FROM input ORDER BY count(*)'
.
! streamer: ORDER BY names an aggregate, but no rows are combined: with GROUP BY they are
!   count(*)
!   ^^^^^^^^
! see: streamer sql --help
? 2

# sql: --explain shows the chain that it stands for
$ streamer --in csv --batch all --shards 2 --explain sql 'SELECT k, sum(n) FROM input WHERE n > 1 GROUP BY k ORDER BY max(n) DESC LIMIT 3'
.
> chain    filter 'n > 1' then agg 'sum(n) AS `sum(n)`, max(n) AS `(0)`' --by 'k AS `k`' then top 3 '`(0)`:desc' then map '`k`, `sum(n)`'
> batches  one, at the end of the input
> shards   2
> input    standard input: columns k, n
> stage 0  one pass over each block as it comes, by any shard
>   filter     gives k, n
>   agg        gives (0), k, sum(n); keeps each key with its sum, max
> stage 1  on what was merged by key hash, each shard owns its share of the keys; then by ranges of the order
>   top        gives k, sum(n); keeps 3 rows of the batch
> stage 2  on what was merged by one shard
>   map        gives all that is printed
> output   standard output

