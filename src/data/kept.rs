//! Rows copied out of their buffers, each with its place in the input: a store, on which accumulators are built, and
//! [`All`], which keeps every row until the batch is complete (`sort`, and whatever needs a whole batch).

use super::block::{Block, Column, Order};
use super::builder::Builder;
use super::order::Entry;
use super::rows::{Rows, gather_all};

/// Rows and their orders. The last of them are still being collected into a block.
#[derive(Default)]
pub(super) struct Store {
    /// Those that stand in blocks.
    pub(super) rows: Rows,
    builder: Builder,
    orders: Vec<Order>,
    /// How many bytes `rows` hold.
    bytes: usize,
}

impl Store {
    /// How many rows do not stand in a block yet.
    pub(super) fn unsettled(&self) -> usize {
        self.builder.len()
    }

    /// Whether these are enough for a block.
    pub(super) fn is_full(&self) -> bool {
        self.builder.is_full()
    }

    /// How many bytes there are in blocks.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Copies rows of a block.
    pub(super) fn extend(
        &mut self,
        block: &Block,
        rows: impl ExactSizeIterator<Item = usize> + Clone,
        order: impl Fn(usize) -> Order,
    ) {
        self.orders.extend(rows.clone().map(order));
        self.builder.extend(block, rows);
    }

    /// Makes a block of the rows that do not stand in one yet.
    pub(super) fn settle(&mut self) {
        if !self.builder.is_empty() {
            let block = self.builder.finish();
            let orders = std::mem::take(&mut self.orders);
            self.push(block, orders);
        }
    }

    /// Puts the rows that do not stand in a block yet behind others.
    pub(super) fn append_unsettled(&self, rows: &mut Rows) {
        if !self.builder.is_empty() {
            rows.blocks.push(self.builder.clone().finish());
            rows.orders.push(self.orders.clone());
        }
    }

    fn push(&mut self, block: Block, orders: Vec<Order>) {
        self.bytes += bytes_of(&block);
        self.rows.blocks.push(block);
        self.rows.orders.push(orders);
    }
}

impl From<Rows> for Store {
    fn from(rows: Rows) -> Self {
        let bytes = rows.blocks.iter().map(bytes_of).sum();
        Store { rows, bytes, ..Store::default() }
    }
}

fn bytes_of(block: &Block) -> usize {
    block.columns.iter().map(Column::bytes).sum()
}

/// Copies these rows, with their orders, into blocks of bounded size.
pub(super) fn rows_of(rows: &Rows, entries: &[Entry]) -> Rows {
    let blocks = gather_all(rows, entries);
    let mut orders = entries.iter().filter_map(|entry| rows.order_of(entry.block as usize, entry.row as usize));
    let orders = blocks.iter().map(|block| orders.by_ref().take(block.rows).collect()).collect();
    Rows { blocks, orders }
}

/// Every row that it was given.
#[derive(Default)]
pub struct All {
    store: Store,
}

impl All {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.store.rows.len() + self.store.unsettled()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies the rows of a block.
    pub fn fold(&mut self, block: &Block) {
        self.store.extend(block, 0..block.rows, |row| block.order_of(row));
        if self.store.is_full() {
            self.store.settle();
        }
    }

    /// All rows; nothing is kept then.
    pub fn finish(&mut self) -> Rows {
        self.store.settle();
        std::mem::take(&mut self.store).rows
    }

    /// Takes in what another one gave.
    pub fn take(&mut self, rows: Rows) {
        for (block, orders) in rows.blocks.into_iter().zip(rows.orders) {
            self.store.push(block, orders);
        }
    }

    /// All rows.
    pub fn save(&self) -> Rows {
        let mut rows = self.store.rows.clone();
        self.store.append_unsettled(&mut rows);
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::rows::{in_order, sample_rows};
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Option<Vec<u8>>> {
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..5))
    }

    proptest! {
        #[test]
        fn all_rows_come_back_with_their_places(rows in sample_rows(values(), 6), halves: Vec<bool>) {
            let mut parts = [All::default(), All::default()];
            for (at, block) in rows.blocks.iter().enumerate().rev() {
                parts[usize::from(halves.get(at) == Some(&true))].fold(block);
            }
            let [mut first, mut second] = parts;
            first.take(second.finish());
            prop_assert!(second.is_empty());
            let mut restored = All::default();
            restored.take(first.save());
            prop_assert_eq!(restored.len(), rows.len());
            let expected = in_order(&rows, &[]);
            prop_assert_eq!(in_order(&restored.finish(), &[]), expected.clone());
            prop_assert_eq!(in_order(&first.finish(), &[]), expected);
        }
    }
}
