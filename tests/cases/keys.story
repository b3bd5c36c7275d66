# keys are equal by bytes: 7 is not 07, 1e3 is not 1000, +1 is not 1; equal numbers stand in order of their bytes
$ streamer count --by $1 --batch all
< 7
< 07
< 7.0
< 1e3
< 1000
< +1
< 1
< 7
.
> +1\t1
> 1\t1
> 07\t1
> 7\t2
> 7.0\t1
> 1000\t1
> 1e3\t1

# .5, 5., 0x10, 1_000, inf and nan are text and stand behind the numbers, by bytes
$ streamer count --by line --batch all
< .5
< 5.
< 0x10
< 1_000
< inf
< nan
< -3
< 2e-1
< 12
.
> -3\t1
> 2e-1\t1
> 12\t1
> .5\t1
> 0x10\t1
> 1_000\t1
> 5.\t1
> inf\t1
> nan\t1

# nulls are one group and come first
$ streamer count --by $2 --batch all
< a x
< b
< c 3
<
.
> \t2
> 3\t1
> x\t1

# text goes by bytes: upper case before lower case, and what is no ASCII behind
$ streamer count --by line --batch all
< b
< ä
< B
< aa
< a
.
> B\t1
> a\t1
> aa\t1
> b\t1
> ä\t1

# numbers too long for a machine word are compared by value all the same
$ streamer sort line
< 123456789012345678901234567891
< 123456789012345678901234567890
< -123456789012345678901234567890
< 1e400
< 1e-400
< 0
.
> -123456789012345678901234567890
> 0
> 1e-400
> 123456789012345678901234567890
> 123456789012345678901234567891
> 1e400

# a space makes text of a number where the whole line is the key
$ streamer sort line
< 10
< 9\x20
< 2
.
> 2
> 10
> 9

