//! What the threads of a run share: one lock around the batcher, the work that waits for a shard, and the batches on their
//! way out. Every thread comes by once a block or once a batch, never once a record.

mod event;
mod feed;
mod jobs;
mod kept_up;
mod waiting;

pub use jobs::Job;
pub use kept_up::{KeptUp, Unmarked};

use std::collections::{BTreeSet, VecDeque};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crossbeam_channel::Sender;

use crate::clock::Clock;
use crate::data::batch::BatchInfo;
use crate::data::buffer::Quota;
use crate::error::Error;
use crate::operators::Accumulator;
use crate::progress::Counters;
use crate::sources::{Control, Intake};
use crate::state::Stage;
use crate::stop::Stop;

use crate::engine::batch::{Batch, Cut, Task};
use crate::engine::batcher::Batcher;
use crate::engine::cutter::Cutter;
use crate::engine::cutting::Cutting;
use crate::engine::event::admission::{Admission, Horizon};
use crate::engine::event::blocks::Admitted;
use crate::engine::message::{Finished, Message, Quiet};
use crate::engine::plan::Plan;
use crate::engine::shares::Shares;

use self::waiting::Waiting;

/// Batches with records that may wait for their results before sources have to wait too ...
const WAITING_BATCHES: usize = 64;
/// ... or two of them, once they hold so many records: batches grow, their number does not.
const WAITING_RECORDS: u64 = 200_000;
/// Batches, also empty ones, that may wait to be finished before the timer waits.
const WAITING_CUTS: usize = 4096;
/// Batches whose results may wait for a slow sink before the next one is finished ...
const UNWRITTEN: usize = 2;
/// ... or more of them, as long as they have but so many records and batches in all.
const UNWRITTEN_TINY: u64 = 4096;

/// What does not change during a run.
pub struct Fixed {
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
    /// Bad records are kept.
    pub keep_bad: bool,
    /// Late records are kept.
    pub keep_late: bool,
    /// The lanes, as messages name them.
    pub names: Vec<String>,
    /// The lanes that shards read themselves, by lane; taken out while one reads.
    pub pulled: Vec<Mutex<Option<Box<dyn Intake>>>>,
    /// Which input each lane belongs to.
    pub input_of: Vec<usize>,
    /// The thread that reads each lane; none where shards do.
    pub group_of: Vec<Option<usize>>,
    /// The control side of each lane.
    pub controls: Vec<Arc<dyn Control>>,
    /// Receivers are held to a rate (`--max-rate`): nothing is taken past them at a cut.
    pub paced: bool,
    /// What is different where there is a checkpoint.
    pub kept_up: Option<KeptUp>,
    /// Counted for the display; bytes by what the system gave (before decompression).
    pub counters: Arc<Counters>,
    /// To the output thread.
    pub output: Sender<Message>,
}

/// What stood at the begin of a lane, or of the file of a lane that is being read.
#[derive(Default)]
pub struct LaneHead {
    /// How its records are cut, if not as those of its input.
    pub cutter: Option<Cutter>,
    /// How many lines stood before its records.
    pub lines: u64,
    /// The file as messages name it, if not by the name of the lane.
    pub file: Option<Arc<str>>,
    /// How many files of the lane stand before it.
    pub number: u64,
    /// Its first bytes have been looked at.
    pub is_read: bool,
    /// Those that are no records.
    pub bytes: Box<[u8]>,
}

/// Shared by all threads of a run. What is [`Fixed`] of it is at hand without its name.
pub struct Core {
    fixed: Fixed,
    /// The quota of each lane's source.
    pub quotas: Vec<Arc<Quota>>,
    /// What the begin of each lane, or of its latest file, told once it was read.
    pub lanes: Vec<Mutex<Arc<LaneHead>>>,
    /// What stages keep from batch to batch.
    kept: Vec<Mutex<Stage>>,
    /// Accumulators that wait for their next batch, by stage.
    pub spare: Vec<Mutex<Vec<Box<dyn Accumulator>>>>,
    /// The first lane that shards do not read themselves.
    live: Option<usize>,
    state: Mutex<State>,
    /// Work for shards.
    work: Waiting,
    /// Room for receivers; also ticks and lanes that were waited for.
    room: Waiting,
    /// The end of all input.
    input: Waiting,
    /// Someone waits for a quota.
    starved: AtomicBool,
    /// Blocks of which the output is to be told: some at a time, for it would be woken for each of them.
    quiet: Mutex<Vec<Quiet>>,
    /// A record was bad, and word of the next one must not wait for blocks before it that nobody tells of.
    spoken: AtomicBool,
}

