//! The output thread: gives finished batches to the sinks in time order, and the rows of row-wise chains in input order as
//! they are done. One flush at the end of every batch and whenever nothing more is under way.
//!
//! What comes in is in any order; what goes out is by batch, then lane, then piece. At stop it writes all that was finished.

mod kept_up;
mod lanes;
pub mod left_out;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crossbeam_channel::{Receiver, TryRecvError};

use crate::data::batch::BatchInfo;
use crate::data::time::Time;
use crate::error::{Error, Result};
use crate::formats::{Layout, Summary};
use crate::sinks::Sink;

use self::lanes::{LaneState, Waiting};
use self::left_out::LeftOut;
use super::alarms::Alarms;
use super::checkpoint::ledger::Ledger;
use super::core::Core;
use super::message::{Finished, Made, Message, Quiet, Rendered};
use super::report::Report;

/// A sink and what is waiting for it.
pub struct SinkState {
    /// As it was written.
    name: String,
    /// The sink.
    pub sink: Box<dyn Sink>,
    /// The levels of the outlets that write to it.
    levels: Vec<usize>,
    /// A batch has begun there.
    begun: bool,
    /// Something was written since the last flush.
    dirty: bool,
    /// Something was written since it was last made to last.
    lasts: bool,
}

impl SinkState {
    /// Nothing was written yet.
    pub fn new(name: String, sink: Box<dyn Sink>, levels: Vec<usize>) -> Self {
        SinkState { name, sink, levels, begun: false, dirty: false, lasts: true }
    }
}

struct OutletState {
    sink: usize,
    level: usize,
    layout: Option<Box<dyn Layout>>,
    /// The rows wait for the end of the batch: behind those of another outlet of the same sink and stage, or because the sink
    /// asks for that end first.
    held: Option<Vec<u8>>,
    begun: bool,
}

/// The output thread's own.
pub struct Output {
    core: Arc<Core>,
    sinks: Vec<SinkState>,
    outlets: Vec<OutletState>,
    lanes: Vec<LaneState>,
    /// Batches that were cut and are not written yet.
    cuts: BTreeMap<u64, VecDeque<(usize, u64)>>,
    finished: VecDeque<Finished>,
    results: VecDeque<(u64, Made)>,
    /// Rows of it that have come to the end of the first stage.
    rows: u64,
    /// The number of the batch whose rows are being written ...
    batch: u64,
    /// ... and what is known of its interval.
    info: BatchInfo,
    /// The lane whose pieces are being written.
    lane: usize,
    report: Report,
    alarms: Alarms,
    left_out: LeftOut,
    /// The checkpoint, if there is one.
    ledger: Option<Ledger>,
    /// Blocks and batches that are done with since the clock was told: it is told once their rows are flushed.
    done: i64,
}

impl Output {
    /// Writes to these sinks.
    pub fn new(core: Arc<Core>, sinks: Vec<SinkState>, lanes: usize, report: Report, left_out: LeftOut) -> Self {
        let plan = &core.plan;
        let shares = |at: usize| {
            let me = &plan.outlets[at];
            plan.outlets[..at].iter().any(|other| other.sink == me.sink && other.stage == me.stage)
        };
        let outlets = plan.outlets.iter().enumerate().map(|(at, outlet)| OutletState {
            sink: outlet.sink,
            level: outlet.level,
            layout: outlet.output.layout(),
            held: (outlet.late || shares(at)).then(Vec::new),
            begun: false,
        });
        let outlets = outlets.collect();
        Output {
            alarms: Alarms::new(&core),
            core,
            sinks,
            outlets,
            lanes: (0..lanes).map(|_| LaneState::default()).collect(),
            cuts: BTreeMap::new(),
            finished: VecDeque::new(),
            results: VecDeque::new(),
            rows: 0,
            batch: 0,
            info: BatchInfo { id: 0, start: Time(0), end: Time(0), redo: false },
            lane: 0,
            report,
            left_out,
            ledger: None,
            done: 0,
        }
    }

    /// Until nothing more comes. Whatever fails here ends the run at once.
    pub fn run(mut self, messages: &Receiver<Message>) {
        if let Err(error) = self.serve(messages) {
            self.core.abort(error);
            self.core.clock.busy(-(self.done + self.cuts.len() as i64));
            for message in messages.iter() {
                match message {
                    Message::End => break,
                    Message::Cut { .. } | Message::Block { .. } | Message::Passed(_) => self.core.clock.busy(-1),
                    _ => {}
                }
            }
        }
        self.alarms.wait(&self.report);
        self.left_out.end(&mut self.report);
        for unseen in self.core.unseen() {
            self.report.note(&format!("no record had `{unseen}`: it was null everywhere"));
        }
    }

