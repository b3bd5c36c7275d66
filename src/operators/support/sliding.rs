//! Aggregates in expressions under `window` and `window all`: what is kept of them is in [`Sliding`] and [`Growing`].

use crate::data::batch::BatchInfo;
use crate::data::rows::Rows;
use crate::data::time::Time;
use crate::expr::aggregates::{Growing, Shipped, Sliding};
use crate::operators::{Accumulator, Running, Saved};

/// All that a part holds; it is empty then.
fn shipped(part: &mut dyn Accumulator) -> Shipped {
    *part.ship(0, 1).downcast::<Shipped>().expect("what is kept of a table comes from tables")
}

fn saved(parts: Vec<(u8, Time, Rows)>) -> Vec<Saved> {
    parts.into_iter().map(|(what, time, rows)| Saved { what, time, rows }).collect()
}

fn parts(saved: Vec<Saved>) -> Vec<(u8, Time, Rows)> {
    saved.into_iter().map(|saved| (saved.what, saved.time, saved.rows)).collect()
}

impl Running for Sliding {
    fn enter(&mut self, part: &mut dyn Accumulator, batch: &BatchInfo) {
        Sliding::enter(self, shipped(part), batch.end);
    }

    fn leave(&mut self, until: Time) {
        Sliding::leave(self, until);
    }

    fn finish(&mut self, _: &BatchInfo) -> Rows {
        Sliding::finish(self)
    }

    fn pass(&mut self, _: &BatchInfo) {}

    fn len(&self) -> usize {
        Sliding::len(self)
    }

    fn bytes(&self) -> usize {
        Sliding::bytes(self)
    }

    fn save(&self) -> Vec<Saved> {
        saved(Sliding::save(self))
    }

    fn restore(&mut self, saved: Vec<Saved>) {
        Sliding::restore(self, parts(saved));
    }
}

impl Running for Growing {
    fn enter(&mut self, part: &mut dyn Accumulator, batch: &BatchInfo) {
        Growing::enter(self, shipped(part), batch.end);
    }

    fn finish(&mut self, batch: &BatchInfo) -> Rows {
        Growing::finish(self, batch.end)
    }

    fn pass(&mut self, batch: &BatchInfo) {
        Growing::expire(self, batch.end);
    }

    fn len(&self) -> usize {
        Growing::len(self)
    }

    fn bytes(&self) -> usize {
        Growing::bytes(self)
    }

    fn save(&self) -> Vec<Saved> {
        saved(Growing::save(self))
    }

    fn restore(&mut self, saved: Vec<Saved>) {
        Growing::restore(self, parts(saved));
    }
}
