//! Lets the pieces of the lanes in, and cuts batches. Under the engine's lock; a few instructions for a piece, or for each of
//! its groups of rows.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::data::batch::BatchInfo;
use crate::data::time::Time;
use crate::engine::batch::{Batch, Cut, Logged};
use crate::sources::Range;

use super::Event;
use super::again::LanePlace;
use super::blocks::{Admitted, Parsed};
use super::sorting::micros;

/// As long as so many batches are open, only the lane that is furthest behind is read.
const OPEN: usize = 4096;
/// A gap of more batches than this is not filled.
const GAP: i64 = 100_000;
/// Before any time.
pub(super) const NEVER: i64 = i64::MIN;

/// The lanes and the open batches.
pub struct Admission {
    pub(super) event: Event,
    pub(super) fills: bool,
    /// How many there are, and how many stages inputs feed.
    pub(super) shards: (usize, usize),
    pub(super) lanes: Vec<Lane>,
    /// By their ends.
    pub(super) open: BTreeMap<Time, Open>,
    /// What ended until then has been cut.
    pub(super) watermark: i64,
    /// The end of the batch that came first.
    pub(super) origin: Option<Time>,
    /// The end of the last batch that was cut, and its number.
    pub(super) last: Option<(Time, u64)>,
    /// Counted since the last cut.
    pub(super) bad: u64,
    pub(super) late: u64,
    /// A gap was not filled; whether that was said.
    pub(super) gap: Option<bool>,
    /// Batches are logged by a checkpoint.
    pub logs: bool,
    /// The end of the batch that is given again, until it is cut.
    pub(super) again: Option<Time>,
}

/// A lane. Times are in microseconds, [`NEVER`] where there was none.
pub(super) struct Lane {
    pub(super) newest: i64,
    /// Regular files are read when it suits, others when they have something.
    pub(super) file: bool,
    /// So many pieces have been brought, and so many of them were let in.
    pub(super) brought: u64,
    pub(super) admitted: u64,
    /// Those that came too early.
    pub(super) waiting: BTreeMap<u64, Parsed>,
    /// No more will be brought.
    pub(super) ended: bool,
    /// It was silent for too long.
    pub(super) idle: bool,
    /// It may not be read, or a reader has not looked yet whether it may.
    pub(super) held: bool,
    /// When it gave something, or was let go on, last.
    pub(super) heard: Duration,
    /// The position behind what was let in, and what that was at the last cut.
    pub(super) position: u64,
    pub(super) from: u64,
    /// How many records stand before that position, if they are counted.
    pub(super) records: u64,
    /// How many lines.
    pub(super) lines: u64,
    /// A run before this one has let in what stands before this position: what belongs to batches that are cut has been given.
    pub(super) known: u64,
    /// The batch that is given again holds nothing from here on.
    pub(super) until: u64,
}

pub(super) struct Open {
    pub(super) batch: Arc<Batch>,
    pub(super) blocks: u64,
    /// Records of each lane.
    pub(super) taken: BTreeMap<usize, u64>,
    /// How each lane stood before the first piece that it gave to the batch.
    pub(super) before: BTreeMap<usize, LanePlace>,
}

/// How far lanes may be read at this moment.
pub struct Horizon {
    /// The newest time of the lane that is furthest behind.
    slowest: i64,
    /// A file may be at this time, but no further.
    files: i64,
    full: bool,
    /// So many pieces of a lane may be on their way.
    pieces: u64,
}

impl Lane {
    /// Everything that it will ever give has been let in.
    fn is_done(&self) -> bool {
        self.ended && self.admitted == self.brought
    }
}

impl Admission {
    /// `files`: of each lane, whether it is a regular file.
    pub fn new(event: Event, fills: bool, shards: (usize, usize), files: Vec<bool>, now: Duration) -> Self {
        let lane = |file| Lane {
            newest: NEVER,
            file,
            brought: 0,
            admitted: 0,
            waiting: BTreeMap::new(),
            ended: false,
            idle: false,
            held: !file,
            heard: now,
            position: 0,
            from: 0,
            records: 0,
            lines: 0,
            known: 0,
            until: u64::MAX,
        };
        let lanes = files.into_iter().map(lane).collect();
        let (open, watermark) = (BTreeMap::new(), NEVER);
        let (origin, last, again) = (None, None, None);
        let (bad, late, gap, logs) = (0, 0, None, false);
        Admission { event, fills, shards, lanes, open, watermark, origin, last, bad, late, gap, logs, again }
    }

    /// A piece of a lane goes to the shards.
    pub fn brought(&mut self, lane: usize) {
        self.lanes[lane].brought += 1;
    }

    /// A lane has no more pieces.
    pub fn ended(&mut self, lane: usize) {
        self.lanes[lane].ended = true;
    }

    /// Whether nothing more will come.
    pub fn is_done(&self) -> bool {
        self.lanes.iter().all(Lane::is_done)
    }

