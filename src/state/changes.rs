//! What a batch has changed in what the stages keep, for a checkpoint: not the state itself, but what came to it, so that the
//! next run does the same again. Small where a batch is small, whatever is kept. Recorded by whoever finishes the batch, one
//! after the other; applied before anything else runs.

use crate::data::batch::BatchInfo;
use crate::data::packed::Packed;
use crate::data::rows::Rows;
use crate::data::time::Time;
use crate::operators::Saved;

use super::window::Timeline;

/// One thing that was done with what is kept of an aggregate, by all shards.
#[derive(Clone)]
pub enum Change {
    /// What shards had combined came to the owners of its keys.
    Owned(Vec<Rows>),
    /// What was open came to what is kept, as what came in with this batch.
    Entered(BatchInfo),
    /// What was open was given, or not wanted.
    Emptied,
    /// What is kept was given, as the result of this batch.
    Given(BatchInfo),
}

/// What a batch has changed in what one stage keeps.
#[derive(Clone)]
pub struct StageChanges {
    /// Which stage.
    pub stage: usize,
    /// What was done with what is kept of its aggregate.
    pub changes: Vec<Change>,
    /// What it keeps beside that.
    pub rest: StageRest,
}

/// What a stage keeps beside the aggregate.
#[derive(Clone, Default)]
pub struct StageRest {
    /// What an operator keeps that needs all rows of a batch, if that has changed.
    pub rows: Option<Rows>,
    /// How many blocks of a window there are; the last of them are new ...
    pub blocks: usize,
    /// ... namely these.
    pub news: Vec<(Time, Packed)>,
    /// How far its window has come.
    pub timeline: Timeline,
    /// Where its first batch began.
    pub start: Option<Time>,
    /// How many batches it has given.
    pub given: u64,
}

impl StageRest {
    /// Whether it says nothing that a stage does not begin with.
    pub fn is_nothing(&self) -> bool {
        let never = self.start.is_none() && self.given == 0 && self.timeline.parts() == [None; 4];
        self.rows.is_none() && self.blocks == 0 && never
    }
}

/// All that one stage keeps.
#[derive(Clone)]
pub struct StageWhole {
    /// Which stage.
    pub stage: usize,
    /// What each shard keeps of an aggregate: what is open, and what outlasts it.
    pub owners: Vec<(Option<Rows>, Option<Vec<Saved>>)>,
    /// All the rest: every block is new.
    pub rest: StageRest,
}

/// What a checkpoint is told of the state behind a batch.
#[derive(Clone)]
pub enum StateOf {
    /// What it has changed.
    Changes(Vec<StageChanges>),
    /// All that there is behind it.
    Whole(Vec<StageWhole>),
}

/// What is recorded of a stage while a batch is finished.
#[derive(Default)]
pub struct Recorded {
    /// What was done with what is kept of its aggregate.
    pub changes: Vec<Change>,
    /// How many blocks have come behind the others.
    pub news: usize,
    /// What is kept for an operator that needs all rows was written anew.
    pub rows: bool,
}
