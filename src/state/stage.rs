//! What one stage of the plan keeps from batch to batch.

use std::collections::VecDeque;

use crate::data::packed::Packed;
use crate::data::rows::Rows;
use crate::data::time::Time;
use crate::operators::{Accumulator, Running};

use super::changes::{Change, Recorded, StageChanges, StageRest, StageWhole};
use super::window::Timeline;

/// What one stage keeps from batch to batch.
#[derive(Default)]
pub struct Stage {
    /// What an operator keeps that needs all rows of a batch.
    pub rows: Rows,
    /// What is kept of an aggregate, on each shard: the keys that belong to it.
    pub owners: Vec<Owner>,
    /// The rows of a window, with the end of the batch that they came in with.
    pub blocks: VecDeque<(Time, Packed)>,
    /// How far its window has come.
    pub timeline: Timeline,
    /// Where its first batch began.
    pub start: Option<Time>,
    /// How many batches it has given.
    pub given: u64,
    /// The batch before has left blocks, as far as a checkpoint was told.
    held: bool,
    /// What the batch at hand has changed, where there is a checkpoint.
    pub recorded: Option<Recorded>,
}

/// What is kept of an aggregate on one shard.
#[derive(Default)]
pub struct Owner {
    /// What was combined of the batches of the open pane.
    pub open: Option<Box<dyn Accumulator>>,
    /// What outlasts it.
    pub running: Option<Box<dyn Running>>,
}

impl Stage {
    /// How many keys and rows are kept.
    pub fn len(&self) -> usize {
        let owned = |owner: &Owner| {
            owner.running.as_ref().map_or(0, |running| running.len()) + owner.open.as_ref().map_or(0, |open| open.len())
        };
        let blocks: usize = self.blocks.iter().map(|(_, block)| block.rows()).sum();
        self.rows.len() + blocks + self.owners.iter().map(owned).sum::<usize>()
    }

    /// Blocks of a window came in with a batch of this end.
    pub fn hold(&mut self, end: Time, blocks: Vec<Packed>) {
        if let Some(recorded) = &mut self.recorded {
            recorded.news += blocks.len();
        }
        self.blocks.extend(blocks.into_iter().map(|block| (end, block)));
    }

    /// Something was done with what is kept of an aggregate.
    pub fn record(&mut self, change: impl FnOnce() -> Change) {
        if let Some(recorded) = &mut self.recorded {
            recorded.changes.push(change());
        }
    }

    /// What the batch at hand has changed, of a stage that keeps anything; the next one begins.
    pub fn changes(&mut self, stage: usize) -> Option<StageChanges> {
        let recorded = self.recorded.replace(Recorded::default()).unwrap_or_default();
        let rest = self.rest(recorded.rows, recorded.news);
        let is_nothing = recorded.changes.is_empty() && rest.is_nothing() && !self.held;
        self.held = !self.blocks.is_empty();
        (!is_nothing).then_some(StageChanges { stage, changes: recorded.changes, rest })
    }

    /// All that it keeps behind the batch at hand; the next one begins.
    pub fn whole(&mut self, stage: usize) -> StageWhole {
        self.recorded = Some(Recorded::default());
        self.held = !self.blocks.is_empty();
        let owner = |owner: &Owner| {
            let open = owner.open.as_ref().map(|open| open.save());
            (open, owner.running.as_ref().map(|running| running.save()))
        };
        let owners = self.owners.iter().map(owner).collect();
        StageWhole { stage, owners, rest: self.rest(true, self.blocks.len()) }
    }

    /// With the rows or without, and the last blocks.
    fn rest(&self, rows: bool, news: usize) -> StageRest {
        let old = self.blocks.len().saturating_sub(news);
        StageRest {
            rows: rows.then(|| self.rows.clone()),
            blocks: self.blocks.len(),
            news: self.blocks.iter().skip(old).cloned().collect(),
            timeline: self.timeline.clone(),
            start: self.start,
            given: self.given,
        }
    }

    /// Takes over what [`Stage::changes`] or [`Stage::whole`] has told beside the aggregate.
    pub fn restore(&mut self, rest: StageRest) {
        let StageRest { rows, blocks, news, timeline, start, given } = rest;
        self.rows = rows.unwrap_or_else(|| std::mem::take(&mut self.rows));
        self.blocks.extend(news);
        self.held = true;
        self.blocks.drain(..self.blocks.len().saturating_sub(blocks));
        (self.timeline, self.start, self.given) = (timeline, start, given);
    }

    /// Whether that is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes that is; of what is not measured (the open pane) nothing.
    pub fn bytes(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(|(_, block)| block.bytes()).sum();
        let running = self.owners.iter().filter_map(|owner| owner.running.as_ref());
        blocks + running.map(|running| running.bytes()).sum::<usize>()
    }
}
