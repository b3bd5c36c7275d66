//! For aggregates that have no way of their own to take out again what came in: the parts of the panes are kept, and merged
//! anew for each result.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::data::batch::BatchInfo;
use crate::data::rows::Rows;
use crate::data::time::Time;
use crate::operators::{Accumulator, Aggregate, Over, Running, Saved};

/// Parts of an aggregate, pane by pane; under `window all` all of them in one.
pub struct Merged {
    aggregate: Arc<dyn Aggregate>,
    panes: VecDeque<(Time, Rows)>,
    /// What never leaves.
    all: Option<Box<dyn Accumulator>>,
}

impl Merged {
    /// Of no rows.
    pub fn new(aggregate: &Arc<dyn Aggregate>, over: Over) -> Self {
        let all = (over != Over::Panes).then(|| aggregate.start());
        Merged { aggregate: Arc::clone(aggregate), panes: VecDeque::new(), all }
    }
}

impl Running for Merged {
    fn enter(&mut self, part: &mut dyn Accumulator, batch: &BatchInfo) {
        match &mut self.all {
            Some(all) => all.take(part.ship(0, 1)),
            None if part.is_empty() => {}
            None => {
                self.panes.push_back((batch.end, part.save()));
                part.finish();
            }
        }
    }

    fn leave(&mut self, until: Time) {
        while self.panes.front().is_some_and(|(end, _)| *end <= until) {
            self.panes.pop_front();
        }
    }

    fn finish(&mut self, _: &BatchInfo) -> Rows {
        let mut merged = self.aggregate.start();
        match &self.all {
            Some(all) => merged.restore(all.save()),
            None => self.panes.iter().for_each(|(_, rows)| merged.restore(rows.clone())),
        }
        merged.finish()
    }

    fn pass(&mut self, _: &BatchInfo) {}

    fn len(&self) -> usize {
        self.panes.iter().map(|(_, rows)| rows.len()).sum::<usize>() + self.all.as_ref().map_or(0, |all| all.len())
    }

    fn bytes(&self) -> usize {
        let of = |rows: &Rows| -> usize {
            rows.blocks.iter().flat_map(|block| &block.columns).map(|column| column.bytes()).sum::<usize>()
        };
        self.panes.iter().map(|(_, rows)| of(rows)).sum()
    }

    fn save(&self) -> Vec<Saved> {
        let saved = |time: Time, rows: Rows| Saved { what: 0, time, rows };
        let all = self.all.iter().map(|all| saved(Time(0), all.save()));
        self.panes.iter().map(|(end, rows)| saved(*end, rows.clone())).chain(all).collect()
    }

    fn restore(&mut self, saved: Vec<Saved>) {
        for saved in saved {
            match &mut self.all {
                Some(all) => all.restore(saved.rows),
                None => self.panes.push_back((saved.time, saved.rows)),
            }
        }
    }
}
