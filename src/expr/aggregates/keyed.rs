//! Groups that last from batch to batch, and what every aggregate knows of them: what [`Sliding`](super::sliding::Sliding) and
//! [`Growing`](super::growing::Growing) have in common.

use std::sync::Arc;

use super::beside::{self, is_sum};
use super::pieces::{Keys, rows_in, rows_of, weight};
use super::plan::{Family, Plan};
use super::state::Held;
use super::table::Shipped;
use crate::data::block::Block;
use crate::data::column::Column;
use crate::data::groups::Groups;
use crate::data::rows::Rows;

/// The keys that are held, and what is known of each.
pub(super) struct Keyed {
    pub(super) plan: Arc<Plan>,
    pub(super) groups: Groups,
    /// Of each family.
    pub(super) states: Vec<Box<dyn Held>>,
}

/// What came in of some groups.
pub(super) struct Piece {
    pub(super) groups: Vec<u32>,
    /// What each family has exported of them.
    pub(super) columns: Vec<Vec<Column>>,
}

impl Piece {
    pub(super) fn bytes(&self) -> usize {
        4 * self.groups.len() + self.columns.iter().flatten().map(Column::bytes).sum::<usize>()
    }

    /// As a block: the groups, then all columns.
    pub(super) fn block(&self) -> Block {
        let groups = Column::ints(self.groups.iter().map(|group| i64::from(*group)).collect());
        let columns = [groups].into_iter().chain(self.columns.iter().flatten().cloned()).collect();
        Block { rows: self.groups.len(), columns, ..Block::default() }
    }
}

impl Keyed {
    /// No keys; `stay`: nothing will be taken out again.
    pub(super) fn new(plan: &Arc<Plan>, stay: bool) -> Self {
        let states = plan.families.iter().map(|family: &Family| family.held(stay)).collect();
        Keyed { plan: Arc::clone(plan), groups: Groups::removable(), states }
    }

    /// How many groups the states must have room for.
    pub(super) fn count(&self) -> usize {
        if self.plan.by.is_some() { self.groups.reach() } else { 1 }
    }

    /// How many rows the result has.
    pub(super) fn len(&self) -> usize {
        if self.plan.by.is_some() { self.groups.len() } else { 1 }
    }

    /// Numbers the keys of what a table has shipped: pieces with groups of these numbers, and what is to be imported.
    pub(super) fn admit(&mut self, shipped: Shipped) -> Vec<Piece> {
        let plan = Arc::clone(&self.plan);
        shipped.each(&plan).flat_map(|shipped| self.admit_one(shipped)).collect()
    }

    fn admit_one(&mut self, shipped: Shipped) -> Vec<Piece> {
        let Shipped { parcel, pieces, .. } = shipped;
        let (mut groups, mut values) = (Vec::with_capacity(parcel.len()), Vec::new());
        let quick = self.plan.quick.is_some();
        self.groups.merge(&parcel, |group, _, value| {
            groups.push(group);
            if quick {
                values.push(value);
            }
        });
        self.pieces(groups, &values, pieces)
    }

    /// What is to be imported, of what a table has shipped: its keys have these numbers here, and these values beside them.
    pub(super) fn pieces(&self, groups: Vec<u32>, values: &[i64], pieces: Vec<Vec<Vec<Column>>>) -> Vec<Piece> {
        let plan = &self.plan;
        // Behind the families stands what did not fit beside the keys.
        let families = |mut piece: Vec<Vec<Column>>| {
            let spilled = piece.split_off(plan.families.len());
            (piece, spilled.into_iter().flatten().next())
        };
        if plan.by.is_none() {
            return pieces.into_iter().map(|piece| Piece { groups: vec![0], columns: families(piece).0 }).collect();
        }
        let beside = |values: &[i64], spilled: Option<&Column>| match plan.quick {
            Some(quick) if is_sum(plan, quick) => vec![beside::exported(values, spilled)],
            _ => vec![Column::ints(values.to_vec())],
        };
        if pieces.is_empty() && !groups.is_empty() {
            // All there is to know lies beside the keys.
            return vec![Piece { columns: vec![beside(values, None)], groups }];
        }
        let mut rest = &groups[..];
        let piece = |piece: Vec<Vec<Column>>| {
            let (mine, more) = rest.split_at(rows_in(&piece).min(rest.len()));
            let first = groups.len() - rest.len();
            rest = more;
            let (mut columns, spilled) = families(piece);
            if let Some(quick) = plan.quick {
                columns[quick] = beside(&values[first..first + mine.len()], spilled.as_ref());
            }
            Piece { groups: mine.to_vec(), columns }
        };
        pieces.into_iter().map(piece).collect()
    }

