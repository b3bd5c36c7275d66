//! From an invocation to a run: settles the defaults that depend on the sources, makes the plan, opens sources and sinks.

mod going;
mod heads;
mod outlets;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::cli::{Cut, Globals, Invocation};
use crate::clock::Clock;
use crate::data::calendar::Calendar;
use crate::data::time::Time;
use crate::engine::Engine;
use crate::engine::checkpoint::Checkpoint;
use crate::engine::cutting::Cutting;
use crate::engine::event::Event;
use crate::engine::kept_file::KeptFile;
use crate::engine::plan::{self, Inputs, Plan, PlanInput, plan};
use crate::engine::report::Report;
use crate::error::{Error, Result};
use crate::expr::Context;
use crate::io::Io;
use crate::operators::Operator;
use crate::progress::{Counters, Progress};
use crate::sinks;
use crate::sources::{self, Lane, Said, Setup, Source};
use crate::stats::{StatsFile, Totals};
use crate::stop::Stop;
use crate::tables::Files;

use self::outlets::{Made, Wanted};

/// An interval where `--batch` is not written and the input does not end by itself, in milliseconds.
const INTERVAL: i64 = 1000;

/// A run with all its defaults settled.
pub struct Prepared {
    globals: Globals,
    sources: Vec<Box<dyn Source>>,
    sinks: Vec<Wanted>,
    cutting: Cutting,
    calendar: Option<Calendar>,
    /// Already open, where their heads had to be read.
    lanes: Option<Vec<Vec<Lane>>>,
    stop: Arc<Stop>,
    /// What the run goes on with, and is kept in.
    checkpoint: Option<Checkpoint>,
    /// What is done with the records.
    pub plan: Plan,
    /// How many workers.
    pub shards: usize,
}

/// Settles what an invocation leaves open, and binds the chain to columns. Sources are opened only if their heads tell which
/// columns there are.
pub fn prepare(invocation: Invocation, io: &mut Io, clock: &Arc<dyn Clock>) -> Result<Prepared> {
    let Invocation { globals, mut chain, words } = invocation;
    // Before the command is kept anywhere: an address that holds a secret is refused, here or by an operator that opens it.
    let tees = chain.iter().filter_map(|operator| operator.tees());
    globals.to.iter().map(String::as_str).chain(tees).try_for_each(|spec| sinks::parse(spec).map(drop))?;
    let from = if globals.from.is_empty() { vec!["-".to_string()] } else { globals.from.clone() };
    let mut sources = from.iter().map(|spec| sources::parse(spec)).collect::<Result<Vec<_>>>()?;
    if globals.follow && sources.iter_mut().map(|source| source.follow()).filter(|follows| *follows).count() == 0 {
        return Err(Error::usage(
            "`--follow` goes on with what is appended to files, and there is none: add --from FILE",
        ));
    }
    let said = Said {
        format: globals.input.clone(),
        header: globals.header.clone(),
        delimiter: if globals.null { 0 } else { b'\n' },
    };
    let formats = sources.iter().map(|source| sources::format_of(&**source, &said)).collect::<Result<Vec<_>>>()?;
    let mut inputs: Inputs = sources.iter().map(|source| source.name()).zip(formats).collect();
    let right = Files::new(&said, globals.max_record, clock, &io.stderr)?;
    for operator in &mut chain {
        let name = operator.name();
        operator.open(&right).map_err(|error| plan::named(name, error))?;
    }
    // Before anything is hashed, and after all addresses have been seen.
    let mut checkpoint = if globals.explain { None } else { going::open(&globals, &sources, &words, clock)? };
    group_sessions(&mut chain)?;
    let (beside, sides): (Vec<_>, Vec<_>) = right.into_sides().into_iter().unzip();
    sources.extend(beside);
    check(&globals, &sources)?;
    let in_process = io.stdin.is_some();
    let files = sources.iter().all(|source| source.is_files() && !(in_process && source.is_stdin()));
    let (cutting, interval) = cutting(&globals, files);
    let calendar = interval.map(|interval| Calendar::new(interval, globals.zone.clone()));

    let written = matches!(globals.batch, Some(Cut::Interval(_) | Cut::Both { .. }))
        || globals.tick.is_some()
        || globals.event_time.is_some();
    let event = globals.event_time.as_ref().map(|event| &event.expr);
    let interval = calendar.is_some();
    let context = Context { zone: globals.zone.clone(), ..Context::default() };
    let bind = |inputs: &Inputs, io: &Io| {
        let mut outlets = Made { globals: &globals, io, written, interval, sinks: Vec::new(), outlets: Vec::new() };
        let plan = plan(inputs, &chain, &mut outlets, calendar.as_ref(), event, &context)?;
        Ok((plan, outlets.sinks))
    };
    let (mut plan, mut sinks) = bind(&inputs, io)?;
    let stop = Stop::new()?;
    let mut lanes = None;
    let headless: Vec<usize> = (0..sources.len()).filter(|&at| plan.inputs[at].needs_head).collect();
    if !headless.is_empty() && (!globals.explain || files) {
        let poll = poll(&globals, &cutting, calendar.as_ref());
        let setup = setup(&globals, poll, io, clock, &stop, checkpoint.as_ref());
        let mut opened = open(&sources, &plan.inputs, &setup)?;
        for at in headless {
            let format = &plan.inputs[at].cutter.format;
            let seen = heads::tell(&*sources[at], &**format, &mut opened[at], &setup)?;
            match (seen, at.checked_sub(inputs.len())) {
                (Some(format), Some(side)) => sides[side].tell(format),
                (Some(format), None) => inputs[at].1 = format,
                (None, _) => {}
            }
        }
        (plan, sinks) = bind(&inputs, io).map_err(|error| from_input(&inputs[0].0, error))?;
        lanes = Some(opened);
    }
    if let Some(checkpoint) = &mut checkpoint {
        going::check(checkpoint, &plan)?;
    }
    let shards = globals.shards.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    Ok(Prepared { sources, sinks, cutting, calendar, lanes, stop, checkpoint, plan, shards, globals })
}

