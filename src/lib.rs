//! streamer: Spark Streaming for the shell.
//!
//! Cuts stdin, files or sockets into batches of a fixed duration, runs a chain of operators over each on parallel shards, and
//! prints or stores the result of every batch. This page is the map.
//!
//! # Where things are
//!
//! ```text
//! main.rs        arguments, real clock, run, exit status
//! lib.rs         this map; run(args, io, clock)
//! run.rs         from an invocation to a run: settles defaults, makes the plan, opens sources and sinks; run/going.rs: where a
//!                checkpoint has left them
//! tables.rs      the files that operators join with
//! explain.rs     the plan in words, for --explain
//! clock.rs       SystemClock, ManualClock; the only file that asks the system for the time
//! error.rs       Error, Result, and which exit status each error is
//! io.rs          what a run is connected to: the process's streams, or a test's
//! messages.rs    what is said to people on standard error
//! url.rs         addresses of other systems, as --from and --to spell them
//! kafka.rs       what the Kafka source and sink share; kafka/
//! failpoint.rs   where a build for tests may be made to die
//! stop.rs        tells everyone who waits for input that the run ends
//! stats.rs       what was counted for each batch; adds up
//! progress.rs    the display on stderr
//! cli/           how a person says it: chain.rs (argv to operators; words.rs takes the words apart), globals.rs and
//!                values.rs (the global options), help.rs, guide.rs and manual.rs, hints.rs and habits.rs, complete.rs
//! data/          what flows: buffer.rs framing.rs (where records end) block.rs column.rs rows.rs schema.rs batch.rs time.rs calendar.rs;
//!                keys.rs, groups.rs, groups/ and slot.rs (keys to group numbers; very many keys in hash partitions), number.rs,
//!                exact.rs (sums), order.rs and order/ (the order of values), best.rs, kept.rs, builder.rs, packed.rs and
//!                sequence.rs (rows that are kept); human.rs json.rs write.rs
//!                terminal.rs scan.rs (how values are written); fast.rs and fast/ (SIMD splitter and search, prefetch, huge pages, mapped files: the
//!                only unsafe code)
//! expr/          what a row says: parse.rs tokens.rs lower.rs (text to ast.rs), written.rs (and back), bind.rs (names and kinds to node.rs), then
//!                whole columns: operators/ and functions/ (one file a family), times/, lists/; aggregate.rs and aggregates/
//!                (what combines rows), by.rs (--by), caret.rs and hints.rs (what is wrong), manual.rs (what the help says)
//! formats/       bytes to rows to bytes, one file a format (delimited.rs: text, csv and tsv out); support/ is what several of
//!                them need
//! sources/       where records come from, one file a source; support/ is what several of them need
//! operators/     one file an operator: its help, its arguments, what it does, its tests; support/ is what several of them need
//! sinks/         where results go, one file a sink
//! state/         what outlives a batch: window.rs (when windows are given) stage.rs (what a stage keeps) merged.rs (panes that are combined anew)
//!                changes.rs (what a batch has changed in it);
//!                checkpoint/ (what of it outlives the run: the files of a checkpoint, and what they are made of)
//! engine/        who moves it: plan.rs receiver.rs cutting.rs batch.rs batcher.rs timer.rs pace.rs cutter.rs (records to
//!                columns) shard.rs finish.rs shuffle.rs owners.rs sides.rs shares.rs output.rs message.rs report.rs alarms.rs kept_file.rs
//!                shutdown.rs lanes.rs, event/ (batches by the records' own time), checkpoint/ (what is logged, and going on with it), and
//!                core/ (what the threads share)
//! ../tests/      main.rs is their index; allocations.rs is a program of its own
//! ../benches/    the inner loops, and whole commands beside other tools; README.md has the recipe and the numbers
//! ```
//!
//! In `formats/ sources/ operators/ sinks/` every file but `mod.rs` is a plug-in, so `ls` is the list; `mod.rs` holds the
//! trait and the registry. Imports go one way: `main → run → cli → engine → the traits of the plug-ins → expr → data → error`;
//! `tests/house.rs` has all of the layers and keeps them.
//!
//! # The journey of one record
//!
//! 1. A *receiver* thread ([`engine::receiver`]) reads bytes into a buffer of its source's quota. It only finds the last
//!    record end and carries the tail over. Regular files have no receiver (but with `--tick` or `--max-rate`, which make
//!    who reads wait): the shards read them, side by side where no field is quoted and the system holds the file in memory.
//! 2. The *batcher* ([`engine::batcher`]) gives each buffer its batch and its number, and splits it where a cut lies inside.
//!    The *timer* cuts at each border of the calendar, with the scheduled time.
//! 3. A *shard* ([`engine::shard`]) takes the buffer while its batch is still open, cuts the columns that the chain names,
//!    runs the row-wise operators, and folds the rows into its own part of the batch, or renders them for the output.
//! 4. Whoever is free when the last block of a batch is done (the timer itself, if there was no block) finishes it
//!    ([`engine::finish`], [`engine::shuffle`]): the parts are cut into parcels by key hash, those of the same keys are merged by
//!    one shard; the result is sorted, unless the next stage takes it in any order, cut into ranges, and put through that stage.
//!    What outlasts the batch stays with the shard that owns the key ([`engine::owners`]).
//! 5. The *output* thread ([`engine::output`]) gives everything to the sinks in the order of batch, source and position, one
//!    flush at the end of every batch and whenever nothing more is under way. Under `--checkpoint` it logs what a batch holds
//!    before anything of it is written, and what it has changed once its output lasts ([`engine::checkpoint`]).
//!
//! # Glossary
//!
//! * **record**: one unit of the input, a line. **row**: a record with named columns. **block**: some rows, as columns.
//! * **batch**: every record received in one interval; its time is the interval's end.
//! * **lane**: an ordered run of records of a source: one file, one stream. **chunk**: whole records that a lane hands over.
//!   **piece**: what of a chunk is in one batch; a block is cut from it. **position**: a place in a lane, in decompressed bytes.
//! * **stage**: row-wise operators, up to one that combines rows. **shard**: a parallel worker.
//! * **part**: what one shard has combined of a batch, an [`Accumulator`](operators::Accumulator). **parcel**: what of a part
//!   goes to another shard. **share**: what a shard takes at once of the work of finishing a batch.
//! * **order**: the place of a row among those of its batch, by source, then position; ties fall to it.
//! * **intent**, **commit**: what a checkpoint is told before a batch is written, and once it is complete. **mark**: what a source
//!   needs to go on at a position. **stand**: where a sink stood before a batch. **redo**: a batch that is given again.
//! * **outlet**: where rows leave the plan: an output format and a sink.

