//! A table of very many keys: what is known of each lies beside it, and most are new. Such keys go into [`Partitions`] and are
//! not looked up when they come; the table itself then only serves to merge a part of them after the other.

use std::sync::Arc;

use super::super::beside::{NO_SUM, combined, counted_rows, encoded, is_sum, merge};
use super::super::pieces::{Keys, rows_of};
use super::super::plan::{Plan, What};
use super::super::state::State;
use super::{Shipped, Table};
use crate::data::block::{Block, Text};
use crate::data::column::{Column, Number, Numbers};
use crate::data::groups::Parcel;
use crate::data::groups::partitions::{Drained, Partitions, WORTH_MERGING};
use crate::expr::by::BoundBy;
use crate::expr::operators::quick;

/// So many keys outgrow the caches so far that looking them up does not pay, if enough are new.
const MANY: usize = 1 << 20;
/// Enough are new if one in so many rows has a new key ...
const ROWS_A_KEY: usize = 4;
/// ... and of fewer keys than [`MANY`] by so much, if of so many rows all but one have.
const FEWER: usize = 4;
const NEARLY_ALL: usize = 16;

/// Very many keys on their way to another table.
pub(super) enum Parcels {
    /// Perhaps all that there are.
    All(Box<Partitions>),
    /// A piece of a partition.
    Piece(Arc<Drained>, usize),
}

/// Very many keys, or what tells whether there are.
pub(super) struct Many {
    partitions: Option<Box<Partitions>>,
    /// Some value does not fit there: no use to try again before the next batch.
    unfit: bool,
    /// How many rows have come, and how many of them and keys there were at the last look.
    rows: usize,
    looked: (usize, usize),
    /// At so many keys it is to be looked again.
    next: usize,
    /// See [`MANY`] and [`WORTH_MERGING`].
    limits: (usize, usize),
}

impl Default for Many {
    fn default() -> Self {
        Many::beyond((MANY, WORTH_MERGING))
    }
}

impl Many {
    fn beyond(limits: (usize, usize)) -> Self {
        Many { partitions: None, unfit: false, rows: 0, looked: (0, 0), next: limits.0 / FEWER / 2, limits }
    }

    pub(super) fn len(&self) -> usize {
        self.partitions.as_ref().map_or(0, |partitions| partitions.len())
    }

    pub(super) fn partitions(&self) -> Option<&Partitions> {
        self.partitions.as_deref()
    }

    pub(super) fn take(&mut self) -> Option<Partitions> {
        self.partitions.take().map(|partitions| *partitions)
    }

    pub(super) fn clear(&mut self) {
        *self = Many::beyond(self.limits);
    }

    pub(super) fn ship(&mut self, shard: usize, shards: usize) -> Option<Parcels> {
        self.partitions.as_mut().map(|partitions| Parcels::All(Box::new(partitions.ship(shard, shards))))
    }

    /// Blocks as [`Table::save`] gives them; a key may come several times.
    pub(super) fn save(&self, make: impl Fn(Block, &[u32], &[i64]) -> Block) -> Vec<Block> {
        let mut keys = Keys::new(1);
        let Some(partitions) = &self.partitions else { return Vec::new() };
        // States and what was spilled know of nothing, whatever the group.
        partitions.for_each(|key, value| keys.push(key, 0, value));
        keys.blocks(rows_of(0, partitions.len()), make)
    }

    /// Whether it is time to go over, with so many keys and more rows.
    fn pays(&mut self, keys: usize, rows: usize) -> bool {
        self.rows += rows;
        if keys < self.next {
            return false;
        }
        let (rows, new) = (self.rows - self.looked.0, keys - self.looked.1);
        self.looked = (self.rows, keys);
        self.next = 2 * keys;
        let many = keys >= self.limits.0 && new >= rows / ROWS_A_KEY;
        let sure = keys >= self.limits.0 / FEWER && new >= rows - rows / NEARLY_ALL;
        (many || sure) && !self.unfit
    }
}

impl Table {
    /// Whether all that can be known of a key is a count or a sum beside it.
    fn may_be_many(&self) -> bool {
        self.plan.quick.is_some() && self.states.len() == 1 && self.owner.is_none() && self.spilled.is_empty()
    }

    /// Combines the rows of a block, if there are very many keys.
    pub(super) fn fold_many(&mut self, block: &Block) -> bool {
        if self.many.partitions.is_none() {
            if !self.may_be_many() || !self.many.pays(self.groups.len(), block.rows) {
                return false;
            }
            self.go_over();
        }
        let Some(partitions) = &mut self.many.partitions else { return false };
        let Some((by, quick)) = self.plan.by.as_ref().zip(self.plan.quick) else { return false };
        let fits = add(partitions, &self.plan, quick, &by.keys(block), block);
        if !fits {
            self.reunite();
        }
        fits
    }

    /// Moves all keys into partitions, if they can be kept there.
    fn go_over(&mut self) {
        let sums = self.plan.quick.is_some_and(|quick| is_sum(&self.plan, quick));
        let combine = if sums { combined } else { i64::checked_add };
        let mut partitions = Box::new(Partitions::new(combine, self.many.limits.1));
        match partitions.take_groups(&mut self.groups) {
            true => self.many.partitions = Some(partitions),
            false => self.many.unfit = true,
        }
    }

