//! What the output thread is told, by the batcher and by the shards.

use std::sync::Arc;
use std::time::Duration;

use crate::data::batch::BatchInfo;
use crate::data::buffer::Lease;
use crate::sources::Range;
use crate::state::changes::StateOf;

use super::batch::Logged;
use super::core::LaneHead;

/// What the output thread is told.
pub enum Message {
    /// A batch was cut: behind which piece of each lane that gave something.
    Cut {
        /// Its number and interval.
        info: BatchInfo,
        /// Lane, and the number of the piece behind its last one.
        lanes: Vec<(usize, u64)>,
        /// What a checkpoint has to know of it, if there is one: also whether no other batch of this end will come, and whether
        /// it is there for what windows still hold at the end.
        logged: Option<(Logged, bool, bool)>,
    },
    /// A block is done.
    Block {
        /// Its batch; without an interval the end is not known yet.
        info: BatchInfo,
        /// Its lane.
        lane: usize,
        /// What stood at the begin of it, or of the file in it.
        head: Arc<LaneHead>,
        /// Which piece of the lane it is.
        seq: u64,
        /// How many records it had, the bad ones included.
        records: u64,
        /// How many lines these were.
        lines: u64,
        /// Rows that came to the end of the stage.
        rows: u64,
        /// Records that were left out.
        bad: Vec<Bad>,
        /// What is to be written.
        rendered: Vec<Rendered>,
        /// Holds the source back while it is not written.
        lease: Option<Lease>,
    },
    /// Blocks are done of which there is nothing to be written or said.
    Quiet(Vec<Quiet>),
    /// A piece whose records tell their times is done.
    Passed(Passed),
    /// Something is to be said.
    Note(&'static str),
    /// A lane has no more pieces than this.
    LaneEnded {
        /// The lane.
        lane: usize,
        /// The number of the piece behind its last one.
        seq: u64,
    },
    /// Of the batch of this number, which is being finished: what is to be written.
    Result(u64, Made),
    /// A batch is finished: all its results have been sent.
    Finished(Finished),
    /// A command of an alarm has ended.
    CommandEnded,
    /// Someone asks for the statistics so far.
    Report,
    /// Nothing more comes.
    End,
}

/// A block of which there is nothing to be written or said: see the same fields of [`Message::Block`].
pub struct Quiet {
    /// Its batch.
    pub info: BatchInfo,
    /// Its lane.
    pub lane: usize,
    /// What stood at the begin of it, or of the file in it.
    pub head: Arc<LaneHead>,
    /// Which piece of the lane it is.
    pub seq: u64,
    /// How many records it had.
    pub records: u64,
    /// How many lines these were.
    pub lines: u64,
    /// Rows that came to the end of the stage.
    pub rows: u64,
}

impl From<Quiet> for Message {
    fn from(block: Quiet) -> Self {
        let Quiet { info, lane, head, seq, records, lines, rows } = block;
        let (bad, rendered, lease) = (Vec::new(), Vec::new(), None);
        Message::Block { info, lane, head, seq, records, lines, rows, bad, rendered, lease }
    }
}

/// What is made while a batch is finished.
pub enum Made {
    /// Rows of a batch, in order.
    Rows(BatchInfo, Vec<Rendered>),
    /// A batch that came of windows is complete.
    End(Given),
}

/// A batch behind a window.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// Its number among those of its level, and its interval.
    pub info: BatchInfo,
    /// See [`Stage::level`](super::plan::Stage).
    pub level: usize,
    /// Records received in the batch that brought it about.
    pub records: u64,
    /// The interval of that ...
    pub base: BatchInfo,
    /// ... and when it was cut, on the monotonic clock.
    pub cut: Duration,
}

/// What some rows bring about at the output.
pub enum Rendered {
    /// Bytes for an outlet.
    Rows {
        /// Which one.
        outlet: usize,
        /// Whole rows.
        bytes: Vec<u8>,
    },
    /// The condition of this alarm held for one of them.
    Held(usize),
}

impl Rendered {
    /// How many bytes are to be written.
    pub fn size(&self) -> usize {
        match self {
            Rendered::Rows { bytes, .. } => bytes.len(),
            Rendered::Held(_) => 0,
        }
    }
}

/// A record that was left out.
pub struct Bad {
    /// Lines before it in its block.
    pub line: u64,
    /// What is wrong with it; empty if nobody will ask.
    pub what: String,
    /// Its bytes, where bad records are kept.
    pub bytes: Option<Vec<u8>>,
}

/// A piece whose records tell their times: what is said of it beside its rows, which wait for their batches.
pub struct Passed {
    /// Its lane.
    pub lane: usize,
    /// What stood at the begin of it, or of the file in it.
    pub head: Arc<LaneHead>,
    /// Which piece of the lane it is.
    pub seq: u64,
    /// How many records it had, the bad ones included.
    pub records: u64,
    /// How many lines these were.
    pub lines: u64,
    /// Records that were left out.
    pub bad: Vec<Bad>,
    /// Its newest time, in microseconds, and the lines before that record in the piece.
    pub newest: Option<(i64, u64)>,
    /// Records that came too late.
    pub late: Option<Late>,
}

/// Records of a piece that came too late.
pub struct Late {
    /// How many.
    pub count: u64,
    /// The time of the first of them, in microseconds ...
    pub time: i64,
    /// ... and the lines before it in the piece.
    pub line: u64,
    /// The newest time before it, and the lines before that record, if it stands in the same piece.
    pub moved: Option<(i64, u64)>,
    /// All of them, where late records are kept.
    pub kept: Vec<Vec<u8>>,
}

/// A batch that went through all stages.
pub struct Finished {
    /// Its number and interval.
    pub info: BatchInfo,
    /// Records read.
    pub records: u64,
    /// Records left out.
    pub bad: u64,
    /// Records that came too late.
    pub late: u64,
    /// Where the records' times cut: how many records it has of each lane.
    pub taken: Vec<(usize, u64)>,
    /// Bytes read.
    pub bytes: u64,
    /// Blocks.
    pub blocks: u64,
    /// What it holds of each lane.
    pub lanes: Vec<(usize, Range)>,
    /// Nothing was received in it: it is there for what windows still hold at the end.
    pub closing: bool,
    /// What a checkpoint has to know of what the stages keep, if there is one.
    pub state: Option<StateOf>,
    /// Rows kept by all stages ...
    pub state_rows: u64,
    /// ... and about how many bytes these are.
    pub state_bytes: u64,
    /// When it was cut, on the monotonic clock.
    pub cut: Duration,
    /// When the shards began to finish it.
    pub began: Duration,
    /// When they were done.
    pub ended: Duration,
}
