//! Sources: where records come from. Every file but this one is one source; `support/` has what several of them need.
//!
//! A [`Source`] is what `--from` spells; opening it gives [`Lane`]s, each an ordered run of records (a file, a connection's
//! stream). The engine reads a lane either on a receiver thread of its own (pipes, sockets) or on the shards (files).

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::Clock;
use crate::data::buffer::{Buffer, Quota};
use crate::data::framing::Framing;
use crate::data::time::Time;
use crate::error::Result;
use crate::messages::Messages;
use crate::stop::Stop;
use crate::url;

mod dir;
mod exec;
mod file;
#[cfg(feature = "flume")]
mod flume;
#[cfg(feature = "kafka")]
mod kafka;
mod listen;
mod rate;
mod stdin;
mod support;
mod tcp;

pub use support::descriptors::allow_many;
use support::peek::{Begun, Peeked};
use support::spelling::Spelling;
pub use support::unread::Unread;
pub use support::wanted::{Said, Wanted, format_of};

/// A kind of source, as `--from` spells it.
pub struct Entry {
    /// What stands before the colon; empty where nothing does.
    pub scheme: &'static str,
    /// How it is spelled, for messages and help.
    pub form: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    parse: fn(&Spelling) -> Result<Box<dyn Source>>,
}

/// Every kind of source, in the order of the help.
pub static REGISTRY: &[Entry] = &[
    stdin::ENTRY,
    file::ENTRY,
    file::WITH_OPTIONS,
    dir::ENTRY,
    tcp::ENTRY,
    listen::ENTRY,
    exec::ENTRY,
    rate::ENTRY,
    #[cfg(feature = "kafka")]
    kafka::ENTRY,
    #[cfg(feature = "flume")]
    flume::ENTRY,
];

/// The kinds of which each stands behind a feature of this name.
const FEATURES: &[&str] = &["kafka", "flume"];

/// The source that `spec` spells; nothing is opened yet. An unknown scheme or option is a usage error.
pub fn parse(spec: &str) -> Result<Box<dyn Source>> {
    let (scheme, spelling) = Spelling::split(spec)?;
    match REGISTRY.iter().find(|e| e.scheme == scheme) {
        Some(entry) => (entry.parse)(&spelling),
        None if FEATURES.contains(&scheme) => Err(url::left_out(scheme)),
        None => Err(Spelling::unknown(spec, scheme, REGISTRY.iter())),
    }
}

/// What `--from` spells.
pub trait Source: Send + Sync {
    /// As messages name it: `standard input`, `logs/a.gz`, `tcp://127.0.0.1:9999`.
    fn name(&self) -> String;

    /// What of its address, as it was written, two runs that share a checkpoint must have in common.
    fn identity(&self, written: &str) -> String {
        written.to_string()
    }

    /// Whether it is of regular files only: then `--batch` is `all` unless written.
    fn is_files(&self) -> bool {
        false
    }

    /// Whether it is standard input.
    fn is_stdin(&self) -> bool {
        false
    }

    /// The regular files that it is made of at this moment, those that are missing too; `None` if it is anything else.
    fn files(&self) -> Result<Option<Vec<PathBuf>>> {
        Ok(None)
    }

    /// What it says about the format of its records.
    fn format(&self) -> Wanted {
        Wanted::default()
    }

    /// Why it cannot be used with `--tick`, if so.
    fn cannot_tick(&self) -> Option<&'static str> {
        None
    }

    /// Why it cannot be used with `--event-time`, if so; `kept`: there is a checkpoint.
    fn cannot_go_by_event(&self, kept: bool) -> Option<&'static str> {
        let _ = kept;
        None
    }

    /// Why it cannot be used with `--once`, if so.
    fn cannot_freeze(&self) -> Option<&'static str> {
        None
    }

    /// `--follow` is given: it goes on with what is appended to its files, unless it says otherwise. False if it has none.
    fn follow(&mut self) -> bool {
        false
    }

    /// Where its lanes keep still before the run begins: what is there of it now, only to be looked at, as often as need be.
    fn samples(&self, setup: &Setup) -> Result<Option<Vec<Lane>>> {
        let _ = setup;
        Ok(None)
    }

    /// Opens it, before anything runs. `once`: sizes are frozen now. `framing`: how its records end.
    fn open(&self, setup: &Setup, framing: Framing) -> Result<Vec<Lane>>;

    /// Opens it to go on with what a checkpoint has kept of its lanes: those that can be read again begin behind their positions
    /// and say so ([`Lane::resumes`]), others begin anew. What is to be given again and cannot be read any more is an error.
    fn resume(&self, setup: &Setup, framing: Framing, kept: &[Kept]) -> Result<Vec<Lane>> {
        let _ = kept;
        self.open(setup, framing)
    }
}