    fn serve(&mut self, messages: &Receiver<Message>) -> Result<()> {
        loop {
            let message = match messages.try_recv() {
                Ok(message) => message,
                Err(TryRecvError::Empty) => {
                    self.flush()?;
                    if self.done > 0 {
                        self.core.clock.busy(-std::mem::take(&mut self.done));
                    }
                    let Ok(message) = messages.recv() else { break };
                    message
                }
                Err(TryRecvError::Disconnected) => break,
            };
            match message {
                Message::Cut { info, lanes, logged } => {
                    self.cuts.insert(info.id, lanes.into());
                    if let (Some(ledger), Some((logged, complete, closing))) = (&mut self.ledger, logged) {
                        ledger.cut(info, logged, (complete, closing));
                    }
                }
                Message::Block { info, lane, head, seq, records, lines, rows, bad, rendered, lease } => {
                    self.report.block(records);
                    // Where it waits for the lanes before it, nothing more happens at this moment.
                    self.done += 1;
                    let piece = Waiting { head, records, lines, rows, bad, rendered, _lease: lease, info };
                    self.lanes[lane].waiting.insert(seq, piece);
                }
                Message::Quiet(blocks) => {
                    for Quiet { info, lane, head, seq, records, lines, rows } in blocks {
                        self.lanes[lane].waiting.insert(seq, Waiting::quiet(info, head, records, lines, rows));
                    }
                }
                Message::Passed(passed) => {
                    self.report.block(passed.records);
                    self.done += 1;
                    self.left_out.passed(&self.report, &mut self.lanes, passed)?;
                }
                Message::Note(text) => self.report.note(text),
                Message::LaneEnded { lane, seq } => self.lanes[lane].ended = Some(seq),
                Message::Result(batch, made) => self.results.push_back((batch, made)),
                Message::Finished(finished) => self.finished.push_back(finished),
                Message::CommandEnded => self.alarms.reap(&self.report),
                Message::Report => self.report.now(&self.core),
                Message::End => break,
            }
            match self.advance() {
                Err(Error::Alarm(_)) => break,
                advanced => advanced?,
            }
        }
        self.flush()?;
        self.left_out.flush()?;
        for sink in &mut self.sinks {
            sink.sink.close()?;
        }
        self.alarms.verdict()
    }

    /// Writes all whose turn it is.
    fn advance(&mut self) -> Result<()> {
        loop {
            while self.lane < self.lanes.len() && self.next_piece()? {}
            let through = self.lane >= self.lanes.len();
            // Results wait for the rows that stand before them, and not for one another: there may be many.
            while let Some((_, made)) = self.results.pop_front_if(|r| through && r.0 == self.batch) {
                match made {
                    made if self.alarms.end_before(&made) => {}
                    Made::Rows(info, results) => {
                        self.info = info;
                        for rendered in results {
                            match rendered {
                                Rendered::Rows { outlet, bytes } => self.write(outlet, &bytes)?,
                                Rendered::Held(alarm) => self.alarms.held(alarm),
                            }
                        }
                    }
                    Made::End(given) => {
                        let rate = self.report.rate(given.records, &given.base, given.cut);
                        self.end_level(given.level, given.info, rate)?;
                    }
                }
            }
            // All lanes are through, and the shards as well?
            let Some(finished) = self.finished.pop_front_if(|f| through && f.info.id == self.batch) else {
                return Ok(());
            };
            let ended = self.end_batch(finished);
            self.cuts.remove(&self.batch);
            self.batch += 1;
            self.rows = 0;
            self.lane = 0;
            self.done += 1;
            ended?;
        }
    }

