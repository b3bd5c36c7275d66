//! What of a lane waits for its turn to be written.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data::batch::BatchInfo;
use crate::data::buffer::Lease;
use crate::engine::core::LaneHead;
use crate::engine::message::{Bad, Rendered};

/// How far a lane has been written.
#[derive(Default)]
pub struct LaneState {
    /// The number of the piece whose turn it is.
    pub next: u64,
    /// The number of the piece behind its last one, once that is known.
    pub ended: Option<u64>,
    /// Pieces, by number.
    pub waiting: BTreeMap<u64, Waiting>,
    /// Which of its files is being written, by number ...
    pub file: u64,
    /// ... and the lines of it so far.
    pub lines: u64,
}

impl LaneState {
    /// The next lines of the lane, of the file with this head: how many of it stand before them.
    pub fn pass(&mut self, head: &LaneHead, lines: u64) -> u64 {
        if std::mem::replace(&mut self.file, head.number) != head.number {
            self.lines = 0;
        }
        self.lines += lines;
        self.lines - lines
    }
}

/// What was made of a piece.
pub struct Waiting {
    /// What stood at the begin of its lane, or of the file in it.
    pub head: Arc<LaneHead>,
    /// Its records.
    pub records: u64,
    /// Its lines.
    pub lines: u64,
    /// Rows that came to the end of the stage.
    pub rows: u64,
    /// Records that were left out.
    pub bad: Vec<Bad>,
    /// What is to be written.
    pub rendered: Vec<Rendered>,
    /// Given back when it is dropped, after the writing.
    pub _lease: Option<Lease>,
    /// Its batch.
    pub info: BatchInfo,
}

impl Waiting {
    /// How many bytes are to be written of it.
    pub fn size(&self) -> usize {
        self.rendered.iter().map(Rendered::size).sum()
    }

    /// Whether anything of it reaches a sink, or a file of records that were left out.
    pub fn says_something(&self) -> bool {
        self.size() > 0 || self.bad.iter().any(|bad| bad.bytes.is_some())
    }

    /// Of a piece of which there is nothing to be written or said.
    pub fn quiet(info: BatchInfo, head: Arc<LaneHead>, records: u64, lines: u64, rows: u64) -> Self {
        Waiting { head, records, lines, rows, bad: Vec::new(), rendered: Vec::new(), _lease: None, info }
    }
}
