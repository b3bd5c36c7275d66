//! The batch that a run before this one has begun and not completed: it is given again, with the same records and the same time,
//! before anything else. All of it happens under the engine's lock.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::data::batch::BatchInfo;
use crate::data::time::Time;
use crate::engine::batch::{LaneLogged, Logged};
use crate::engine::cutting::{Cutting, Rest};

use super::{Batcher, LaneState, Made};

/// A batch that is to be given again.
#[derive(Debug, Clone)]
pub struct Redo {
    /// Its number and interval.
    pub info: BatchInfo,
    /// Up to which position of each lane it goes, where that is what cuts it.
    pub until: BTreeMap<usize, u64>,
    /// No other batch of this end will come.
    pub complete: bool,
}

/// What is to be given again, and what has to wait for that.
#[derive(Default)]
pub(super) struct Again {
    redo: Option<Redo>,
    /// What stands behind it in each lane.
    held: Vec<(usize, Rest)>,
    /// Has been placed since; dropped outside the engine's lock, for what holds the last of a buffer asks for that.
    spent: Vec<Rest>,
    /// There were batches before the run.
    pub goes_on: bool,
}

impl Batcher {
    /// Goes on behind the batches of a run before this one: with the number `next`, later than `after`.
    pub fn go_on(&mut self, next: u64, after: Time, now: Time, ticks: bool) {
        self.again.goes_on = true;
        self.ticks.iter_mut().for_each(|(ticked, _)| *ticked = next);
        self.info.id = next;
        self.info.redo = false;
        (self.info.start, self.info.end) = match &self.calendar {
            Some(calendar) => {
                let from = if ticks { after } else { calendar.floor(now).max(after) };
                (from, calendar.next(from))
            }
            None => {
                let from = now.max(Time(after.0.saturating_add(1)));
                (from, from)
            }
        };
    }

    /// This batch comes first. Without a lane to wait for it is cut at once.
    pub fn give_again(&mut self, cutting: &Cutting, redo: Redo, now: (Time, Duration), made: &mut Made) {
        self.info = BatchInfo { redo: true, ..redo.info };
        match cutting {
            // What cuts these stands in the records.
            Cutting::Tick(_) | Cutting::Event(_) => {}
            _ => {
                self.again.redo = Some(redo);
                self.again_done(cutting, now, made);
            }
        }
    }

    /// Whether a batch is being given again, and the end of which is known.
    pub fn is_again(&self) -> bool {
        self.again.redo.is_some()
    }

    /// Whether what the lane gives has to wait.
    pub fn is_held(&self, lane: usize) -> bool {
        self.again.held.iter().any(|held| held.0 == lane)
    }

    /// Whether the lane has ended before all was given again that it had given.
    pub fn is_short(&self, lane: usize) -> bool {
        let until = self.again.redo.as_ref().and_then(|redo| redo.until.get(&lane));
        until.is_some_and(|until| self.lanes[lane].position < *until)
    }

    /// Gives the records of a buffer to the batch that is given again; the others wait.
    pub(super) fn place_again(
        &mut self,
        cutting: &Cutting,
        lane: usize,
        rest: &mut Rest,
        now: (Time, Duration),
        made: &mut Made,
    ) {
        let until = self.again.redo.as_ref().and_then(|redo| redo.until.get(&lane)).copied().unwrap_or(0);
        let end = rest.place_of(until);
        if end > rest.range.start || rest.until <= until {
            self.piece(lane, rest, end, 0, made);
        }
        // Of a record that was too long the journal has no bytes.
        let reached = rest.until.min(until).max(self.lanes[lane].position);
        self.lanes[lane].position = reached;
        if !rest.is_done() {
            let framing = self.lanes[lane].framing;
            self.again.held.push((lane, rest.take(cutting, framing)));
        }
        self.again_done(cutting, now, made);
    }

    /// Cuts the batch if all of it has come; then what has waited has its turn.
    fn again_done(&mut self, cutting: &Cutting, now: (Time, Duration), made: &mut Made) {
        let Some(redo) = &self.again.redo else { return };
        if redo.until.iter().any(|(lane, until)| self.lanes[*lane].position < *until) {
            return;
        }
        let complete = redo.complete;
        let (next, after) = (self.info.id + 1, self.info.end);
        self.cut(now.0, now.1, complete, made);
        self.again.redo = None;
        self.go_on(next, after, now.0, false);
        for (lane, mut rest) in std::mem::take(&mut self.again.held) {
            self.place(cutting, lane, &mut rest, now, made);
            self.again.spent.push(rest);
        }
    }

    /// What a checkpoint has to know to go on behind the open batch: of the lanes that have come further, also those that gave
    /// only a tick.
    pub(super) fn logged(&mut self) -> Logged {
        let lane = |(lane, state): (usize, &mut LaneState)| {
            let moved = std::mem::replace(&mut state.logged, state.position) != state.position;
            moved.then(|| LaneLogged {
                lane,
                position: state.position,
                records: state.records,
                head: state.head.clone(),
            })
        };
        Logged { lanes: self.lanes.iter_mut().enumerate().filter_map(lane).collect(), event: None }
    }
}
