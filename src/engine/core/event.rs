//! The side of the core that belongs to event time: pieces whose records tell their times are let in to their batches.

use std::time::Duration;

use super::Core;
use crate::engine::batcher::Made;
use crate::engine::event::blocks::{Admitted, Parsed};

impl Core {
    /// A piece of a lane has been cut. Gives the first of those that were let in now, to be worked on; other shards have the
    /// rest.
    pub fn hand_in(&self, lane: usize, parsed: Parsed) -> Option<Admitted> {
        let mut state = self.lock();
        let mut made = Made::default();
        state.batcher.leaves_open = self.leaves_open();
        let mut admitted = state.batcher.admit(lane, parsed, self.clock.monotonic(), &mut made);
        let first = admitted.pop_front();
        let more = admitted.len();
        state.admitted.extend(admitted);
        let news = self.take_in(&mut state, made) + more;
        drop(state);
        self.call(news);
        if first.is_some() {
            // Lanes that were ahead of this one may be read again.
            self.room.notify_all();
            self.work.notify_all();
        }
        first
    }

    /// Finds the lanes that have been silent for too long, and cuts what has waited for them. Gives the time to look again;
    /// none if there is no more input.
    pub fn find_idle(&self) -> Option<Duration> {
        let mut state = self.lock();
        if state.aborted || state.receivers == 0 {
            return None;
        }
        let now = self.clock.monotonic();
        let next = state.batcher.event.as_mut()?.find_idle(now);
        let mut made = Made::default();
        state.batcher.cut_by_event(now, &mut made);
        self.take_over(&mut state, made);
        drop(state);
        self.room.notify_all();
        self.work.notify_all();
        Some(next)
    }
}
