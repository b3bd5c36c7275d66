//! Who moves the data: receivers, timer, shards and the output, and how they start and stop.

pub mod alarms;
pub mod batch;
pub mod batcher;
pub mod checkpoint;
pub mod core;
pub mod cutter;
pub mod cutting;
pub mod event;
pub mod finish;
pub mod kept_file;
pub mod message;
pub mod output;
pub mod owners;
pub mod pace;

pub mod plan;
pub mod receiver;
pub mod report;
pub mod shard;
pub mod shares;
pub mod shuffle;
pub mod shutdown;
pub mod sides;
pub mod timer;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};
use std::thread;

use crate::clock::Clock;
use crate::data::buffer::{Freed, Pool, Quota};
use crate::data::framing::Framing;
use crate::data::time::Time;
use crate::error::{Error, Result};
use crate::sinks::Sink;
use crate::sources::{Control, Feed, Intake, Lane, Step};
use crate::state::checkpoint::journal::Entry;
use crate::stop::Stop;

use self::batcher::{Batcher, LaneState};
use self::checkpoint::Checkpoint;
use self::core::{Core, Fixed};
use self::cutting::{Cutting, Rest};
use self::event::admission::Admission;
use self::event::idle;
use self::kept_file::KeptFile;
use self::message::Message;
use self::output::left_out::LeftOut;
use self::output::{Output, SinkState};
use self::pace::Pace;
use self::plan::Plan;
use self::receiver::Receiver;
use self::report::Report;
use crate::data::calendar::Calendar;

/// How many bytes are read ahead for each record a second of `--max-rate`.
const STEP: usize = 8;
/// How many bytes of a source may be on their way at once.
const QUOTA: usize = 16 << 20;

/// A run, all of whose sources and sinks are open.
pub struct Engine {
    /// What is done with the records.
    pub plan: Plan,
    /// The lanes of each input of the plan.
    pub lanes: Vec<Vec<Lane>>,
    /// Where the outlets of the plan write to, and how that was written.
    pub sinks: Vec<(String, Box<dyn Sink>)>,
    /// What ends batches.
    pub cutting: Cutting,
    /// Where batches end, if they have an interval.
    pub calendar: Option<Calendar>,
    /// When the run begins.
    pub start: Time,
    /// Ends after so many batches.
    pub batches: Option<u64>,
    /// How many workers.
    pub shards: usize,
    /// The longest record, in bytes.
    pub max_record: usize,
    /// The most records a second of each source.
    pub max_rate: Option<u64>,
    /// A record that does not fit is an error.
    pub strict: bool,
    /// Where bad records are kept.
    pub bad: Option<KeptFile>,
    /// Where late records are kept.
    pub late: Option<KeptFile>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Told to end all waiting for input.
    pub stop: Arc<Stop>,
    /// Statistics, progress, messages.
    pub report: Report,
    /// Whether signals are to be handled.
    pub signals: bool,
    /// What the run goes on with, and is kept in, settled with its lanes.
    pub checkpoint: Option<Checkpoint>,
    /// What is there now is all that the run is to see.
    pub once: bool,
}

