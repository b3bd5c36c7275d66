//! What needs all rows of a batch before it gives any: totals for each row, joins, and whatever looks at them in order.

use std::sync::Arc;

use super::Map;
use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::rows::Rows;
use crate::error::Result;

/// Gives each row what was combined of the batch.
pub trait Totals: Send + Sync {
    /// What is done with each block of the batch's rows, now that its aggregate is complete: `totals` are the rows of its result.
    fn look_up(&self, totals: Vec<Block>) -> Result<Box<dyn Map>>;
}

/// Looks up each row of a batch among rows that stand beside it.
pub trait Join: Send + Sync {
    /// What is done with each block of the batch's rows, now that all are there. `right`: the rows of the other input, of the
    /// columns that were asked for, in order.
    fn look_up(&self, right: &mut dyn Iterator<Item = Block>, batch: &BatchInfo) -> Result<Arc<dyn LookUp>>;
}

/// One batch of a [`Join`].
pub trait LookUp: Map {
    /// The rows that stand behind those of the batch, once all of these have been looked up.
    fn rest(&self) -> Vec<Block>;
}

/// Needs all rows of the batch in order, in one place.
pub trait WholeBatch: Send + Sync {
    /// The rows that come of the batch's rows. `state`: what it left there after the batch before; nothing at first. It may add
    /// rows there, but takes none away and changes none.
    fn run(&self, blocks: Vec<Block>, batch: &BatchInfo, state: &mut Rows) -> Result<Vec<Block>>;
}