    /// Moves all keys out of the partitions again.
    pub(super) fn reunite(&mut self) {
        if let Some(partitions) = self.many.partitions.take() {
            self.many.unfit = true;
            partitions.drain().for_each(|drained| self.take_drained(&drained));
        }
    }

    fn take_drained(&mut self, drained: &Drained) {
        (0..Drained::PIECES).for_each(|piece| self.take_piece(drained, piece));
    }

    fn take_piece(&mut self, drained: &Drained, piece: usize) {
        let (spilled, sums) = (&mut self.spilled, self.plan.quick.is_some_and(|quick| is_sum(&self.plan, quick)));
        drained.merge_into(piece, &mut self.groups, |group, mine, theirs| merge(mine, theirs, sums, group, spilled));
    }

    /// Merges what another table has shipped, if there or here are very many keys; else gives it back.
    pub(super) fn take_many(&mut self, shipped: Shipped) -> Option<Shipped> {
        match (shipped.many, &mut self.many.partitions) {
            (Some(Parcels::Piece(drained, piece)), _) => {
                self.reunite();
                self.take_piece(&drained, piece);
            }
            (Some(Parcels::All(theirs)), Some(mine)) => mine.take(*theirs),
            (Some(Parcels::All(theirs)), None) => {
                if self.may_be_many() && !self.many.unfit {
                    self.go_over();
                }
                match &mut self.many.partitions {
                    Some(mine) => mine.take(*theirs),
                    None => theirs.drain().for_each(|drained| self.take_drained(&drained)),
                }
            }
            (None, mine) => {
                let fit = |mine: &mut Box<Partitions>| shipped.pieces.is_empty() && mine.take_parcel(&shipped.parcel);
                if !mine.as_mut().is_some_and(fit) {
                    self.reunite();
                    return Some(Shipped { many: None, ..shipped });
                }
            }
        }
        None
    }

    /// Takes out very many keys as parcels of which none has a key of another.
    pub fn apart(&mut self) -> impl Iterator<Item = Shipped> {
        self.many.partitions.take().into_iter().flat_map(|partitions| pieces(*partitions))
    }

    /// The result of very many keys, whose memory is given back piece by piece.
    pub(super) fn finish_many(&mut self, by: &BoundBy, blocks: &mut Vec<Block>) {
        let Some(partitions) = self.many.partitions.take() else { return };
        for drained in partitions.drain() {
            for piece in 0..Drained::PIECES {
                self.take_piece(&drained, piece);
                blocks.extend(self.finished(by));
                self.groups.clear();
                self.spilled.clear();
            }
        }
    }
}

impl Shipped {
    /// As pieces of which each key is in one, once, and whose parcels hold them.
    pub(in super::super) fn each(self, plan: &Arc<Plan>) -> Box<dyn Iterator<Item = Shipped> + '_> {
        let plain = move |shipped: Shipped| {
            let mut table = Table::new(Arc::clone(plan));
            table.take(shipped);
            table.ship(0, 1)
        };
        match self.many {
            None => Box::new([self].into_iter()),
            Some(Parcels::Piece(..)) => Box::new([plain(self)].into_iter()),
            Some(Parcels::All(partitions)) => Box::new(pieces(*partitions).map(plain)),
        }
    }
}

/// Partitions as parcels.
fn pieces(partitions: Partitions) -> impl Iterator<Item = Shipped> {
    let shipped = |many| Shipped { parcel: Parcel::default(), pieces: Vec::new(), many: Some(many) };
    partitions.drain().map(Arc::new).flat_map(move |drained| {
        (0..Drained::PIECES).map(move |piece| shipped(Parcels::Piece(Arc::clone(&drained), piece)))
    })
}

/// Adds the rows of a block to their keys; does nothing if a value does not fit.
fn add(partitions: &mut Partitions, plan: &Plan, quick: usize, keys: &Text, block: &Block) -> bool {
    let family = &plan.families[quick];
    if let What::Counts(counted) = family.what {
        match counted_rows(family, counted, block) {
            None => partitions.add(keys, |_| 1),
            Some(counted) => partitions.add(keys, |row| i64::from(counted[row])),
        }
        return true;
    }
    let args = family.args(block, None);
    let value = |number: Number| encoded(number).filter(|value| Partitions::fits(*value));
    let values: Option<Vec<i64>> = match &*args[0] {
        Column::Text(text) => text.spans.iter().map(|span| value(quick::number(&text.data, *span))).collect(),
        Column::Number(Numbers::Ints(values)) => values.iter().map(|v| value(Number::Int(*v))).collect(),
        Column::Number(values) => (0..block.rows).map(|row| value(values.get(row))).collect(),
        Column::Bool(_) | Column::Time(_) | Column::List(_) => {
            partitions.add(keys, |_| NO_SUM);
            return true;
        }
    };
    values.is_some_and(|values| {
        partitions.add(keys, |row| values[row]);
        true
    })
}

#[cfg(test)]
mod tests;
