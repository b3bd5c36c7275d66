//! Cuts by the records' own time.

use std::collections::VecDeque;
use std::time::Duration;

use crate::engine::event::blocks::{Admitted, Parsed};

use super::{Batcher, Made};

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
