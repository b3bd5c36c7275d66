//! The side of the core that receivers and the timer see: records come in, batches are cut.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use super::{Core, LaneHead, State, WAITING_CUTS};
use crate::data::time::Time;
use crate::engine::batch::Cut;
use crate::engine::batcher::{Made, Placed};
use crate::engine::cutter::Cutter;
use crate::engine::cutting::{Cutting, Rest};
use crate::engine::event::admission::Admission;
use crate::engine::message::Message;
use crate::error::{Error, Result};
use crate::sources::{Chunk, Intake, Unread};

/// While all shards are busy, small reads are so far apart: a pipe holds what comes in that time even if it is a gigabyte a second.
const MOMENT: Duration = Duration::from_millis(1);

impl Core {
    /// So many threads will bring records.
    pub fn receivers_start(&self, receivers: usize) {
        self.lock().receivers = receivers;
    }

    /// Waits for a change; who reads a lane may have something to do meanwhile.
    fn wait_with<'a>(&'a self, state: MutexGuard<'a, State>, intake: &mut dyn Intake) -> MutexGuard<'a, State> {
        let Some(every) = intake.attends() else { return self.room.wait(state) };
        drop(self.room.wait_for(state, every));
        if let Err(error) = intake.attend() {
            self.fail(error);
        }
        self.lock()
    }

    /// Waits until the lane may read on; false once the run ends.
    pub fn wait_for_room(&self, lane: usize, intake: &mut dyn Intake) -> bool {
        let mut state = self.lock();
        loop {
            if state.aborted || self.stop.is_told() || state.batcher.is_over() {
                return false;
            }
            self.starved.store(true, Ordering::SeqCst);
            let horizon = state.batcher.event.as_ref().map(Admission::horizon);
            let may_read = self.may_read(&state, lane, horizon.as_ref());
            let now = self.clock.monotonic();
            state.batcher.event.iter_mut().for_each(|event| event.hold(lane, !may_read, now));
            if may_read {
                return true;
            }
            state = self.wait_with(state, intake);
        }
    }

    /// Waits for a moment if the shards are busy: a block waits for each of them already, and what comes meanwhile is better read
    /// at one stroke than a few records at a time, each of which would be a block.
    pub fn let_gather(&self) {
        let state = self.lock();
        if state.queue.len() >= self.shards && !state.aborted && !self.stop.is_told() {
            drop(self.room.wait_for(state, MOMENT));
        }
    }

    /// Gives a buffer its batch or batches; the caller brings the buffers of a lane in order. False if the run ends without all of
    /// it.
    pub fn place(&self, lane: usize, mut rest: Rest, intake: &mut dyn Intake) -> bool {
        let mut state = self.lock();
        let all = loop {
            let mut made = Made::default();
            let now = (self.clock.wall(), self.clock.monotonic());
            // What comes behind the last batch that was asked for is in none that is ever cut.
            let over = state.batcher.is_over();
            let placed = state.batcher.place(&self.cutting, lane, &mut rest, now, &mut made);
            self.take_over(&mut state, made);
            if matches!(placed, Placed::All) || state.aborted || state.batcher.is_over() {
                break rest.is_done() && !over && !state.aborted;
            }
            state = self.wait_with(state, intake);
        };
        drop(state);
        // A lane whose source hands records over at the cut as well may be waited for.
        self.room.notify_all();
        all
    }

    /// What the batcher made goes to the shards and to the output.
    pub(super) fn take_over(&self, state: &mut State, made: Made) {
        let news = self.take_in(state, made);
        self.call(news);
    }

    /// Wakes as many shards as so many tasks and cuts can use.
    pub(super) fn call(&self, news: usize) {
        match news {
            0 => {}
            1 => self.work.notify_one(),
            _ => self.work.notify_all(),
        }
    }

