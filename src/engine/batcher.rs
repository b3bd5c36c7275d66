//! Gives every record its batch.
//!
//! Receivers (or the shards, for files) bring buffers of whole records; the timer, a count or the input's own ticks cut. A
//! buffer belongs to the open batch, or is split over several where the cut lies inside it. All of it happens under the
//! engine's one lock, a few instructions for a buffer; what needs a look at every byte is done before, in `cutting.rs`.

mod ticks;

use std::collections::BTreeMap;
use std::ops::Range as Span;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::data::batch::BatchInfo;
use crate::data::buffer::Buffer;
use crate::data::framing::Framing;
use crate::data::time::Time;
use crate::operators::Accumulator;
use crate::sources::{Range, TooLong};

use super::cutting::{Cutting, Rest};
use super::event::admission::Admission;
use crate::data::calendar::Calendar;

/// A batch on its way through the engine.
pub struct Batch {
    /// Its number and interval; without `--batch DURATION` its end is not known before the cut.
    pub info: BatchInfo,
    /// What each shard has combined of it, for each stage that inputs feed (see [`PlanInput::feeds`](super::plan::PlanInput)).
    pub parts: Vec<Vec<Part>>,
    /// Records read.
    pub records: AtomicU64,
    /// Records that were left out.
    pub bad: AtomicU64,
    /// Records that came too late for their batch before this one was cut.
    pub late: AtomicU64,
    /// Bytes read.
    pub bytes: AtomicU64,
    /// Blocks that the shards are done with.
    pub done: AtomicU64,
}

/// What a shard has combined of a batch.
pub type Part = Mutex<Option<Box<dyn Accumulator>>>;

impl Batch {
    /// Nothing of it has come yet.
    pub fn new(info: BatchInfo, shards: usize, fed: usize) -> Arc<Self> {
        let parts = (0..fed).map(|_| (0..shards).map(|_| Mutex::new(None)).collect()).collect();
        let zero = AtomicU64::default;
        Arc::new(Batch { info, parts, records: zero(), bad: zero(), late: zero(), bytes: zero(), done: zero() })
    }

    /// Takes out what the shards have combined for one of the stages that inputs feed.
    pub fn take(&self, feeds: usize) -> Vec<Box<dyn Accumulator>> {
        self.parts[feeds].iter().filter_map(|part| part.lock().unwrap_or_else(|e| e.into_inner()).take()).collect()
    }
}

/// Some whole records, to be worked on by a shard.
pub struct Task {
    /// The batch that they belong to; none if their times tell it.
    pub batch: Option<Arc<Batch>>,
    /// The lane that they came from.
    pub lane: usize,
    /// Where they stand among the pieces of the lane.
    pub seq: u64,
    /// Their bytes ...
    pub buffer: Arc<Buffer>,
    /// ... which are these of the buffer.
    pub range: Span<usize>,
    /// The number of the first record in its lane, if the plan asks for numbers.
    pub first: u64,
    /// Records that were left out behind these.
    pub too_long: Vec<TooLong>,
    /// The position of the record behind it all.
    pub until: u64,
}

/// A batch that is complete as soon as its blocks are.
pub struct Cut {
    /// The batch.
    pub batch: Arc<Batch>,
    /// Its interval.
    pub info: BatchInfo,
    /// How many blocks it has.
    pub blocks: u64,
    /// What it holds of each lane that gave something: the piece behind its last one (where the records' times cut: how many
    /// records), and the positions.
    pub lanes: BTreeMap<usize, (u64, Range)>,
    /// The records' times cut.
    pub by_event: bool,
    /// No other batch of this end will come: it is none that a count has cut inside its interval.
    pub complete: bool,
    /// It is there for what windows still hold at the end of the input.
    pub closing: bool,
    /// When it was cut, on the monotonic clock.
    pub at: Duration,
}

/// A lane, as the batcher sees it.
pub struct LaneState {
    /// Which input it belongs to.
    pub input: usize,
    /// How its records end.
    pub framing: Framing,
    /// The number of the next piece.
    pub seq: u64,
    /// The position of the next record.
    pub position: u64,
    /// Records so far, if they are counted.
    pub records: u64,
    /// There will be no more.
    pub ended: bool,
}