    /// What comes behind the last batch that was cut; `first` if there was none.
    pub fn behind(&self, first: BatchInfo) -> BatchInfo {
        self.last.map_or(first, |(end, id)| BatchInfo { id: id + 1, start: end, end, redo: false })
    }

    /// Whether pieces are on their way that were not let in yet.
    pub fn is_awaited(&self) -> bool {
        self.lanes.iter().any(|lane| lane.admitted < lane.brought)
    }

    /// The number of a batch before it is cut, in 32 bits: it grows with time, whichever batch comes first. Days may be an hour
    /// shorter than others, but not by half.
    pub(super) fn number(&mut self, end: Time) -> u64 {
        let origin = *self.origin.get_or_insert(end);
        let steps = end.0.saturating_sub(origin.0).div_euclid((self.event.calendar.interval() / 2).max(1));
        (steps.clamp(-(1 << 31), (1 << 31) - 2) + (1 << 31)) as u64
    }

    /// A piece has been cut: lets in all whose turn it is now.
    pub fn admit(&mut self, lane: usize, parsed: Parsed, now: Duration, over: bool) -> VecDeque<Admitted> {
        self.lanes[lane].waiting.insert(parsed.seq, parsed);
        self.let_in(lane, now, over)
    }

    pub(super) fn let_in(&mut self, lane: usize, now: Duration, over: bool) -> VecDeque<Admitted> {
        let mut admitted = VecDeque::new();
        loop {
            let state = &mut self.lanes[lane];
            let is_early = |parsed: &Parsed| parsed.until > state.until;
            if state.waiting.get(&state.admitted).is_none_or(is_early) {
                return admitted;
            }
            let Some(parsed) = state.waiting.remove(&state.admitted) else { return admitted };
            state.admitted += 1;
            admitted.push_back(self.one(lane, parsed, now, over));
        }
    }

    fn one(&mut self, at: usize, mut parsed: Parsed, now: Duration, over: bool) -> Admitted {
        let lane = &mut self.lanes[at];
        let before = lane.newest;
        let place = LanePlace { position: lane.position, records: lane.records, lines: lane.lines, newest: before };
        // A run before this one has said what was wrong with these.
        let known = parsed.until <= lane.known;
        lane.position = parsed.until;
        lane.records += parsed.records;
        lane.lines += parsed.lines;
        if known {
            parsed.bad.clear();
        }
        if let Some((newest, _)) = parsed.sorted.newest {
            lane.newest = before.max(newest);
            (lane.heard, lane.idle) = (now, false);
        }
        self.bad += parsed.bad.len() as u64;
        let border = before.saturating_sub(self.event.late).max(self.watermark);
        let mut late = std::mem::take(&mut parsed.sorted.late);
        let mut pieces = Vec::new();
        let all = parsed.block.rows;
        for group in std::mem::take(&mut parsed.sorted.groups) {
            if over {
                continue;
            }
            if micros(group.end) <= border {
                late.extend(group.rows.unwrap_or_else(|| (0..all as u32).collect()));
                continue;
            }
            let rows = group.rows.as_ref().map_or(all, Vec::len);
            let bytes = parsed.range.len() as u64 * rows as u64 / all as u64;
            let (start, end, shards) = (group.start, group.end, self.shards);
            let id = self.number(end);
            let open = self.open.entry(end).or_insert_with(|| Open::new(id, start, end, shards));
            open.blocks += 1;
            open.before.entry(at).or_insert(place);
            *open.taken.entry(at).or_default() += rows as u64;
            open.batch.records.fetch_add(rows as u64, Ordering::Relaxed);
            open.batch.bytes.fetch_add(bytes, Ordering::Relaxed);
            pieces.push((Arc::clone(&open.batch), group.rows));
        }
        if known {
            // Late, or in a batch that is complete.
            late.clear();
        }
        late.sort_unstable();
        self.late += late.len() as u64;
        Admitted { lane: at, parsed, pieces, late, before: (before != NEVER).then_some(before) }
    }

    /// Cuts all batches whose end all lanes have passed, at most `left`; when all lanes have ended the others, too, unless they
    /// stay open.
    pub fn cut(&mut self, at: Duration, leaves_open: bool, left: &mut u64) -> Vec<Cut> {
        let all = self.is_done() && !leaves_open;
        let active = || self.lanes.iter().filter(|lane| !lane.idle && !lane.is_done()).map(|lane| lane.newest);
        // Where nobody is waited for, the one that came farthest leads.
        let reached = active().min().or_else(|| self.lanes.iter().map(|lane| lane.newest).max()).unwrap_or(NEVER);
        self.watermark = self.watermark.max(reached.saturating_sub(self.event.late));
        let mut cuts = Vec::new();
        self.cut_again(at, left, &mut cuts);
        while self.again.is_none() && *left > 0 {
            let Some(entry) = self.open.first_entry().filter(|open| all || micros(*open.key()) <= self.watermark)
            else {
                break;
            };
            let open = entry.remove();
            self.fill(open.batch.info.start, at, left, &mut cuts);
            self.push(open, at, left, &mut cuts);
        }
        cuts
    }

