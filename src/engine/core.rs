//! What the threads of a run share: one lock around the batcher, the work that waits for a shard, and the batches on their
//! way out. Every thread comes by once a block or once a batch, never once a record.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crossbeam_channel::Sender;

use crate::clock::Clock;
use crate::data::buffer::Quota;
use crate::error::Error;
use crate::operators::Accumulator;
use crate::progress::Counters;
use crate::sources::{Control, Intake, Range};
use crate::stop::Stop;

use super::batcher::{Batcher, Cut, Cutting, Made, Placed, Rest, Task};
use super::output::Message;
use super::pieces::Pieces;
use super::plan::Plan;

/// Batches with records that may wait for their results before sources have to wait too ...
const WAITING_BATCHES: usize = 64;
/// ... or two of them, once they hold so many records: batches grow, their number does not.
const WAITING_RECORDS: u64 = 200_000;
/// Batches whose results may wait for a slow sink before the next one is finished.
const UNWRITTEN: usize = 2;

/// Shared by all threads of a run.
pub struct Core {
    /// What is run.
    pub plan: Arc<Plan>,
    /// What ends batches.
    pub cutting: Cutting,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Told to end all waiting for input.
    pub stop: Arc<Stop>,
    /// How many shards.
    pub shards: usize,
    /// The longest record, in bytes.
    pub max_record: usize,
    /// The lanes that shards read themselves, by lane; taken out while one reads.
    pub pulled: Vec<Mutex<Option<Box<dyn Intake>>>>,
    /// Which input each lane belongs to.
    pub input_of: Vec<usize>,
    /// Accumulators that wait for their next batch, by stage.
    pub spare: Vec<Mutex<Vec<Box<dyn Accumulator>>>>,
    /// The quota of each lane's source.
    pub quotas: Vec<Arc<Quota>>,
    /// The control side of each lane.
    pub controls: Vec<Arc<dyn Control>>,
    /// Counted for the display; bytes by what the system gave (before decompression).
    pub counters: Arc<Counters>,
    /// To the output thread.
    pub output: Sender<Message>,
    state: Mutex<State>,
    /// Work for shards.
    work: Condvar,
    /// Room for receivers; also ticks and lanes that were waited for.
    room: Condvar,
    /// Someone waits for a quota.
    starved: AtomicBool,
}

/// Behind the lock.
pub struct State {
    /// Gives records their batches.
    pub batcher: Batcher,
    queue: VecDeque<Task>,
    pieces: VecDeque<Arc<dyn Pieces>>,
    cuts: VecDeque<Cut>,
    finishing: bool,
    unwritten: usize,
    /// Lanes that shards read, in order; `true` while one of them does.
    pull: VecDeque<(usize, bool)>,
    receivers: usize,
    /// The last batch is cut.
    ended: bool,
    aborted: bool,
    error: Option<Error>,
    late: bool,
}

/// What a shard is to do next.
pub enum Job {
    /// Help with the pieces of a batch that is being finished.
    Pieces(Arc<dyn Pieces>),
    /// Finish this batch.
    Finish(Cut),
    /// Work on a block.
    Block(Task),
    /// Read this lane.
    Pull(usize),
    /// Nothing more will come.
    Exit,
}

/// The parts of a [`Core`] that are made before it.
pub struct Parts {
    /// See [`Core::plan`].
    pub plan: Arc<Plan>,
    /// See [`Core::cutting`].
    pub cutting: Cutting,
    /// See [`Core::clock`].
    pub clock: Arc<dyn Clock>,
    /// See [`Core::stop`].
    pub stop: Arc<Stop>,
    /// See [`Core::shards`].
    pub shards: usize,
    /// See [`Core::max_record`].
    pub max_record: usize,
    /// See [`Core::counters`].
    pub counters: Arc<Counters>,
    /// To the output thread.
    pub output: Sender<Message>,
    /// With its lanes.
    pub batcher: Batcher,
}

