//! Gives every record its batch.
//!
//! Receivers (or the shards, for files) bring buffers of whole records; the timer, a count or the input's own ticks cut. A
//! buffer belongs to the open batch, or is split over several where the cut lies inside it. All of it happens under the
//! engine's one lock, a few instructions for a buffer; what needs a look at every byte is done before, in `cutting.rs`.

mod again;
mod ticks;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::data::batch::BatchInfo;
use crate::data::framing::Framing;
use crate::data::time::Time;
use crate::sources::Range;

use self::again::Again;
pub use self::again::Redo;
use super::batch::{Batch, Cut, Logged, Task};
use super::core::LaneHead;
use super::cutting::{Cutting, Rest};
use super::event::admission::Admission;
use crate::data::calendar::Calendar;

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
    /// What stood at the begin of it, or of the file in it, before its last piece; only where batches are logged.
    pub head: Option<Arc<LaneHead>>,
    /// The position that was logged last.
    pub logged: u64,
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
    /// Batches are logged by a checkpoint.
    pub logs: bool,
    /// What is open at the end of the input stays so.
    pub leaves_open: bool,
    /// What is to be given again, and what has to wait for that.
    again: Again,
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
            logs: false,
            leaves_open: false,
            again: Again::default(),
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
        let none = self.blocks == 0 && (self.info.id > 0 || self.again.goes_on);
        self.event.is_none() && self.left > 0 && !none && !self.is_again()
    }

    /// Cuts the open batch, at its border or (without an interval) at `now`.
    pub fn cut(&mut self, now: Time, at: Duration, complete: bool, made: &mut Made) {
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        if self.calendar.is_none() && !self.info.redo {
            self.info.end = now.max(self.info.start);
        }
        let lanes: BTreeMap<usize, (u64, Range)> = std::mem::take(&mut self.touched)
            .into_iter()
            .map(|(lane, from)| {
                let state = &self.lanes[lane];
                (lane, (state.seq, Range { from, until: state.position }))
            })
            .collect();
        let logged = if self.logs { Some(self.logged()) } else { None };
        made.cuts.push(Cut {
            logged,
            batch: self.open.take().unwrap_or_else(|| Batch::new(self.info, self.shards, self.fed)),
            info: self.info,
            blocks: std::mem::take(&mut self.blocks),
            lanes,
            by_event: false,
            complete,
            closing: false,
            at,
        });
        self.info.id += 1;
        self.info.redo = false;
        self.counted = false;
        self.records = 0;
    }

    /// A batch behind the last, of nothing that was received.
    pub fn closing(&self, at: Duration) -> Cut {
        let info = self.event.as_ref().map_or(self.info, |event| event.behind(self.info));
        let (batch, lanes) = (Batch::new(info, self.shards, self.fed), BTreeMap::new());
        let logged = self.logs.then(Logged::default);
        Cut { batch, info, blocks: 0, lanes, logged, by_event: false, complete: true, closing: true, at }
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
        if self.is_again() && !matches!(cutting, Cutting::Tick(_) | Cutting::Event(_)) {
            self.place_again(cutting, lane, rest, now, made);
            return Placed::All;
        }
        match cutting {
            Cutting::Event(_) => {
                while let Some(end) = self.event.as_ref().and_then(|event| event.border(lane, rest)) {
                    self.piece(lane, rest, end, 0, made);
                }
                let (end, records) = (rest.range.end, rest.marks.records);
                self.piece(lane, rest, end, records, made);
            }
            Cutting::Time | Cutting::All => {
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
                        let bytes = &rest.content.bytes()[rest.range.clone()];
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
        if self.logs {
            state.head = Some(Arc::clone(&rest.head));
        }
        if self.event.is_none() {
            self.touched.entry(lane).or_insert(state.position);
        }
        let first = state.records;
        // Whether the receiver left it out or the shard will depends on the reads: it is a record.
        let long = too_long.len() as u64;
        if self.count {
            state.records += long;
            state.records +=
                if records > 0 { records } else { state.framing.count(&rest.content.bytes()[range.clone()]) };
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
        let (head, content) = (Arc::clone(&rest.head), rest.content.clone());
        made.tasks.push(Task { batch, lane, head, seq, content, range, first, too_long, until });
    }
}
