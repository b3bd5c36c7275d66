//! One value of each group that is kept, of any kind, in bytes of its own.

use super::state::resize;
use crate::data::block::Block;
use crate::data::builder::Builder;
use crate::data::column::{Cell, Column, NO_TIME, Number, Span, UNKNOWN};
use crate::data::order::Entry;
use crate::data::rows::{Rows, gather};
use crate::data::schema::Kind;
use crate::expr::node::TextBuilder;

/// A value for each group, null at first.
pub enum Kept {
    /// Pieces of one vector; what was replaced lies there until it is half of it.
    Text {
        /// The bytes of all.
        data: Vec<u8>,
        /// Where each value is; null is a length of [`Span::NULL_LEN`].
        spans: Vec<(usize, u32)>,
        /// How many bytes are of no value any more.
        dead: usize,
    },
    /// Numbers.
    Number(Vec<Number>),
    /// Truth values.
    Bool(Vec<u8>),
    /// Times.
    Time(Vec<i64>),
    /// Lists, each a column of one row, and about how many bytes they are.
    List(Kind, Vec<Option<Column>>, usize),
}

/// So many bytes of no value do not matter.
const DEAD: usize = 64 * 1024;
const NOTHING: (usize, u32) = (0, Span::NULL_LEN);

impl Kept {
    /// For values of this kind.
    pub fn new(kind: &Kind) -> Self {
        match kind {
            Kind::Input | Kind::Text => Kept::Text { data: Vec::new(), spans: Vec::new(), dead: 0 },
            Kind::Number => Kept::Number(Vec::new()),
            Kind::Bool => Kept::Bool(Vec::new()),
            Kind::Time => Kept::Time(Vec::new()),
            Kind::List(_) => Kept::List(kind.clone(), Vec::new(), 0),
        }
    }

    /// Makes room for so many groups.
    pub fn reach(&mut self, count: usize) {
        let more = |len: usize| len.max(count);
        match self {
            Kept::Text { spans, .. } => spans.resize(more(spans.len()), NOTHING),
            Kept::Number(values) => values.resize(more(values.len()), Number::Null),
            Kept::Bool(values) => values.resize(more(values.len()), UNKNOWN),
            Kept::Time(values) => values.resize(more(values.len()), NO_TIME),
            Kept::List(_, values, _) => resize(values, count),
        }
    }

