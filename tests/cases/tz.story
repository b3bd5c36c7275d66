# --batch 1d cuts at midnight UTC
* 2026-03-28T12:00:00Z
$ streamer --batch 1d count
@ 11h
< a
@ 1h
< b
.

# --tz: 1d cuts at local midnight, and the day on which summer time begins has 23 hours
* 2026-03-28T22:00:00Z
$ streamer --batch 1d --tz Europe/Berlin --time both count
< a
@ 1h
< b
@ 22h
< c
@ 1h
< d
.

# --tz: the day on which summer time ends has 25 hours
* 2026-10-24T21:30:00Z
$ streamer --batch 1d --tz Europe/Berlin --time both count
< a
@ 30m
< b
@ 24h
< c
@ 1h
< d
.

# --tz: hours go on each hour over the change; the same local hour comes twice and its offset tells which
* 2026-10-24T23:30:00Z
$ streamer --batch 1h --tz Europe/Berlin count
@ 30m
@ 1h
@ 1h
.

# --tz: 6h cuts at 0, 6, 12 and 18 o'clock local time, so one batch is an hour longer
* 2026-10-24T21:00:00Z
$ streamer --batch 6h --tz Europe/Berlin count
@ 1h
@ 6h
@ 1h
@ 6h
.

# --tz of half an hour: hours are aligned to local time
* 2026-11-20T09:10:00Z
$ streamer --batch 1h --tz Asia/Kolkata count
@ 20m
@ 1h
.

# --tz UTC is written with Z
* 2026-11-20T09:00:00Z
$ streamer --batch 1s --tz UTC count
@ 1s
.

# --tz with a name that does not exist is a usage error with the nearest ones
$ streamer --tz Europe/Berln count
.

# --tz changes the printed times, not the instant: ticks start at the epoch
$ streamer --tick ^--$ --tz Europe/Berlin count
< a
< --
.