impl Engine {
    /// Runs to the end of the input, a signal or an error. Returns the signal that ended it.
    ///
    /// ```text
    /// receivers ──┐                ┌─ shard 0 ─┐  parts by key hash  ┌─ shard 0 ─┐
    ///             ├─► batcher ─────┤           ├────────────────────►┤           ├─► output ─► sinks
    /// files ······┘   ▲ open batch └─ shard n ─┘  (last block done)  └─ shard n ─┘
    ///        timer ───┘
    /// ```
    pub fn run(self) -> Result<Option<i32>> {
        let (sender, messages) = crossbeam_channel::unbounded();
        let timed = self.calendar.is_some() && matches!(self.cutting, Cutting::Time | Cutting::Lines(_));
        let (signals, strict, bad, late) = (self.signals, self.strict, self.bad, self.late);
        let (max_rate, report) = (self.max_rate, self.report);
        let levels = |sink: usize| {
            self.plan.outlets.iter().filter(|outlet| outlet.sink == sink).map(|outlet| outlet.level).collect()
        };
        let sinks =
            self.sinks.into_iter().enumerate().map(|(at, (name, sink))| SinkState::new(name, sink, levels(at))).collect();
        let mut checkpoint = self.checkpoint;
        let files: Vec<bool> = self.lanes.iter().flatten().map(|lane| lane.pull).collect();
        let made = Made::new(self.lanes, &self.cutting, max_rate, self.max_record, &self.plan, checkpoint.as_ref());
        let mut batcher =
            Batcher::new(self.calendar, self.start, self.shards, made.inputs, self.batches, self.plan.numbers);
        batcher.windows = self.plan.rebatches();
        batcher.fed = 1 + self.plan.sides;
        batcher.lanes = made.states;
        if let Cutting::Event(event) = &self.cutting {
            let now = self.clock.monotonic();
            batcher.event =
                Some(Admission::new(event.clone(), self.plan.fills, (self.shards, batcher.fed), files, now));
        }
        let lanes = batcher.lanes.len();
        let mut receivers = made.receivers;
        let kept_up = checkpoint.as_mut().map(|checkpoint| {
            let ticks = matches!(self.cutting, Cutting::Tick(_));
            checkpoint.go_on(&mut batcher, self.clock.wall(), ticks);
            checkpoint.kept_up(self.once)
        });
        let replayed = checkpoint.as_mut().map_or_else(Vec::new, |checkpoint| checkpoint.replayed());
        let fixed = Fixed {
            plan: Arc::new(self.plan),
            cutting: self.cutting,
            clock: self.clock,
            stop: self.stop,
            shards: self.shards,
            max_record: self.max_record,
            keep_bad: bad.is_some(),
            keep_late: late.is_some(),
            names: report.lanes.clone(),
            pulled: made.pulled,
            group_of: made.group_of,
            input_of: made.input_of,
            controls: made.controls,
            paced: max_rate.is_some(),
            kept_up,
            counters: Arc::clone(&report.counters),
            output: sender,
        };
        let by_event = matches!(fixed.cutting, Cutting::Event(_));
        let core = Core::shared(fixed, batcher);
        let mut redo = None;
        if let Some(checkpoint) = &mut checkpoint {
            checkpoint.restore(&core)?;
            redo = checkpoint.redo();
        }
        core.receivers_start(receivers.len());
        let pace = |rate| Arc::new(Mutex::new(Pace::new(rate, Arc::clone(&core.clock), Arc::clone(&core.stop))));
        let paces: Vec<_> = max_rate.iter().flat_map(|rate| (0..made.inputs).map(|_| pace(*rate))).collect();
        let left_out = LeftOut::new(strict, bad, late, lanes);
        let mut output = Output::new(Arc::clone(&core), sinks, lanes, report, left_out);
        checkpoint.map_or(Ok(()), |checkpoint| output.go_on(checkpoint))?;
        let bell = timed.then(|| core.clock.bell());
        let idle_bell = (by_event && !receivers.is_empty()).then(|| core.clock.bell());
        let watch = if signals { Some(shutdown::Watch::start(&core)?) } else { None };

        thread::scope(|scope| {
            let core = &core;
            let started = || -> Result<_> {
                let written = spawn(scope, core, "output".into(), || output.run(&messages))?;
                redo.into_iter().for_each(|redo| core.give_again(redo));
                let mut shards = Vec::new();
                for me in 0..core.shards {
                    shards.push(spawn(scope, core, format!("shard-{me}"), move || shard::work(core, me))?);
                }
                for (input, lanes) in receivers.drain(..) {
                    let pace = paces.get(input).cloned();
                    let mine = lanes.iter().map(|(lane, _)| replayed.get(*lane).cloned().unwrap_or_default()).collect();
                    spawn(scope, core, format!("receiver-{input}"), move || {
                        receive(core, lanes, mine, pace.as_deref());
                        core.input_ended(input);
                        core.receiver_done();
                    })?;
                }
                core.wait_for_redo();
                let idle = idle_bell.as_ref().map(|bell| spawn(scope, core, "idle".into(), || idle::watch(core, bell)));
                let timer = bell.as_ref().map(|bell| {
                    spawn(scope, core, "timer".into(), move || {
                        let tick = || {
                            if let Some(cut) = core.tick() {
                                finish::finish(core, cut);
                            }
                            !core.is_over()
                        };
                        timer::run(&*core.clock, bell, || core.next_border(), tick)
                    })
                });
                Ok((written, shards, timer.transpose()?, idle.transpose()?))
            };
            match started() {
                Ok((written, shards, timer, idle)) => {
                    // The order of the end: sources, timer, the last batch, shards, output.
                    core.wait_for_input_end();
                    bell.iter().chain(&idle_bell).for_each(|bell| bell.ring());
                    let _ = timer.map(thread::ScopedJoinHandle::join);
                    let _ = idle.map(thread::ScopedJoinHandle::join);
                    core.end_input();
                    for shard in shards {
                        let _ = shard.join();
                    }
                    let _ = core.output.send(Message::End);
                    let _ = written.join();
                }
                Err(error) => {
                    core.abort(error);
                    idle_bell.iter().for_each(|bell| bell.ring());
                    let _ = core.output.send(Message::End);
                }
            }
        });
        let signal = watch.and_then(shutdown::Watch::end);
        match core.error() {
            Some(error) => Err(error),
            None => Ok(signal),
        }
    }
}

