//! The lanes of a run: who reads each of them, and the threads that read those which shards do not read themselves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::sources::{Control, Feed, Intake, Lane, Step};
use crate::state::checkpoint::journal::Entry;

use super::batcher::LaneState;
use super::checkpoint::Checkpoint;
use super::core::Core;
use super::cutting::{Cutting, Rest};
use super::pace::Pace;
use super::plan::Plan;
use super::receiver::Receiver;

/// How many bytes are read ahead for each record a second of `--max-rate`.
const STEP: usize = 8;

/// What the journal has of a lane, and the position from which on that counts.
pub type Replayed = (u64, VecDeque<Entry>);

/// A lane that a receiver reads.
pub type Received = (usize, Box<dyn Intake>);

/// The lanes of a run, sorted by who reads them.
pub struct Made {
    /// As the batcher sees them.
    pub states: Vec<LaneState>,
    /// Those that shards read.
    pub pulled: Vec<Mutex<Option<Box<dyn Intake>>>>,
    /// The control side of each.
    pub controls: Vec<Arc<dyn Control>>,
    /// Which input each belongs to.
    pub input_of: Vec<usize>,
    /// The thread that reads each; none where shards do.
    pub group_of: Vec<Option<usize>>,
    /// How many inputs there are.
    pub inputs: usize,
    /// By thread: the input, and the lanes that it reads, one after the other.
    pub receivers: Vec<(usize, Vec<Received>)>,
}

impl Made {
    /// Sorts them. `max_rate`: records a second of each source; `max_record`: the longest record, in bytes.
    pub fn new(
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
                let (head, logged) = (None, position);
                made.states.push(LaneState { input, framing, seq: 0, position, records, ended: false, head, logged });
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

/// A receiver's thread: lanes of one source, one after the other, each behind what the journal has of it. `pace`: that of the
/// source.
pub fn receive(core: &Core, lanes: Vec<Received>, replayed: Vec<Replayed>, pace: Option<&Mutex<Pace>>) {
    let mut little = false;
    for ((lane, mut intake), (position, entries)) in lanes.into_iter().zip(replayed) {
        let mut read = 0;
        for entry in entries {
            match core.rest_of_entry(lane, entry, position, core.plan.numbers) {
                Ok(Some(rest)) => {
                    core.place(lane, rest, &mut *intake);
                }
                Ok(None) => {}
                Err(error) => core.fail(error),
            }
        }
        while core.wait_for_room(lane, &mut *intake) {
            if std::mem::take(&mut little) {
                core.let_gather();
            }
            let mut given = None;
            let rest = match intake.next(&core.quotas[lane]) {
                Ok(Step::Records(chunk)) => {
                    given = Some(chunk.until);
                    core.rest(lane, chunk, core.plan.numbers || pace.is_some())
                }
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
                    let placed = bring(core, lane, rest, pace, &mut *intake);
                    if let Some(Err(error)) = given.map(|given| core.answer(lane, given, placed)) {
                        core.fail(error);
                        break;
                    }
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

/// Brings records to the batcher, no faster than the pace allows. False if the run ends without all of them.
fn bring(core: &Core, lane: usize, mut rest: Rest, pace: Option<&Mutex<Pace>>, intake: &mut dyn Intake) -> bool {
    if let Some(pace) = pace {
        let framing = core.plan.inputs[core.input_of[lane]].cutter.format.framing();
        while rest.records() > 0 {
            let records = pace.lock().unwrap_or_else(|e| e.into_inner()).take(rest.records());
            // At the stop what was read is not dropped.
            if records == 0 || records == rest.records() {
                break;
            }
            core.place(lane, rest.split(records, &core.cutting, framing), intake);
            if let Err(error) = intake.attend() {
                core.fail(error);
            }
        }
    }
    core.place(lane, rest, intake)
}