    /// Combines with what came in.
    pub(super) fn import(&mut self, piece: &Piece) {
        let count = self.count();
        let states = self.states.iter_mut().zip(&piece.columns);
        states.for_each(|(state, columns)| state.import(columns, &piece.groups, count));
    }

    /// These groups know of nothing again.
    pub(super) fn reset(&mut self, groups: &[u32]) {
        self.states.iter_mut().for_each(|state| state.reset(groups));
    }

    /// These groups are no more; without keys there is one always, which knows of nothing then.
    pub(super) fn remove(&mut self, groups: &[u32]) {
        self.reset(groups);
        if self.plan.by.is_some() {
            self.groups.remove(groups);
        }
    }

    /// The rows of the result, of these groups or of all: the columns of the keys, then the results.
    pub(super) fn finish(&self, groups: Option<&[u32]>) -> Rows {
        let results = |groups: &[u32]| {
            let families: Vec<Vec<Column>> = self.states.iter().map(|state| state.finish(groups)).collect();
            self.plan.results(&families)
        };
        let Some(by) = &self.plan.by else {
            return Rows {
                blocks: vec![Block { rows: 1, columns: results(&[0]), ..Block::default() }],
                orders: vec![],
            };
        };
        let blocks = self.keys(by.width(), groups, |mut block, groups| {
            block.columns = by.decoded(std::mem::take(&mut block.columns)).into_iter().chain(results(groups)).collect();
            block
        });
        Rows { blocks, orders: Vec::new() }
    }

    /// Blocks of the keys of these groups, or of all, as so many columns of text each, of which `make` makes something.
    fn keys(&self, width: usize, groups: Option<&[u32]>, make: impl Fn(Block, &[u32]) -> Block) -> Vec<Block> {
        let mut keys = Keys::new(width);
        match groups {
            Some(groups) => self.groups.keys_of(groups, |key, group| keys.push(key, group, 0)),
            None => self.groups.for_each(|key, group, _| keys.push(key, group, 0)),
        }
        let count = groups.map_or(self.groups.len(), <[u32]>::len);
        keys.blocks(rows_of(weight(&self.states), count), |block, groups, _| make(block, groups))
    }

    /// All keys as [`Keyed::restore`] takes them: key, group, and of each group what these states export and `more`.
    pub(super) fn save(&self, states: &[usize], more: impl Fn(&[u32]) -> Vec<Column>) -> Rows {
        let with = |mut block: Block, groups: &[u32]| {
            block.columns.push(Column::ints(groups.iter().map(|group| i64::from(*group)).collect()));
            block.columns.extend(more(groups));
            states.iter().for_each(|at| block.columns.extend(self.states[*at].export(groups)));
            block
        };
        let blocks = match self.plan.by {
            None => vec![with(Block { rows: 1, ..Block::default() }, &[0])],
            Some(_) => self.keys(1, None, with),
        };
        Rows { blocks, orders: Vec::new() }
    }

    /// Takes over what [`Keyed::save`] gave: `each` is given the groups of each block as they were and as they are now, and
    /// the columns of `more`.
    pub(super) fn restore(&mut self, rows: &Rows, states: &[usize], mut each: impl FnMut(&[u32], &[u32], &[Column])) {
        let widths: Vec<usize> = states.iter().map(|at| self.states[*at].export(&[]).len()).collect();
        for block in &rows.blocks {
            let (mut columns, mut groups) = (&block.columns[..], vec![0]);
            if self.plan.by.is_some() {
                let [Column::Text(keys), rest @ ..] = columns else { continue };
                groups.clear();
                self.groups.number(keys, &mut groups);
                columns = rest;
            }
            let [were, rest @ ..] = columns else { continue };
            let (more, mut rest) = rest.split_at(rest.len() - widths.iter().sum::<usize>());
            let count = self.count();
            for (at, width) in states.iter().zip(&widths) {
                let (mine, others) = rest.split_at(*width);
                self.states[*at].import(mine, &groups, count);
                rest = others;
            }
            each(&numbers(were), &groups, more);
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.groups.bytes() + self.states.iter().map(|state| state.bytes()).sum::<usize>()
    }
}

/// The group numbers in a column.
pub(super) fn numbers(column: &Column) -> Vec<u32> {
    column.as_ints().unwrap_or_default().iter().map(|group| *group as u32).collect()
}