/// The open batch and the lanes that feed it.
pub struct Batcher {
    /// Which batch a record belongs to, if its time tells that.
    pub event: Option<Admission>,
    /// Borders, if batches have an interval.
    pub calendar: Option<Calendar>,
    /// The lanes, in the order of their records.
    pub lanes: Vec<LaneState>,
    /// For each input: how many ticks it has given, and whether it has ended.
    ticks: Vec<(u64, bool)>,
    /// Records are numbered.
    count: bool,
    /// Windows wait for the end of each interval.
    pub windows: bool,
    /// How many stages inputs feed.
    pub fed: usize,
    shards: usize,
    /// Made with its first record, or when it is cut without one.
    open: Option<Arc<Batch>>,
    info: BatchInfo,
    blocks: u64,
    records: u64,
    /// The open batch began at a count inside the interval.
    counted: bool,
    touched: BTreeMap<usize, u64>,
    /// `--batches`, as far as they are not cut yet.
    pub(super) left: u64,
}

/// Where [`Batcher::place`] left off.
pub enum Placed {
    /// All of the buffer has its batch.
    All,
    /// The input has to wait for the ticks of the others, then goes on from there.
    Wait,
}

/// What [`Batcher::place`] makes.
#[derive(Default)]
pub struct Made {
    /// Pieces for the shards.
    pub tasks: Vec<Task>,
    /// Batches that were cut.
    pub cuts: Vec<Cut>,
    /// Something is to be said.
    pub note: Option<&'static str>,
}

impl Batcher {
    /// The first batch begins at `start`.
    pub fn new(
        calendar: Option<Calendar>,
        start: Time,
        shards: usize,
        inputs: usize,
        batches: Option<u64>,
        count: bool,
    ) -> Self {
        let (from, end) = match &calendar {
            Some(calendar) => (calendar.floor(start), calendar.next(start)),
            None => (start, start),
        };
        Batcher {
            event: None,
            calendar,
            lanes: Vec::new(),
            ticks: vec![(0, false); inputs],
            count,
            windows: false,
            fed: 1,
            shards,
            open: None,
            info: BatchInfo { id: 0, start: from, end, redo: false },
            blocks: 0,
            records: 0,
            counted: false,
            touched: BTreeMap::new(),
            left: batches.unwrap_or(u64::MAX),
        }
    }

    /// The end of the open batch, where it has an interval.
    pub fn end(&self) -> Time {
        self.info.end
    }

    /// Whether all batches that were asked for have been cut.
    pub fn is_over(&self) -> bool {
        self.left == 0
    }

    /// Whether the timer's cut of the open batch would give a batch: not behind a cut by count without anything since.
    pub fn is_due(&self) -> bool {
        !self.counted || self.blocks > 0 || self.windows
    }

    /// The interval passed without a batch of its own.
    pub fn pass(&mut self) {
        self.counted = false;
        self.step();
    }

    /// Whether at the end of the input the open batch has to be produced.
    pub fn is_last_due(&self) -> bool {
        self.event.is_none() && self.left > 0 && (self.blocks > 0 || self.info.id == 0)
    }

