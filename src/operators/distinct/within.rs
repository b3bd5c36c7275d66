//! What `distinct --within` keeps: the keys that have passed, each until it may pass again. A key that is held back is no news:
//! what a batch costs are the keys that come in it and those whose time is over, not all that are kept.

use std::collections::VecDeque;

use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column};
use crate::data::builder::Builder;
use crate::data::groups::Groups;
use crate::data::keys;
use crate::data::rows::Rows;
use crate::data::time::Time;
use crate::operators::{Accumulator, Running, Saved};

/// The keys that have passed, of those that belong to one shard.
pub struct Within {
    columns: Vec<usize>,
    millis: i64,
    /// Those that are held back.
    keys: Groups,
    /// The same by the end of the batch in which they passed, as a column of text: each stands here once.
    passed: VecDeque<(Time, Vec<Block>)>,
    /// What passes in this batch.
    news: Rows,
}

impl Within {
    /// None has passed yet. `columns`: which of a row are its key.
    pub fn new(columns: &[usize], millis: i64) -> Self {
        let (keys, passed) = (Groups::removable(), VecDeque::new());
        Within { columns: columns.to_vec(), millis, keys, passed, news: Rows::default() }
    }

    /// Keys that passed so long before this time are not held back any more.
    fn expire(&mut self, end: Time) {
        let mut groups = Vec::new();
        while self.passed.front().is_some_and(|(then, _)| then.0.saturating_add(self.millis) <= end.0) {
            for block in self.passed.pop_front().into_iter().flat_map(|(_, blocks)| blocks) {
                if let [Column::Text(keys)] = &block.columns[..] {
                    self.keys.number(keys, &mut groups);
                }
                self.keys.remove(&groups);
                groups.clear();
            }
        }
    }

    /// Holds back keys that passed in the batch of this end.
    fn hold(&mut self, end: Time, keys: Vec<Block>) {
        match self.passed.back_mut().filter(|(then, _)| *then == end) {
            Some((_, known)) => known.extend(keys),
            None if keys.is_empty() => {}
            None => self.passed.push_back((end, keys)),
        }
    }
}

impl Running for Within {
    fn enter(&mut self, part: &mut dyn Accumulator, batch: &BatchInfo) {
        self.expire(batch.end);
        let Rows { blocks, orders } = part.finish();
        let (mut building, mut held) = (Builder::default(), Vec::new());
        for (mut block, orders) in blocks.into_iter().zip(orders) {
            let keys = keys::encode(&block, &self.columns).into_owned();
            let mut new = Vec::new();
            self.keys.update(&keys, |row, _, known| {
                if *known == 0 {
                    *known = 1;
                    new.push(row as u32);
                }
            });
            if new.is_empty() {
                continue;
            }
            let keys = Block { rows: block.rows, columns: vec![Column::Text(keys)], ..Block::default() };
            building.extend(&keys, new.iter().map(|row| *row as usize));
            if building.is_full() {
                held.push(building.finish());
            }
            block.keep(&new);
            self.news.blocks.push(block);
            self.news.orders.push(new.iter().map(|row| orders[*row as usize]).collect());
        }
        if !building.is_empty() {
            held.push(building.finish());
        }
        self.hold(batch.end, held);
    }

    fn finish(&mut self, batch: &BatchInfo) -> Rows {
        self.expire(batch.end);
        std::mem::take(&mut self.news)
    }

    fn len(&self) -> usize {
        self.keys.len()
    }

    fn bytes(&self) -> usize {
        let columns = self.passed.iter().flat_map(|(_, blocks)| blocks).flat_map(|block| &block.columns);
        self.keys.bytes() + columns.map(Column::bytes).sum::<usize>()
    }

    /// The keys, by when they passed. Between two batches nothing else is there.
    fn save(&self) -> Vec<Saved> {
        let saved = |(time, blocks): &(Time, Vec<Block>)| Saved {
            what: 0,
            time: *time,
            rows: Rows { blocks: blocks.clone(), orders: Vec::new() },
        };
        self.passed.iter().map(saved).collect()
    }

    fn restore(&mut self, saved: Vec<Saved>) {
        for Saved { time, rows, .. } in saved {
            for block in &rows.blocks {
                if let [Column::Text(keys)] = &block.columns[..] {
                    self.keys.update(keys, |_, _, known| *known = 1);
                }
            }
            self.hold(time, rows.blocks);
        }
    }
}
