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
pub mod lanes;
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

use std::sync::{Arc, Mutex, Weak};
use std::thread;

use crate::clock::Clock;
use crate::data::buffer::{Freed, Pool, Quota};
use crate::data::time::Time;
use crate::error::{Error, Result};
use crate::sinks::Sink;
use crate::sources::Lane;
use crate::stop::Stop;

use self::batcher::Batcher;
use self::checkpoint::Checkpoint;
use self::core::{Core, Fixed};
use self::cutting::Cutting;
use self::event::admission::Admission;
use self::event::idle;
use self::kept_file::KeptFile;
use self::lanes::{Made, receive};
use self::message::Message;
use self::output::left_out::LeftOut;
use self::output::{Output, SinkState};
use self::pace::Pace;
use self::plan::Plan;
use self::report::Report;
use crate::data::calendar::Calendar;

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
        let sinks = self
            .sinks
            .into_iter()
            .enumerate()
            .map(|(at, (name, sink))| SinkState::new(name, sink, levels(at)))
            .collect();
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