/// What a checkpoint has kept of a lane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// As messages name it.
    pub name: String,
    /// The position to go on from: what stands before it is in batches that are committed.
    pub position: u64,
    /// What [`Control::mark`] gave: the last that was whole, and the changes since.
    pub marks: Vec<Vec<u8>>,
    /// A batch was being written: it holds what stands from [`Kept::position`] up to here, and this is its mark. Exactly that is
    /// to be given first.
    pub redo: Option<(u64, Vec<u8>)>,
}

/// What sources are opened with.
pub struct Setup {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The longest record, in bytes.
    pub max_record: usize,
    /// Sizes and lists are frozen at the start.
    pub once: bool,
    /// No cut of the timer asks for what belongs to a batch: who would wait for that looks by itself, this far apart.
    pub poll: Option<Duration>,
    /// Told when to stop.
    pub stop: Arc<Stop>,
    /// What stands for standard input in a run inside a test; else it is the process's own.
    pub stdin: Mutex<Option<Box<dyn Stream>>>,
    /// Where it is said that a source is in trouble but goes on.
    pub messages: Arc<Messages>,
    /// Under `--checkpoint` the name of that, which no other one has: letters and digits.
    pub checkpoint: Option<String>,
}

/// An ordered run of records. A source has one or more; their order is that of the records.
pub struct Lane {
    /// As messages name it.
    pub name: String,
    /// Where its records come from.
    pub feed: Feed,
    /// Shards may read it themselves, because reading never waits long. Else it is read beside the others of its source.
    pub pull: bool,
    /// How many bytes it will give, before decompression, if known.
    pub size: Option<u64>,
    /// Asked and told at the borders of batches.
    pub control: Arc<dyn Control>,
    /// Which of the [`Kept`] it goes on with: the first byte that it gives stands at [`Kept::position`]. Else that is 0.
    pub resumes: Option<usize>,
}

impl Lane {
    /// What `tell` makes of the first record from which it makes something, none of them longer than `limit`; waits for it if
    /// need be, but looks at no more than the head of the lane, which will be given again.
    pub fn peek<T>(
        self,
        framing: Framing,
        limit: usize,
        tell: impl FnMut(&[u8], bool) -> Result<Option<T>>,
    ) -> Result<(Lane, Option<T>)> {
        const HEAD: usize = 1 << 20;
        let (feed, told) = match self.feed {
            Feed::Bytes(stream) => {
                let (peeked, told) = Peeked::tell(stream, framing, (limit, limit.saturating_mul(2).max(HEAD)), tell)?;
                (Feed::Bytes(Box::new(peeked)), told)
            }
            Feed::Records(intake) => {
                let (begun, told) = Begun::tell(intake, framing, limit, tell)?;
                (Feed::Records(Box::new(begun)), told)
            }
        };
        Ok((Lane { feed, ..self }, told))
    }
}

/// Where the records of a lane come from.
pub enum Feed {
    /// Bytes, of which the engine's receiver finds the records.
    Bytes(Box<dyn Stream>),
    /// Records, found by the source itself.
    Records(Box<dyn Intake>),
}

/// A stream of bytes.
pub trait Stream: Send {
    /// Reads into `into` (never empty). With `wait` it waits until there is something, or until the run stops; without, it
    /// says [`Got::Later`] instead.
    fn read(&mut self, into: &mut [u8], wait: bool) -> Result<Got>;

    /// Goes back by `back` bytes and passes over whole records from there, in about `most` bytes, which whoever works on them
    /// reads. `None`, and nothing has changed, where that cannot be done, or not here.
    fn pass_over(&mut self, back: usize, most: usize, delimiter: u8) -> Option<Unread> {
        let _ = (back, most, delimiter);
        None
    }

    /// How many bytes of [`Lane::size`] have been read; 0 where there is no size.
    fn progress(&self) -> u64 {
        0
    }

