//! The part of the batcher that belongs to event time. Under the engine's lock.

use std::collections::VecDeque;
use std::time::Duration;

use crate::engine::batch::{Cut, LaneLogged};
use crate::engine::batcher::{Batcher, Made};
use crate::sources::Range;

use super::again::LanePlace;
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
        let Some(event) = &mut self.event else { return VecDeque::new() };
        let again = event.is_again();
        let mut admitted = event.admit(lane, parsed, at, over);
        self.cut_by_event(at, made);
        if let Some(event) = self.event.as_mut().filter(|event| again && !event.is_again()) {
            admitted.extend(event.release(at, over));
            self.cut_by_event(at, made);
        }
        admitted
    }

    /// Cuts the batches that the records' times have completed.
    pub fn cut_by_event(&mut self, at: Duration, made: &mut Made) {
        let Some(event) = &mut self.event else { return };
        let mut cuts = event.cut(at, self.leaves_open, &mut self.left);
        for logged in cuts.iter_mut().filter_map(|cut| cut.logged.as_mut()) {
            let places = logged.event.iter().flat_map(|event| event.places.iter().enumerate());
            let lane = |(lane, place): (usize, &LanePlace)| {
                let head = self.lanes[lane].head.clone();
                LaneLogged { lane, position: place.position, records: place.records, head }
            };
            logged.lanes = places.map(lane).collect();
        }
        made.cuts.append(&mut cuts);
        made.note = made.note.or(event.note());
        if self.windows && event.is_done() && !self.leaves_open {
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
