## SPARK.md 7, output operations, row by row:
##   print()                              formats.story: --out spark, more than 10 rows, an empty batch; here: of windows
##   pprint                               cannot be shown: there are no Python objects
##   saveAsTextFiles                      sinks.story: templates; none for an empty batch, where Spark makes an empty directory
##   saveAsObjectFiles, saveAsHadoopFiles cannot be shown: formats of the JVM
##   foreachRDD                           sinks.story: --to exec, a process for each batch with the window in its environment
##   several outputs                      sinks.story: --to twice; tee.story; here: of a window and of what is behind it
##   lazy evaluation                      cannot be shown: a chain always has an output

# SPARK 7: print: of windows, headed by the time of each, the empty ones too
$ streamer --batch 1s --out spark words then window 2s then count --by word
< hello world hello
@ 1s
> -------------------------------------------
> Time: 1000 ms
> -------------------------------------------
> (hello,2)
> (world,1)
>
< hello
@ 1s
> -------------------------------------------
> Time: 2000 ms
> -------------------------------------------
> (hello,3)
> (world,1)
>
@ 1s
> -------------------------------------------
> Time: 3000 ms
> -------------------------------------------
> (hello,1)
>
@ 1s
> -------------------------------------------
> Time: 4000 ms
> -------------------------------------------
>
.

# SPARK 7: print: more rows than are shown
$ streamer --batch 1s --out spark --limit 2 words then window all then count --by word
< c a b
@ 1s
> -------------------------------------------
> Time: 1000 ms
> -------------------------------------------
> (a,1)
> (b,1)
> ...
>
.

# SPARK 7: print: groups are lists, nulls are null
$ streamer --batch 1s --in csv --header k,v --out spark window 2s then agg 'collect_list(v) AS vs, max(v) AS m' --by k
< a,1
< ,
< a,2
@ 1s
> -------------------------------------------
> Time: 1000 ms
> -------------------------------------------
> (null,[],null)
> (a,[1, 2],2)
>
.

# SPARK 7: several outputs: of the rows, of each batch, and of the window, each as it is there
$ streamer --batch 1s tee {dir}/rows then count then tee {dir}/counts then window 2s then agg 'sum(count) AS s'
< a
@ 1s
> 1970-01-01T00:00:01.000Z\t1
< b
@ 1s
> 1970-01-01T00:00:02.000Z\t2
@ 1s
> 1970-01-01T00:00:03.000Z\t1
.
$ streamer --from {dir}/rows --from {dir}/counts grep ''
.
> a
> b
> 1970-01-01T00:00:01.000Z\t1
> 1970-01-01T00:00:02.000Z\t1
> 1970-01-01T00:00:03.000Z\t0

# SPARK 7: saveAsTextFiles: one file for each window, named by its times, none for one without rows
$ streamer --batch 1s --to {dir}/{batch}_{start_ms}_{end_ms}.csv window 2s then count --by line
@ 1s
< a
@ 1s
@ 1s
@ 1s
< b
@ 1s
.
$ streamer --from 'file:{dir}/1_0_2000.csv?in=text' --from 'file:{dir}/2_1000_3000.csv?in=text' --from 'file:{dir}/4_3000_5000.csv?in=text' grep ''
.
> window_end,line,count
> 1970-01-01T00:00:02.000Z,a,1
> window_end,line,count
> 1970-01-01T00:00:03.000Z,a,1
> window_end,line,count
> 1970-01-01T00:00:05.000Z,b,1
$ streamer --from 'file:{dir}/3_2000_4000.csv?in=text' grep ''
.
! streamer: cannot read {dir}/3_2000_4000.csv: no such file or directory
? 1

# SPARK 7: foreachRDD: a process for each window, the empty one too, with its borders in the environment
$ streamer --batch 1s --to "exec:sh -c '{ echo $STREAMER_BATCH $STREAMER_WINDOW_START $STREAMER_WINDOW_END; cat; } >> {dir}/x'" window 2s --every 2s then count --by line
< a
@ 2s
@ 2s
< b
@ 1s
.
$ streamer --from {dir}/x grep ''
.
> 0 1970-01-01T00:00:00.000Z 1970-01-01T00:00:02.000Z
> 1970-01-01T00:00:02.000Z\ta\t1
> 1 1970-01-01T00:00:02.000Z 1970-01-01T00:00:04.000Z
> 2 1970-01-01T00:00:04.000Z 1970-01-01T00:00:06.000Z
> 1970-01-01T00:00:06.000Z\tb\t1

