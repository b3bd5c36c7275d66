## Played by a build with all default features only.

# --to an unknown scheme
$ streamer --to ftp://host/x words
.
! streamer: cannot write to `ftp://host/x`: no sink is called `ftp://`, it can be -, exec:COMMAND, kafka://BROKERS/TOPIC?key=COLUMN, hbase://HOST:PORT/TABLE?row=COLUMN&family=FAMILY, hdfs://NAMENODE:PORT/DIR/{end}.csv, out/{end}.csv, PATH
! see: streamer --help
? 2