    /// Writes the next piece, or goes on to the next lane; false if it has not come yet.
    fn next_piece(&mut self) -> Result<bool> {
        let at = self.lane;
        let lane = &mut self.lanes[at];
        if let Some(piece) = lane.waiting.get(&lane.next)
            && piece.info.id == self.batch
        {
            if piece.says_something() && !self.may_write(false)? {
                return Ok(false);
            }
            let lane = &mut self.lanes[at];
            let Some(piece) = lane.waiting.remove(&lane.next) else { return Ok(false) };
            lane.next += 1;
            let line = lane.pass(&piece.head, piece.lines);
            self.report.written(at, piece.records);
            self.rows += piece.rows;
            self.core.met(self.rows);
            return self.write_piece(at, line, piece).map(|()| true);
        }
        let passed = match self.cuts.get_mut(&self.batch) {
            Some(lanes) => match lanes.front() {
                Some((first, end)) if *first == at => {
                    let passed = lane.next == *end;
                    if passed {
                        lanes.pop_front();
                    }
                    passed
                }
                // Lanes that gave nothing to this batch are passed in one go.
                Some((first, _)) => {
                    self.lane = *first;
                    return Ok(true);
                }
                None => {
                    self.lane = self.lanes.len();
                    return Ok(true);
                }
            },
            None => lane.ended == Some(lane.next),
        };
        self.lane += usize::from(passed);
        Ok(passed)
    }

    fn write_piece(&mut self, lane: usize, line: u64, piece: Waiting) -> Result<()> {
        self.info = piece.info;
        self.left_out.bad(&self.report, lane, &piece.head, line, &piece.bad)?;
        for rendered in piece.rendered {
            match rendered {
                Rendered::Rows { outlet, bytes } => match &mut self.outlets[outlet].held {
                    Some(held) => held.extend_from_slice(&bytes),
                    None => self.write(outlet, &bytes)?,
                },
                Rendered::Held(alarm) => self.alarms.held(alarm),
            }
        }
        Ok(())
    }

    fn begin(&mut self, sink: usize) -> Result<()> {
        self.may_write(true)?;
        self.sinks[sink].lasts = false;
        if !self.sinks[sink].begun {
            self.sinks[sink].begun = true;
            self.sinks[sink].sink.begin(&self.info)?;
        }
        Ok(())
    }

    fn write(&mut self, outlet: usize, bytes: &[u8]) -> Result<()> {
        let sink = self.outlets[outlet].sink;
        self.begin(sink)?;
        let info = self.info;
        let state = &mut self.outlets[outlet];
        match &mut state.layout {
            None => self.sinks[sink].sink.write(bytes)?,
            Some(layout) => {
                let mut out = Vec::new();
                if !std::mem::replace(&mut state.begun, true) {
                    layout.begin(&info);
                }
                layout.rows(bytes, &mut out);
                self.sinks[sink].sink.write(&out)?;
            }
        }
        self.sinks[sink].dirty = true;
        Ok(())
    }

    fn end_batch(&mut self, mut finished: Finished) -> Result<()> {
        let began = self.core.clock.monotonic();
        if !finished.closing {
            self.end_level(0, finished.info, self.report.rate(finished.records, &finished.info, finished.cut))?;
            self.left_out.flush()?;
            self.report.batch(&self.core, &finished, began)?;
        }
        self.complete(&mut finished)?;
        self.core.written(&finished);
        self.alarms.verdict()
    }

    /// A batch is complete for the outlets of a level.
    fn end_level(&mut self, level: usize, info: BatchInfo, rate: f64) -> Result<()> {
        self.info = info;
        let summary = Summary { rate };
        for at in 0..self.outlets.len() {
            if self.outlets[at].level != level {
                continue;
            }
            if let Some(held) = self.outlets[at].held.as_mut().map(std::mem::take)
                && !held.is_empty()
            {
                self.write(at, &held)?;
            }
            let outlet = &mut self.outlets[at];
            let Some(layout) = &mut outlet.layout else { continue };
            let mut out = Vec::new();
            if !std::mem::take(&mut outlet.begun) {
                layout.begin(&info);
            }
            layout.end(&info, &summary, &mut out);
            let sink = outlet.sink;
            self.begin(sink)?;
            self.sinks[sink].sink.write(&out)?;
        }
        for at in 0..self.sinks.len() {
            if !self.sinks[at].levels.contains(&level) {
                continue;
            }
            self.begin(at)?;
            let sink = &mut self.sinks[at];
            sink.sink.end(&info)?;
            sink.begun = false;
            sink.dirty = false;
        }
        if self.alarms.look_at(level) {
            self.flush()?;
            self.alarms.batch(level, &info, &self.report);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        for sink in self.sinks.iter_mut().filter(|s| s.dirty) {
            sink.dirty = false;
            sink.sink.flush()?;
        }
        Ok(())
    }
}