    /// As messages name the file that was begun last ([`Got::File`]).
    fn file(&self) -> Arc<str> {
        Arc::from("")
    }
}

/// What a read of bytes gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Got {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing is there at this moment.
    Later,
    /// The stream broke off and begins anew (a connection was lost): what was not ended is a record.
    Break,
    /// What follows is another file, with a head of its own, of which this is the first word: what was not ended is a record.
    File,
    /// All that a cut has asked for ([`Control::ask`]) has been given; behind a break, and only with `wait`.
    Done,
    /// There is no more, or the run stops and nobody will see more.
    End,
    /// The run stops where more could be read at any time: what is begun is only a part of a record.
    Stop,
}

/// Gives buffers of whole records.
pub trait Intake: Send {
    /// The next buffer; waits for it if need be. The bytes are to be leased from `quota`.
    fn next(&mut self, quota: &Arc<Quota>) -> Result<Step>;

    /// How often it is to [`attend`](Self::attend) while it is not read; none if it need not.
    fn attends(&self) -> Option<Duration> {
        None
    }

    /// Does what has to be done though there is no room for more, if anything.
    fn attend(&mut self) -> Result<()> {
        Ok(())
    }

    /// How many bytes of [`Lane::size`] have been read; 0 where there is no size.
    fn progress(&self) -> u64 {
        0
    }
}

/// What a read gave.
pub enum Step {
    /// Whole records.
    Records(Chunk),
    /// Whole records that are still to be read; only behind the head of a lane.
    Unread {
        /// Where they are.
        unread: Unread,
        /// See [`Chunk::from`].
        from: u64,
        /// See [`Chunk::until`].
        until: u64,
    },
    /// All that a cut has asked for ([`Control::ask`]) has been given, and its records are with the batcher.
    Done,
    /// There are no more.
    End,
}

/// Whole records, and where they stood.
pub struct Chunk {
    /// The bytes.
    pub buffer: Buffer,
    /// The position of its first byte in the lane, in decompressed bytes: a record begins there.
    pub from: u64,
    /// The position of the next record: what to store to go on from here.
    pub until: u64,
    /// A file begins here, and messages call it so; not said of the first one of a lane that is called like the lane.
    pub begins: Option<Arc<str>>,
    /// Records left out behind this chunk because they were longer than the limit; each with its position and length.
    pub too_long: Vec<TooLong>,
}

/// A record that was longer than `--max-record`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// Where it began.
    pub at: u64,
    /// How long it was.
    pub len: u64,
    /// Where records may hold line ends: how many lines it took, with the empty ones before it.
    pub lines: u64,
    /// How many of them were the empty ones before it, which are no records.
    pub blank: u64,
}

/// A range of positions of a lane that a batch holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// First position.
    pub from: u64,
    /// Position of the next record.
    pub until: u64,
}

/// The control side of a lane, shared with the batcher.
pub trait Control: Send + Sync {
    /// Whether each cut of the timer asks for what belongs to the batch.
    fn is_asked(&self) -> bool {
        false
    }

    /// A batch is about to be cut, but not before the lane has given all that belongs to it, as much as that may be, and has
    /// then said [`Step::Done`].
    fn ask(&self) {}

    /// A batch that ends at `end` is cut: hand over what belongs to it and has not been read yet.
    fn cut(&self, end: Time, quota: &Arc<Quota>) -> Vec<Chunk> {
        let _ = (end, quota);
        Vec::new()
    }

    /// What has to be stored so that a later run can go on from this position, at which a batch ended. Positions do not decrease
    /// from call to call. `whole`: all of it; else it may be what has changed since the mark before. Nothing, where what was read
    /// cannot be read again; then it never is.
    fn mark(&self, until: u64, whole: bool) -> Result<Option<Vec<u8>>> {
        let _ = (until, whole);
        Ok(None)
    }

    /// Whether it waits for [`Control::taken`].
    fn is_answered(&self) -> bool {
        false
    }

    /// What stands before this position is with the engine; under `--journal` it also outlasts a failure of the machine.
    fn taken(&self, until: u64) {
        let _ = until;
    }

    /// The output of the batch with this end is out: its range of the lane will not be asked for again.
    fn committed(&self, end: Time, range: &Range) {
        let _ = (end, range);
    }
}

/// For lanes that have nothing to say at the borders of batches.
pub struct NoControl;

impl Control for NoControl {}