    /// Takes over what the batcher made, but wakes no shard for it: tells how many tasks and cuts there are.
    pub(super) fn take_in(&self, state: &mut State, made: Made) -> usize {
        let news = made.tasks.len() + made.cuts.len();
        if news == 0 {
            return 0;
        }
        if let Some(note) = made.note {
            let _ = self.output.send(Message::Note(note));
        }
        self.clock.busy(news as i64);
        state.queue.extend(made.tasks);
        if !made.cuts.is_empty() {
            self.room.notify_all();
        }
        for mut cut in made.cuts {
            let pieces = cut.lanes.iter().map(|(lane, (end, _))| (*lane, *end));
            let lanes = if cut.by_event { Vec::new() } else { pieces.collect() };
            // The output thread outlives all who send to it.
            let logged = cut.logged.take().map(|logged| (logged, cut.complete, cut.closing));
            let _ = self.output.send(Message::Cut { info: cut.info, lanes, logged });
            if cut.blocks > 0 {
                state.loaded.push_back(Arc::clone(&cut.batch));
            }
            state.cuts.push_back(cut);
        }
        if state.batcher.is_over() {
            self.stop.tell();
            self.room.notify_all();
        }
        if !matches!(self.cutting, Cutting::Time | Cutting::All) {
            self.room.notify_all();
        }
        news
    }

    /// What of a chunk of a lane is records. At the begin of the lane it is looked whether a head stands before them.
    pub fn rest_of(&self, lane: usize, mut chunk: Chunk, count: bool) -> Result<Option<Rest>> {
        let input = &self.plan.inputs[self.input_of[lane]];
        let mut begun_here = 0;
        let mut head = self.lanes[lane].lock().unwrap_or_else(|e| e.into_inner());
        if let Some(file) = chunk.begins.take() {
            *head = Arc::new(LaneHead { file: Some(file), number: head.number + 1, ..LaneHead::default() });
        }
        if !head.is_read && !chunk.buffer.is_empty() {
            let (file, number) = (head.file.clone(), head.number);
            let made = self.head(lane, chunk.buffer.bytes(), (file, number))?;
            begun_here = made.bytes.len();
            *head = Arc::new(made);
        }
        let head = Arc::clone(&head);
        Ok(Some(Rest::new(chunk, (begun_here, head), &self.cutting, input.cutter.format.framing(), count)))
    }

    /// What stands before the records in the first bytes of a lane, or of its file of this name and number.
    pub(super) fn head(&self, lane: usize, bytes: &[u8], (file, number): (Option<Arc<str>>, u64)) -> Result<LaneHead> {
        let input = &self.plan.inputs[self.input_of[lane]];
        let name = file.as_deref().unwrap_or(&self.names[lane]);
        let named = |error: Error| match error {
            Error::Usage(text) => Error::failed(format!("{name}: {text}")),
            other => other,
        };
        let (begun, format) = input.cutter.format.begin(bytes).map_err(named)?;
        let wanted = &self.plan.stages[self.plan.fed(input.feeds)].schema;
        let made = |format| Cutter::new(format, &input.live, wanted, &input.first).map_err(named);
        let cutter = format.map(made).transpose()?;
        let lines = memchr::memchr_iter(b'\n', &bytes[..begun]).count() as u64;
        Ok(LaneHead { cutter, lines, file, number, is_read: true, bytes: bytes[..begun].into() })
    }

    /// What is still to be read is records, behind the head of the lane.
    pub fn unread(&self, lane: usize, unread: Unread, from: u64, until: u64) -> Rest {
        let head = self.lanes[lane].lock().unwrap_or_else(|e| e.into_inner());
        Rest::unread(unread, Arc::clone(&head), from, until)
    }

    /// How the records behind this head of a lane are cut.
    pub fn cutter<'a>(&'a self, lane: usize, head: &'a LaneHead) -> &'a Cutter {
        head.cutter.as_ref().unwrap_or(&self.plan.inputs[self.input_of[lane]].cutter)
    }

    /// Columns that no record of any input had that feeds the same stage, in formats where any record may have any column.
    pub fn unseen(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for inputs in self.plan.inputs.chunk_by(|one, next| one.feeds == next.feeds) {
            let mut unseen = inputs.iter().map(|input| input.cutter.format.unseen());
            let first = unseen.next().unwrap_or_default();
            let shared = unseen.fold(first, |all, other| all.into_iter().filter(|name| other.contains(name)).collect());
            all.extend(shared);
        }
        all
    }

    /// A lane has given all that the timer's cut has asked for.
    pub fn given(&self, lane: usize) {
        self.lock().giving.remove(&lane);
        self.room.notify_all();
    }

    /// A lane has given all it has.
    pub fn lane_ended(&self, lane: usize) {
        let mut state = self.lock();
        let mut made = Made::default();
        state.batcher.leaves_open = self.leaves_open();
        state.batcher.lane_ended(lane, self.clock.monotonic(), &mut made);
        self.take_over(&mut state, made);
        state.giving.remove(&lane);
        let _ = self.output.send(Message::LaneEnded { lane, seq: state.batcher.lanes[lane].seq });
        drop(state);
        self.check_short(lane);
        // The next lane of the source has become its first.
        self.work.notify_all();
        self.room.notify_all();
    }

