//! A batch while its blocks are on their way: what the batcher makes, the shards work on, and whoever finishes it takes.

use std::collections::BTreeMap;
use std::ops::Range as Span;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::data::batch::BatchInfo;
use crate::data::buffer::{Buffer, Quota};
use crate::error::Result;
use crate::operators::Accumulator;
use crate::sources::{Range, TooLong, Unread};

use super::core::LaneHead;
use super::event::again::EventLogged;

/// A batch on its way through the engine.
pub struct Batch {
    /// Its number and interval; without `--batch DURATION` its end is not known before the cut.
    pub info: BatchInfo,
    /// What each shard has combined of it, for each stage that inputs feed (see [`PlanInput::feeds`](super::plan::PlanInput)).
    pub parts: Vec<Vec<Part>>,
    /// Records read.
    pub records: AtomicU64,
    /// Records that were left out.
    pub bad: AtomicU64,
    /// Records that came too late for their batch before this one was cut.
    pub late: AtomicU64,
    /// Bytes read.
    pub bytes: AtomicU64,
    /// Blocks that the shards are done with.
    pub done: AtomicU64,
}

/// What a shard has combined of a batch.
pub type Part = Mutex<Option<Box<dyn Accumulator>>>;

impl Batch {
    /// Nothing of it has come yet.
    pub fn new(info: BatchInfo, shards: usize, fed: usize) -> Arc<Self> {
        let parts = (0..fed).map(|_| (0..shards).map(|_| Mutex::new(None)).collect()).collect();
        let zero = AtomicU64::default;
        Arc::new(Batch { info, parts, records: zero(), bad: zero(), late: zero(), bytes: zero(), done: zero() })
    }

    /// Takes out what the shards have combined for one of the stages that inputs feed.
    pub fn take(&self, feeds: usize) -> Vec<Box<dyn Accumulator>> {
        self.parts[feeds].iter().filter_map(|part| part.lock().unwrap_or_else(|e| e.into_inner()).take()).collect()
    }
}

/// The bytes of some records.
#[derive(Clone)]
pub enum Content {
    /// They are there.
    Read(Arc<Buffer>),
    /// They are to be read by whoever works on them.
    Unread(Unread),
}

impl Content {
    /// The bytes, as far as they are there.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Content::Read(buffer) => buffer.bytes(),
            Content::Unread(_) => &[],
        }
    }

    /// The bytes, read if need be.
    pub fn read(self, quota: &Arc<Quota>) -> Result<Arc<Buffer>> {
        match self {
            Content::Read(buffer) => Ok(buffer),
            Content::Unread(unread) => Ok(Arc::new(unread.read(quota)?)),
        }
    }
}

/// Some whole records, to be worked on by a shard.
pub struct Task {
    /// The batch that they belong to; none if their times tell it.
    pub batch: Option<Arc<Batch>>,
    /// The lane that they came from.
    pub lane: usize,
    /// What stood at the begin of it, or of the file in it.
    pub head: Arc<LaneHead>,
    /// Where they stand among the pieces of the lane.
    pub seq: u64,
    /// Their bytes ...
    pub content: Content,
    /// ... which are these of the content.
    pub range: Span<usize>,
    /// The number of the first record in its lane, if the plan asks for numbers.
    pub first: u64,
    /// Records that were left out behind these.
    pub too_long: Vec<TooLong>,
    /// The position of the record behind it all.
    pub until: u64,
}

/// What a checkpoint has to know to go on behind a batch.
#[derive(Default)]
pub struct Logged {
    /// Of the lanes that have come further; where the records' times cut, of all.
    pub lanes: Vec<LaneLogged>,
    /// Where the records' times cut: how far that has come.
    pub event: Option<EventLogged>,
}

/// What a checkpoint has to know to go on with a lane.
pub struct LaneLogged {
    /// The lane.
    pub lane: usize,
    /// The position to go on from.
    pub position: u64,
    /// How many records stand before it, if they are counted.
    pub records: u64,
    /// What stood at the begin of it, or of the file in it; none if nothing has come.
    pub head: Option<Arc<LaneHead>>,
}

/// A batch that is complete as soon as its blocks are.
pub struct Cut {
    /// The batch.
    pub batch: Arc<Batch>,
    /// Its interval.
    pub info: BatchInfo,
    /// How many blocks it has.
    pub blocks: u64,
    /// What it holds of each lane that gave something: the piece behind its last one (where the records' times cut: how many
    /// records), and the positions.
    pub lanes: BTreeMap<usize, (u64, Range)>,
    /// What a checkpoint has to know of it, if there is one.
    pub logged: Option<Logged>,
    /// The records' times cut.
    pub by_event: bool,
    /// No other batch of this end will come: it is none that a count has cut inside its interval.
    pub complete: bool,
    /// It is there for what windows still hold at the end of the input.
    pub closing: bool,
    /// When it was cut, on the monotonic clock.
    pub at: Duration,
}
