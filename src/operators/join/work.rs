//! What `join` does with rows: with each block as it comes where a table is looked up and nothing is asked of its rows that
//! match none, else once all rows of the batch are there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column};
use crate::data::rows::BLOCK_ROWS;
use crate::data::schema::Kind;
use crate::error::{Error, Result};
use crate::operators::{Join, LookUp, Map};

use super::Keep;
use super::loaded::{Loaded, Loading, Wanted, as_text, keys_of};
use super::versions::Versions;

/// Which columns and rows come out.
pub struct Joined {
    /// The columns of the key on the left.
    pub keys: Vec<usize>,
    /// The columns of the left that are given ...
    pub lefts: Vec<usize>,
    /// ... and what they hold.
    pub kinds: Vec<Kind>,
    pub keep: Keep,
}

impl Joined {
    /// The rows of a block beside their matches. `met` is told of each group that has one.
    fn join(&self, block: Block, right: &Loaded, mut met: impl FnMut(u32)) -> Result<Block> {
        let mut found = Vec::new();
        right.find(&keys_of(&block, &self.keys), &mut found);
        let (mut lefts, mut rights) = (Vec::with_capacity(block.rows), Vec::with_capacity(block.rows));
        for (row, &group) in found.iter().enumerate() {
            match right.matches(group) {
                [] if self.keep.left => {
                    lefts.push(row as u32);
                    rights.push(right.rows);
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
        let picked = |column: &Column| column.pick(&rights);
        let columns = self.lefts.iter().map(left).chain(right.columns.iter().map(picked)).collect();
        let origins = block.origins.pick(&lefts);
        Ok(Block { rows: lefts.len(), columns, origins, ..block })
    }

    /// Rows of the right that have no match.
    fn alone(&self, right: &Loaded, rows: &[u32]) -> Block {
        let left = |(at, kind): (&usize, &Kind)| match self.keys.iter().position(|key| key == at) {
            Some(key) => right.keys[key].pick(rows),
            None => Column::nulls(kind, rows.len()),
        };
        let lefts = self.lefts.iter().zip(&self.kinds).map(left);
        let columns = lefts.chain(right.columns.iter().map(|column| column.pick(rows))).collect();
        Block { rows: rows.len(), columns, ..Block::default() }
    }

    fn matching(self: &Arc<Self>, right: Arc<Loaded>) -> Arc<dyn LookUp> {
        let groups = if self.keep.right { right.groups() } else { 0 };
        let met = (0..groups).map(|_| AtomicBool::new(false)).collect();
        Arc::new(Matching { joined: Arc::clone(self), right, met })
    }
}

/// A table, for `inner` and `left`: any shard, any order.
pub struct EachRow {
    pub joined: Arc<Joined>,
    pub versions: Arc<Versions>,
}

impl Map for EachRow {
    fn map(&self, block: Block, batch: &BatchInfo) -> Result<Block> {
        let table = self.versions.of(batch.id)?;
        self.joined.join(block, &table, |_| ())
    }

    fn done(&self, batch: &BatchInfo) {
        self.versions.done(batch.id);
    }
}

/// A table, for `right` and `full`: looked at when the first rows of a batch come; they pass.
pub struct Opens {
    pub versions: Arc<Versions>,
}

impl Map for Opens {
    fn map(&self, block: Block, batch: &BatchInfo) -> Result<Block> {
        self.versions.of(batch.id).map(|_| block)
    }
}

/// A table, for `right` and `full`: the whole batch looks it up.
pub struct OfTable {
    pub joined: Arc<Joined>,
    pub versions: Arc<Versions>,
}

impl Join for OfTable {
    fn look_up(&self, _: &mut dyn Iterator<Item = Block>, batch: &BatchInfo) -> Result<Arc<dyn LookUp>> {
        let table = self.versions.of(batch.id)?;
        self.versions.done(batch.id);
        Ok(self.joined.matching(table))
    }
}

/// The rows of another input.
pub struct OfSide {
    pub joined: Arc<Joined>,
    /// The other input, as messages name it.
    pub name: String,
    pub wanted: Wanted,
    /// Where the columns that are wanted stand in its blocks.
    pub places: Vec<usize>,
}

impl Join for OfSide {
    fn look_up(&self, right: &mut dyn Iterator<Item = Block>, _: &BatchInfo) -> Result<Arc<dyn LookUp>> {
        let mut loading = Loading::new(&self.name, &self.wanted);
        for block in right {
            let columns = self.places.iter().map(|&at| block.columns[at].clone()).collect();
            loading.push(block.rows, columns).map_err(|error| Error::failed(format!("join: {error}")))?;
        }
        Ok(self.joined.matching(Arc::new(loading.finish())))
    }
}

/// A batch that looks up its matches.
struct Matching {
    joined: Arc<Joined>,
    right: Arc<Loaded>,
    /// The groups that have been met, if anyone asks for the others.
    met: Vec<AtomicBool>,
}

impl Map for Matching {
    fn map(&self, block: Block, _: &BatchInfo) -> Result<Block> {
        self.joined.join(block, &self.right, |group| {
            if let Some(met) = self.met.get(group as usize)
                && !met.load(Ordering::Relaxed)
            {
                met.store(true, Ordering::Relaxed);
            }
        })
    }
}

impl LookUp for Matching {
    fn rest(&self) -> Vec<Block> {
        // The results of all blocks have come by a lock since they were marked.
        let alone = self.right.unmatched(|group| self.met[group as usize].load(Ordering::Relaxed));
        alone.chunks(BLOCK_ROWS).map(|rows| self.joined.alone(&self.right, rows)).collect()
    }
}
