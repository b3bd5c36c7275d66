//! Rows of a batch beside an aggregate of them: what a shard has of a stage that gives each row what was combined of all.

use crate::data::block::Block;
use crate::data::packed::Packed;
use crate::data::rows::Rows;
use crate::data::sequence::Sequence;
use crate::operators::Accumulator;

type Apart = (Vec<Packed>, Box<dyn Accumulator>);

/// Rows that are kept, and what is combined of them.
pub(in crate::engine) struct Both {
    pub(super) rows: Sequence,
    pub(super) combined: Box<dyn Accumulator>,
}

impl Both {
    /// The blocks, and the part of the aggregate.
    pub(in crate::engine) fn apart(mut part: Box<dyn Accumulator>) -> Apart {
        *part.ship(0, 1).downcast::<Apart>().expect("both parts are shipped together")
    }
}

impl Accumulator for Both {
    fn fold(&mut self, block: &Block) {
        self.rows.fold(block);
        self.combined.fold(block);
    }

    /// Everything, as it is: a stage takes it apart before it combines.
    fn ship(&mut self, _: usize, _: usize) -> Box<dyn std::any::Any + Send> {
        let nothing: Box<dyn Accumulator> = Box::new(Sequence::default());
        Box::new((self.rows.give(), std::mem::replace(&mut self.combined, nothing)))
    }

    fn take(&mut self, parcel: Box<dyn std::any::Any + Send>) {
        let (blocks, mut other) = *parcel.downcast::<Apart>().expect("both parts are shipped together");
        self.rows.take(blocks);
        self.combined.take(other.ship(0, 1));
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn finish(&mut self) -> Rows {
        Accumulator::finish(&mut self.rows)
    }

    fn save(&self) -> Rows {
        self.rows.save()
    }

    fn restore(&mut self, rows: Rows) {
        for block in &rows.blocks {
            self.combined.fold(block);
        }
        self.rows.restore(rows);
    }
}