/// What only the input shows to be wrong is no usage error.
fn from_input(name: &str, error: Error) -> Error {
    match error {
        Error::Usage(text) => Error::failed(format!("{name}: {text}")),
        other => other,
    }
}

/// What sources are opened with.
fn setup(
    globals: &Globals,
    poll: Option<Duration>,
    io: &mut Io,
    clock: &Arc<dyn Clock>,
    stop: &Arc<Stop>,
    checkpoint: Option<&Checkpoint>,
) -> Setup {
    Setup {
        poll,
        clock: Arc::clone(clock),
        max_record: globals.max_record,
        once: globals.once,
        stop: Arc::clone(stop),
        stdin: Mutex::new(io.stdin.take().map(|make| make(Arc::clone(stop)))),
        messages: Arc::clone(&io.stderr),
        checkpoint: checkpoint.map(|checkpoint| checkpoint.id().to_string()),
    }
}

/// How often a source looks by itself that would else wait for the timer's cut: where there is none, or where `--max-rate`
/// says what a batch holds.
fn poll(globals: &Globals, cutting: &Cutting, calendar: Option<&Calendar>) -> Option<Duration> {
    let timed = matches!(cutting, Cutting::Time | Cutting::Lines(_)) && calendar.is_some();
    let interval = calendar.map_or(INTERVAL, |calendar| calendar.interval().min(INTERVAL));
    (!timed || globals.max_rate.is_some()).then(|| Duration::from_millis(interval as u64))
}

fn open(sources: &[Box<dyn Source>], inputs: &[PlanInput], setup: &Setup) -> Result<Vec<Vec<Lane>>> {
    sources.iter().zip(inputs).map(|(source, input)| source.open(setup, input.cutter.format.framing())).collect()
}

/// Tells what stands behind a session by which keys it is to combine rows.
fn group_sessions(chain: &mut [Box<dyn Operator>]) -> Result<()> {
    for at in 1..chain.len() {
        let (before, behind) = chain.split_at_mut(at);
        let next = &mut behind[0];
        let name = next.name();
        if let Some(by) = before[at - 1].sessions() {
            next.group(by).map_err(|error| plan::named(name, error))?;
        }
    }
    Ok(())
}

/// What the sources do not allow.
fn check(globals: &Globals, sources: &[Box<dyn Source>]) -> Result<()> {
    if sources.iter().filter(|source| source.is_stdin()).count() > 1 {
        return Err(Error::usage(
            "standard input is to be read twice, and only one source can have it: --from is - unless it is given; write \
             where the others come from",
        ));
    }
    for source in sources {
        if let (true, Some(reason)) = (globals.tick.is_some(), source.cannot_tick()) {
            return Err(Error::usage(format!("--tick cannot be used with {}: {reason}", source.name())));
        }
        let reason = source.cannot_go_by_event(globals.checkpoint.is_some());
        if let (true, Some(reason)) = (globals.event_time.is_some(), reason) {
            return Err(Error::usage(format!("--event-time cannot be used with {}: {reason}", source.name())));
        }
        if let (true, Some(reason)) = (globals.once, source.cannot_freeze()) {
            return Err(Error::usage(format!("--once cannot be used with {}: {reason}", source.name())));
        }
    }
    Ok(())
}

/// What ends batches, and their interval in milliseconds.
fn cutting(globals: &Globals, files: bool) -> (Cutting, Option<i64>) {
    let millis = |interval: Duration| interval.as_millis() as i64;
    if let Some(tick) = &globals.tick {
        let interval = match globals.batch {
            Some(Cut::Interval(interval)) => millis(interval),
            // Other cuts were refused beside --tick.
            _ => INTERVAL,
        };
        return (Cutting::Tick(tick.clone()), Some(interval));
    }
    if let Some(event) = &globals.event_time {
        let interval = match globals.batch {
            Some(Cut::Interval(interval)) => millis(interval),
            // Other cuts were refused beside --event-time.
            _ => INTERVAL,
        };
        let calendar = Calendar::new(interval, globals.zone.clone());
        let late = i64::try_from(event.late.as_micros()).unwrap_or(i64::MAX);
        return (Cutting::Event(Event { calendar, late, idle: event.idle }), Some(interval));
    }
    match globals.batch {
        Some(Cut::Interval(interval)) => (Cutting::Time, Some(millis(interval))),
        Some(Cut::Lines(lines)) => (Cutting::Lines(lines), None),
        Some(Cut::Both { interval, lines }) => (Cutting::Lines(lines), Some(millis(interval))),
        Some(Cut::All) => (Cutting::All, None),
        None if files || globals.once => (Cutting::All, None),
        None => (Cutting::Time, Some(INTERVAL)),
    }
}

