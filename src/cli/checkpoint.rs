//! The options of a checkpoint: the state of a run, for another one to go on with.

use clap::{Arg, ValueHint};

use super::globals::{flag, value};

/// What decides which records there are and which batch each is in.
pub const IDENTITY: [&str; 13] = [
    "from",
    "follow",
    "in",
    "header",
    "null",
    "max-record",
    "batch",
    "tz",
    "tick",
    "start",
    "event-time",
    "late",
    "journal",
];

/// The definitions, in the order of the help.
pub fn options() -> [Arg; 2] {
    [
        value("checkpoint", "DIR", "Keep the state in DIR: another run of the same command goes on where this one ended")
            .long_help(
                "Keep in DIR how far the input has been read and what windows and totals hold, after each batch. Another run of \
                 the same command goes on there, however this one ended (kill -9 included): a batch that was not complete is \
                 given again, with the same records and the same time, then come later times only. Files (--to PATH, \
                 out/{end}.csv) have each batch exactly once, other sinks at least once. A signal, and the end of --once, leave \
                 windows and sessions open for the next run. One run at a time; another chain needs another DIR",
            )
            .value_hint(ValueHint::DirPath),
        flag("journal", "With --checkpoint: also keep what pipes and sockets gave, until its batch is complete").long_help(
            "With --checkpoint: what pipes, sockets and commands gave is written to DIR before it is worked on, and kept until \
             its batch is complete, for it cannot be read again",
        ),
    ]
}
