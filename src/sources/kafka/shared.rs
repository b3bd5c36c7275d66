//! The side of the lane that the engine sees at the borders of batches.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::super::support::trail::lock;
use super::super::{Control, Range};
use super::group::{Ahead, Group};
use super::trail::Trail;
use crate::clock::Bell;
use crate::data::time::Time;
use crate::error::Result;

/// So many chunks are remembered where nobody says that they are done with (batches by the records' own time).
const REMEMBERED: usize = 1 << 16;

/// Shared by the reader and whoever cuts and writes batches.
pub struct Shared {
    /// Which positions are which offsets.
    pub trail: Mutex<Trail>,
    /// How often a cut has asked.
    pub asked: AtomicU64,
    /// Whether cuts ask at all.
    pub by_cut: bool,
    /// Somebody will want to know which offsets were passed.
    pub marks: bool,
    /// Wakes the reader.
    pub bell: Arc<Bell>,
    /// The group, if there is one.
    pub group: Option<Group>,
}

impl Shared {
    /// So many bytes of a partition are given, from one offset up to another. Gives their position.
    pub fn gave(&self, part: usize, first: i64, next: i64, bytes: u64) -> u64 {
        let mut trail = lock(&self.trail);
        let from = trail.gave(part, super::trail::Place::at(first), next, bytes);
        if !self.marks && trail.len() > REMEMBERED {
            let end = trail.end();
            trail.pass(end);
        }
        from
    }

    /// What stands before a position and is not passed yet: the group may take its time, and the reader has to go on meanwhile.
    fn ahead(&self, until: u64) -> Vec<Ahead> {
        let trail = lock(&self.trail);
        let ahead = trail.ahead(until).into_iter();
        ahead.map(|(part, passed)| (part, trail.partition(part).clone(), passed)).collect()
    }
}

impl Control for Shared {
    fn is_asked(&self) -> bool {
        self.by_cut
    }

    fn ask(&self) {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.bell.ring();
    }

    fn mark(&self, until: u64, whole: bool) -> Result<Option<Vec<u8>>> {
        if let (Some(group), false) = (&self.group, whole) {
            group.claim(&self.ahead(until))?;
        }
        let mut trail = lock(&self.trail);
        let passed = trail.pass(until);
        let mark = trail.mark(&passed);
        drop(trail);
        self.bell.ring();
        Ok(Some(mark))
    }

    fn committed(&self, _: Time, range: &Range) {
        if let Some(group) = &self.group {
            group.done(&self.ahead(range.until));
        }
        lock(&self.trail).pass(range.until);
        self.bell.ring();
    }
}