impl Deref for Core {
    type Target = Fixed;

    fn deref(&self) -> &Fixed {
        &self.fixed
    }
}

/// Behind the lock.
pub struct State {
    /// Gives records their batches.
    pub batcher: Batcher,
    queue: VecDeque<Task>,
    /// Blocks that were let in to their batches, and that nobody works on yet.
    admitted: VecDeque<Admitted>,
    shares: VecDeque<Arc<dyn Shares>>,
    cuts: VecDeque<Cut>,
    /// Those of them that have records.
    loaded: VecDeque<Arc<Batch>>,
    finishing: bool,
    unwritten: usize,
    /// The records of those, and one for each.
    unwritten_size: u64,
    /// Lanes that shards read, in order; `true` while one of them does.
    pull: VecDeque<(usize, bool)>,
    receivers: usize,
    /// Lanes that the timer's cut has asked for what belongs to the batch, and which are giving it.
    giving: BTreeSet<usize>,
    /// The last batch is cut.
    ended: bool,
    aborted: bool,
    error: Option<Error>,
}

impl Core {
    /// Nothing is under way. `quotas`: one for each lane.
    pub fn new(fixed: Fixed, batcher: Batcher, quotas: Vec<Arc<Quota>>) -> Self {
        let reads = |lane: &Mutex<Option<_>>| lane.lock().unwrap_or_else(|e| e.into_inner()).is_some();
        let pull = (0..fixed.pulled.len()).filter(|lane| reads(&fixed.pulled[*lane])).map(|lane| (lane, false));
        let state = State {
            batcher,
            queue: VecDeque::new(),
            admitted: VecDeque::new(),
            shares: VecDeque::new(),
            cuts: VecDeque::new(),
            loaded: VecDeque::new(),
            finishing: false,
            unwritten: 0,
            unwritten_size: 0,
            pull: pull.collect(),
            receivers: 0,
            giving: BTreeSet::new(),
            ended: false,
            aborted: false,
            error: None,
        };
        Core {
            quotas,
            lanes: fixed.names.iter().map(|_| Mutex::default()).collect(),
            kept: fixed.plan.stages.iter().map(|_| Mutex::default()).collect(),
            spare: fixed.plan.stages.iter().map(|_| Mutex::default()).collect(),
            live: fixed.pulled.iter().position(|lane| !reads(lane)),
            fixed,
            state: Mutex::new(state),
            work: Waiting::default(),
            room: Waiting::default(),
            input: Waiting::default(),
            starved: AtomicBool::new(false),
            quiet: Mutex::default(),
            spoken: AtomicBool::new(false),
        }
    }

    /// What rows of this batch of a level carry, so that they stand behind those of the batches before it (see
    /// [`Block::batch`](crate::data::block::Block)); 0 where no rows of several batches come together.
    pub fn number_of(&self, level: usize, info: &BatchInfo) -> u32 {
        let _ = level;
        if self.plan.rebatches() { (info.id as u32).wrapping_add(1) } else { 0 }
    }

