//! The first row of each key of a batch: each shard keeps the first row of each key that it has seen, and the first of those is
//! kept where the key belongs. First by record order, whenever a shard sees them.

use std::any::Any;

use super::within::Within;
use crate::data::block::{Block, Order};
use crate::data::builder::Builder;
use crate::data::groups::{Groups, Parcel};
use crate::data::keys;
use crate::data::order::SortKey;
use crate::data::rows::Rows;
use crate::operators::{Accumulator, Aggregate, Over, Running, Spread};

/// The first row of each key.
pub(super) struct First {
    /// Which columns the key is.
    pub(super) columns: Vec<usize>,
}

impl Aggregate for First {
    fn spread(&self) -> Spread {
        Spread::ByKey
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Firsts { columns: self.columns.clone(), ..Firsts::default() })
    }

    fn order(&self) -> Vec<SortKey> {
        Vec::new()
    }

    fn running(&self, over: Over) -> Option<Box<dyn Running>> {
        match over {
            Over::Within { millis } => Some(Box::new(Within::new(&self.columns, millis))),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Firsts {
    columns: Vec<usize>,
    groups: Groups,
    /// By group number.
    firsts: Vec<Kept>,
    /// The rows that were first when they came, some of them not any more; `open` are the rows of the next block.
    blocks: Vec<Block>,
    open: Builder,
    /// What is to be shipped and was not yet; `groups` is empty then, and the numbers are those of before.
    cut: Vec<Parcel>,
    /// Empty between blocks.
    early: Vec<(u32, u32)>,
}

/// A row that is kept.
#[derive(Debug, Clone, Copy)]
struct Kept {
    block: u32,
    row: u32,
    order: Order,
}

impl Firsts {
    /// Keeps those rows of the block, given with their groups, that are the first of their group so far.
    fn keep(&mut self, rows: impl Iterator<Item = (usize, u32)>, block: &Block, order: impl Fn(usize) -> Order) {
        for (row, group) in rows {
            let order = order(row);
            if self.firsts.get(group as usize).is_some_and(|first| first.order <= order) {
                continue;
            }
            let kept = Kept { block: self.blocks.len() as u32, row: self.open.len() as u32, order };
            match self.firsts.get_mut(group as usize) {
                Some(first) => *first = kept,
                None => self.firsts.push(kept),
            }
            self.open.push(block, row);
            if self.open.is_full() {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        if !self.open.is_empty() {
            self.blocks.push(self.open.finish());
        }
    }

    /// Goes on with what was cut and not shipped.
    fn settle(&mut self) {
        if self.cut.is_empty() {
            return;
        }
        let before = std::mem::take(&mut self.firsts);
        for parcel in std::mem::take(&mut self.cut) {
            self.groups.take(&parcel);
            self.firsts.extend(parcel.groups().map(|group| before[group as usize]));
        }
    }

    /// The rows that are first of their keys.
    fn current(&self) -> Vec<Kept> {
        if self.cut.is_empty() {
            return self.firsts.clone();
        }
        self.cut.iter().flat_map(Parcel::groups).map(|group| self.firsts[group as usize]).collect()
    }
}

/// These rows out of the blocks, in the order in which they stand there. Their bytes are shared, not copied.
fn gather(blocks: &[Block], mut kept: Vec<Kept>) -> Rows {
    kept.sort_unstable_by_key(|k| (k.block, k.row));
    let mut rows = Rows::default();
    for some in kept.chunk_by(|a, b| a.block == b.block) {
        let mut block = blocks[some[0].block as usize].clone();
        block.keep(&some.iter().map(|k| k.row).collect::<Vec<_>>());
        rows.blocks.push(block);
        rows.orders.push(some.iter().map(|k| k.order).collect());
    }
    rows
}

impl Accumulator for Firsts {
    fn fold(&mut self, block: &Block) {
        self.settle();
        let keys = keys::encode(block, &self.columns);
        let mut early = std::mem::take(&mut self.early);
        self.groups.early(&keys, block.order as i64 + 1, &mut early);
        let rows = early.drain(..).map(|(row, group)| (row as usize, group));
        self.keep(rows, block, |row| block.order_of(row));
        self.early = early;
    }

    fn ship(&mut self, shard: usize, shards: usize) -> Box<dyn Any + Send> {
        if self.cut.len() != shards {
            self.settle();
            self.cut = self.groups.cut(shards);
        }
        self.close();
        let keys = std::mem::take(&mut self.cut[shard]);
        let kept = keys.groups().map(|group| self.firsts[group as usize]).collect();
        Box::new(gather(&self.blocks, kept))
    }

    fn take(&mut self, parcel: Box<dyn Any + Send>) {
        self.restore(*parcel.downcast::<Rows>().expect("the parcel of another distinct"));
    }

    fn len(&self) -> usize {
        self.groups.len() + self.cut.iter().map(Parcel::len).sum::<usize>()
    }

    fn finish(&mut self) -> Rows {
        self.close();
        let rows = gather(&self.blocks, self.current());
        self.groups.clear();
        self.firsts.clear();
        self.blocks.clear();
        self.cut.clear();
        rows
    }

    fn save(&self) -> Rows {
        let mut blocks = self.blocks.clone();
        blocks.push(self.open.clone().finish());
        gather(&blocks, self.current())
    }

    fn restore(&mut self, rows: Rows) {
        for (block, orders) in rows.blocks.iter().zip(&rows.orders) {
            self.settle();
            let mut numbers = Vec::new();
            self.groups.number(&keys::encode(block, &self.columns), &mut numbers);
            self.keep(numbers.into_iter().enumerate(), block, |row| orders[row]);
        }
    }
}