/// Starts a named thread of a run.
fn spawn<'scope>(
    scope: &'scope thread::Scope<'scope, '_>,
    core: &'scope Arc<Core>,
    name: String,
    work: impl FnOnce() + Send + 'scope,
) -> Result<thread::ScopedJoinHandle<'scope, ()>> {
    let started = thread::Builder::new().name(name).spawn_scoped(scope, move || shutdown::guard(core, work));
    started.map_err(|e| Error::io("cannot start a thread", &e))
}

/// What the journal has of a lane, and the position from which on that counts.
type Replayed = (u64, VecDeque<Entry>);

/// A lane that a receiver reads.
type Received = (usize, Box<dyn Intake>);

/// The lanes of a run, sorted by who reads them.
struct Made {
    states: Vec<LaneState>,
    pulled: Vec<Mutex<Option<Box<dyn Intake>>>>,
    controls: Vec<Arc<dyn Control>>,
    input_of: Vec<usize>,
    group_of: Vec<Option<usize>>,
    inputs: usize,
    /// By thread: the input, and the lanes that it reads, one after the other.
    receivers: Vec<(usize, Vec<Received>)>,
}

impl Made {
    fn new(
        lanes: Vec<Vec<Lane>>,
        cutting: &Cutting,
        max_rate: Option<u64>,
        max_record: usize,
        plan: &Plan,
        checkpoint: Option<&Checkpoint>,
    ) -> Self {
        // Who has to wait for others or for the clock needs a thread of its own.
        let may_pull = max_rate.is_none() && !matches!(cutting, Cutting::Tick(_));
        let inputs = lanes.len();
        let (states, pulled, controls) = (Vec::new(), Vec::new(), Vec::new());
        let (input_of, group_of, receivers) = (Vec::new(), Vec::new(), Vec::new());
        let mut made = Made { states, pulled, controls, input_of, group_of, inputs, receivers };
        for (input, lanes) in lanes.into_iter().enumerate() {
            let framing = plan.inputs[input].cutter.format.framing();
            // The thread for those lanes of the source that are read one after the other.
            let mut shared = None;
            for lane in lanes {
                let at = made.states.len();
                let (position, records) = checkpoint.map_or((0, 0), |checkpoint| checkpoint.place(at));
                made.states.push(LaneState { input, framing, seq: 0, position, records, ended: false, head: None });
                made.controls.push(lane.control);
                made.input_of.push(input);
                let intake = match lane.feed {
                    Feed::Bytes(stream) => {
                        let steps = max_rate.map_or(usize::MAX, |rate| (rate as usize).saturating_mul(STEP).max(64));
                        let shared = lane.pull && may_pull && cutting.is_blind() && !plan.numbers;
                        let searched = shared && max_rate.is_none() && checkpoint.is_none() && plan.searches(input);
                        let from = if lane.resumes.is_some() { position } else { 0 };
                        let receiver = Receiver::new(stream, framing, max_record).from(from).in_steps(steps);
                        let receiver = receiver.shared(shared).searched(searched);
                        Box::new(receiver) as Box<dyn Intake>
                    }
                    Feed::Records(intake) => intake,
                };
                if lane.pull && may_pull {
                    made.pulled.push(Mutex::new(Some(intake)));
                    made.group_of.push(None);
                    continue;
                }
                made.pulled.push(Mutex::new(None));
                // By the times of their records all are read side by side.
                let beside = !lane.pull || matches!(cutting, Cutting::Event(_));
                let group = shared.filter(|_| !beside).unwrap_or(made.receivers.len());
                if group == made.receivers.len() {
                    made.receivers.push((input, Vec::new()));
                }
                if !beside {
                    shared = Some(group);
                }
                made.receivers[group].1.push((at, intake));
                made.group_of.push(Some(group));
            }
        }
        made
    }
}

