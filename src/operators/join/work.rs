//! What `join` does: with each block of the stream where nothing is asked of the rows of the table that match none, else
//! with the whole batch.

use std::sync::Arc;

use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column};
use crate::data::rows::{BLOCK_ROWS, Rows};
use crate::data::schema::Kind;
use crate::error::{Error, Result};
use crate::operators::{Map, WholeBatch};

use super::Keep;
use super::table::{Loaded, Versions, as_text, keys_of};

/// Looks up each row.
pub struct Joined {
    pub versions: Arc<Versions>,
    /// The columns of the key in the stream.
    pub keys: Vec<usize>,
    /// The columns of the stream that are given ...
    pub lefts: Vec<usize>,
    /// ... and what they hold.
    pub kinds: Vec<Kind>,
    pub keep: Keep,
}

impl Joined {
    /// The rows of a block beside their matches. `met` is told of each group that has one.
    fn join(&self, block: Block, table: &Loaded, mut met: impl FnMut(u32)) -> Result<Block> {
        let mut found = Vec::new();
        table.find(&keys_of(&block, &self.keys), &mut found);
        let (mut lefts, mut rights) = (Vec::with_capacity(block.rows), Vec::with_capacity(block.rows));
        for (row, &group) in found.iter().enumerate() {
            match table.matches(group) {
                [] if self.keep.left => {
                    lefts.push(row as u32);
                    rights.push(table.rows);
                }
                [] => {}
                matches => {
                    met(group);
                    lefts.resize(lefts.len() + matches.len(), row as u32);
                    rights.extend_from_slice(matches);
                }
            }
            if lefts.len() > u32::MAX as usize {
                return Err(Error::failed(format!(
                    "join: {} rows have more than {} matches; are there empty or constant keys?",
                    row + 1,
                    u32::MAX
                )));
            }
        }
        let same = lefts.len() == block.rows && lefts.iter().zip(0..).all(|(&left, row)| left == row);
        let left = |&at: &usize| {
            let column = &block.columns[at];
            let column = if same { column.clone() } else { column.pick(&lefts) };
            if self.keep.right && self.keys.contains(&at) { as_text(column) } else { column }
        };
        let right = |column: &Column| column.pick(&rights);
        let columns = self.lefts.iter().map(left).chain(table.columns.iter().map(right)).collect();
        let origins = block.origins.pick(&lefts);
        Ok(Block { rows: lefts.len(), columns, origins, ..block })
    }

    /// Rows of the table that have no match.
    fn alone(&self, table: &Loaded, rows: &[u32]) -> Block {
        let left = |(at, kind): (&usize, &Kind)| match self.keys.iter().position(|key| key == at) {
            Some(key) => table.keys[key].pick(rows),
            None => Column::nulls(kind, rows.len()),
        };
        let lefts = self.lefts.iter().zip(&self.kinds).map(left);
        let columns = lefts.chain(table.columns.iter().map(|column| column.pick(rows))).collect();
        Block { rows: rows.len(), columns, ..Block::default() }
    }
}

/// For `inner` and `left`: any shard, any order.
impl Map for Joined {
    fn map(&self, block: Block, batch: &BatchInfo) -> Result<Block> {
        let table = self.versions.of(batch.id)?;
        self.join(block, &table, |_| ())
    }
}

/// For `right` and `full`: looks at the table when the first rows of a batch come; they pass.
pub struct Opens {
    pub versions: Arc<Versions>,
}

impl Map for Opens {
    fn map(&self, block: Block, batch: &BatchInfo) -> Result<Block> {
        self.versions.of(batch.id).map(|_| block)
    }
}

/// For `right` and `full`: all rows, then those of the table that none of them matched.
pub struct Whole {
    pub joined: Joined,
}

impl WholeBatch for Whole {
    fn run(&self, blocks: Vec<Block>, batch: &BatchInfo, _: &mut Rows) -> Result<Vec<Block>> {
        let table = self.joined.versions.of(batch.id)?;
        // Batches come here one after the other.
        self.joined.versions.done_before(batch.id);
        let mut matched = vec![false; table.groups()];
        let mut made = Vec::with_capacity(blocks.len() + 1);
        for block in blocks {
            made.push(self.joined.join(block, &table, |group| matched[group as usize] = true)?);
        }
        let alone = table.unmatched(&matched);
        made.extend(alone.chunks(BLOCK_ROWS).map(|rows| self.joined.alone(&table, rows)));
        for (block, order) in made.iter_mut().zip(0..) {
            block.order = order;
        }
        Ok(made)
    }
}