impl Core {
    /// Nothing is under way. Lanes are added by [`Core::lanes`].
    pub fn new(parts: Parts, pulled: Vec<Option<Box<dyn Intake>>>, controls: Vec<Arc<dyn Control>>) -> Self {
        let pull = pulled.iter().enumerate().filter(|p| p.1.is_some()).map(|p| (p.0, false)).collect();
        let spare = parts.plan.stages.iter().map(|_| Mutex::default()).collect();
        Core {
            plan: parts.plan,
            cutting: parts.cutting,
            clock: parts.clock,
            stop: parts.stop,
            shards: parts.shards,
            max_record: parts.max_record,
            pulled: pulled.into_iter().map(Mutex::new).collect(),
            quotas: Vec::new(),
            input_of: Vec::new(),
            spare,
            controls,
            counters: parts.counters,
            output: parts.output,
            state: Mutex::new(State {
                batcher: parts.batcher,
                queue: VecDeque::new(),
                pieces: VecDeque::new(),
                cuts: VecDeque::new(),
                finishing: false,
                unwritten: 0,
                pull,
                receivers: 0,
                ended: false,
                aborted: false,
                error: None,
                late: false,
            }),
            work: Condvar::new(),
            room: Condvar::new(),
            starved: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Room came free in a quota.
    pub fn freed(&self) {
        if self.starved.swap(false, Ordering::SeqCst) {
            drop(self.lock());
            self.work.notify_all();
            self.room.notify_all();
        }
    }

    // --- receivers -------------------------------------------------------------------------------------------------

    /// So many threads will bring records.
    pub fn receivers_start(&self, receivers: usize) {
        self.lock().receivers = receivers;
    }

    /// Waits until the lane may read on; false once the run ends.
    pub fn wait_for_room(&self, lane: usize) -> bool {
        let mut state = self.lock();
        loop {
            if state.aborted || self.stop.is_told() || state.batcher.is_over() {
                return false;
            }
            self.starved.store(true, Ordering::SeqCst);
            if self.quotas[lane].has_room() && !state.is_full() {
                return true;
            }
            state = self.room.wait(state).unwrap_or_else(|e| e.into_inner());
        }
    }

    /// Gives a buffer its batch or batches; the caller brings the buffers of a lane in order.
    pub fn place(&self, lane: usize, rest: Rest) {
        let mut rest = rest;
        let mut state = self.lock();
        loop {
            let mut made = Made::default();
            let now = (self.clock.wall(), self.clock.monotonic());
            let placed = state.batcher.place(&self.cutting, lane, rest, now, &mut made);
            self.take_over(&mut state, made);
            match placed {
                Placed::All => break,
                Placed::Wait(left) => rest = left,
            }
            if state.aborted || state.batcher.is_over() {
                break;
            }
            state = self.room.wait(state).unwrap_or_else(|e| e.into_inner());
        }
        drop(state);
        // A lane whose source hands records over at the cut as well may be waited for.
        self.room.notify_all();
    }

    /// What the batcher made goes to the shards and to the output.
    fn take_over(&self, state: &mut State, made: Made) {
        if made.tasks.is_empty() && made.cuts.is_empty() {
            return;
        }
        self.clock.busy((made.tasks.len() + made.cuts.len()) as i64);
        let several = made.tasks.len() > 1 || !made.cuts.is_empty();
        state.queue.extend(made.tasks);
        for cut in made.cuts {
            let lanes = cut.lanes.iter().map(|(lane, (end, _))| (*lane, *end)).collect();
            // The output thread outlives all who send to it.
            let _ = self.output.send(Message::Cut { info: cut.info, lanes });
            state.cuts.push_back(cut);
        }
        if state.batcher.is_over() {
            self.stop.tell();
            self.room.notify_all();
        }
        if several {
            self.work.notify_all()
        } else {
            self.work.notify_one()
        }
        if !matches!(self.cutting, Cutting::Time | Cutting::All) {
            self.room.notify_all();
        }
    }

    /// A lane has given all it has.
    pub fn lane_ended(&self, lane: usize) {
        let mut state = self.lock();
        state.batcher.lanes[lane].ended = true;
        let _ = self.output.send(Message::LaneEnded { lane, seq: state.batcher.lanes[lane].seq });
    }

    /// A source has given all it has: the others need not wait for its ticks.
    pub fn input_ended(&self, input: usize) {
        let mut state = self.lock();
        let mut made = Made::default();
        let now = (self.clock.wall(), self.clock.monotonic());
        state.batcher.input_ended(input, now, &mut made);
        self.take_over(&mut state, made);
        drop(state);
        self.room.notify_all();
    }

    /// A receiver thread is done.
    pub fn receiver_done(&self) {
        self.lock().receivers -= 1;
        self.room.notify_all();
    }

    /// Waits until all input has been brought, or the run was aborted.
    pub fn wait_for_input_end(&self) {
        let mut state = self.lock();
        while !state.aborted && (state.receivers > 0 || !state.pull.is_empty()) {
            state = self.room.wait(state).unwrap_or_else(|e| e.into_inner());
        }
    }

    // --- timer -----------------------------------------------------------------------------------------------------

    /// The border of the open batch is reached.
    pub fn tick(&self) {
        let end = self.lock().batcher.end();
        let mut held = Vec::new();
        for (lane, control) in self.controls.iter().enumerate() {
            held.extend(control.cut(end, &self.quotas[lane]).into_iter().map(|chunk| (lane, chunk)));
        }
        let mut state = self.lock();
        let mut made = Made::default();
        for (lane, chunk) in held {
            // What the receiver holds of the lane comes before.
            while state.batcher.lanes[lane].position < chunk.from && !state.aborted && state.receivers > 0 {
                state = self.room.wait(state).unwrap_or_else(|e| e.into_inner());
            }
            let count = self.plan.numbers;
            let rest = Rest::new(chunk, &self.cutting, state.batcher.lanes[lane].delimiter, count);
            let now = (self.clock.wall(), self.clock.monotonic());
            state.batcher.place(&self.cutting, lane, rest, now, &mut made);
        }
        if state.batcher.end() == end {
            if state.batcher.is_due() {
                state.batcher.cut(self.clock.wall(), self.clock.monotonic(), &mut made);
                state.batcher.step();
            } else {
                state.batcher.pass();
            }
        }
        self.take_over(&mut state, made);
    }

    /// Whether all batches that were asked for have been cut, or the run was aborted.
    pub fn is_over(&self) -> bool {
        let state = self.lock();
        state.aborted || state.batcher.is_over()
    }

    /// The end of the open batch.
    pub fn next_border(&self) -> crate::data::time::Time {
        self.lock().batcher.end()
    }

    /// All input has been brought: cuts the last batch.
    pub fn end_input(&self) {
        let mut state = self.lock();
        let mut made = Made::default();
        if state.batcher.is_last_due() {
            state.batcher.cut(self.clock.wall(), self.clock.monotonic(), &mut made);
        }
        self.take_over(&mut state, made);
        state.ended = true;
        drop(state);
        self.work.notify_all();
    }

    // --- shards ----------------------------------------------------------------------------------------------------

    /// Waits for something to do. What finishes a batch comes before what begins one.
    pub fn next_job(&self) -> Job {
        let mut spins = 0;
        let mut state = self.lock();
        loop {
            if state.aborted {
                return Job::Exit;
            }
            if let Some(pieces) = state.pieces.front() {
                return Job::Pieces(Arc::clone(pieces));
            }
            if let Some(cut) = state.ready() {
                return Job::Finish(cut);
            }
            if let Some(task) = state.queue.pop_front() {
                return Job::Block(task);
            }
            self.starved.store(true, Ordering::SeqCst);
            let over = self.stop.is_told() || state.batcher.is_over();
            let full = state.is_full();
            let mut reading = false;
            for at in 0..state.pull.len().min(2 * self.shards) {
                let (lane, busy) = state.pull[at];
                reading |= busy;
                if !busy && (over || (!full && self.quotas[lane].has_room())) {
                    state.pull[at].1 = true;
                    return Job::Pull(lane);
                }
            }
            if state.ended && state.cuts.is_empty() && !state.finishing {
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
            state = self.work.wait(state).unwrap_or_else(|e| e.into_inner());
        }
    }

    /// The reading of a lane is over for now; `ended`: for ever. Returns the block to go on with.
    pub fn pulled(&self, lane: usize, rest: Option<Rest>) -> Option<Task> {
        let mut state = self.lock();
        let mut made = Made::default();
        let ended = rest.is_none();
        if let Some(rest) = rest {
            let now = (self.clock.wall(), self.clock.monotonic());
            state.batcher.place(&self.cutting, lane, rest, now, &mut made);
        }
        self.take_over(&mut state, made);
        if ended {
            state.pull.retain(|p| p.0 != lane);
            state.batcher.lanes[lane].ended = true;
            let _ = self.output.send(Message::LaneEnded { lane, seq: state.batcher.lanes[lane].seq });
            self.room.notify_all();
        } else if let Some(pull) = state.pull.iter_mut().find(|p| p.0 == lane) {
            pull.1 = false;
        }
        let next = state.queue.pop_front();
        drop(state);
        self.work.notify_one();
        next
    }

    /// A block of this batch is done.
    pub fn block_done(&self, batch: &super::batcher::Batch) {
        let done = batch.done.fetch_add(1, Ordering::AcqRel) + 1;
        let state = self.lock();
        if state.cuts.front().is_some_and(|cut| cut.info.id == batch.info.id && cut.blocks == done) {
            drop(state);
            self.work.notify_one();
        }
    }

    /// The results of a batch are on their way to the output.
    pub fn finished(&self) {
        self.lock().finishing = false;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// Work that other shards may help with.
    pub fn offer(&self, pieces: Arc<dyn Pieces>) {
        self.lock().pieces.push_back(pieces);
        self.work.notify_all();
    }

    /// All of it has been taken.
    pub fn withdraw(&self, pieces: &Arc<dyn Pieces>) {
        self.lock().pieces.retain(|p| !Arc::ptr_eq(p, pieces));
    }

    // --- output ----------------------------------------------------------------------------------------------------

    /// A batch has been delivered: tells its sources.
    pub fn written(&self, end: crate::data::time::Time, lanes: &[(usize, Range)]) {
        for (lane, range) in lanes {
            self.controls[*lane].committed(end, range);
        }
        self.lock().unwritten -= 1;
        self.work.notify_all();
    }

    /// How many batches wait, of how many blocks: for statistics.
    pub fn queues(&self) -> (usize, usize) {
        let state = self.lock();
        (state.cuts.len() + state.unwritten, state.queue.len())
    }

    /// True the first time that it is asked while batches pile up, and again once they did not meanwhile.
    pub fn falls_behind(&self, behind: bool) -> bool {
        let mut state = self.lock();
        let news = behind && !state.late;
        state.late = behind;
        news
    }

    // --- the end ---------------------------------------------------------------------------------------------------

    /// A source broke: what it gave is still worked on, then the run fails.
    pub fn fail(&self, error: Error) {
        self.lock().error.get_or_insert(error);
        self.stop.tell();
        self.wake();
    }

    /// Nothing more can be delivered: everything ends at once.
    pub fn abort(&self, error: Error) {
        let mut state = self.lock();
        state.error.get_or_insert(error);
        state.aborted = true;
        // Dropped outside the lock: buffers that come free ask for it.
        let queue = std::mem::take(&mut state.queue);
        drop(state);
        self.clock.busy(-(queue.len() as i64));
        drop(queue);
        self.stop.tell();
        self.wake();
    }

    /// Everyone looks again.
    pub fn wake(&self) {
        drop(self.lock());
        self.work.notify_all();
        self.room.notify_all();
    }

    /// Whether the run was aborted.
    pub fn is_aborted(&self) -> bool {
        self.lock().aborted
    }

    /// The first error.
    pub fn error(&self) -> Option<Error> {
        self.lock().error.clone()
    }
}

impl State {
    /// The oldest batch, if all its blocks are done and it may be finished now.
    fn ready(&mut self) -> Option<Cut> {
        let cut = self.cuts.front()?;
        if self.finishing || self.unwritten >= UNWRITTEN || cut.batch.done.load(Ordering::Acquire) < cut.blocks {
            return None;
        }
        self.finishing = true;
        self.unwritten += 1;
        self.cuts.pop_front()
    }

    /// Whether so many batches wait for their results that no more records are taken in.
    fn is_full(&self) -> bool {
        let (mut batches, mut records) = (0, 0);
        for cut in self.cuts.iter().filter(|c| c.blocks > 0) {
            batches += 1;
            records += cut.batch.records.load(Ordering::Relaxed);
            if batches >= WAITING_BATCHES || (batches >= 2 && records >= WAITING_RECORDS) {
                return true;
            }
        }
        false
    }
}
