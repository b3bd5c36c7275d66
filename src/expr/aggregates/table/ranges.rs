//! A table of very many keys as ranges of the order of its result.

use std::any::Any;
use std::sync::Arc;

use super::super::beside::{is_sum, merge};
use super::super::plan::Plan;
use super::Table;
use crate::data::block::Block;
use crate::data::column::Column;
use crate::data::groups::ranges::{Dealt, sorted};
use crate::data::order::dealing::{Borders, Deals, Ranges};
use crate::expr::by::BoundBy;

impl Table {
    /// Itself, if it has very many keys whose order is that of text.
    pub fn deals(&mut self) -> Option<&mut dyn Deals> {
        let text = self.plan.by.as_ref().is_some_and(BoundBy::is_text);
        if text && self.many.partitions().is_some() { Some(self) } else { None }
    }
}

impl Deals for Table {
    fn rows(&self) -> usize {
        self.many.len()
    }

    fn sample(&self, count: usize) -> Vec<u64> {
        self.many.partitions().map_or_else(Vec::new, |partitions| partitions.sample(count))
    }

    fn deal(&mut self, borders: &Borders) -> Box<dyn Ranges> {
        let dealt = self.many.take().map(|partitions| partitions.deal(borders));
        self.clear();
        Box::new(InRanges { plan: Arc::clone(&self.plan), dealt: dealt.into_iter().collect() })
    }
}

/// What tables have dealt.
struct InRanges {
    plan: Arc<Plan>,
    dealt: Vec<Dealt>,
}

impl Ranges for InRanges {
    fn join(&mut self, other: Box<dyn Ranges>) {
        let other: Box<dyn Any> = other;
        self.dealt.extend(other.downcast::<InRanges>().expect("tables of one plan deal the same").dealt);
    }

    fn finish(&self, range: usize) -> Vec<Block> {
        let mut table = Table::new(Arc::clone(&self.plan));
        let sums = self.plan.quick.is_some_and(|quick| is_sum(&self.plan, quick));
        let spilled = &mut table.spilled;
        let pieces = sorted(&self.dealt, range, |group, mine, theirs| merge(mine, theirs, sums, group, spilled));
        let mut groups = 0..;
        let block = |(keys, values): (_, Vec<i64>)| {
            let groups: Vec<u32> = groups.by_ref().take(values.len()).collect();
            let columns = [Column::Text(keys)].into_iter().chain(table.results(&groups, &values)).collect();
            Block { rows: values.len(), columns, ..Block::default() }
        };
        pieces.into_iter().map(block).collect()
    }
}
