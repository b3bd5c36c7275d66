//! Rows that are kept beyond their buffer: the live columns are copied out, block by block.

use std::sync::Arc;

use super::block::{Block, Order};
use super::buffer::{Buffer, PAD};
use super::builder::Building;
use super::column::{Column, Span, Text};
use super::fast::prefetch;
use super::order::Entry;
use super::write;

/// A store is cut into blocks of at most so many bytes of text, far below the reach of a `u32`.
pub const BLOCK_BYTES: usize = 4 << 20;
/// ... and of at most so many rows.
pub const BLOCK_ROWS: usize = 64 * 1024;

/// Rows with the place in the input that each came from. This is also how an accumulator's content travels: from shard
/// to shard and into a checkpoint.
#[derive(Clone, Default)]
pub struct Rows {
    /// The rows.
    pub blocks: Vec<Block>,
    /// For each block the order of each of its rows; empty where the order is that of the keys.
    pub orders: Vec<Vec<Order>>,
}

impl Rows {
    /// How many rows.
    pub fn len(&self) -> usize {
        self.blocks.iter().map(|b| b.rows).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where a row of a block stood in the input, if that was kept.
    pub fn order_of(&self, block: usize, row: usize) -> Option<Order> {
        self.orders.get(block)?.get(row).copied()
    }
}

/// Copies these rows of `rows`, in this order, into one new block. Their text must be less than 4 GiB a column, see
/// [`gather_all`].
pub fn gather(rows: &Rows, entries: &[Entry]) -> Block {
    let Some(first) = rows.blocks.first() else { return Block::default() };
    let column = |number: usize| match &first.columns[number] {
        Column::Text(_) => Column::Text(gather_text(rows, entries, number)),
        column => gather_ints(rows, entries, number).unwrap_or_else(|| gather_cells(rows, entries, number, column)),
    };
    Block { rows: entries.len(), columns: (0..first.columns.len()).map(column).collect(), ..Block::default() }
}

/// A column that holds nothing but whole numbers.
fn gather_ints(rows: &Rows, entries: &[Entry], column: usize) -> Option<Column> {
    let blocks: Vec<&[i64]> = rows.blocks.iter().map(|block| block.columns[column].as_ints()).collect::<Option<_>>()?;
    Some(Column::ints(entries.iter().map(|entry| blocks[entry.block as usize][entry.row as usize]).collect()))
}

/// A column of any kind but text, whose first block is `like`.
fn gather_cells(rows: &Rows, entries: &[Entry], column: usize, like: &Column) -> Column {
    let mut building = Building::like(like);
    for entry in entries {
        building.push(rows.blocks[entry.block as usize].columns[column].cell(entry.row as usize));
    }
    building.finish()
}

/// How many rows ahead text is fetched from memory.
const AHEAD: usize = 16;

fn gather_text(rows: &Rows, entries: &[Entry], column: usize) -> Text {
    let mut blocks: Vec<(&[Span], &[u8])> = Vec::with_capacity(rows.blocks.len());
    for block in &rows.blocks {
        match &block.columns[column] {
            Column::Text(text) => blocks.push((&text.spans, text.data.padded())),
            _ => unreachable!("a column is of the same kind in all blocks of a stage"),
        }
    }
    let mut spans: Vec<Span> = entries.iter().map(|entry| blocks[entry.block as usize].0[entry.row as usize]).collect();
    let length = |span: &Span| if span.is_null() { 0 } else { span.len as usize };
    // Room for the zeros that follow every buffer, too.
    let mut data = Vec::with_capacity(spans.iter().map(length).sum::<usize>() + PAD);
    for (at, entry) in entries.iter().enumerate() {
        if let (Some(later), Some(span)) = (entries.get(at + AHEAD), spans.get(at + AHEAD)) {
            prefetch(blocks[later.block as usize].1, span.start as usize);
        }
        let span = spans[at];
        if span.is_null() {
            continue;
        }
        spans[at].start = data.len() as u32;
        write::piece(blocks[entry.block as usize].1, span, &mut data);
    }
    Text { data: Arc::new(Buffer::from_vec(data)), spans }
}

/// Copies these rows of `rows`, in this order, into blocks of bounded size.
pub fn gather_all(rows: &Rows, mut entries: &[Entry]) -> Vec<Block> {
    let mut blocks = Vec::new();
    while !entries.is_empty() {
        let (piece, rest) = entries.split_at(fitting(rows, entries));
        blocks.push(gather(rows, piece));
        entries = rest;
    }
    blocks
}

/// How many of the rows, at least one, make a block.
fn fitting(rows: &Rows, entries: &[Entry]) -> usize {
    let mut bytes = 0;
    for (count, entry) in entries.iter().take(BLOCK_ROWS).enumerate() {
        for column in &rows.blocks[entry.block as usize].columns {
            if let Column::Text(text) = column {
                let span = text.spans[entry.row as usize];
                bytes += if span.is_null() { 0 } else { span.len as usize };
            }
        }
        if bytes > BLOCK_BYTES {
            return count.max(1);
        }
    }
    entries.len().min(BLOCK_ROWS)
}

#[cfg(test)]
impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cells = self.blocks.iter().flat_map(|b| (0..b.rows).map(|row| b.columns.iter().map(move |c| c.cell(row))));
        f.debug_list().entries(cells.map(Iterator::collect::<Vec<_>>)).finish()
    }
}

