//! Event time where there is a checkpoint: how far the batches have come, and going on there. What stands behind the oldest
//! record of a batch that is not complete is read again, and what of that belongs to complete batches is left out.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::data::time::Time;
use crate::engine::batch::Cut;
use crate::engine::cutting::Rest;

use super::admission::{Admission, Lane, NEVER, Open};
use super::blocks::Admitted;
use super::sorting::micros;

/// How far the batches of a run have come whose records tell their times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventLogged {
    /// The end of the batch that came first.
    pub origin: Option<Time>,
    /// Of each lane where it has to be read from again: what stands behind that is in no batch that is cut, or in part.
    pub places: Vec<LanePlace>,
    /// Of each lane the position behind what has been let in.
    pub known: Vec<u64>,
}

impl EventLogged {
    /// For so many lanes, of which `is_now` tells where those stand that were there before.
    pub fn with_lanes(self, is_now: &BTreeMap<usize, usize>, lanes: usize) -> Self {
        let mut places = vec![LanePlace { position: 0, records: 0, lines: 0, newest: NEVER }; lanes];
        let mut known = vec![0; lanes];
        for (was, is) in is_now {
            if let (Some(place), Some(until)) = (self.places.get(*was), self.known.get(*was)) {
                (places[*is], known[*is]) = (*place, *until);
            }
        }
        EventLogged { places, known, ..self }
    }
}

/// A place in a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LanePlace {
    /// Its position.
    pub position: u64,
    /// How many records stand before it, if they are counted.
    pub records: u64,
    /// How many lines.
    pub lines: u64,
    /// The newest time before it, in microseconds; the least number where there is none.
    pub newest: i64,
}

impl Admission {
    /// Goes on behind the batch `last` of a run before this one, where lanes are read from these places.
    pub fn go_on(&mut self, logged: EventLogged, last: (Time, u64)) {
        let EventLogged { origin, places, known } = logged;
        // Batches behind that one may have been cut as well, but are not complete.
        (self.watermark, self.origin, self.last) = (micros(last.0), origin, Some(last));
        for ((lane, place), known) in self.lanes.iter_mut().zip(places).zip(known) {
            (lane.position, lane.from) = (place.position, place.position);
            (lane.newest, lane.records, lane.known) = (place.newest, place.records, known);
            lane.lines = place.lines;
        }
    }

    /// The batch that ends then is given again first: it holds nothing of a lane behind these positions.
    pub fn give_again(&mut self, end: Time, until: &BTreeMap<usize, u64>) {
        self.again = Some(end);
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            lane.until = until.get(&at).copied().unwrap_or(lane.known);
        }
    }

    /// Where in what a lane brings there is a position at which it has to be taken apart.
    pub fn border(&self, lane: usize, rest: &Rest) -> Option<usize> {
        let lane = &self.lanes[lane];
        let inside = |at: &usize| *at > rest.range.start && *at < rest.range.end;
        [lane.known, lane.until].into_iter().map(|position| rest.place_of(position)).filter(inside).min()
    }

    /// How far it has come, behind a batch that is cut.
    pub(super) fn logged(&self) -> EventLogged {
        let place = |(at, lane): (usize, &Lane)| {
            let now =
                LanePlace { position: lane.position, records: lane.records, lines: lane.lines, newest: lane.newest };
            let before = self.open.values().filter_map(|open| open.before.get(&at).copied());
            before.chain([now]).min_by_key(|place| place.position).unwrap_or(now)
        };
        EventLogged {
            origin: self.origin,
            places: self.lanes.iter().enumerate().map(place).collect(),
            known: self.lanes.iter().map(|lane| lane.position.max(lane.known)).collect(),
        }
    }

    /// The batch that was given again is cut: lets in what has waited for that.
    pub fn release(&mut self, now: Duration, over: bool) -> VecDeque<Admitted> {
        (0..self.lanes.len()).flat_map(|lane| self.let_in(lane, now, over)).collect()
    }

    /// Whether a batch is being given again.
    pub fn is_again(&self) -> bool {
        self.again.is_some()
    }

    /// Cuts the batch that is given again, once all is there that it held.
    pub(super) fn cut_again(&mut self, at: Duration, left: &mut u64, cuts: &mut Vec<Cut>) {
        let Some(end) = self.again else { return };
        if self.lanes.iter().any(|lane| lane.position < lane.until) {
            return;
        }
        self.again = None;
        self.lanes.iter_mut().for_each(|lane| lane.until = u64::MAX);
        self.watermark = self.watermark.max(micros(end));
        let start = self.event.calendar.back(end, 1);
        let open = self.open.remove(&end).unwrap_or_else(|| Open::new(self.number(end), start, end, self.shards));
        self.push(open, at, left, cuts);
        cuts.iter_mut().for_each(|cut| cut.info.redo = true);
    }
}
