//! What of a lane waits for its turn to be written.

use std::collections::BTreeMap;

use crate::data::batch::BatchInfo;
use crate::data::buffer::Lease;
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
    /// Lines written so far.
    pub lines: u64,
}

/// What was made of a piece.
pub struct Waiting {
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