pub mod cli;
pub mod clock;
pub mod data;
pub mod engine;
pub mod error;
pub mod explain;
pub mod expr;
pub mod failpoint;
pub mod formats;
pub mod io;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod messages;
pub mod operators;
pub mod progress;
pub mod run;
pub mod sinks;
pub mod sources;
pub mod state;
pub mod stats;
pub mod stop;
pub mod tables;
pub mod url;

use std::ffi::OsString;
use std::io::Write;
use std::sync::Arc;

use crate::cli::Parsed;
use crate::clock::Clock;
use crate::engine::shutdown;
use crate::error::{Error, Result};
use crate::io::Io;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The exit status (SPEC 6).
    pub status: u8,
    /// The signal that ended it: the process is to end by it.
    pub signal: Option<i32>,
}

/// Reads the arguments (the program's name first), runs to the end, and says on standard error what went wrong.
pub fn run(args: &[OsString], io: Io, clock: Arc<dyn Clock>) -> Ended {
    let messages = Arc::clone(&io.stderr);
    match shutdown::caught(|| start(args, io, clock)).flatten() {
        Ok(signal) => Ended { status: 0, signal },
        Err(error) => {
            match &error {
                Error::Usage(text) => messages.error(&cli::pointing_to_help(text)),
                Error::Failed(text) => messages.error(text),
                Error::Closed | Error::Alarm(_) => {}
            }
            Ended { status: error.exit_status(), signal: None }
        }
    }
}

fn start(args: &[OsString], mut io: Io, clock: Arc<dyn Clock>) -> Result<Option<i32>> {
    let invocation = match cli::parse(args, &io.env)? {
        Parsed::Run(invocation) => *invocation,
        Parsed::Show(text) => return show(&io, &text).map(|()| None),
    };
    if invocation.globals.quiet {
        io.stderr.silence();
    }
    let explain = invocation.globals.explain;
    let words = invocation.words.clone();
    let prepared = run::prepare(invocation, &mut io, &clock)?;
    if explain {
        return show(&io, &explain::explain(&prepared, &words)).map(|()| None);
    }
    prepared.run(io, clock)
}

fn show(io: &Io, text: &str) -> Result<()> {
    let mut stdout = io.stdout.lock().unwrap_or_else(|e| e.into_inner());
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Err(Error::Closed),
        other => other.map_err(|e| Error::io("cannot write to standard output", &e)),
    }
}