    /// The value of a group; of a list only whether it is there.
    pub fn cell(&self, group: usize) -> Cell<'_> {
        match self {
            Kept::Text { data, spans, .. } => match spans[group] {
                NOTHING => Cell::Null,
                (start, len) => Cell::Text(&data[start..start + len as usize]),
            },
            Kept::Number(values) => values[group].into(),
            Kept::Bool(values) if values[group] == UNKNOWN => Cell::Null,
            Kept::Bool(values) => Cell::Bool(values[group] != 0),
            Kept::Time(values) if values[group] == NO_TIME => Cell::Null,
            Kept::Time(values) => Cell::Time(values[group]),
            Kept::List(_, values, _) => values[group].as_ref().map_or(Cell::Null, |list| list.cell(0)),
        }
    }

    /// Keeps the value of this row.
    pub fn set(&mut self, group: usize, column: &Column, row: usize) {
        match (self, column.cell(row)) {
            (Kept::Text { data, spans, dead }, Cell::Text(bytes)) => {
                let (start, len) = spans[group];
                if len != Span::NULL_LEN && bytes.len() <= len as usize {
                    data[start..start + bytes.len()].copy_from_slice(bytes);
                    *dead += len as usize - bytes.len();
                    spans[group].1 = bytes.len() as u32;
                    return;
                }
                if len != Span::NULL_LEN {
                    *dead += len as usize;
                }
                spans[group] = (data.len(), bytes.len() as u32);
                data.extend_from_slice(bytes);
                compact(data, spans, dead);
            }
            (Kept::Number(values), Cell::Int(value)) => values[group] = Number::Int(value),
            (Kept::Number(values), Cell::Float(value)) => values[group] = Number::Float(value),
            (Kept::Bool(values), Cell::Bool(value)) => values[group] = u8::from(value),
            (Kept::Time(values), Cell::Time(value)) => values[group] = value,
            (Kept::List(_, values, bytes), Cell::List(_)) => {
                let mut builder = Builder::default();
                builder.push(&one(column.pick(&[row as u32])), 0);
                let list = builder.finish().columns.pop();
                *bytes += list.as_ref().map_or(0, Column::bytes);
                *bytes -= values[group].as_ref().map_or(0, Column::bytes);
                values[group] = list;
            }
            _ => {}
        }
    }

    /// The values of these groups.
    pub fn column(&self, groups: &[u32]) -> Column {
        let known = |len: usize| groups.iter().map(move |group| Some(*group as usize).filter(|group| *group < len));
        match self {
            Kept::Text { spans, .. } => {
                let mut text = TextBuilder::with_capacity(groups.len());
                for group in known(spans.len()) {
                    text.push(match group.map_or(Cell::Null, |group| self.cell(group)) {
                        Cell::Text(bytes) => Some(bytes),
                        _ => None,
                    });
                }
                text.finish()
            }
            Kept::Number(values) => {
                Column::Number(known(values.len()).map(|g| g.map_or(Number::Null, |g| values[g])).collect())
            }
            Kept::Bool(values) => Column::Bool(known(values.len()).map(|g| g.map_or(UNKNOWN, |g| values[g])).collect()),
            Kept::Time(values) => Column::Time(known(values.len()).map(|g| g.map_or(NO_TIME, |g| values[g])).collect()),
            Kept::List(kind, values, _) => {
                let mut rows = Rows { blocks: vec![one(Column::nulls(kind, 1))], orders: Vec::new() };
                let mut entries = Vec::with_capacity(groups.len());
                for group in known(values.len()) {
                    let list = group.and_then(|group| values[group].clone());
                    let block = list.map_or(0, |list| {
                        rows.blocks.push(one(list));
                        rows.blocks.len() as u32 - 1
                    });
                    entries.push(Entry { prefix: 0, block, row: 0 });
                }
                gather(&rows, &entries).columns.swap_remove(0)
            }
        }
    }

    /// Forgets the values of these groups.
    pub fn reset(&mut self, groups: &[u32]) {
        match self {
            Kept::Text { data, spans, dead } => {
                for group in groups {
                    let Some(span) = spans.get_mut(*group as usize) else { continue };
                    *dead += if *span == NOTHING { 0 } else { span.1 as usize };
                    *span = NOTHING;
                }
                compact(data, spans, dead);
            }
            Kept::Number(values) => put(values, groups, Number::Null),
            Kept::Bool(values) => put(values, groups, UNKNOWN),
            Kept::Time(values) => put(values, groups, NO_TIME),
            Kept::List(_, values, bytes) => {
                for group in groups {
                    let list = values.get_mut(*group as usize).and_then(Option::take);
                    *bytes -= list.as_ref().map_or(0, Column::bytes);
                }
            }
        }
    }

    /// Forgets all values.
    pub fn clear(&mut self) {
        match self {
            Kept::Text { data, spans, dead } => {
                data.clear();
                spans.clear();
                *dead = 0;
            }
            Kept::Number(values) => values.clear(),
            Kept::Bool(values) => values.clear(),
            Kept::Time(values) => values.clear(),
            Kept::List(_, values, bytes) => {
                values.clear();
                *bytes = 0;
            }
        }
    }

    /// About how many bytes of text and lists there are.
    pub fn weight(&self) -> usize {
        match self {
            Kept::Text { data, .. } => data.len(),
            Kept::List(_, _, bytes) => *bytes,
            _ => 0,
        }
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let of_groups = match self {
            Kept::Text { spans, .. } => size_of_val(&spans[..]),
            Kept::Number(values) => size_of_val(&values[..]),
            Kept::Bool(values) => values.len(),
            Kept::Time(values) => size_of_val(&values[..]),
            Kept::List(_, values, _) => size_of_val(&values[..]),
        };
        of_groups + self.weight()
    }
}

fn put<T: Copy>(values: &mut [T], groups: &[u32], to: T) {
    for group in groups {
        if let Some(value) = values.get_mut(*group as usize) {
            *value = to;
        }
    }
}

fn one(column: Column) -> Block {
    Block { rows: 1, columns: vec![column], ..Block::default() }
}

/// Throws away the bytes that are of no value, if there are many.
fn compact(data: &mut Vec<u8>, spans: &mut [(usize, u32)], dead: &mut usize) {
    // What it costs goes with all groups, whose spans are looked at.
    if *dead <= DEAD.max(spans.len()) || *dead <= data.len() / 2 {
        return;
    }
    let mut packed = Vec::with_capacity(data.len() - *dead);
    for (start, len) in spans.iter_mut().filter(|span| **span != NOTHING) {
        let at = packed.len();
        packed.extend_from_slice(&data[*start..*start + *len as usize]);
        *start = at;
    }
    *data = packed;
    *dead = 0;
}
