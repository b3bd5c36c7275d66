//! A table of groups with what every aggregate knows of them: what one shard has combined. The first count or sum of whole
//! numbers lies beside the keys, in the cache line that finding the group has touched anyway.

use std::sync::Arc;

use self::many::{Many, Parcels};
use super::beside::{NO_SUM, add, add_alone, counted_rows, is_sum, merge};
use super::pieces::{Keys, nothing, rows_in, rows_of, weight};
use super::plan::{Family, Plan, What};
use super::state::{Folded, Known, Orders, State};
use super::sums::{Moment, Sums};
use crate::data::block::{Block, Text};
use crate::data::column::{Column, Number, Numbers};
use crate::data::groups::{Groups, Parcel};
use crate::data::keys;
use crate::data::rows::Rows;
use crate::expr::by::BoundBy;
use crate::expr::operators::quick;

mod many;
mod ranges;

/// What was combined so far, by key or in all.
pub struct Table {
    plan: Arc<Plan>,
    groups: Groups,
    /// Of each family; that of the quick one is not used.
    states: Vec<Box<dyn State>>,
    /// What did not fit beside the keys.
    spilled: Sums,
    /// What is to be shipped and was not yet; `groups` is empty then, and the numbers are those of before.
    cut: Vec<Parcel>,
    /// The groups of the rows of a block; empty between blocks.
    numbers: Vec<u32>,
    /// So many of the keys tell which shard a group belongs to; all, if it does not say.
    owner: Option<usize>,
    /// Where the keys are if they are very many; `groups` is empty then.
    many: Many,
}

/// Groups on their way to another table.
pub struct Shipped {
    pub(super) parcel: Parcel,
    /// Of pieces of the groups what each state has exported, and what did not fit beside the keys.
    pub(super) pieces: Vec<Vec<Vec<Column>>>,
    /// In place of both: very many keys. See [`Shipped::each`].
    many: Option<Parcels>,
}

impl Table {
    /// Of no rows.
    pub fn new(plan: Arc<Plan>) -> Self {
        let states = plan.families.iter().map(Family::state).collect();
        let spilled = Sums::new(&[Moment::Sum]);
        let (groups, cut, numbers, many) = (Groups::new(), Vec::new(), Vec::new(), Many::default());
        Table { plan, groups, states, spilled, cut, numbers, owner: None, many }
    }

    /// Of no rows; the first `width` keys, and there are more, tell which shard a group belongs to.
    pub fn owned_by(plan: Arc<Plan>, width: usize) -> Self {
        Table { owner: Some(width), ..Table::new(plan) }
    }

    /// How many rows its result has; of very many keys that is what they are at most.
    pub fn len(&self) -> usize {
        match self.plan.by {
            None => 1,
            Some(_) => self.groups.len() + self.cut.iter().map(Parcel::len).sum::<usize>() + self.many.len(),
        }
    }

    /// Whether that is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Combines the rows of a block.
    pub fn fold(&mut self, block: &Block) {
        self.settle();
        if self.fold_many(block) {
            return;
        }
        let plan = Arc::clone(&self.plan);
        let mut numbers = std::mem::take(&mut self.numbers);
        if let Some(by) = &plan.by {
            self.find(&plan, &by.keys(block), block, &mut numbers);
        }
        let groups = plan.by.as_ref().map(|_| &numbers[..]);
        let count = if plan.by.is_some() { self.groups.len() } else { 1 };
        for (at, (family, state)) in plan.families.iter().zip(&mut self.states).enumerate() {
            if plan.quick == Some(at) {
                continue;
            }
            let passed = family.passed(block);
            let args = family.args(block, passed.as_deref());
            let orders = Orders::Block(block.order_of(0));
            match &passed {
                None => state.fold(&Folded { rows: block.rows, count, groups, args: &args, orders }),
                Some(rows) => {
                    let of = groups.map(|groups| rows.iter().map(|row| groups[*row as usize]).collect::<Vec<_>>());
                    let (groups, orders) = (of.as_deref(), Orders::Rows(block.order_of(0), rows));
                    state.fold(&Folded { rows: rows.len(), count, groups, args: &args, orders });
                }
            }
        }
        numbers.clear();
        self.numbers = numbers;
    }

