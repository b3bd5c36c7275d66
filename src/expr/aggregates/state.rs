//! What aggregates have in common: what one of them knows of all groups of a shard, by group number. A [`State`] is that of a
//! batch: blocks are folded whole, one virtual call for each state and block, none for a row. A [`Held`] one lasts from batch to
//! batch: what it does takes as long as the groups that it is given are many, however many it knows of.

use std::borrow::Cow;

use crate::data::block::Order;
use crate::data::column::{Column, Lists, NO_TIME, Number, Numbers, Span, Text, UNKNOWN};
use crate::expr::operators::quick;

/// What one aggregate, or several of the same arguments, knows of each group.
pub trait Known: Send {
    /// What it knows of these groups, as columns with a row for each.
    fn export(&self, groups: &[u32]) -> Vec<Column>;

    /// Combines with what another one has exported: row `n` is of group `groups[n]`, and there are `count` groups now.
    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize);

    /// The results of these groups, as columns with a row for each.
    fn finish(&self, groups: &[u32]) -> Vec<Column>;

    /// About how much there is to export, in bytes, so that it can be done in pieces.
    fn weight(&self) -> usize {
        0
    }
}

/// What is known of the rows of a batch.
pub trait State: Known {
    /// Combines rows.
    fn fold(&mut self, rows: &Folded<'_>);

    /// Forgets all groups.
    fn clear(&mut self);
}

/// What is known from batch to batch.
pub trait Held: Known {
    /// These groups know of no rows again.
    fn reset(&mut self, groups: &[u32]);

    /// Whether it can [`Held::retract`].
    fn retracts(&self) -> bool {
        false
    }

    /// Takes out again what was imported, with the same groups, before anything else that is still there.
    fn retract(&mut self, columns: &[Column], groups: &[u32]) {
        let _ = (columns, groups);
    }

    /// About how many bytes it takes.
    fn bytes(&self) -> usize;
}

/// Rows to be combined.
#[derive(Clone, Copy)]
pub struct Folded<'a> {
    /// How many.
    pub rows: usize,
    /// How many groups there are.
    pub count: usize,
    /// The group of each row; none if all are of group 0.
    pub groups: Option<&'a [u32]>,
    /// The arguments.
    pub args: &'a [Cow<'a, Column>],
    /// The place of each row in the input.
    pub orders: Orders<'a>,
}

/// Places of rows in the input.
#[derive(Clone, Copy)]
pub enum Orders<'a> {
    /// All rows of a block, of which this is the first.
    Block(Order),
    /// These rows of a block, of which this is the first.
    Rows(Order, &'a [u32]),
    /// Any.
    Each(&'a [Order]),
}

impl Orders<'_> {
    /// That of a row.
    #[inline]
    pub fn of(&self, row: usize) -> Order {
        match self {
            Orders::Block(first) => Order { row: row as u32, ..*first },
            Orders::Rows(first, rows) => Order { row: rows[row], ..*first },
            Orders::Each(orders) => orders[row],
        }
    }
}

impl Folded<'_> {
    /// The group of a row.
    #[inline]
    pub fn group(&self, row: usize) -> usize {
        self.groups.map_or(0, |groups| groups[row] as usize)
    }

    /// Gives each row that has a value in the first argument, with its group.
    #[inline]
    pub fn each(&self, mut give: impl FnMut(usize, usize)) {
        match self.args.first().and_then(|column| valid(column)) {
            None => (0..self.rows).for_each(|row| give(row, self.group(row))),
            Some(valid) => {
                (0..self.rows).filter(|row| valid[*row]).for_each(|row| give(row, self.group(row)));
            }
        }
    }

    /// Gives the number of each row, with its group; see [`each_number`].
    #[inline]
    pub fn numbers(&self, mut give: impl FnMut(usize, Number)) {
        let Some(column) = self.args.first() else { return };
        match self.groups {
            None => each_number(column, |_, number| give(0, number)),
            Some(groups) => each_number(column, |row, number| give(groups[row] as usize, number)),
        }
    }
}

/// Gives the number of each row of a column of text or numbers.
#[inline]
pub fn each_number(column: &Column, mut give: impl FnMut(usize, Number)) {
    match column {
        Column::Text(text) => {
            for (row, span) in text.spans.iter().enumerate() {
                give(row, quick::number(&text.data, *span));
            }
        }
        Column::Number(Numbers::Ints(values)) => {
            values.iter().enumerate().for_each(|(row, value)| give(row, Number::Int(*value)));
        }
        Column::Number(Numbers::Floats(values)) => {
            values.iter().enumerate().for_each(|(row, value)| give(row, Number::Float(*value)));
        }
        Column::Number(Numbers::Mixed(values)) => {
            values.iter().enumerate().for_each(|(row, value)| give(row, *value));
        }
        Column::Bool(_) | Column::Time(_) | Column::List(_) => {}
    }
}

/// Which rows have a value; none if all have.
pub fn valid(column: &Column) -> Option<Vec<bool>> {
    let spans = |spans: &[Span]| {
        spans.iter().any(|span| span.is_null()).then(|| spans.iter().map(|span| !span.is_null()).collect())
    };
    match column {
        Column::Text(text) => spans(&text.spans),
        Column::List(lists) => spans(&lists.spans),
        Column::Number(Numbers::Mixed(values)) => Some(values.iter().map(|value| *value != Number::Null).collect()),
        Column::Number(_) => None,
        Column::Bool(values) => Some(values.iter().map(|value| *value != UNKNOWN).collect()),
        Column::Time(values) => Some(values.iter().map(|value| *value != NO_TIME).collect()),
    }
}

/// Which rows have a value in every column; none if all have.
pub fn all_valid(columns: &[Cow<'_, Column>]) -> Option<Vec<bool>> {
    let masks = columns.iter().filter_map(|column| valid(column));
    masks.reduce(|mut all, mask| {
        all.iter_mut().zip(mask).for_each(|(all, valid)| *all &= valid);
        all
    })
}

/// Makes a vector by group number long enough for so many groups.
pub fn resize<T: Clone + Default>(values: &mut Vec<T>, count: usize) {
    if values.len() < count {
        values.resize(count, T::default());
    }
}

/// Puts the values of these groups back to the first.
pub fn reset<T: Default>(values: &mut [T], groups: &[u32]) {
    for group in groups {
        if let Some(value) = values.get_mut(*group as usize) {
            *value = T::default();
        }
    }
}

/// The whole numbers of a column.
pub fn ints(column: Option<&Column>) -> &[i64] {
    column.and_then(Column::as_ints).unwrap_or_default()
}

/// The bytes of each row of a column of text.
pub fn texts(column: Option<&Column>) -> impl Iterator<Item = Option<&[u8]>> {
    let text = match column {
        Some(Column::Text(text)) => Some(text),
        _ => None,
    };
    text.into_iter().flat_map(|text: &Text| text.spans.iter().map(|span| span.of(text.data.bytes())))
}

/// The items of all rows of a column of lists, and the group of each, if row `n` is of group `groups[n]`.
pub fn items<'a>(column: &'a Column, groups: &[u32]) -> (&'a Column, Vec<u32>, Vec<u32>) {
    let Column::List(Lists { items, spans }) = column else { return (column, Vec::new(), Vec::new()) };
    let (mut rows, mut of) = (Vec::new(), Vec::new());
    for (span, group) in spans.iter().zip(groups).filter(|(span, _)| !span.is_null()) {
        rows.extend(span.start..span.start + span.len);
        of.extend(std::iter::repeat_n(*group, span.len as usize));
    }
    (items, rows, of)
}
