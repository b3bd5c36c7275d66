//! The stores of rows in `data/` as accumulators: the best rows, all rows, all rows block by block.

use std::any::Any;

use crate::data::best::Best;
use crate::data::block::Block;
use crate::data::kept::All;
use crate::data::rows::Rows;
use crate::data::sequence::Sequence;
use crate::operators::Accumulator;

impl Accumulator for Best {
    fn fold(&mut self, block: &Block) {
        Best::fold(self, block);
    }

    fn ship(&mut self, shard: usize, shards: usize) -> Box<dyn Any + Send> {
        Box::new(Best::ship(self, shard, shards))
    }

    fn take(&mut self, parcel: Box<dyn Any + Send>) {
        Best::take(self, &rows(parcel));
    }

    fn len(&self) -> usize {
        Best::len(self)
    }

    fn finish(&mut self) -> Rows {
        Best::finish(self)
    }

    fn save(&self) -> Rows {
        Best::save(self)
    }

    fn restore(&mut self, rows: Rows) {
        Best::take(self, &rows);
    }
}

/// Ships all of its blocks, as `Vec<Packed>`, with piece 0.
impl Accumulator for Sequence {
    fn fold(&mut self, block: &Block) {
        Sequence::fold(self, block);
    }

    fn ship(&mut self, piece: usize, _: usize) -> Box<dyn Any + Send> {
        Box::new(if piece == 0 { Sequence::give(self) } else { Vec::new() })
    }

    fn take(&mut self, parcel: Box<dyn Any + Send>) {
        Sequence::take(self, *parcel.downcast().expect("sequences ship blocks"));
    }

    fn len(&self) -> usize {
        Sequence::len(self)
    }

    fn finish(&mut self) -> Rows {
        let rows = Sequence::save(self);
        Sequence::give(self);
        rows
    }

    fn save(&self) -> Rows {
        Sequence::save(self)
    }

    fn restore(&mut self, rows: Rows) {
        Sequence::restore(self, rows);
    }
}

impl Accumulator for All {
    fn fold(&mut self, block: &Block) {
        All::fold(self, block);
    }

    fn ship(&mut self, piece: usize, _: usize) -> Box<dyn Any + Send> {
        Box::new(if piece == 0 { All::finish(self) } else { Rows::default() })
    }

    fn take(&mut self, parcel: Box<dyn Any + Send>) {
        All::take(self, rows(parcel));
    }

    fn len(&self) -> usize {
        All::len(self)
    }

    fn finish(&mut self) -> Rows {
        All::finish(self)
    }

    fn save(&self) -> Rows {
        All::save(self)
    }

    fn restore(&mut self, rows: Rows) {
        All::take(self, rows);
    }
}

/// What the accumulators of rows ship to one another.
fn rows(parcel: Box<dyn Any + Send>) -> Rows {
    *parcel.downcast().expect("accumulators of one aggregate ship the same things")
}
