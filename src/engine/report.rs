//! What is said beside the results: statistics, `--verbose` lines, progress, word of bad records and of falling behind.
//! Owned by the output thread, told once a block or once a batch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::data::batch::BatchInfo;
use crate::data::human;
use crate::error::Result;
use crate::messages::Messages;
use crate::progress::{Counters, Progress};
use crate::stats::{BatchStats, SourceStats, StatsFile, Totals, per_second};

use super::core::Core;
use super::message::Finished;

/// A batch that is later than this, and than its interval, is behind.
const BEHIND: Duration = Duration::from_secs(1);
/// Falling behind is said again after so long.
const AGAIN: Duration = Duration::from_secs(600);

/// Everything that is said beside the results.
pub struct Report {
    /// Where messages go.
    pub messages: Arc<Messages>,
    /// The names of the lanes.
    pub lanes: Vec<String>,
    /// `--stats`.
    pub stats: Option<StatsFile>,
    /// `--verbose`.
    pub verbose: bool,
    /// The zone of printed times.
    pub zone: TimeZone,
    /// Whether batches have an interval.
    pub interval: bool,
    /// What the display shows.
    pub counters: Arc<Counters>,
    /// The display, if it is shown.
    pub progress: Option<Progress>,
    /// When the run began, on the monotonic clock.
    pub began: Duration,
    /// When the batch before was cut.
    pub cut: Duration,
    /// When it was last said that the run falls behind.
    pub told: Option<Duration>,
    /// Sums over the batches.
    pub totals: Totals,
    /// Records of each lane in the batch at hand.
    pub records: BTreeMap<usize, u64>,
}

impl Report {
    /// A block was done; its batch may be far from its turn.
    pub fn block(&self, records: u64) {
        self.counters.records.fetch_add(records, Ordering::Relaxed);
    }

    /// A block of a lane was written, as part of the batch at hand.
    pub fn written(&mut self, lane: usize, records: u64) {
        *self.records.entry(lane).or_default() += records;
    }

    /// A lane as messages name it.
    pub fn lane(&self, lane: usize) -> &str {
        &self.lanes[lane]
    }

    /// Says something worth knowing.
    pub fn note(&self, text: &str) {
        match &self.progress {
            Some(progress) => progress.suspend(|| self.messages.note(text)),
            None => self.messages.note(text),
        }
    }

    /// Says something also with `-q`.
    pub fn warn(&self, text: &str) {
        match &self.progress {
            Some(progress) => progress.suspend(|| self.messages.error(text)),
            None => self.messages.error(text),
        }
    }

    /// How long records were received for a batch.
    fn span(&self, info: &BatchInfo, cut: Duration) -> Duration {
        if self.interval {
            return Duration::from_millis((info.end.0 - info.start.0).max(0) as u64);
        }
        cut.saturating_sub(self.cut)
    }

    /// Records per second, if so many were received for a batch.
    pub fn rate(&self, records: u64, info: &BatchInfo, cut: Duration) -> f64 {
        per_second(records, self.span(info, cut))
    }

    /// A batch was delivered, the output of which began at `output`.
    pub fn batch(&mut self, core: &Core, finished: &Finished, output: Duration) -> Result<()> {
        let now = core.clock.monotonic();
        let mut records = std::mem::take(&mut self.records);
        records.extend(finished.taken.iter().copied());
        let source = |(lane, range): &(usize, crate::sources::Range)| SourceStats {
            description: self.lanes[*lane].clone(),
            start: range.from,
            end: range.until,
            records: records.get(lane).copied().unwrap_or(0),
        };
        let stats = BatchStats {
            id: finished.info.id,
            end: finished.info.end,
            span: self.span(&finished.info, finished.cut),
            records: finished.records,
            bytes: finished.bytes,
            blocks: finished.blocks,
            scheduling: finished.began.saturating_sub(finished.cut),
            processing: finished.ended.saturating_sub(finished.began),
            output: now.saturating_sub(output),
            bad: finished.bad,
            late: finished.late,
            state_rows: finished.state_rows,
            state_bytes: finished.state_bytes,
            sources: finished.lanes.iter().map(source).collect(),
        };
        self.cut = finished.cut;
        self.totals.add(&stats);
        self.counters.batches.fetch_add(1, Ordering::Relaxed);
        let delay = now.saturating_sub(finished.cut);
        self.counters.delay.store(delay.as_micros() as u64, Ordering::Relaxed);
        if self.verbose {
            self.note(&stats.line(&self.zone));
        }
        let behind = self.interval && delay > BEHIND.max(self.span(&finished.info, finished.cut));
        if behind && self.told.is_none_or(|told| now.saturating_sub(told) >= AGAIN) {
            self.told = Some(now);
            let delay = human::duration(delay);
            self.note(&format!(
                "falling behind: batch {} came out {delay} after its end; input waits, nothing is dropped",
                finished.info.end.rfc3339(&self.zone)
            ));
        }
        match &mut self.stats {
            Some(file) => file.write(&stats),
            None => Ok(()),
        }
    }

    /// The statistics so far, on request.
    pub fn now(&self, core: &Core) {
        let elapsed = core.clock.monotonic().saturating_sub(self.began);
        let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let (records, bytes) = (read(&self.counters.records), read(&self.counters.bytes));
        self.note(&self.totals.report(records, bytes, elapsed, core.queued()));
    }

    /// The run is over: what was left out in all, if more than the `shown` that were shown.
    pub fn end(&mut self, bad: u64, shown: u64) {
        self.progress = None;
        if bad > shown {
            self.note(&format!("{} were left out", human::counted(bad, "bad record")));
        }
    }
}
