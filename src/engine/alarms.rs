//! Alarms: of each batch they are told whether a condition held in it; they count in how many batches running it did, and act
//! once the output of the last of these is written: they start a command, end the run, or say a line. All of it on the output
//! thread, but for a thread for each command, which waits for its end. At the end of the run all commands are waited for.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::data::batch::BatchInfo;
use crate::data::calendar::Calendar;
use crate::data::time::Time;
use crate::error::{Error, Result, describe_end};
use crate::operators::Alarm;

use super::core::Core;
use super::message::{Made, Message};
use super::plan::Plan;
use super::report::Report;

/// How many commands of one alarm may run at once: those that hang must not fill the machine.
const AT_ONCE: usize = 16;

/// What of an alarm outlives a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// In how many batches running, up to the last one, the condition held.
    pub batches: u64,
    /// The end of the last batch.
    pub last: Option<Time>,
    /// The end of the batch after which the alarm acted last.
    pub acted: Option<Time>,
}

impl Standing {
    /// Goes on by one batch; whether the alarm acts after it. Where batches have borders, one that was left out because it was
    /// empty stands between two that are not neighbours.
    fn step(&mut self, held: bool, end: Time, alarm: &Alarm, borders: Option<&Calendar>) -> bool {
        let apart = self.last.zip(borders).is_some_and(|(last, borders)| borders.next(last) < end);
        if apart || !held {
            self.batches = 0;
        }
        self.batches += u64::from(held);
        self.last = Some(end);
        let rests = self.acted.is_some_and(|acted| end.0 - acted.0 < alarm.cooldown);
        let acts = self.batches >= alarm.batches && !rests;
        if acts {
            self.acted = Some(end);
        }
        acts
    }
}

/// One alarm of a run.
#[derive(Default)]
struct State {
    standing: Standing,
    /// The condition held in the batch at hand.
    held: bool,
    /// How many of its commands run.
    running: usize,
    /// It was said that these are too many.
    told: bool,
}

/// A command has ended: of which alarm, and what was wrong with it.
type Ended = (usize, Option<String>);

/// The output thread's own.
pub struct Alarms {
    plan: Arc<Plan>,
    /// In the order of the plan.
    states: Vec<State>,
    /// The end of the batch with which an alarm has ended the run, and the status.
    over: Option<(Time, u8)>,
    ends: (Sender<Ended>, Receiver<Ended>),
    /// Wakes the output thread.
    output: Sender<Message>,
}

impl Alarms {
    /// Those of the plan, none of which has seen a batch.
    pub fn new(core: &Core) -> Self {
        let states = core.plan.alarms.iter().map(|_| State::default()).collect();
        Alarms { plan: Arc::clone(&core.plan), states, over: None, ends: unbounded(), output: core.output.clone() }
    }

    /// Goes on as a run before this one has left them.
    pub fn go_on(&mut self, standings: &[Standing]) {
        self.states.iter_mut().zip(standings).for_each(|(state, standing)| state.standing = *standing);
    }

    /// How they stand.
    pub fn standings(&self) -> Vec<Standing> {
        self.states.iter().map(|state| state.standing).collect()
    }

    /// In the batch at hand, of its level, the condition of this one held.
    pub fn held(&mut self, alarm: usize) {
        self.states[alarm].held = true;
    }

    /// Whether there are any that look at the batches of a level.
    pub fn look_at(&self, level: usize) -> bool {
        self.plan.alarms.iter().any(|alarm| alarm.level == level)
    }

    /// A batch of a level is written. Nothing acts any more once the run is over.
    pub fn batch(&mut self, level: usize, info: &BatchInfo, report: &Report) {
        if self.over.is_some() {
            return;
        }
        for at in 0..self.states.len() {
            let (planned, state) = (&self.plan.alarms[at], &mut self.states[at]);
            if planned.level != level {
                continue;
            }
            let held = std::mem::take(&mut state.held);
            if state.standing.step(held, info.end, &planned.alarm, planned.borders.as_ref()) {
                self.act(at, info, report);
            }
        }
    }

    fn act(&mut self, at: usize, info: &BatchInfo, report: &Report) {
        let plan = Arc::clone(&self.plan);
        let alarm = &plan.alarms[at].alarm;
        if !alarm.command.is_empty() {
            self.start(at, alarm, info, report);
        }
        if alarm.command.is_empty() || alarm.exit.is_some() {
            let condition = alarm.condition.replace('\n', " ");
            let batches = match self.states[at].standing.batches {
                1 => "1 batch".to_string(),
                batches => format!("{batches} batches"),
            };
            // Of several that end it with one batch the first in the chain does.
            let status = alarm.exit.filter(|_| self.over.is_none());
            let ends = status.map(|status| format!("; the run ends with status {status}")).unwrap_or_default();
            let end = info.end.rfc3339(&report.zone);
            report.warn(&format!("alarm: {condition} held in {batches}, up to {end}{ends}"));
        }
        if let Some(status) = alarm.exit {
            self.over.get_or_insert((info.end, status));
        }
    }

