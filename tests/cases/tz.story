# --batch 1d cuts at midnight UTC
* 2026-03-28T12:00:00Z
$ streamer --batch 1d count
@ jump 11h
< a
@ 1h
> 2026-03-29T00:00:00.000Z\t1
< b
.
> 2026-03-30T00:00:00.000Z\t1

# --tz: 1d cuts at local midnight, and the day on which summer time begins has 23 hours
* 2026-03-28T22:00:00Z
$ streamer --batch 1d --tz Europe/Berlin --time both count
< a
@ 1h
> 2026-03-28T00:00:00.000+01:00\t2026-03-29T00:00:00.000+01:00\t1
< b
@ jump 22h
< c
@ 1h
> 2026-03-29T00:00:00.000+01:00\t2026-03-30T00:00:00.000+02:00\t2
< d
.
> 2026-03-30T00:00:00.000+02:00\t2026-03-31T00:00:00.000+02:00\t1

# --tz: the day on which summer time ends has 25 hours
* 2026-10-24T21:30:00Z
$ streamer --batch 1d --tz Europe/Berlin --time both count
< a
@ 30m
> 2026-10-24T00:00:00.000+02:00\t2026-10-25T00:00:00.000+02:00\t1
< b
@ jump 24h
< c
@ 1h
> 2026-10-25T00:00:00.000+02:00\t2026-10-26T00:00:00.000+01:00\t2
< d
.
> 2026-10-26T00:00:00.000+01:00\t2026-10-27T00:00:00.000+01:00\t1

# --tz: hours go on each hour over the change; the same local hour comes twice and its offset tells which
* 2026-10-24T23:30:00Z
$ streamer --batch 1h --tz Europe/Berlin count
@ 30m
> 2026-10-25T02:00:00.000+02:00\t0
@ 1h
> 2026-10-25T02:00:00.000+01:00\t0
@ 1h
> 2026-10-25T03:00:00.000+01:00\t0
.

# --tz: 6h cuts at 0, 6, 12 and 18 o'clock local time, so one batch is an hour longer
* 2026-10-24T21:00:00Z
$ streamer --batch 6h --tz Europe/Berlin count
@ 1h
> 2026-10-25T00:00:00.000+02:00\t0
@ 6h
@ 1h
> 2026-10-25T06:00:00.000+01:00\t0
@ 6h
> 2026-10-25T12:00:00.000+01:00\t0
.

# --tz of half an hour: hours are aligned to local time
* 2026-11-20T09:10:00Z
$ streamer --batch 1h --tz Asia/Kolkata count
@ 20m
> 2026-11-20T15:00:00.000+05:30\t0
@ 1h
> 2026-11-20T16:00:00.000+05:30\t0
.

# --tz UTC is written with Z
* 2026-11-20T09:00:00Z
$ streamer --batch 1s --tz UTC count
@ 1s
> 2026-11-20T09:00:01.000Z\t0
.

# --tz with a name that does not exist is a usage error with the nearest ones
$ streamer --tz Europe/Berln count
.
! streamer: `--tz Europe/Berln`: no such time zone, write for example Europe/Berlin, local or UTC; did you mean Europe/Berlin or Europe/Belgrade or Europe/Brussels?
! see: streamer --help
? 2

# --tz changes the printed times, not the instant: ticks start at the epoch, which is 1 o'clock in Berlin
$ streamer --tick ^--$ --tz Europe/Berlin count
< a
< --
> 1970-01-01T01:00:01.000+01:00\t1
.

