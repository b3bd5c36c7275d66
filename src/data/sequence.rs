//! Every row of a batch, block by block, for whoever needs all of them in order. A block comes whole from one piece of the
//! input, so that the order of the blocks is that of the rows: nothing is sorted row by row.

use super::block::{Block, Order};
use super::packed::Packed;
use super::rows::Rows;

/// Copies of blocks, each with its place.
#[derive(Default)]
pub struct Sequence {
    blocks: Vec<Packed>,
    rows: usize,
}

impl Sequence {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Copies a block.
    pub fn fold(&mut self, block: &Block) {
        self.blocks.push(Packed::of(block));
        self.rows += block.rows;
    }

    /// Takes in the blocks of another one.
    pub fn take(&mut self, blocks: Vec<Packed>) {
        self.rows += blocks.iter().map(|block| block.rows()).sum::<usize>();
        self.blocks.extend(blocks);
    }

    /// All blocks, in any order; nothing is kept then.
    pub fn give(&mut self) -> Vec<Packed> {
        self.rows = 0;
        std::mem::take(&mut self.blocks)
    }

    /// All rows, each with its place.
    pub fn save(&self) -> Rows {
        let orders = |block: &Block| (0..block.rows).map(|row| block.order_of(row)).collect();
        let blocks: Vec<Block> = self.blocks.iter().map(|block| block.clone().unpacked()).collect();
        Rows { orders: blocks.iter().map(orders).collect(), blocks }
    }

    /// Takes over what [`Sequence::save`] gave.
    pub fn restore(&mut self, rows: Rows) {
        let places = rows.orders.iter().map(|orders| orders.first().copied().unwrap_or_default());
        let placed = |(place, block): (Order, Block)| Block { order: place.block, batch: place.batch, ..block };
        self.take(places.zip(rows.blocks).map(|both| Packed::of(&placed(both))).collect());
    }
}

/// The blocks of several parts, in order.
pub fn in_order(parts: impl IntoIterator<Item = Vec<Packed>>) -> Vec<Packed> {
    let mut blocks: Vec<Packed> = parts.into_iter().flatten().collect();
    blocks.sort_by_key(|block| (block.batch(), block.order()));
    blocks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::rows::{in_order as sorted, sample_rows};

    fn values() -> impl Strategy<Value = Option<Vec<u8>>> {
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..5))
    }

    proptest! {
        #[test]
        fn all_rows_come_back_in_order(rows in sample_rows(values(), 6), halves: Vec<bool>) {
            let mut parts = [Sequence::default(), Sequence::default()];
            for (at, block) in rows.blocks.iter().enumerate().rev() {
                parts[usize::from(halves.get(at) == Some(&true))].fold(block);
            }
            let mut restored = Sequence::default();
            restored.restore(parts[0].save());
            let blocks = in_order([restored.give(), parts[1].give()]);
            let blocks: Vec<Block> = blocks.into_iter().map(Packed::unpacked).collect();
            let expected = sorted(&rows, &[]);
            let cells = |block: &Block, row: usize| block.columns.iter().map(|c| format!("{:?}", c.cell(row))).collect();
            let found: Vec<Vec<String>> =
                blocks.iter().flat_map(|block| (0..block.rows).map(move |row| cells(block, row))).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