impl Core {
    /// A core whose quotas wake those who wait for them.
    fn shared(fixed: Fixed, batcher: Batcher) -> Arc<Core> {
        let pool = Arc::new(Pool::default());
        Arc::new_cyclic(|weak: &Weak<Core>| {
            let weak = Weak::clone(weak);
            let freed: Freed = Arc::new(move || weak.upgrade().map_or((), |core| core.freed()));
            let source = |_| Quota::new(Arc::clone(&pool), QUOTA, Arc::clone(&freed));
            let sources: Vec<_> = (0..fixed.plan.inputs.len()).map(source).collect();
            let quotas = fixed.input_of.iter().map(|input| sources[*input].beside()).collect();
            Core::new(fixed, batcher, quotas)
        })
    }
}

/// A receiver's thread: lanes of one source, one after the other, each behind what the journal has of it. `pace`: that of the
/// source.
fn receive(core: &Core, lanes: Vec<Received>, replayed: Vec<Replayed>, pace: Option<&Mutex<Pace>>) {
    let mut little = false;
    for ((lane, mut intake), (position, entries)) in lanes.into_iter().zip(replayed) {
        let framing = core.plan.inputs[core.input_of[lane]].cutter.format.framing();
        let mut read = 0;
        for entry in entries {
            match core.rest_of_entry(lane, entry, position, core.plan.numbers) {
                Ok(rest) => rest.into_iter().for_each(|rest| core.place(lane, rest)),
                Err(error) => core.fail(error),
            }
        }
        while core.wait_for_room(lane) {
            if std::mem::take(&mut little) {
                core.let_gather();
            }
            let rest = match intake.next(&core.quotas[lane]) {
                Ok(Step::Records(chunk)) => core.rest(lane, chunk, core.plan.numbers || pace.is_some()),
                Ok(Step::Unread { unread, from, until }) => Ok(Some(core.unread(lane, unread, from, until))),
                Ok(Step::Done) => {
                    core.given(lane);
                    continue;
                }
                Ok(Step::End) => Ok(None),
                Err(error) => Err(error),
            };
            let until = match rest {
                Ok(Some(rest)) => {
                    let until = rest.until();
                    little = rest.is_little();
                    bring(core, lane, rest, pace, framing);
                    until
                }
                Ok(None) => break,
                Err(error) => {
                    core.fail(error);
                    break;
                }
            };
            let progress = match intake.progress() {
                0 => until,
                progress => progress,
            };
            core.counters.bytes.fetch_add(progress - read, std::sync::atomic::Ordering::Relaxed);
            read = progress;
        }
        core.lane_ended(lane);
    }
}

/// Brings records to the batcher, no faster than the pace allows.
fn bring(core: &Core, lane: usize, mut rest: Rest, pace: Option<&Mutex<Pace>>, framing: Framing) {
    if let Some(pace) = pace {
        while rest.records() > 0 {
            let records = pace.lock().unwrap_or_else(|e| e.into_inner()).take(rest.records());
            // At the stop what was read is not dropped.
            if records == 0 || records == rest.records() {
                break;
            }
            core.place(lane, rest.split(records, &core.cutting, framing));
        }
    }
    core.place(lane, rest);
}
