//! What one stage of the plan keeps from batch to batch.

use std::collections::VecDeque;

use crate::data::packed::Packed;
use crate::data::rows::Rows;
use crate::data::time::Time;
use crate::operators::{Accumulator, Running};

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
