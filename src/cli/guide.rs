//! What `--help` and the man page say beside the options: the model, sources, sinks, exit status, examples.

use crate::operators::Example;

/// How it is called.
pub const USAGE: &str = "streamer [OPTIONS] OPERATOR [ARGS] [then OPERATOR [ARGS]]...";

/// In a line.
pub const ABOUT: &str =
    "Spark Streaming for the shell: cuts its input into timed batches and runs a chain of operators on each";

/// The model. Paragraphs are wrapped to the page.
pub const MODEL: &str = "\
Spark Streaming for the shell: cuts its input into timed batches and runs a chain of operators on each.

A record is one line of the input. A batch is every record received in one interval; batches end at multiples of the interval \
since the epoch, and the time of a batch is its end. Every batch is produced, in order, the empty ones too. Operators, separated \
by the word `then`, turn the rows of a batch into other rows; what comes out of the last one is written, and flushed, at the end \
of each batch. At the end of the input, or on a signal, the last batch is printed.

The work is done on all processors. The result is the same, byte for byte, for any --shards, any size of read and any timing \
inside the batch: whatever depends on an order uses that of the records (by source, then position).

Columns are named: `line` is the whole record, `$1 ... $N` are its fields, which white space separates (write them in single \
quotes, or the shell takes them); operators add others, such as `word` and `count`. Options may stand anywhere in the chain. \
`--` ends the options of an operator.";

/// Sections of text that is laid out already, at most 76 columns wide.
pub const SECTIONS: &[(&str, &str)] = &[
    (
        "Sources (--from)",
        "\
-                     standard input
PATH, 'logs/*.gz'     regular files in order of name; gzip and zstd are
                      detected by content (quote the pattern)
tcp://HOST:PORT       connect and read; ?reconnect=2s tries again for ever
listen://PORT         accept many senders, on the loopback interface unless
                      an address is given: listen://ADDRESS:PORT
exec:COMMAND          what a command prints; split into words as a shell
                      would, but run without one
rate:N                N rows a second, for trials: timestamp, value",
    ),
    (
        "Sinks (--to)",
        "\
-                     standard output
PATH                  a file, appended to; its extension chooses the format
exec:COMMAND          a process for each batch, with the rows on its standard
                      input and STREAMER_WINDOW_END in its environment",
    ),
    (
        "Output formats (--out)",
        "\
text                  columns joined by a tab, values byte for byte
csv, tsv              with a header line, quoted
json                  an object a line
table                 a table for each batch, under its time
spark                 as Scala's DStream.print shows a batch",
    ),
    (
        "Exit status",
        "\
0                     it ran, also if there were no rows, and if the reader of
                      standard output went away
1                     it failed: a source, a sink, or a bad record with --strict
2                     the command line is wrong",
    ),
    (
        "Signals",
        "\
INT, TERM, HUP        stop reading, print the open batch, end by the signal
                      (130, 143, 129 in a shell); a second one ends at once
USR1                  print the statistics on standard error",
    ),
    (
        "Environment",
        "\
NO_COLOR              if set and not empty: no colours
CLICOLOR_FORCE        colours even where there is no terminal
COMPLETE              bash, zsh or fish: print the completions for that shell,
                      for example: source <(COMPLETE=bash streamer)",
    ),
];

/// Examples of whole commands, run as tests.
pub static EXAMPLES: &[Example] = &[
    Example {
        what: "Count the words of a text",
        command: "streamer wordcount",
        input: "to be or not to be\n",
        output: "be\t2\nnot\t1\nor\t1\nto\t2\n",
    },
    Example {
        what: "The two most frequent words",
        command: "streamer words then count --by word then top 2 count",
        input: "a b a\nc a b\n",
        output: "a\t3\nb\t2\n",
    },
    Example {
        what: "How many lines mention an error, in whatever case",
        command: "streamer grep -i error then count",
        input: "ok\nan error\nERROR 7\n",
        output: "2\n",
    },
    Example {
        what: "One CSV row for each first field",
        command: "streamer count --by '$1' --out csv",
        input: "GET /a\nPUT /b\nGET /c\n",
        output: "$1,count\nGET,2\nPUT,1\n",
    },
    Example {
        what: "A replay: an empty line ends each second",
        command: "streamer wordcount --tick '^$'",
        input: "a b\n\nb\n",
        output: "1970-01-01T00:00:01.000Z\ta\t1\n1970-01-01T00:00:01.000Z\tb\t1\n1970-01-01T00:00:02.000Z\tb\t1\n",
    },
];

/// Commands to begin with, for the short help: they read live input, so no test runs them.
pub const SHORT_EXAMPLES: &str = "\
  nc -lk 9999 | streamer wordcount --batch 1s
  tail -F app.log | streamer grep -i error then count --batch 10s
  streamer --from 'logs/*.gz' words then count --by word then top 10 count";