    /// Finds the group of each row, and adds to what lies beside its key.
    fn find(&mut self, plan: &Plan, keys: &Text, block: &Block, numbers: &mut Vec<u32>) {
        let groups = &mut self.groups;
        let Some(family) = plan.quick.map(|quick| &plan.families[quick]) else {
            return groups.number(keys, numbers);
        };
        if plan.families.len() == 1 {
            return add_alone(family, groups, keys, block, &mut self.spilled);
        }
        if let What::Counts(counted) = family.what {
            let counted = counted_rows(family, counted, block);
            return groups.update(keys, |row, group, count| {
                *count += counted.as_ref().map_or(1, |counted| i64::from(counted[row]));
                numbers.push(group);
            });
        }
        let args = family.args(block, None);
        let spilled = &mut self.spilled;
        match &*args[0] {
            Column::Text(text) => groups.update(keys, |row, group, sum| {
                add(sum, quick::number(&text.data, text.spans[row]), group, spilled);
                numbers.push(group);
            }),
            Column::Number(Numbers::Ints(values)) => groups.update(keys, |row, group, sum| {
                add(sum, Number::Int(values[row]), group, spilled);
                numbers.push(group);
            }),
            Column::Number(values) => groups.update(keys, |row, group, sum| {
                add(sum, values.get(row), group, spilled);
                numbers.push(group);
            }),
            Column::Bool(_) | Column::Time(_) | Column::List(_) => groups.number(keys, numbers),
        }
    }

    /// Takes out what belongs to shard `shard` of `shards`, by key hash; without keys everything belongs to the first.
    pub fn ship(&mut self, shard: usize, shards: usize) -> Shipped {
        if self.plan.by.is_none() {
            let mut pieces = Vec::new();
            if shard == 0 {
                pieces.push(self.exported(&[0]));
                self.states.iter_mut().for_each(|state| state.clear());
            }
            return Shipped { parcel: Parcel::default(), pieces, many: None };
        }
        if let Some(partitions) = self.many.ship(shard, shards) {
            return Shipped { parcel: Parcel::default(), pieces: Vec::new(), many: Some(partitions) };
        }
        if self.cut.len() != shards {
            self.settle();
            self.cut = match self.owner {
                None => self.groups.cut(shards),
                Some(width) => self.groups.cut_by(shards, |key| keys::leading(key, width)),
            };
        }
        let parcel = std::mem::take(&mut self.cut[shard]);
        self.shipped(parcel)
    }

    /// Takes out what belongs to all shards but `me`; what belongs to that one is not moved, if all there is to know of it lies
    /// beside the keys.
    pub fn ship_others(&mut self, me: usize, shards: usize) -> Vec<Shipped> {
        let stays = self.is_plain() && self.plan.by.is_some() && self.owner.is_none();
        if stays && self.cut.is_empty() && self.many.len() == 0 {
            let parcels = self.groups.cut_others(me, shards);
            return parcels.into_iter().map(|parcel| self.shipped(parcel)).collect();
        }
        (0..shards).filter(|to| *to != me).map(|to| self.ship(to, shards)).collect()
    }

    fn shipped(&self, parcel: Parcel) -> Shipped {
        let groups: Vec<u32> = if self.is_plain() { Vec::new() } else { parcel.groups().collect() };
        let pieces = groups.chunks(rows_of(weight(&self.states), groups.len()));
        Shipped { pieces: pieces.map(|piece| self.exported(piece)).collect(), parcel, many: None }
    }

    /// Whether all there is to know lies beside the keys.
    fn is_plain(&self) -> bool {
        self.plan.quick.is_some() && self.states.len() == 1 && self.spilled.is_empty()
    }

    fn exported(&self, groups: &[u32]) -> Vec<Vec<Column>> {
        self.states.iter().map(|state| state.export(groups)).chain([self.spilled.export(groups)]).collect()
    }

    fn import(&mut self, exported: &[Vec<Column>], groups: &[u32], count: usize) {
        let Some((spilled, states)) = exported.split_last() else { return };
        self.states.iter_mut().zip(states).for_each(|(state, columns)| state.import(columns, groups, count));
        // Without anything spilled there is nothing to look for when groups are finished.
        if !nothing(spilled.first()) {
            self.spilled.import(spilled, groups, count);
        }
    }

    /// Merges what another table has shipped.
    pub fn take(&mut self, shipped: Shipped) {
        self.settle();
        let Some(Shipped { parcel, pieces, .. }) = self.take_many(shipped) else { return };
        if self.plan.by.is_none() {
            pieces.iter().for_each(|piece| self.import(piece, &[0], 1));
            return;
        }
        let mut numbers = Vec::new();
        let wanted = !pieces.is_empty();
        let (spilled, sums) = (&mut self.spilled, self.plan.quick.is_some_and(|quick| is_sum(&self.plan, quick)));
        self.groups.merge(&parcel, |group, mine, theirs| {
            merge(mine, theirs, sums, group, spilled);
            if wanted {
                numbers.push(group);
            }
        });
        let (count, mut rest) = (self.groups.len(), &numbers[..]);
        for piece in &pieces {
            let (groups, more) = rest.split_at(rows_in(piece).min(rest.len()));
            self.import(piece, groups, count);
            rest = more;
        }
        self.groups.spare(parcel);
    }

    /// Goes on with what was cut and not shipped.
    fn settle(&mut self) {
        if self.cut.is_empty() {
            return;
        }
        let cut = std::mem::take(&mut self.cut);
        let parcels: Vec<Shipped> = cut.into_iter().map(|parcel| self.shipped(parcel)).collect();
        self.states.iter_mut().for_each(|state| state.clear());
        self.spilled.clear();
        parcels.into_iter().for_each(|shipped| self.take(shipped));
    }