    /// Cuts the open batch, at its border or (without an interval) at `now`.
    pub fn cut(&mut self, now: Time, at: Duration, complete: bool, made: &mut Made) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        if self.calendar.is_none() {
            self.info.end = now.max(self.info.start);
        }
        let lanes = std::mem::take(&mut self.touched).into_iter().map(|(lane, from)| {
            let state = &self.lanes[lane];
            (lane, (state.seq, Range { from, until: state.position }))
        });
        made.cuts.push(Cut {
            batch: self.open.take().unwrap_or_else(|| Batch::new(self.info, self.shards, self.fed)),
            info: self.info,
            blocks: std::mem::take(&mut self.blocks),
            lanes: lanes.collect(),
            by_event: false,
            complete,
            closing: false,
            at,
        });
        self.info.id += 1;
        self.counted = false;
        self.records = 0;
    }

    /// A batch behind the last, of nothing that was received.
    pub fn closing(&self, at: Duration) -> Cut {
        let info = self.event.as_ref().map_or(self.info, |event| event.behind(self.info));
        let (batch, lanes) = (Batch::new(info, self.shards, self.fed), BTreeMap::new());
        Cut { batch, info, blocks: 0, lanes, by_event: false, complete: true, closing: true, at }
    }

    /// Goes on to the next interval.
    pub fn step(&mut self) {
        self.info.start = self.info.end;
        if let Some(calendar) = &self.calendar {
            self.info.end = calendar.next(self.info.end);
        }
    }

    /// Gives the records of a buffer their batches. The buffer stays with the caller, who drops it outside the engine's lock:
    /// it may be the last to hold it, and bytes that come free ask for that lock.
    pub fn place(
        &mut self,
        cutting: &Cutting,
        lane: usize,
        rest: &mut Rest,
        now: (Time, Duration),
        made: &mut Made,
    ) -> Placed {
        match cutting {
            Cutting::Time | Cutting::All | Cutting::Event(_) => {
                let (end, records) = (rest.range.end, rest.marks.records);
                self.piece(lane, rest, end, records, made);
            }
            Cutting::Lines(limit) => {
                let mut left = rest.marks.records;
                let mut too_long = std::mem::take(&mut rest.too_long);
                while self.left > 0 && !(rest.range.is_empty() && too_long.is_empty()) {
                    let room = limit - self.records;
                    let records = left.min(room);
                    let mut end = rest.range.end;
                    if left > room {
                        let bytes = &rest.buffer.bytes()[rest.range.clone()];
                        let last = self.lanes[lane].framing.nth_end(bytes, room as usize);
                        end = last.map_or(end, |end| rest.range.start + end);
                    } else {
                        let fit = too_long.len().min((room - records) as usize);
                        rest.too_long = too_long.drain(..fit).collect();
                    }
                    left -= records;
                    self.piece(lane, rest, end, records, made);
                    if self.records < *limit {
                        continue;
                    }
                    self.cut(now.0, now.1, false, made);
                    if self.calendar.is_none() {
                        self.step();
                    } else {
                        self.counted = true;
                    }
                }
            }
            Cutting::Tick(_) => {
                let input = self.lanes[lane].input;
                while let Some(tick) = rest.marks.ticks.get(rest.tick).cloned() {
                    if self.ticks[input].0 > self.info.id {
                        return Placed::Wait;
                    }
                    self.piece(lane, rest, tick.start, 0, made);
                    rest.range.start = tick.end;
                    self.lanes[lane].position = rest.from + tick.end as u64;
                    rest.tick += 1;
                    self.ticks[input].0 += 1;
                    self.ticked(now, made);
                }
                if self.ticks[input].0 > self.info.id && !(rest.range.is_empty() && rest.too_long.is_empty()) {
                    return Placed::Wait;
                }
                let end = rest.range.end;
                self.piece(lane, rest, end, 0, made);
            }
        }
        Placed::All
    }

    /// Whether all lanes of the same input that stand before this one have ended.
    pub fn is_first(&self, lane: usize) -> bool {
        let input = self.lanes[lane].input;
        self.lanes[..lane].iter().rev().take_while(|l| l.input == input).all(|l| l.ended)
    }

    /// The bytes of `rest` up to `end` belong to the open batch.
    fn piece(&mut self, lane: usize, rest: &mut Rest, end: usize, records: u64, made: &mut Made) {
        let whole = end == rest.range.end;
        let range = rest.range.start..end;
        rest.range.start = end;
        let too_long = if whole { std::mem::take(&mut rest.too_long) } else { Vec::new() };
        if self.left == 0 || (range.is_empty() && too_long.is_empty()) {
            return;
        }
        let state = &mut self.lanes[lane];
        if self.event.is_none() {
            self.touched.entry(lane).or_insert(state.position);
        }
        let first = state.records;
        // Whether the receiver left it out or the shard will depends on the reads: it is a record.
        let long = too_long.len() as u64;
        if self.count {
            state.records += long;
            state.records +=
                if records > 0 { records } else { state.framing.count(&rest.buffer.bytes()[range.clone()]) };
        }
        state.position = if whole { rest.until } else { rest.from + end as u64 };
        let (seq, until) = (state.seq, state.position);
        state.seq += 1;
        let batch = match &mut self.event {
            Some(event) => {
                event.brought(lane);
                None
            }
            None => {
                self.blocks += 1;
                self.records += records + long;
                let open = self.open.get_or_insert_with(|| Batch::new(self.info, self.shards, self.fed));
                open.bytes.fetch_add(range.len() as u64, Ordering::Relaxed);
                Some(Arc::clone(open))
            }
        };
        let buffer = Arc::clone(&rest.buffer);
        made.tasks.push(Task { batch, lane, seq, buffer, range, first, too_long, until });
    }
}