    /// What a stage keeps. Only whoever finishes a batch asks.
    pub fn kept(&self, stage: usize) -> MutexGuard<'_, Stage> {
        self.kept[stage].lock().unwrap_or_else(|e| e.into_inner())
    }

    /// How many rows all stages keep, and about how many bytes these are.
    pub fn kept_in_all(&self) -> (u64, u64) {
        let sizes =
            (0..self.kept.len()).map(|stage| self.kept(stage)).map(|kept| (kept.len() as u64, kept.bytes() as u64));
        sizes.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// Whether the lane may read on: if there is room for it, and not too much waits for its results. What the others of its
    /// source hold does not count for the first of them, whose rows theirs may be waiting for. `horizon`: how far lanes may be
    /// read by the times of their records.
    fn may_read(&self, state: &State, lane: usize, horizon: Option<&Horizon>) -> bool {
        let quota = &self.quotas[lane];
        let is_ahead = |event: &Admission| horizon.is_some_and(|horizon| !event.may_read(lane, horizon));
        if state.batcher.event.as_ref().is_some_and(is_ahead) || state.batcher.is_held(lane) {
            return false;
        }
        !state.is_full() && (quota.has_room() || (quota.has_room_alone() && state.batcher.is_first(lane)))
    }

    /// Whether rows of the lane that wait to be written hold its source back. Not where a batch ends by what the source
    /// itself gives and the rows wait for a lane that may be silent: then they would wait for each other.
    pub fn holds_back(&self, lane: usize) -> bool {
        let by_input = matches!(self.cutting, Cutting::Lines(_) | Cutting::Tick(_)) || self.controls[lane].is_asked();
        !(by_input && self.live.is_some_and(|first| lane > first && self.group_of[lane] != self.group_of[first]))
    }

    /// Room came free in a quota.
    pub fn freed(&self) {
        if self.starved.swap(false, Ordering::SeqCst) {
            drop(self.lock());
            self.work.notify_all();
            self.room.notify_all();
        }
    }

    /// A batch has been delivered: tells its sources.
    pub fn written(&self, finished: &Finished) {
        for (lane, range) in &finished.lanes {
            self.controls[*lane].committed(finished.info.end, range);
        }
        let mut state = self.lock();
        let waited_for = state.too_much_unwritten();
        state.unwritten -= 1;
        state.unwritten_size -= finished.records + 1;
        drop(state);
        if waited_for {
            self.work.notify_all();
        }
    }

    /// So many rows have come to the end of the first stage of the open batch, in order: if that is enough, and the batch ends
    /// with the input, the input is at its end.
    pub fn met(&self, rows: u64) {
        if matches!(self.cutting, Cutting::All) && self.plan.enough().is_some_and(|enough| rows >= enough) {
            self.stop.tell();
            self.wake();
        }
    }

    /// How many blocks wait for a shard: for statistics.
    pub fn queued(&self) -> usize {
        self.lock().queue.len()
    }

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
        let (queue, admitted) = (std::mem::take(&mut state.queue), std::mem::take(&mut state.admitted));
        drop(state);
        self.clock.busy(-((queue.len() + admitted.len()) as i64));
        drop((queue, admitted));
        self.stop.tell();
        self.wake();
    }

    /// Everyone looks again.
    pub fn wake(&self) {
        drop(self.lock());
        self.work.notify_all();
        self.room.notify_all();
        self.input.notify_all();
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
    /// The oldest batch, if all its blocks are done, it may be finished now, and it is `wanted`.
    fn ready(&mut self, wanted: impl FnOnce(&Cut) -> bool) -> Option<Cut> {
        let cut = self.cuts.front().filter(|cut| wanted(cut))?;
        if self.finishing || self.too_much_unwritten() || cut.batch.done.load(Ordering::Acquire) < cut.blocks {
            return None;
        }
        self.finishing = true;
        self.unwritten += 1;
        self.unwritten_size += cut.batch.records.load(Ordering::Relaxed) + 1;
        if cut.blocks > 0 {
            self.loaded.pop_front();
        }
        self.cuts.pop_front()
    }

    fn too_much_unwritten(&self) -> bool {
        self.unwritten >= UNWRITTEN && self.unwritten_size >= UNWRITTEN_TINY
    }

    /// Whether so many batches wait for their results that no more records are taken in.
    fn is_full(&self) -> bool {
        let records = |batch: &Arc<Batch>| batch.records.load(Ordering::Relaxed);
        self.loaded.len() >= WAITING_BATCHES
            || (self.loaded.len() >= 2 && self.loaded.iter().map(records).sum::<u64>() >= WAITING_RECORDS)
    }
}