    /// A source has given all it has: the others need not wait for its ticks.
    pub fn input_ended(&self, input: usize) {
        let mut state = self.lock();
        let mut made = Made::default();
        let now = (self.clock.wall(), self.clock.monotonic());
        state.batcher.input_ended(input, now, &mut made);
        self.take_over(&mut state, made);
        drop(state);
        self.room.notify_all();
    }

    /// A receiver thread is done.
    pub fn receiver_done(&self) {
        self.lock().receivers -= 1;
        self.room.notify_all();
        self.input.notify_all();
    }

    /// Waits until all input has been brought, or the run was aborted.
    pub fn wait_for_input_end(&self) {
        let mut state = self.lock();
        while !state.aborted && (state.receivers > 0 || !state.pull.is_empty()) {
            state = self.input.wait(state);
        }
    }

    /// The border of the open batch is reached. A batch without records that is quickly finished, and whose turn it is, is
    /// given back: the timer finishes it faster than it wakes a shard.
    pub fn tick(&self) -> Option<Cut> {
        let mut state = self.lock();
        // After a leap of the clock batches are made no faster than they are finished.
        while state.cuts.len() >= WAITING_CUTS && !state.aborted {
            state = self.room.wait(state);
        }
        let end = state.batcher.end();
        drop(self.ask(state));
        let mut held = Vec::new();
        for (lane, control) in self.controls.iter().enumerate().filter(|_| !self.paced) {
            for chunk in control.cut(end, &self.quotas[lane]) {
                match self.rest(lane, chunk, self.plan.numbers) {
                    Ok(rest) => held.extend(rest.map(|rest| (lane, rest))),
                    Err(error) => self.fail(error),
                }
            }
        }
        let mut state = self.lock();
        let mut made = Made::default();
        for (lane, rest) in &mut held {
            // What the receiver holds of the lane comes before.
            while state.batcher.lanes[*lane].position < rest.from && !state.aborted && state.receivers > 0 {
                state = self.room.wait(state);
            }
            let now = (self.clock.wall(), self.clock.monotonic());
            state.batcher.place(&self.cutting, *lane, rest, now, &mut made);
        }
        if state.batcher.end() == end {
            if state.batcher.is_due() {
                state.batcher.cut(self.clock.wall(), self.clock.monotonic(), true, &mut made);
                state.batcher.step();
            } else {
                state.batcher.pass();
            }
        }
        let news = self.take_in(&mut state, made);
        let own = if news == 1 && self.plan.is_quick() { state.ready(|cut| cut.blocks == 0) } else { None };
        if own.is_none() {
            self.call(news);
        }
        own
    }

    /// Asks the lanes that wait for it for what belongs to the open batch, until they have given all of it. What others bring
    /// meanwhile belongs to the batch as well.
    fn ask<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let is_asked = |lane: &usize| self.controls[*lane].is_asked() && !state.batcher.lanes[*lane].ended;
        let asked: BTreeSet<usize> = (0..self.controls.len()).filter(is_asked).collect();
        if asked.is_empty() || state.batcher.is_over() {
            return state;
        }
        state.giving.clone_from(&asked);
        drop(state);
        for lane in asked {
            self.controls[lane].ask();
        }
        let mut state = self.lock();
        while !state.giving.is_empty() && !state.aborted {
            state = self.room.wait(state);
        }
        state
    }

    /// Whether all batches that were asked for have been cut, or the run was aborted.
    pub fn is_over(&self) -> bool {
        let state = self.lock();
        state.aborted || state.batcher.is_over()
    }

    /// The end of the open batch.
    pub fn next_border(&self) -> Time {
        self.lock().batcher.end()
    }

    /// All input has been brought: cuts the last batch.
    pub fn end_input(&self) {
        let mut state = self.lock();
        let mut made = Made::default();
        if state.batcher.is_last_due() {
            state.batcher.cut(self.clock.wall(), self.clock.monotonic(), true, &mut made);
        }
        if state.batcher.event.is_none() && self.plan.rebatches() && !self.leaves_open() {
            made.cuts.push(state.batcher.closing(self.clock.monotonic()));
        }
        self.take_over(&mut state, made);
        state.ended = true;
        drop(state);
        self.work.notify_all();
    }
}
