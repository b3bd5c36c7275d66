//! Finishes a batch: puts it through the stages behind the first, up to the output. Done by one thread at a time, for one batch
//! after the other; the shards that are idle help.
//!
//! Behind a window (and the like) other batches come out than went in: at each level of the plan a batch may bring about one
//! batch of the next level, or none. Where batches without records are left out, windows that still hold some are given in
//! between, at their own times.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::data::batch::BatchInfo;
use crate::data::packed::Packed;
use crate::data::sequence;
use crate::data::time::Time;
use crate::error::Result;
use crate::operators::{Accumulator, Aggregate, Over};
use crate::state::Window;

use super::batch::Cut;
use super::core::Core;
use super::message::{Finished, Given, Made, Message};
use super::owners;
use super::plan::{Across, End};
use super::shuffle::{self, Behind, Feed};
use super::sides;

/// Finishes a batch, all of whose blocks are done. What fails ends the run.
pub fn finish(core: &Arc<Core>, cut: Cut) {
    if let Err(error) = put_through(core, cut) {
        core.abort(error);
    }
    core.finished();
}

fn put_through(core: &Arc<Core>, cut: Cut) -> Result<()> {
    let began = core.clock.monotonic();
    let records = cut.batch.records.load(Ordering::Relaxed);
    core.tell_quiet();
    let passing = Passing { core, base: cut.info, records, cut: cut.at };
    if cut.closing {
        passing.close()?;
    } else {
        passing.catch_up(cut.info.end)?;
        sides::receive(core, &cut.batch, cut.info.end);
        let info = BatchInfo { id: cut.batch.info.id, ..cut.info };
        passing.pass(0, cut.batch.take(0), info, cut.complete)?;
    }
    if core.is_aborted() {
        return Ok(());
    }
    let ended = core.clock.monotonic();
    let relaxed = Ordering::Relaxed;
    let (state_rows, state_bytes) = if core.plan.keeps() { core.kept_in_all() } else { (0, 0) };
    let _ = core.output.send(Message::Finished(Finished {
        info: cut.info,
        records,
        bad: cut.batch.bad.load(relaxed),
        late: cut.batch.late.load(relaxed),
        taken: cut.taken(),
        bytes: cut.batch.bytes.load(relaxed),
        blocks: cut.blocks,
        lanes: cut.lanes.into_iter().map(|(lane, (_, range))| (lane, range)).collect(),
        closing: cut.closing,
        state: core.state_of(),
        state_rows,
        state_bytes,
        cut: cut.at,
        began,
        ended,
    }));
    Ok(())
}

/// A batch on its way through the stages.
struct Passing<'a> {
    core: &'a Arc<Core>,
    /// As it was received.
    base: BatchInfo,
    records: u64,
    cut: std::time::Duration,
}

type Parts = Vec<Box<dyn Accumulator>>;