impl Prepared {
    /// What ends batches, in words.
    pub fn batches(&self) -> String {
        let interval = self.calendar.as_ref().map(|calendar| {
            let interval = Duration::from_millis(calendar.interval() as u64);
            humantime::format_duration(interval).to_string()
        });
        match (&self.cutting, interval) {
            (Cutting::Tick(_), Some(interval)) => format!("at each tick of the input, {interval} apart"),
            (Cutting::Event(_), Some(interval)) => format!("every {interval} of the records' own time"),
            (Cutting::Lines(lines), None) => format!("every {lines} records"),
            (Cutting::Lines(lines), Some(interval)) => format!("every {interval} or {lines} records"),
            (_, Some(interval)) => format!("every {interval}"),
            (_, None) => "one, at the end of the input".to_string(),
        }
    }

    /// The sinks, as messages name them.
    pub fn sinks(&self) -> impl Iterator<Item = String> {
        self.sinks.iter().map(|wanted| wanted.sink.name())
    }

    /// Opens everything and runs; the signal that ended the run, if one did.
    pub fn run(self, mut io: Io, clock: Arc<dyn Clock>) -> Result<Option<i32>> {
        let (globals, stop) = (self.globals, self.stop);
        let poll = poll(&globals, &self.cutting, self.calendar.as_ref());
        let mut checkpoint = self.checkpoint;
        let lanes = match (&checkpoint, self.lanes) {
            (None, Some(lanes)) => lanes,
            (checkpoint, opened) => {
                let setup = setup(&globals, poll, &mut io, &clock, &stop, checkpoint.as_ref());
                match checkpoint {
                    Some(checkpoint) => going::resume(&self.sources, &self.plan.inputs, &setup, checkpoint, opened)?,
                    None => open(&self.sources, &self.plan.inputs, &setup)?,
                }
            }
        };
        let stands =
            checkpoint.as_mut().map(|checkpoint| going::settle(checkpoint, &lanes, &globals, &io)).transpose()?;
        let delimiter = if globals.null { 0 } else { b'\n' };
        let bad = globals.bad.as_deref().map(|path| KeptFile::open(path, delimiter, "bad")).transpose()?;
        if globals.event_time.is_some() {
            sources::allow_many();
        }
        let late_to = globals.event_time.as_ref().and_then(|event| event.late_to.as_deref());
        let late = late_to.map(|path| KeptFile::open(path, delimiter, "late")).transpose()?;
        let stdout = |header| sinks::Setup {
            stdout: Arc::clone(&io.stdout),
            header,
            zone: globals.zone.clone(),
            checkpoint: checkpoint.as_ref().map(|checkpoint| checkpoint.id().to_string()),
            messages: Arc::clone(&io.stderr),
            clock: Arc::clone(&clock),
        };
        let mut sinks = Vec::with_capacity(self.sinks.len());
        for Wanted { spec, sink, header, .. } in self.sinks {
            let mut opened = sink.open(&stdout(header))?;
            stands.iter().try_for_each(|stands| stands.take_back(&spec, &*sink, &mut *opened, &io.stderr))?;
            sinks.push((spec, opened));
        }
        let stats = globals.stats.as_deref().map(|path| StatsFile::open(path, &globals.zone)).transpose()?;

        let counters = Arc::new(Counters::default());
        let size: Option<u64> = lanes.iter().flatten().map(|lane| lane.size).sum();
        let shown = io.stderr_terminal && !io.stdout_terminal && !globals.quiet && !globals.verbose;
        let progress =
            if shown { Some(Progress::start(size, Arc::clone(&counters), Arc::clone(&clock))?) } else { None };
        let began = clock.monotonic();
        let report = Report {
            messages: io.stderr,
            lanes: lanes.iter().flatten().map(|lane| lane.name.clone()).collect(),
            stats,
            verbose: globals.verbose,
            zone: globals.zone,
            interval: self.calendar.is_some(),
            counters,
            progress,
            began,
            cut: began,
            told: None,
            totals: Totals::default(),
            records: BTreeMap::new(),
        };
        let ticks = matches!(self.cutting, Cutting::Tick(_));
        Engine {
            plan: self.plan,
            lanes,
            sinks,
            start: if ticks { globals.start.unwrap_or(Time(0)) } else { clock.wall() },
            cutting: self.cutting,
            calendar: self.calendar,
            batches: globals.batches,
            shards: self.shards,
            max_record: globals.max_record,
            max_rate: globals.max_rate,
            strict: globals.strict,
            bad,
            late,
            clock,
            stop,
            report,
            checkpoint,
            once: globals.once,
            signals: io.signals,
        }
        .run()
    }
}