/// The cells of all rows, written out, in an order.
#[cfg(test)]
pub(crate) fn in_order(rows: &Rows, keys: &[super::order::SortKey]) -> Vec<Vec<String>> {
    let cells = |entry: &Entry| {
        let columns = &rows.blocks[entry.block as usize].columns;
        columns.iter().map(|column| format!("{:?}", column.cell(entry.row as usize))).collect()
    };
    super::order::sorted(rows, keys).iter().map(cells).collect()
}

/// One block of text columns.
#[cfg(test)]
pub(crate) fn block_of(columns: &[Vec<Option<&[u8]>>]) -> Block {
    let made = columns.iter().map(|values| {
        let mut column = Building::Text { data: Vec::new(), spans: Vec::new() };
        for value in values {
            column.push(value.map_or(super::column::Cell::Null, super::column::Cell::Text));
        }
        column.finish()
    });
    Block { rows: columns.first().map_or(0, Vec::len), columns: made.collect(), ..Block::default() }
}

/// Random rows: up to `blocks` blocks of a column of these values, a column of whole numbers and a last one that is
/// different in each row; in the order of the input.
#[cfg(test)]
pub(crate) fn sample_rows(
    cell: impl proptest::strategy::Strategy<Value = Option<Vec<u8>>>,
    blocks: usize,
) -> impl proptest::strategy::Strategy<Value = Rows> {
    use proptest::collection::vec;
    use proptest::strategy::Strategy;
    vec(vec((cell, -3i64..3), 0..20), 0..=blocks).prop_map(|blocks| {
        let mut rows = Rows::default();
        for (number, values) in blocks.iter().enumerate() {
            let names: Vec<String> = (0..values.len()).map(|row| format!("{number}/{row}")).collect();
            let texts = values.iter().map(|value| value.0.as_deref()).collect();
            let mut block = block_of(&[texts, names.iter().map(|name| Some(name.as_bytes())).collect()]);
            block.columns.insert(1, Column::ints(values.iter().map(|value| value.1).collect()));
            block.order = number as u64;
            rows.orders.push((0..block.rows).map(|row| block.order_of(row)).collect());
            rows.blocks.push(block);
        }
        rows
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::column::Cell;
    use proptest::prelude::*;

    fn cells(block: &Block, row: usize) -> Vec<Cell<'_>> {
        block.columns.iter().map(|column| column.cell(row)).collect()
    }

    fn values() -> impl Strategy<Value = Option<Vec<u8>>> {
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..5))
    }

    proptest! {
        #[test]
        fn gathered_rows_are_those_that_were_named(rows in sample_rows(values(), 4), seed: u64) {
            let mut entries: Vec<Entry> = Vec::new();
            for (number, block) in rows.blocks.iter().enumerate() {
                for row in 0..block.rows {
                    entries.push(Entry { prefix: 0, block: number as u32, row: row as u32 });
                }
            }
            entries.sort_by_key(|e| (u64::from(e.row) * 31 + u64::from(e.block)) ^ (seed % 64));
            let block = gather(&rows, &entries);
            prop_assert_eq!(block.rows, entries.len());
            for (row, entry) in entries.iter().enumerate() {
                prop_assert_eq!(cells(&block, row), cells(&rows.blocks[entry.block as usize], entry.row as usize));
            }
        }
    }

    #[test]
    fn large_rows_are_gathered_into_several_blocks() {
        let large = vec![b'x'; BLOCK_BYTES / 2 - 1];
        let rows = Rows { blocks: vec![block_of(&[vec![Some(&large); 5]])], orders: Vec::new() };
        let entries: Vec<Entry> = (0..5).map(|row| Entry { prefix: 0, block: 0, row }).collect();
        let sizes: Vec<usize> = gather_all(&rows, &entries).iter().map(|block| block.rows).collect();
        assert_eq!(sizes, [2, 2, 1]);
    }

    #[test]
    fn one_row_larger_than_a_block_is_a_block() {
        let large = vec![b'x'; BLOCK_BYTES + 1];
        let rows = Rows { blocks: vec![block_of(&[vec![Some(&large); 2]])], orders: Vec::new() };
        let entries: Vec<Entry> = (0..2).map(|row| Entry { prefix: 0, block: 0, row }).collect();
        assert_eq!(gather_all(&rows, &entries).len(), 2);
    }
}