impl Passing<'_> {
    /// Puts the parts of a batch through a stage and those behind it. `complete`: no other batch of this end will come.
    fn pass(&self, from: usize, parts: Parts, info: BatchInfo, complete: bool) -> Result<()> {
        let (core, mut parts, mut info) = (self.core, parts, info);
        for (at, stage) in core.plan.chain().iter().enumerate().skip(from) {
            stage.steps.iter().for_each(|step| step.done(&info));
            let rows = match &stage.end {
                End::Output(_) => {
                    self.left(stage.level, info);
                    break;
                }
                End::Aggregate(aggregate, Across::Batch) => {
                    let sort = shuffle::sorts_for_next(core, at);
                    shuffle::combine(core, at, || shuffle::start(core, at), &**aggregate, parts, sort).feed(sort)
                }
                // The same batch, without what is held back.
                end @ End::Aggregate(..) if !end.rebatches() => {
                    self.receive(at, parts, info, complete);
                    self.give(at, info)
                }
                End::Aggregate(..) | End::Window(_) => {
                    self.receive(at, parts, info, complete);
                    self.left(stage.level, info);
                    let next = if complete { self.due_with(at, info.end) } else { None };
                    let Some(next) = next.or_else(|| self.given_each_time(at, info)) else { return Ok(()) };
                    info = next;
                    self.give(at, info)
                }
                End::Hold => Feed::Kept(shuffle::whole(core, at, parts), None),
                End::Totals(aggregate, totals) => {
                    let (rows, parts): (Vec<_>, Vec<_>) = parts.into_iter().map(shuffle::Both::apart).unzip();
                    let combined = shuffle::combine(core, at, || aggregate.start(), &**aggregate, parts, true);
                    let totals = totals.look_up(combined.all())?;
                    Feed::Kept(sequence::in_order(rows), Some(Arc::from(totals)))
                }
                End::Join(join, side) => {
                    parts = sides::join(core, at, &**join, *side, parts, info, self.base.id)?;
                    if core.is_aborted() {
                        return Ok(());
                    }
                    continue;
                }
                End::Side(_) => break,
                End::WholeBatch(operator) => {
                    let blocks = shuffle::whole(core, at, parts).into_iter().map(Packed::unpacked).collect();
                    let mut kept = core.kept(at);
                    let known = kept.rows.len();
                    let made = operator.run(blocks, &info, &mut kept.rows)?;
                    let grown = kept.rows.len() != known;
                    kept.recorded.iter_mut().for_each(|recorded| recorded.rows |= grown);
                    Feed::Blocks(made, Behind::default())
                }
            };
            parts = shuffle::feed(core, at + 1, rows, info, self.base.id)?;
            if core.is_aborted() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// A batch of this level is through: what is to be written of it has been sent.
    fn left(&self, level: usize, info: BatchInfo) {
        if level > 0 {
            let given = Given { info, level, records: self.records, base: self.base, cut: self.cut };
            let _ = self.core.output.send(Message::Result(self.base.id, Made::End(given)));
        }
    }

    /// What of a batch comes to the end of a stage is kept there.
    fn receive(&self, at: usize, parts: Parts, info: BatchInfo, complete: bool) {
        let core = self.core;
        match &core.plan.stages[at].end {
            End::Window(window) => {
                let blocks = shuffle::whole(core, at, parts);
                let mut kept = core.kept(at);
                kept.timeline.received(info.end);
                // What slides over without being given is not kept.
                let gone = window.start(window.next(info.end));
                if info.end > gone {
                    kept.hold(info.end, blocks);
                }
            }
            End::Aggregate(aggregate, Across::Window(window)) => {
                let pane = window.pane(info.end);
                let before = core.kept(at).timeline.open;
                if before.is_some_and(|open| open != pane) {
                    self.close_pane(at, &**aggregate, window);
                }
                owners::own(core, at, &**aggregate, parts);
                let mut kept = core.kept(at);
                kept.timeline.open = Some(pane);
                kept.timeline.received(info.end);
                drop(kept);
                if complete && pane == info.end {
                    self.close_pane(at, &**aggregate, window);
                }
            }
            End::Aggregate(aggregate, Across::All(over)) => {
                owners::own(core, at, &**aggregate, parts);
                let mut kept = core.kept(at);
                kept.start.get_or_insert(info.start);
                drop(kept);
                owners::enter(core, at, aggregate, *over, info);
            }
            _ => {}
        }
    }

    /// The open pane will get no more rows.
    fn close_pane(&self, at: usize, aggregate: &dyn Aggregate, window: &Window) {
        let mut kept = self.core.kept(at);
        let Some(end) = kept.timeline.open else { return };
        // A window of one pane is given as it is; what slides over without being given is not kept.
        let given = window.next(end);
        let wanted = end > window.start(given);
        if window.is_tumbling() && wanted {
            return;
        }
        kept.timeline.open = None;
        drop(kept);
        if wanted {
            let End::Aggregate(shared, _) = &self.core.plan.stages[at].end else { return };
            let info = BatchInfo { end, ..self.base };
            owners::enter(self.core, at, shared, Over::Panes, info);
        } else {
            owners::forget(self.core, at, aggregate);
        }
    }

    /// The window that is given with the batch of this end, if one is.
    fn due_with(&self, at: usize, end: Time) -> Option<BatchInfo> {
        let window = self.window(at)?;
        (window.next(end) == end).then(|| self.interval(at, end))
    }

    /// The result of what is given with each batch.
    fn given_each_time(&self, at: usize, info: BatchInfo) -> Option<BatchInfo> {
        let End::Aggregate(_, Across::All(over)) = &self.core.plan.stages[at].end else { return None };
        let mut kept = self.core.kept(at);
        let start = match over {
            Over::Session { .. } => info.start,
            _ => kept.start.unwrap_or(info.start),
        };
        kept.given += 1;
        Some(BatchInfo { id: kept.given - 1, start, ..info })
    }

    /// The next batch behind a window.
    fn interval(&self, at: usize, end: Time) -> BatchInfo {
        let start = self.window(at).map_or(end, |window| window.start(end));
        let mut kept = self.core.kept(at);
        kept.given += 1;
        BatchInfo { id: kept.given - 1, start, end, redo: self.base.redo }
    }

    fn window(&self, at: usize) -> Option<&Window> {
        match &self.core.plan.stages[at].end {
            End::Window(window) | End::Aggregate(_, Across::Window(window)) => Some(window),
            _ => None,
        }
    }

    /// What a stage gives as the batch `info` of the next level.
    fn give(&self, at: usize, info: BatchInfo) -> Feed {
        let core = self.core;
        match &core.plan.stages[at].end {
            End::Window(window) => {
                let mut kept = core.kept(at);
                kept.timeline.given(info.end);
                while kept.blocks.front().is_some_and(|(end, _)| *end <= info.start) {
                    kept.blocks.pop_front();
                }
                let blocks = match window.is_tumbling() {
                    true => std::mem::take(&mut kept.blocks).into_iter().map(|(_, block)| block).collect(),
                    false => kept.blocks.iter().map(|(_, block)| block.clone()).collect(),
                };
                Feed::Kept(blocks, None)
            }
            End::Aggregate(aggregate, Across::Window(window)) => {
                let mut kept = core.kept(at);
                kept.timeline.given(info.end);
                let open = kept.timeline.open.filter(|end| *end <= info.end);
                drop(kept);
                if open.is_some() && !window.is_tumbling() {
                    self.close_pane(at, &**aggregate, window);
                }
                if window.is_tumbling() {
                    core.kept(at).timeline.open = None;
                    return owners::finish_open(core, at, &**aggregate);
                }
                owners::result(core, at, aggregate, Over::Panes, info)
            }
            End::Aggregate(aggregate, Across::All(over)) => owners::result(core, at, aggregate, *over, info),
            _ => Feed::Blocks(Vec::new(), Behind::default()),
        }
    }

    /// Gives what is due before this time although no batch comes.
    fn catch_up(&self, before: Time) -> Result<()> {
        while let Some((end, at)) = self.earliest(|at| self.due(at)).filter(|(end, _)| *end < before) {
            self.give_alone(at, end)?;
        }
        Ok(())
    }

    /// Nothing more will come: each window that has received a batch since it was last given is given once more, and sessions
    /// are closed.
    fn close(&self) -> Result<()> {
        while let Some((end, at)) = self.earliest(|at| self.rest(at)) {
            self.give_alone(at, end)?;
            if self.core.is_aborted() {
                break;
            }
        }
        Ok(())
    }

    /// The stage that has something to give first, and when; of several the one that a batch passes first.
    fn earliest(&self, when: impl Fn(usize) -> Option<Time>) -> Option<(Time, usize)> {
        (0..self.core.plan.stages.len()).filter_map(|at| when(at).map(|time| (time, at))).min()
    }

    fn give_alone(&self, at: usize, end: Time) -> Result<()> {
        let info = match self.window(at) {
            Some(_) => self.interval(at, end),
            None => {
                let start = self.core.plan.stages[at].calendar.as_ref().map_or(end, |calendar| calendar.back(end, 1));
                let base = BatchInfo { start, end, ..self.base };
                self.given_each_time(at, base).unwrap_or(base)
            }
        };
        let rows = self.give(at, info);
        let parts = shuffle::feed(self.core, at + 1, rows, info, self.base.id)?;
        self.pass(at + 1, parts, info, true)
    }

    fn due(&self, at: usize) -> Option<Time> {
        match self.window(at) {
            Some(window) => self.core.kept(at).timeline.due(window),
            None => self.session_due(at),
        }
    }

    fn rest(&self, at: usize) -> Option<Time> {
        match self.window(at) {
            Some(window) => self.core.kept(at).timeline.rest(window),
            None => self.session_due(at),
        }
    }

    /// The end of the first batch in which a session is closed.
    fn session_due(&self, at: usize) -> Option<Time> {
        let kept = self.core.kept(at);
        let due = kept.owners.iter().filter_map(|owner| owner.running.as_ref()?.due()).min()?;
        self.core.plan.stages[at].calendar.as_ref().map(|calendar| calendar.next(due))
    }
}