    /// The rows of the result: the columns of the keys, then the results.
    pub fn finish(&mut self) -> Rows {
        self.settle();
        let mut rows = Rows::default();
        let plan = Arc::clone(&self.plan);
        match &plan.by {
            None => rows.blocks.push(Block { rows: 1, columns: self.results(&[0], &[]), ..Block::default() }),
            Some(by) => {
                self.finish_many(by, &mut rows.blocks);
                rows.blocks.extend(self.finished(by));
            }
        }
        self.clear();
        rows
    }

    fn finished(&self, by: &BoundBy) -> Vec<Block> {
        self.each_block(by.width(), |mut block, groups, values| {
            let results = self.results(groups, values);
            block.columns = by.decoded(std::mem::take(&mut block.columns)).into_iter().chain(results).collect();
            block
        })
    }

    /// Makes a block of the keys of every piece, as so many columns of text, its groups and what lies beside their keys.
    fn each_block(&self, width: usize, make: impl Fn(Block, &[u32], &[i64]) -> Block) -> Vec<Block> {
        let mut keys = Keys::new(width);
        keys.reserve(self.groups.len());
        self.groups.for_each(|key, group, value| keys.push(key, group, value));
        keys.blocks(rows_of(weight(&self.states), self.groups.len()), make)
    }

    fn results(&self, groups: &[u32], values: &[i64]) -> Vec<Column> {
        let results = |at: usize| match self.plan.quick {
            Some(quick) if quick == at && is_sum(&self.plan, quick) => vec![self.sums(groups, values)],
            Some(quick) if quick == at => vec![Column::ints(values.to_vec())],
            _ => self.states[at].finish(groups),
        };
        self.plan.results(&(0..self.states.len()).map(results).collect::<Vec<_>>())
    }

    fn sums(&self, groups: &[u32], values: &[i64]) -> Column {
        let sum = |(group, value): (&u32, &i64)| match (self.spilled.known(*group), *value) {
            (Some(spilled), value) if !spilled.is_empty() => {
                let mut sum = spilled.clone();
                if value != NO_SUM {
                    sum.add_int(value ^ i64::MIN);
                }
                sum.total()
            }
            (_, NO_SUM) => Number::Null,
            (_, value) => Number::Int(value ^ i64::MIN),
        };
        Column::Number(groups.iter().zip(values).map(sum).collect())
    }

    /// All that it holds: the keys, what lies beside them, and what the states export.
    pub fn save(&self) -> Rows {
        let mut rows = Rows::default();
        if self.plan.by.is_none() {
            let columns = self.exported(&[0]).concat();
            rows.blocks.push(Block { rows: 1, columns, ..Block::default() });
            return rows;
        }
        let with = |mut block: Block, groups: &[u32], values: &[i64]| {
            block.columns.push(Column::ints(values.to_vec()));
            block.columns.extend(self.exported(groups).concat());
            block
        };
        rows.blocks = self.each_block(1, with);
        rows.blocks.extend(self.many.save(with));
        for parcel in &self.cut {
            let mut keys = Keys::new(1);
            parcel.for_each(|key, group, value| keys.push(key, group, value));
            rows.blocks.extend(keys.blocks(rows_of(weight(&self.states), parcel.len()), with));
        }
        rows
    }

    /// Merges what [`Table::save`] gave.
    pub fn restore(&mut self, rows: &Rows) {
        self.settle();
        self.reunite();
        let by_key = self.plan.by.is_some();
        let sums = self.plan.quick.is_some_and(|quick| is_sum(&self.plan, quick));
        // How many columns each state exports does not depend on what it holds.
        let widths: Vec<usize> = self.exported(&[]).iter().map(Vec::len).collect();
        for block in &rows.blocks {
            let (mut columns, mut numbers) = (&block.columns[..], vec![0]);
            if by_key {
                let [Column::Text(keys), values, rest @ ..] = columns else { continue };
                let values = values.as_ints().unwrap_or_default();
                numbers.clear();
                let spilled = &mut self.spilled;
                self.groups.update(keys, |row, group, mine| {
                    merge(mine, values[row], sums, group, spilled);
                    numbers.push(group);
                });
                columns = rest;
            }
            let mut exported = Vec::with_capacity(widths.len());
            for width in &widths {
                let (some, rest) = columns.split_at((*width).min(columns.len()));
                exported.push(some.to_vec());
                columns = rest;
            }
            let count = if by_key { self.groups.len() } else { 1 };
            self.import(&exported, &numbers, count);
        }
    }

    fn clear(&mut self) {
        self.many.clear();
        self.groups.clear();
        self.states.iter_mut().for_each(|state| state.clear());
        self.spilled.clear();
    }
}