    /// Cuts the batches without records that stand before the one that begins at `start`, if they are asked for.
    fn fill(&mut self, start: Time, at: Duration, left: &mut u64, cuts: &mut Vec<Cut>) {
        let Some((mut from, _)) = self.last.filter(|_| self.fills) else { return };
        if (start.0 - from.0) / self.event.calendar.interval() > GAP {
            self.gap.get_or_insert(false);
            return;
        }
        while from < start {
            let end = self.event.calendar.next(from);
            let open = Open::new(self.number(end), from, end, self.shards);
            self.push(open, at, left, cuts);
            from = end;
        }
    }

    pub(super) fn push(&mut self, open: Open, at: Duration, left: &mut u64, cuts: &mut Vec<Cut>) {
        if *left == 0 {
            return;
        }
        *left -= 1;
        let Open { batch, blocks, taken, .. } = open;
        let id = self.last.map_or(0, |(_, id)| id + 1);
        self.last = Some((batch.info.end, id));
        batch.bad.store(std::mem::take(&mut self.bad), Ordering::Relaxed);
        batch.late.store(std::mem::take(&mut self.late), Ordering::Relaxed);
        let gave = |(at, lane): &(usize, &mut Lane)| lane.from < lane.position || taken.contains_key(at);
        let moved = self.lanes.iter_mut().enumerate().filter(gave);
        let range = |(at, lane): (usize, &mut Lane)| {
            let from = std::mem::replace(&mut lane.from, lane.position);
            (at, (taken.get(&at).copied().unwrap_or(0), Range { from, until: lane.position }))
        };
        let lanes = moved.map(range).collect();
        let logged = self.logs.then(|| Logged { lanes: Vec::new(), event: Some(self.logged()) });
        cuts.push(Cut {
            logged,
            info: BatchInfo { id, ..batch.info },
            batch,
            blocks,
            lanes,
            by_event: true,
            complete: true,
            closing: false,
            at,
        });
    }

    /// What has to be said, once: that a gap was not filled.
    pub fn note(&mut self) -> Option<&'static str> {
        let text = "batches without records are not filled in where time leaps over more than 100,000 of them";
        let said = self.gap.as_mut()?;
        (!std::mem::replace(said, true)).then_some(text)
    }

    /// How far the lanes may be read.
    pub fn horizon(&self) -> Horizon {
        let unfinished = || self.lanes.iter().filter(|lane| !lane.is_done() && !lane.idle);
        let known = unfinished().filter(|lane| lane.file || lane.newest != NEVER).map(|lane| lane.newest);
        let ahead = self.event.late.saturating_add(self.event.calendar.interval().saturating_mul(2000));
        let count = unfinished().count().max(1);
        Horizon {
            slowest: unfinished().map(|lane| lane.newest).min().unwrap_or(NEVER),
            files: known.min().unwrap_or(NEVER).saturating_add(ahead),
            full: self.open.len() >= OPEN,
            pieces: (4 * self.shards.0 / count).max(2) as u64,
        }
    }

    /// Whether a lane may be read now: one that is far ahead of the others waits for them.
    pub fn may_read(&self, lane: usize, horizon: &Horizon) -> bool {
        let lane = &self.lanes[lane];
        // A batch that is given again waits for what it had of each lane, however far that was ahead of the others.
        let is_awaited = self.again.is_some() && lane.position < lane.until;
        let is_ahead = horizon.full && lane.newest > horizon.slowest;
        let is_early = lane.file && lane.newest > horizon.files;
        (is_awaited || !(is_ahead || is_early)) && lane.brought - lane.admitted < horizon.pieces
    }

    /// Which of several lanes is read first: the one that is furthest behind.
    pub fn rank(&self, lane: usize) -> (i64, u64) {
        (self.lanes[lane].newest, self.lanes[lane].brought - self.lanes[lane].admitted)
    }

    /// A live lane waits to be read, or reads on: it is not silent as long as nobody reads it.
    pub fn hold(&mut self, lane: usize, held: bool, now: Duration) {
        let lane = &mut self.lanes[lane];
        if std::mem::replace(&mut lane.held, held) && !held {
            lane.heard = now;
        }
    }

    /// Finds the lanes that have been silent for too long. Gives the time to look again.
    pub fn find_idle(&mut self, now: Duration) -> Duration {
        let mut next = now + self.event.idle;
        for lane in self.lanes.iter_mut().filter(|lane| !lane.file && !lane.ended && !lane.idle) {
            let due = lane.heard + self.event.idle;
            if lane.held || lane.admitted < lane.brought || due > now {
                next = next.min(due.max(now + Duration::from_millis(1)));
            } else {
                lane.idle = true;
            }
        }
        next
    }
}

impl Open {
    pub(super) fn new(id: u64, start: Time, end: Time, shards: (usize, usize)) -> Self {
        Open {
            batch: Batch::new(BatchInfo { id, start, end, redo: false }, shards.0, shards.1),
            blocks: 0,
            taken: BTreeMap::new(),
            before: BTreeMap::new(),
        }
    }
}
