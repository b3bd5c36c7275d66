//! The rows that others are joined with, in memory, to be looked up by key.

use std::borrow::Cow;

use crate::data::block::{Block, Cell, Column, Span, Text};
use crate::data::builder::Builder;
use crate::data::groups::{Groups, NONE};
use crate::data::keys;
use crate::data::order::compare_cells;
use crate::data::schema::Kind;
use crate::error::{Error, Result};

/// Which columns are needed of the rows.
#[derive(Clone)]
pub struct Wanted {
    /// Those that are given ...
    pub columns: Vec<String>,
    /// ... and what they hold.
    pub kinds: Vec<Kind>,
    /// Those of the key.
    pub keys: Vec<String>,
    /// The rows that match nothing are given as well.
    pub unmatched: bool,
}

/// Rows that are being collected.
pub struct Loading<'a> {
    /// As messages name what they come from.
    name: &'a str,
    wanted: &'a Wanted,
    builder: Builder,
    groups: Groups,
    group_of: Vec<u32>,
    /// How many bytes each column holds.
    sizes: Vec<u64>,
}

/// Rows that can be looked up.
pub struct Loaded {
    /// The columns that are given, and behind the rows a row of nulls.
    pub columns: Vec<Column>,
    /// How many rows.
    pub rows: u32,
    /// The keys.
    groups: Groups,
    /// Where the rows of each key begin in `places`, and where the last ones end.
    starts: Vec<u32>,
    /// The rows that have a key, by key, then in their order.
    places: Vec<u32>,
    /// The group of each row; [`NONE`] if its key is null.
    group_of: Vec<u32>,
    /// The columns of the key, as text; only if unmatched rows are wanted ...
    pub keys: Vec<Column>,
    /// ... and all rows in order of the key.
    sorted: Vec<u32>,
}

/// The key of each row: null if one of its columns is.
pub fn keys_of<'a>(block: &'a Block, columns: &[usize]) -> Cow<'a, Text> {
    let mut keys = keys::encode(block, columns);
    if columns.len() > 1 {
        for (row, span) in keys.to_mut().spans.iter_mut().enumerate() {
            if columns.iter().any(|&column| block.columns[column].cell(row) == Cell::Null) {
                *span = Span::NULL;
            }
        }
    }
    keys
}

impl Wanted {
    /// The columns that are given, then those of the key.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.columns.iter().chain(&self.keys)
    }
}

impl<'a> Loading<'a> {
    /// No rows yet.
    pub fn new(name: &'a str, wanted: &'a Wanted) -> Self {
        let sizes = vec![0; wanted.names().count()];
        Loading { name, wanted, builder: Builder::default(), groups: Groups::new(), group_of: Vec::new(), sizes }
    }

    /// The next rows: the columns that are given, then those of the key.
    pub fn push(&mut self, rows: usize, mut columns: Vec<Column>) -> Result<()> {
        let (name, given) = (self.name, self.wanted.columns.len());
        for ((column, size), named) in columns.iter().zip(&mut self.sizes).zip(self.wanted.names()) {
            *size += text_bytes(column);
            if *size > u64::from(u32::MAX - 1) {
                return Err(Error::failed(format!(
                    "cannot join with {name}: there are more than 4 GiB in the column `{named}`"
                )));
            }
        }
        let keys = columns.split_off(given).into_iter().map(as_text);
        columns.extend(keys);
        let mut block = Block { rows, columns, ..Block::default() };
        let key_columns: Vec<usize> = (given..block.columns.len()).collect();
        let keys = keys_of(&block, &key_columns);
        let first = self.group_of.len();
        self.groups.number(&keys, &mut self.group_of);
        for (group, _) in self.group_of[first..].iter_mut().zip(&keys.spans).filter(|(_, span)| span.is_null()) {
            *group = NONE;
        }
        drop(keys);
        if self.group_of.len() >= NONE as usize {
            return Err(Error::failed(format!("cannot join with {name}: it has too many rows")));
        }
        // Only what is kept is copied: the keys stand in `groups` already.
        if !self.wanted.unmatched {
            block.columns.truncate(given);
        }
        self.builder.extend(&block, 0..rows);
        Ok(())
    }

    /// All rows.
    pub fn finish(mut self) -> Loaded {
        let Wanted { kinds, keys, unmatched, .. } = self.wanted;
        let rows = self.group_of.len() as u32;
        let mut nulls: Vec<Column> = kinds.iter().map(|kind| Column::nulls(kind, 1)).collect();
        if *unmatched {
            nulls.extend(keys.iter().map(|_| Column::nulls(&Kind::Text, 1)));
        }
        self.builder.extend(&Block { rows: 1, columns: nulls, ..Block::default() }, 0..1);
        let mut columns = self.builder.finish().columns;
        let keys = columns.split_off(kinds.len());
        let (starts, places) = by_group(&self.group_of, self.groups.len());
        let mut sorted = Vec::new();
        if *unmatched {
            sorted = (0..rows).collect();
            sorted.sort_by(|&a, &b| {
                let orders = keys.iter().map(|key| compare_cells(key.cell(a as usize), key.cell(b as usize), true));
                orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            });
        }
        Loaded { columns, rows, groups: self.groups, starts, places, group_of: self.group_of, keys, sorted }
    }
}

impl Loaded {
    /// Pushes the group of each key, [`NONE`] where no row matches.
    pub fn find(&self, keys: &Text, found: &mut Vec<u32>) {
        self.groups.find(keys, found);
    }

    /// The rows of a group, in their order.
    #[inline]
    pub fn matches(&self, group: u32) -> &[u32] {
        if group == NONE {
            return &[];
        }
        &self.places[self.starts[group as usize] as usize..self.starts[group as usize + 1] as usize]
    }

    /// How many groups.
    pub fn groups(&self) -> usize {
        self.starts.len() - 1
    }

    /// The rows whose group was not met, in order of the key.
    pub fn unmatched(&self, met: impl Fn(u32) -> bool) -> Vec<u32> {
        let is_left = |row: &u32| {
            let group = self.group_of[*row as usize];
            group == NONE || !met(group)
        };
        self.sorted.iter().copied().filter(is_left).collect()
    }
}

/// A column as text, as keys are compared.
pub fn as_text(column: Column) -> Column {
    match column {
        Column::Text(_) => column,
        other => Column::Text(keys::written(&other)),
    }
}

fn text_bytes(column: &Column) -> u64 {
    let length = |span: &Span| if span.is_null() { 0 } else { u64::from(span.len) };
    if let Column::Text(text) = column { text.spans.iter().map(length).sum() } else { 0 }
}

/// Where the rows of each group begin in a list of all of them, and the list.
fn by_group(group_of: &[u32], groups: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0; groups + 1];
    let rows = || group_of.iter().enumerate().filter(|(_, group)| **group != NONE);
    rows().for_each(|(_, &group)| starts[group as usize + 1] += 1);
    for group in 0..groups {
        starts[group + 1] += starts[group];
    }
    let mut next: Vec<u32> = starts[..groups].to_vec();
    let mut places = vec![0; starts[groups] as usize];
    for (row, &group) in rows() {
        places[next[group as usize] as usize] = row as u32;
        next[group as usize] += 1;
    }
    (starts, places)
}
