//! Values that are kept from batch to batch, as they were imported: a chunk for each import, which goes when none of its values is
//! wanted any more.

use std::sync::Arc;

use super::items::{Sorted, orders};
use crate::data::block::{Block, Order};
use crate::data::buffer::Buffer;
use crate::data::column::{Column, Lists, Text};
use crate::data::order::Entry;
use crate::data::rows::{Rows, gather, gather_all};
use crate::data::schema::Kind;

/// Where a value is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) chunk: u32,
    pub(super) row: u32,
}

impl Place {
    fn entry(self) -> Entry {
        Entry { prefix: 0, block: self.chunk, row: self.row }
    }
}

/// A chunk costs about as much as so many values.
const CHUNK: usize = 64;
/// So many values that are not wanted do not matter.
const FEW: usize = 4096;

/// Values, or several side by side, each with its order in two columns before it.
pub(super) struct Chunks {
    kinds: Vec<Kind>,
    /// A block for each chunk.
    rows: Rows,
    /// How many values of each chunk are wanted.
    wanted: Vec<u32>,
    /// Chunks that are no more.
    free: Vec<u32>,
    /// How many values there are in all, and how many of them are wanted.
    all: usize,
    all_wanted: usize,
    bytes: usize,
}

impl Chunks {
    /// For values of these kinds.
    pub(super) fn new(kinds: &[Kind]) -> Self {
        let (rows, wanted, free) = (Rows::default(), Vec::new(), Vec::new());
        Chunks { kinds: kinds.to_vec(), rows, wanted, free, all: 0, all_wanted: 0, bytes: 0 }
    }

    /// Takes in columns as [`flat`](super::items::flat) makes them; tells the number of the chunk. Each value that is wanted must be
    /// [kept](Chunks::keep), then [`Chunks::settle`] ends it.
    pub(super) fn push(&mut self, columns: Vec<Column>) -> u32 {
        let block = Block { rows: columns.first().map_or(0, Column::len), columns, ..Block::default() };
        self.all += block.rows;
        self.bytes += bytes(&block);
        match self.free.pop() {
            Some(chunk) => {
                self.rows.blocks[chunk as usize] = block;
                chunk
            }
            None => {
                self.rows.blocks.push(block);
                self.wanted.push(0);
                self.wanted.len() as u32 - 1
            }
        }
    }

    /// A value is wanted.
    pub(super) fn keep(&mut self, place: Place) {
        self.wanted[place.chunk as usize] += 1;
        self.all_wanted += 1;
    }

    /// A value is not wanted any more.
    pub(super) fn leave(&mut self, place: Place) {
        self.wanted[place.chunk as usize] -= 1;
        self.all_wanted -= 1;
        self.settle(place.chunk);
    }

    /// Drops a chunk of which nothing is wanted.
    pub(super) fn settle(&mut self, chunk: u32) {
        if self.wanted[chunk as usize] > 0 {
            return;
        }
        let block = &mut self.rows.blocks[chunk as usize];
        self.all -= block.rows;
        self.bytes -= bytes(block);
        // Whoever gathers looks at the kinds of columns of every block.
        let columns = block.columns.iter().map(emptied).collect();
        *block = Block { columns, ..Block::default() };
        self.free.push(chunk);
    }

    /// The order of a value.
    pub(super) fn order(&self, place: Place) -> Order {
        let of = |column: &Column| column.as_ints().map_or(0, |values| values[place.row as usize]);
        let columns = &self.rows.blocks[place.chunk as usize].columns;
        Order::of_pair(of(&columns[0]), of(&columns[1]))
    }

    /// These values, which come group by group with the number of the group, those of each group in their order.
    pub(super) fn sorted(&self, places: impl Iterator<Item = (u32, Place)>) -> Sorted {
        let (mut of, entries): (Vec<u32>, Vec<Entry>) = places.map(|(group, place)| (group, place.entry())).unzip();
        if entries.is_empty() {
            let columns = self.kinds.iter().map(|kind| Column::nulls(kind, 0)).collect();
            return Sorted { of, orders: Vec::new(), columns };
        }
        let mut columns = gather(&self.rows, &entries).columns;
        let mut orders = orders(&columns);
        columns.drain(..2);
        let key = |at: usize| (of[at], orders[at]);
        if !(1..of.len()).all(|at| key(at - 1) <= key(at)) {
            let mut rows: Vec<u32> = (0..of.len() as u32).collect();
            rows.sort_unstable_by_key(|row| key(*row as usize));
            columns.iter_mut().for_each(|column| column.keep(&rows));
            orders = rows.iter().map(|row| orders[*row as usize]).collect();
            of = rows.iter().map(|row| of[*row as usize]).collect();
        }
        Sorted { of, orders, columns }
    }

    /// Whether it is time to [`Chunks::pack`]: what that costs was saved up since the last time.
    pub(super) fn is_loose(&self) -> bool {
        let chunks = self.wanted.len() - self.free.len();
        self.all - self.all_wanted + CHUNK * chunks > self.all_wanted + FEW
    }

    /// Copies all values that are wanted together, those of a group beside each other; these are their places.
    pub(super) fn pack<'a>(&mut self, places: impl Iterator<Item = &'a mut Place>) {
        let places: Vec<&mut Place> = places.collect();
        let entries: Vec<Entry> = places.iter().map(|place| place.entry()).collect();
        let blocks = gather_all(&self.rows, &entries);
        *self = Chunks::new(&std::mem::take(&mut self.kinds));
        let mut places = places.into_iter();
        for block in blocks {
            let rows = block.rows;
            let chunk = self.push(block.columns);
            for (place, row) in places.by_ref().take(rows).zip(0..) {
                *place = Place { chunk, row };
                self.keep(*place);
            }
        }
    }

    /// About how many bytes the values are.
    pub(super) fn weight(&self) -> usize {
        self.bytes
    }

    /// About how many bytes it takes, those of the places of its values elsewhere included.
    pub(super) fn bytes(&self) -> usize {
        self.bytes + size_of::<Place>() * self.all_wanted + size_of::<Block>() * self.wanted.len()
    }
}

fn bytes(block: &Block) -> usize {
    block.columns.iter().map(Column::bytes).sum()
}

/// No values of the same kind.
fn emptied(column: &Column) -> Column {
    match column {
        Column::Text(_) => Column::Text(Text { data: Arc::new(Buffer::from_vec(Vec::new())), spans: Vec::new() }),
        Column::List(lists) => Column::List(Lists { items: Arc::new(emptied(&lists.items)), spans: Vec::new() }),
        other => other.pick(&[]),
    }
}