    /// Starts its command, and a thread that waits for the end of it.
    fn start(&mut self, at: usize, alarm: &Alarm, info: &BatchInfo, report: &Report) {
        let Some((word, words)) = alarm.command.split_first() else { return };
        let name = word.display().to_string();
        let state = &mut self.states[at];
        if state.running >= AT_ONCE {
            if !std::mem::replace(&mut state.told, true) {
                report.warn(&format!("alarm: {AT_ONCE} of `{name}` still run: no more are started until one ends"));
            }
            return;
        }
        let mut command = Command::new(word);
        // Standard output is for rows. In a group of its own: Ctrl-C at the terminal is ours to handle.
        command.args(words).stdin(Stdio::null()).stdout(stderr()).process_group(0);
        command.env("STREAMER_WINDOW_START", info.start.rfc3339(&report.zone));
        command.env("STREAMER_WINDOW_END", info.end.rfc3339(&report.zone));
        command.env("STREAMER_ALARM", &alarm.condition);
        let (ends, output) = (self.ends.0.clone(), self.output.clone());
        let run = move || {
            let wrong = match command.status() {
                Ok(status) if status.success() => None,
                Ok(status) => Some(format!("alarm: the command `{name}` {}", describe_end(status))),
                Err(error) => Some(Error::io(format!("alarm cannot run `{name}`"), &error).to_string()),
            };
            // Who does not listen any more has ended the run.
            let _ = ends.send((at, wrong));
            let _ = output.send(Message::CommandEnded);
        };
        match thread::Builder::new().name("alarm".into()).spawn(run) {
            Ok(_) => state.running += 1,
            Err(error) => {
                report.warn(&Error::io("alarm: cannot start a thread for its command", &error).to_string());
            }
        }
    }

    /// Says what went wrong with the commands that have ended.
    pub fn reap(&mut self, report: &Report) {
        while let Ok(ended) = self.ends.1.try_recv() {
            self.ended(ended, report);
        }
    }

    /// Waits for the commands that still run.
    pub fn wait(&mut self, report: &Report) {
        while self.states.iter().any(|state| state.running > 0) {
            let Ok(ended) = self.ends.1.recv() else { return };
            self.ended(ended, report);
        }
    }

    fn ended(&mut self, (at, wrong): Ended, report: &Report) {
        let state = &mut self.states[at];
        state.running -= 1;
        state.told = false;
        if let Some(wrong) = wrong {
            report.warn(&wrong);
        }
    }

    /// Whether this is not to be written any more: it is later than the batch with which the run ends.
    pub fn end_before(&self, made: &Made) -> bool {
        let end = match made {
            Made::Rows(info, _) => info.end,
            Made::End(given) => given.info.end,
        };
        self.over.is_some_and(|(last, _)| end > last)
    }

    /// The status with which the run ends, as an error, if it does.
    pub fn verdict(&self) -> Result<()> {
        self.over.map_or(Ok(()), |(_, status)| Err(Error::Alarm(status)))
    }
}

/// Our standard error for a child's standard output.
fn stderr() -> Stdio {
    rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 0).map_or_else(|_| Stdio::null(), Stdio::from)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn alarm(batches: u64, cooldown: i64) -> Alarm {
        Alarm { condition: "x".into(), batches, cooldown, exit: None, command: Vec::new() }
    }

    /// The ends of the batches after which it acts.
    fn acts(alarm: &Alarm, batches: &[(i64, bool)], borders: Option<&Calendar>) -> Vec<i64> {
        let mut standing = Standing::default();
        let mut step = |batch: &&(i64, bool)| standing.step(batch.1, Time(batch.0), alarm, borders);
        batches.iter().filter(|batch| step(batch)).map(|batch| batch.0).collect()
    }

    #[test]
    fn batches_that_were_left_out_break_the_row() {
        let borders = Calendar::new(10, TimeZone::UTC);
        let batches = [(10, true), (20, true), (40, true), (40, true), (50, true)];
        assert_eq!(acts(&alarm(3, 0), &batches, Some(&borders)), [50]);
        assert_eq!(acts(&alarm(3, 0), &batches, None), [40, 40, 50], "without an interval none is left out");
    }

    #[test]
    fn the_cooldown_is_of_the_batches_times() {
        let always: Vec<_> = (1..10).map(|second| (second * 1000, true)).collect();
        assert_eq!(acts(&alarm(2, 3000), &always, None), [2000, 5000, 8000]);
        assert_eq!(acts(&alarm(2, 3001), &always, None), [2000, 6000]);
        assert_eq!(acts(&alarm(8, 0), &always, None), [8000, 9000]);
    }

    proptest! {
        /// As it is said: the last N held, and what is not yet that long ago did not act.
        #[test]
        fn it_acts_as_it_is_said(
            held in proptest::collection::vec(any::<bool>(), 0..40), batches in 1u64..5, cooldown in 0i64..8,
        ) {
            let mut expected: Vec<i64> = Vec::new();
            for at in 0..held.len() {
                let since = (at + 1).checked_sub(batches as usize);
                let running = since.is_some_and(|since| held[since..=at].iter().all(|held| *held));
                if running && expected.iter().all(|acted| *acted + cooldown <= at as i64) {
                    expected.push(at as i64);
                }
            }
            let batches_of: Vec<_> = (0..).zip(held).collect();
            prop_assert_eq!(acts(&alarm(batches, cooldown), &batches_of, None), expected);
        }
    }
}
