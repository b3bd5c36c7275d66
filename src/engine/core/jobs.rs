//! The side of the core that shards see: what to do next, and what is done.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Core;
use crate::engine::batch::{Batch, Cut, Task};
use crate::engine::batcher::Made;
use crate::engine::cutting::{Cutting, Rest};
use crate::engine::event::admission::Admission;
use crate::engine::event::blocks::Admitted;
use crate::engine::message::{Message, Quiet};
use crate::engine::shares::Shares;

/// Of so many blocks that bring nothing to the output it is told at once.
const TOLD_TOGETHER: usize = 64;

/// What a shard is to do next.
pub enum Job {
    /// Help with the shares of a batch that is being finished.
    Shares(Arc<dyn Shares>),
    /// Finish this batch.
    Finish(Cut),
    /// Work on a block that was let in to its batches.
    Admitted(Box<Admitted>),
    /// Work on a block.
    Block(Task),
    /// Read this lane.
    Pull(usize),
    /// Nothing more will come.
    Exit,
}

impl Core {
    /// Waits for something to do. What finishes a batch comes before what begins one.
    pub fn next_job(&self) -> Job {
        let mut spins = 0;
        let mut state = self.lock();
        loop {
            if state.aborted {
                return Job::Exit;
            }
            if let Some(shares) = state.shares.front() {
                return Job::Shares(Arc::clone(shares));
            }
            if let Some(cut) = state.ready(|_| true) {
                return Job::Finish(cut);
            }
            if let Some(admitted) = state.admitted.pop_front() {
                return Job::Admitted(Box::new(admitted));
            }
            if let Some(task) = state.queue.pop_front() {
                let gathered = state.queue.len() + 1 == self.shards;
                drop(state);
                if gathered {
                    self.room.notify_all();
                }
                return Job::Block(task);
            }
            self.starved.store(true, Ordering::SeqCst);
            let over = self.stop.is_told() || state.batcher.is_over();
            let mut reading = false;
            let horizon = state.batcher.event.as_ref().map(Admission::horizon);
            let mut found: Option<usize> = None;
            // What a batch of so many records holds must not depend on who is faster.
            let ahead = match self.cutting {
                Cutting::Lines(_) => 1,
                Cutting::Event(_) => usize::MAX,
                _ => 2 * self.shards,
            };
            for at in 0..state.pull.len().min(ahead) {
                let (lane, busy) = state.pull[at];
                reading |= busy;
                if busy || !(over || self.may_read(&state, lane, horizon.as_ref())) {
                    continue;
                }
                let Some(event) = &state.batcher.event else {
                    found = Some(at);
                    break;
                };
                // The lane that is furthest behind.
                if found.is_none_or(|found| event.rank(lane) < event.rank(state.pull[found].0)) {
                    found = Some(at);
                }
            }
            if let Some(at) = found {
                state.pull[at].1 = true;
                return Job::Pull(state.pull[at].0);
            }
            let awaited = state.batcher.event.as_ref().is_some_and(Admission::is_awaited);
            if state.ended && state.cuts.is_empty() && !state.finishing && !awaited {
                return Job::Exit;
            }
            if reading && spins < 50 {
                // Another shard is about to be done with the one file: quicker than sleeping.
                spins += 1;
                drop(state);
                for _ in 0..200 {
                    std::hint::spin_loop();
                }
                state = self.lock();
                continue;
            }
            spins = 0;
            state = self.work.wait(state);
        }
    }

    /// The reading of a lane is over for now; `ended`: for ever. Returns the block to go on with.
    pub fn pulled(&self, lane: usize, mut rest: Option<Rest>) -> Option<Task> {
        let mut state = self.lock();
        let mut made = Made::default();
        let ended = rest.is_none();
        if let Some(rest) = &mut rest {
            let now = (self.clock.wall(), self.clock.monotonic());
            state.batcher.place(&self.cutting, lane, rest, now, &mut made);
        }
        if ended {
            state.batcher.leaves_open = self.leaves_open();
            state.batcher.lane_ended(lane, self.clock.monotonic(), &mut made);
        }
        self.take_over(&mut state, made);
        if ended {
            state.pull.retain(|p| p.0 != lane);
            let _ = self.output.send(Message::LaneEnded { lane, seq: state.batcher.lanes[lane].seq });
            self.room.notify_all();
            self.input.notify_all();
        } else if let Some(pull) = state.pull.iter_mut().find(|p| p.0 == lane) {
            pull.1 = false;
        }
        let next = state.queue.pop_front();
        drop(state);
        // With the end of a lane the next one of its source has become the first.
        if ended {
            self.check_short(lane);
            self.work.notify_all()
        } else {
            self.work.notify_one()
        }
        next
    }

    /// A block is done of which there is nothing to be written or said. The output is told of some together, and when a batch
    /// is finished; or of each, once there was something to be said after all.
    pub fn quiet(&self, block: Quiet) {
        let mut quiet = self.quiet.lock().unwrap_or_else(|e| e.into_inner());
        if self.spoken.load(Ordering::SeqCst) {
            let _ = self.output.send(block.into());
            return;
        }
        self.counters.records.fetch_add(block.records, Ordering::Relaxed);
        quiet.push(block);
        if quiet.len() >= TOLD_TOGETHER {
            self.send_quiet(&mut quiet);
        }
        drop(quiet);
        self.clock.busy(-1);
    }

    /// Tells the output of all blocks that it has not been told of.
    pub fn tell_quiet(&self) {
        self.send_quiet(&mut self.quiet.lock().unwrap_or_else(|e| e.into_inner()));
    }

    /// Tells the output of a block that says something where most do not: behind all that stand before it.
    pub fn speak(&self, block: Message) {
        self.spoken.store(true, Ordering::SeqCst);
        self.tell_quiet();
        let _ = self.output.send(block);
    }

    fn send_quiet(&self, quiet: &mut Vec<Quiet>) {
        if !quiet.is_empty() {
            // The output thread outlives all who send to it.
            let _ = self.output.send(Message::Quiet(std::mem::take(quiet)));
        }
    }

    /// A block of this batch is done.
    pub fn block_done(&self, batch: &Batch) {
        let done = batch.done.fetch_add(1, Ordering::AcqRel) + 1;
        let state = self.lock();
        if state.cuts.front().is_some_and(|cut| std::ptr::eq(&*cut.batch, batch) && cut.blocks == done) {
            drop(state);
            self.work.notify_one();
        }
    }

    /// The results of a batch are on their way to the output.
    pub fn finished(&self) {
        let mut state = self.lock();
        state.finishing = false;
        // Who waits for the next batch to finish, for a lane to read on, or for the end.
        let awaited = !state.cuts.is_empty() || !state.pull.is_empty() || state.ended;
        drop(state);
        if awaited {
            self.work.notify_all();
        }
        self.room.notify_all();
    }

    /// Work that other shards may help with.
    pub fn offer(&self, shares: Arc<dyn Shares>) {
        self.lock().shares.push_back(shares);
        self.work.notify_all();
    }

    /// All of it has been taken.
    pub fn withdraw(&self, shares: &Arc<dyn Shares>) {
        self.lock().shares.retain(|p| !Arc::ptr_eq(p, shares));
    }
}
