//! The part of the batcher that belongs to event time. Under the engine's lock.

use std::collections::VecDeque;
use std::time::Duration;

use crate::engine::batch::Cut;
use crate::engine::batcher::{Batcher, Made};
use crate::sources::Range;

use super::blocks::{Admitted, Parsed};

impl Cut {
    /// How many records it has of each lane, where the records' times cut.
    pub fn taken(&self) -> Vec<(usize, u64)> {
        let records = |(lane, (records, _)): (&usize, &(u64, Range))| (*lane, *records);
        if self.by_event { self.lanes.iter().map(records).collect() } else { Vec::new() }
    }
}

impl Batcher {
    /// A piece whose records tell their times has been cut: gives what is to be done with it, and cuts the batches that it
    /// completes.
    pub fn admit(&mut self, lane: usize, parsed: Parsed, at: Duration, made: &mut Made) -> VecDeque<Admitted> {
        let over = self.left == 0;
        let admitted = self.event.as_mut().map_or_else(VecDeque::new, |event| event.admit(lane, parsed, at, over));
        self.cut_by_event(at, made);
        admitted
    }

    /// Cuts the batches that the records' times have completed.
    pub fn cut_by_event(&mut self, at: Duration, made: &mut Made) {
        let Some(event) = &mut self.event else { return };
        made.cuts.extend(event.cut(at, &mut self.left));
        made.note = made.note.or(event.note());
        if self.windows && event.is_done() {
            self.windows = false;
            made.cuts.push(self.closing(at));
        }
    }

    /// A lane has no more records.
    pub fn lane_ended(&mut self, lane: usize, at: Duration, made: &mut Made) {
        self.lanes[lane].ended = true;
        if let Some(event) = &mut self.event {
            event.ended(lane);
        }
        self.cut_by_event(at, made);
    }
}
