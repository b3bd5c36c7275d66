//! The side of the core that there is for a checkpoint: lanes that cannot be read again, and what stages have changed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard};

use super::{Core, State};
use crate::data::buffer::Buffer;
use crate::engine::batcher::{Made, Redo};
use crate::engine::checkpoint::record::HeadKept;
use crate::engine::cutting::Rest;
use crate::error::{Error, Result};
use crate::sources::Chunk;
use crate::state::changes::StateOf;
use crate::state::checkpoint::journal::{Entry, Journal, Part};

/// What is different where there is a checkpoint.
pub struct KeptUp {
    /// All of the state is to be written anew, instead of what has changed in it.
    pub whole: AtomicBool,
    /// By lane: those that cannot be read again.
    pub unmarked: Vec<Option<Unmarked>>,
    /// What is there now is all that the run is to see (`--once`).
    pub once: bool,
    /// Where these are kept meanwhile.
    pub journal: Option<Arc<Journal>>,
}

/// A lane that cannot be read again.
pub struct Unmarked {
    /// By which the journal knows it.
    pub number: u32,
    /// Where its positions go on.
    pub base: u64,
    /// Nothing has come of it in this run.
    pub is_new: AtomicBool,
}

impl KeptUp {
    /// A chunk goes on where the lane ended in the run before, and is kept.
    fn take(&self, lane: usize, chunk: &mut Chunk, name: &str) -> Result<()> {
        let Some(unmarked) = &self.unmarked[lane] else { return Ok(()) };
        if unmarked.is_new.swap(false, Ordering::Relaxed) && unmarked.base > 0 {
            chunk.begins.get_or_insert_with(|| name.into());
        }
        chunk.from += unmarked.base;
        chunk.until += unmarked.base;
        chunk.too_long.iter_mut().for_each(|record| record.at += unmarked.base);
        let Some(journal) = &self.journal else { return Ok(()) };
        let (begins, bytes) = (chunk.begins.as_deref(), chunk.buffer.bytes());
        let (lane, from, until) = (unmarked.number, chunk.from, chunk.until);
        journal.append(&Part { lane, from, until, begins, head: &[], bytes })
    }
}

impl Core {
    /// What of a chunk that a lane gives is records; see [`Core::rest_of`].
    pub fn rest(&self, lane: usize, mut chunk: Chunk, count: bool) -> Result<Option<Rest>> {
        if let Some(kept_up) = &self.kept_up {
            kept_up.take(lane, &mut chunk, &self.names[lane])?;
        }
        self.rest_of(lane, chunk, count)
    }

    /// Tells the source of a lane that all before this position (its own) was taken, if it waits for that: it is with the batches,
    /// or in the journal.
    pub fn answer(&self, lane: usize, until: u64, placed: bool) -> Result<()> {
        if self.controls[lane].is_answered() {
            let journal = self.kept_up.as_ref().and_then(|kept_up| kept_up.journal.as_ref());
            journal.map_or(Ok(()), |journal| journal.sync())?;
            if placed || journal.is_some() {
                self.controls[lane].taken(until);
            }
        }
        Ok(())
    }

    /// What stood at the begin of a lane, or of the file in it, in the run before.
    pub fn put_back_head(&self, lane: usize, kept: &HeadKept) -> Result<()> {
        let file = kept.file.as_deref().map(Into::into);
        let head = self.head(lane, &kept.bytes, (file, kept.number))?;
        *self.lanes[lane].lock().unwrap_or_else(|e| e.into_inner()) = Arc::new(head);
        Ok(())
    }

    /// What the journal has of a lane, from this position on.
    pub fn rest_of_entry(&self, lane: usize, entry: Entry, position: u64, count: bool) -> Result<Option<Rest>> {
        let Entry { from, until, begins, bytes, .. } = entry;
        let skip = (position.saturating_sub(from) as usize).min(bytes.len());
        let (len, lease) = (bytes.len(), self.quotas[lane].lease(bytes.len()));
        let buffer = Buffer::filled(bytes, skip..len, lease);
        let begins = begins.filter(|_| skip == 0).map(Into::into);
        let chunk = Chunk { buffer, from: from + skip as u64, until, begins, too_long: Vec::new() };
        self.rest_of(lane, chunk, count)
    }

    /// What the batch at hand has changed in what the stages keep, or all of that. Asked by whoever finishes it.
    pub fn state_of(&self) -> Option<StateOf> {
        let kept_up = self.kept_up.as_ref()?;
        let stages = 0..self.plan.stages.len();
        Some(match kept_up.whole.swap(false, Ordering::Relaxed) {
            true => StateOf::Whole(stages.map(|stage| self.kept(stage).whole(stage)).collect()),
            false => StateOf::Changes(stages.filter_map(|stage| self.kept(stage).changes(stage)).collect()),
        })
    }

    /// Whether windows, sessions and batches that are open at the end of the input stay so, for the next run to go on with.
    pub(super) fn leaves_open(&self) -> bool {
        self.kept_up.as_ref().is_some_and(|kept_up| kept_up.once || self.stop.is_told())
    }

    /// The log of what has changed has grown long.
    pub fn want_whole(&self, wanted: bool) {
        if let Some(kept_up) = self.kept_up.as_ref().filter(|_| wanted) {
            kept_up.whole.store(true, Ordering::Relaxed);
        }
    }

    /// This batch is given again before anything else.
    pub fn give_again(&self, redo: Redo) {
        let mut state = self.lock();
        let mut made = Made::default();
        let now = (self.clock.wall(), self.clock.monotonic());
        if let Some(event) = &mut state.batcher.event {
            event.give_again(redo.info.end, &redo.until);
        }
        state.batcher.give_again(&self.cutting, redo, now, &mut made);
        self.take_over(&mut state, made);
    }

    /// Waits until it has been given, or the run ends before.
    pub fn wait_for_redo(&self) {
        let mut state = self.lock();
        while state.batcher.is_again() && !state.aborted && !self.stop.is_told() && !self.is_input_over(&state) {
            state = self.room.wait(state);
        }
    }

    fn is_input_over(&self, state: &MutexGuard<'_, State>) -> bool {
        state.receivers == 0 && state.pull.is_empty()
    }

    /// Ends the run if a lane has ended before it gave again all that it had given: nothing of the batch may be written.
    pub(super) fn check_short(&self, lane: usize) {
        if self.lock().batcher.is_short(lane) && !self.stop.is_told() {
            let name = &self.names[lane];
            self.abort(Error::failed(format!(
                "cannot give the last batch of the run before again: {name} has ended before all of it came; put back what it \
                 held, or begin anew with another --checkpoint"
            )));
        }
    }
}
