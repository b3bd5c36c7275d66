//! `min`, `max`, `first`, `last`: one value of each group, with its own bytes.

use std::cmp::Ordering;

use super::kept::Kept;
use super::state::{Folded, Held, Known, State, ints, reset, resize};
use crate::data::block::Order;
use crate::data::column::{Cell, Column, Number};
use crate::data::order::{compare_cells, prefix};
use crate::data::schema::Kind;
use crate::expr::operators::quick;

/// The least or the greatest value of each group, by the order of keys: what is equal as a number goes by bytes.
pub struct Extremes {
    /// What the order of a value to the one that is kept must be.
    wanted: Ordering,
    values: Kept,
    /// The order of most values.
    prefixes: Vec<u64>,
}

impl Extremes {
    /// The least (else the greatest) of values of this kind.
    pub fn new(least: bool, kind: &Kind) -> Self {
        let wanted = if least { Ordering::Less } else { Ordering::Greater };
        Extremes { wanted, values: Kept::new(kind), prefixes: Vec::new() }
    }

    fn reach(&mut self, count: usize) {
        self.values.reach(count);
        resize(&mut self.prefixes, count);
    }

    #[inline]
    fn add(&mut self, group: usize, column: &Column, row: usize) {
        let prefix = match column {
            Column::Text(text) => match quick::number(&text.data, text.spans[row]) {
                Number::Int(value) => prefix(Cell::Int(value)),
                _ => prefix(column.cell(row)),
            },
            _ => prefix(column.cell(row)),
        };
        // 0 is null, so that a group without a value takes any.
        let kept = self.prefixes[group];
        if kept == 0 || prefix.cmp(&kept) == self.wanted || (prefix == kept && self.precedes(group, column, row)) {
            self.prefixes[group] = prefix;
            self.values.set(group, column, row);
        }
    }

    /// Whether a value goes before the kept one, whose prefix is the same.
    fn precedes(&self, group: usize, column: &Column, row: usize) -> bool {
        match (column.cell(row), self.values.cell(group)) {
            (Cell::Text(a), Cell::Text(b)) if a == b => false,
            (a, b) => compare_cells(a, b, true).then_with(|| below_zero(b).cmp(&below_zero(a))) == self.wanted,
        }
    }
}

/// Whether it is the lesser of the two zeros, which are equal but are not written alike.
fn below_zero(cell: Cell<'_>) -> bool {
    matches!(cell, Cell::Float(value) if value == 0.0 && value.is_sign_negative())
}

impl Known for Extremes {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        vec![self.values.column(groups)]
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        self.reach(count);
        for column in columns {
            for (row, group) in groups.iter().enumerate() {
                if column.cell(row) != Cell::Null {
                    self.add(*group as usize, column, row);
                }
            }
        }
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        self.export(groups)
    }

    fn weight(&self) -> usize {
        self.values.weight()
    }
}

impl State for Extremes {
    fn fold(&mut self, rows: &Folded<'_>) {
        self.reach(rows.count);
        let Some(column) = rows.args.first() else { return };
        rows.each(|row, group| self.add(group, column, row));
    }

    fn clear(&mut self) {
        self.values.clear();
        self.prefixes.clear();
    }
}

impl Held for Extremes {
    fn reset(&mut self, groups: &[u32]) {
        self.values.reset(groups);
        reset(&mut self.prefixes, groups);
    }

    fn bytes(&self) -> usize {
        self.values.bytes() + size_of_val(&self.prefixes[..])
    }
}

/// The first or the last value of each group in record order; nulls do not count.
pub struct Ends {
    last: bool,
    values: Kept,
    orders: Vec<Option<Order>>,
}

impl Ends {
    /// The last (else the first) of values of this kind.
    pub fn new(last: bool, kind: &Kind) -> Self {
        Ends { last, values: Kept::new(kind), orders: Vec::new() }
    }

    fn reach(&mut self, count: usize) {
        self.values.reach(count);
        resize(&mut self.orders, count);
    }

    #[inline]
    fn add(&mut self, group: usize, order: Order, column: &Column, row: usize) {
        let takes = match self.orders[group] {
            None => true,
            Some(kept) => (order < kept) != self.last && order != kept,
        };
        if takes {
            self.orders[group] = Some(order);
            self.values.set(group, column, row);
        }
    }
}

impl Known for Ends {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        let order = |group: &u32| self.orders.get(*group as usize).copied().flatten();
        let (blocks, rows) = groups.iter().map(|group| order(group).unwrap_or_default().pair()).unzip();
        vec![self.values.column(groups), Column::ints(blocks), Column::ints(rows)]
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        self.reach(count);
        let [column, orders @ ..] = columns else { return };
        let orders = ints(orders.first()).iter().zip(ints(orders.get(1)));
        for ((row, group), (block, at)) in groups.iter().enumerate().zip(orders) {
            if column.cell(row) != Cell::Null {
                self.add(*group as usize, Order::of_pair(*block, *at), column, row);
            }
        }
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        vec![self.values.column(groups)]
    }

    fn weight(&self) -> usize {
        self.values.weight()
    }
}

impl State for Ends {
    fn fold(&mut self, rows: &Folded<'_>) {
        self.reach(rows.count);
        let Some(column) = rows.args.first() else { return };
        rows.each(|row, group| self.add(group, rows.orders.of(row), column, row));
    }

    fn clear(&mut self) {
        self.values.clear();
        self.orders.clear();
    }
}

impl Held for Ends {
    fn reset(&mut self, groups: &[u32]) {
        self.values.reset(groups);
        reset(&mut self.orders, groups);
    }

    fn bytes(&self) -> usize {
        self.values.bytes() + size_of_val(&self.orders[..])
    }
}
