//! A table in memory, to be looked up by key, and its versions: which batch sees which. Read by the shard that first needs
//! it, while the others wait.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use crate::data::block::{Block, Cell, Column, Span, Text};
use crate::data::builder::Builder;
use crate::data::groups::{Groups, NONE};
use crate::data::keys;
use crate::data::order::compare_cells;
use crate::data::schema::{Kind, Live, Schema};
use crate::error::{Error, Result};
use crate::formats::{Cut, Input};
use crate::operators::{Records, Table, Version};

/// So many versions may be in use at once: as many as there may be batches under way.
const VERSIONS: usize = 64;

/// What of a table is needed.
pub struct Wanted {
    /// The columns that are given.
    pub columns: Vec<String>,
    /// Those of the key.
    pub keys: Vec<String>,
    /// The rows that match nothing are given as well.
    pub unmatched: bool,
}

/// A table that has been read.
pub struct Loaded {
    /// The columns that are given, and behind the rows a row of nulls.
    pub columns: Vec<Column>,
    /// How many rows.
    pub rows: u32,
    /// The keys.
    groups: Groups,
    /// Where the rows of each key begin in `places`, and where the last ones end.
    starts: Vec<u32>,
    /// The rows that have a key, by key, then in the order of the table.
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

impl Loaded {
    /// Reads all of a table.
    fn read(table: &dyn Table, wanted: &Wanted) -> Result<Self> {
        let names: Vec<&String> = wanted.columns.iter().chain(&wanted.keys).collect();
        let live = Live::only(&names);
        let schema = table.schema(&live)?;
        let places = |schema: &Schema| -> Result<Vec<usize>> { names.iter().map(|name| schema.index(name)).collect() };
        let (mut builder, mut groups, mut group_of) = (Builder::default(), Groups::new(), Vec::new());
        let mut sizes = vec![0; names.len()];
        let key_columns: Vec<usize> = (wanted.columns.len()..names.len()).collect();
        table.read(&mut |records| {
            let in_file = |error: Error| Error::failed(format!("{}: {error}", records.file));
            let schema = records.format.schema(&live).map_err(in_file)?;
            let at = places(&schema).map_err(in_file)?;
            let (rows, cut) = cut(records, &schema)?;
            let columns: Vec<Column> = at.into_iter().map(|at| cut[at].clone()).collect();
            for ((column, size), name) in columns.iter().zip(&mut sizes).zip(&names) {
                *size += text_bytes(column);
                if *size > u64::from(u32::MAX - 1) {
                    return Err(Error::failed(format!(
                        "cannot join with {}: there are more than 4 GiB in the column `{name}`",
                        table.name()
                    )));
                }
            }
            let block = Block { rows, columns, ..Block::default() };
            let keys = keys_of(&block, &key_columns);
            let first = group_of.len();
            groups.number(&keys, &mut group_of);
            for (group, _) in group_of[first..].iter_mut().zip(&keys.spans).filter(|(_, span)| span.is_null()) {
                *group = NONE;
            }
            if group_of.len() >= NONE as usize {
                return Err(Error::failed(format!("cannot join with {}: it has too many rows", table.name())));
            }
            // Only what is kept is copied: the keys stand in `groups` already.
            let kept = if wanted.unmatched { names.len() } else { wanted.columns.len() };
            let columns = block.columns.into_iter().take(kept).collect();
            builder.extend(&Block { rows, columns, ..Block::default() }, 0..rows);
            Ok(())
        })?;
        let rows = group_of.len() as u32;
        let nulls = wanted.columns.iter().map(|name| schema.index(name).map(|at| &schema.fields[at].kind));
        let nulls = nulls.collect::<Result<Vec<_>>>()?;
        let mut nulls: Vec<Column> = nulls.into_iter().map(|kind| Column::nulls(kind, 1)).collect();
        if wanted.unmatched {
            nulls.extend(wanted.keys.iter().map(|_| Column::nulls(&Kind::Text, 1)));
        }
        builder.extend(&Block { rows: 1, columns: nulls, ..Block::default() }, 0..1);
        let mut columns = builder.finish().columns;
        let keys: Vec<Column> = columns.split_off(wanted.columns.len()).into_iter().map(as_text).collect();
        let (starts, places) = by_group(&group_of, groups.len());
        let mut sorted = Vec::new();
        if wanted.unmatched {
            sorted = (0..rows).collect();
            sorted.sort_by(|&a, &b| {
                let orders = keys.iter().map(|key| compare_cells(key.cell(a as usize), key.cell(b as usize), true));
                orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            });
        }
        Ok(Loaded { columns, rows, groups, starts, places, group_of, keys, sorted })
    }

    /// Pushes the group of each key, [`NONE`] where no row matches.
    pub fn find(&self, keys: &Text, found: &mut Vec<u32>) {
        self.groups.find(keys, found);
    }

    /// The rows of a group, in the order of the table.
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

    /// The rows whose group is not marked, in order of the key.
    pub fn unmatched(&self, matched: &[bool]) -> Vec<u32> {
        let is_left = |row: &u32| {
            let group = self.group_of[*row as usize];
            group == NONE || !matched[group as usize]
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

/// Cuts the columns of a schema; a record that does not fit is an error.
fn cut(records: &Records, schema: &Schema) -> Result<(usize, Vec<Column>)> {
    let (bytes, range) = (records.buffer.bytes(), &records.range);
    let line = |span: Span| {
        let before = &bytes[range.start..span.start as usize];
        records.line + memchr::memchr_iter(b'\n', before).count() as u64
    };
    let wrong = |span: Span, what: &str| {
        Error::failed(format!(
            "{}, line {}: {what}; every record of a table must fit: correct it, or leave it out",
            records.file,
            line(span)
        ))
    };
    let mut spans = Vec::new();
    records.format.framing().each(bytes, range.start, range.end, |span| spans.push(span));
    if let Some(&long) = spans.iter().find(|span| span.len as usize > records.max_record) {
        return Err(wrong(long, &format!("the record is longer than --max-record ({} bytes)", records.max_record)));
    }
    let format: &dyn Input = &*records.format;
    let Cut { rows, columns, bad, .. } = format.cut(&records.buffer, spans, schema);
    match bad.first() {
        Some(bad) => Err(wrong(bad.span, &bad.what)),
        None => Ok((rows, columns)),
    }
}

/// A table that may change: which batch sees which version of it.
pub struct Versions {
    table: Arc<dyn Table>,
    wanted: Wanted,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The greatest batch so far.
    newest: u64,
    now: Option<Version>,
    /// From which batch on each version holds, up to the next one.
    since: VecDeque<(u64, Arc<Loaded>)>,
}

impl Versions {
    /// Nothing has been read yet.
    pub fn new(table: Arc<dyn Table>, wanted: Wanted) -> Self {
        Versions { table, wanted, state: Mutex::default() }
    }

    /// What a batch sees: the same for all who ask. The first to ask of a batch that is later than all before looks whether
    /// the table has changed.
    pub fn of(&self, batch: u64) -> Result<Arc<Loaded>> {
        let mut state = self.state.lock().unwrap_or_else(|e| e.into_inner());
        if state.since.is_empty() || batch > state.newest {
            // Looked at before it is read: what changes meanwhile is seen by the next batch.
            let wrong = |error| wrong(error, state.now.is_some());
            let version = self.table.version().map_err(wrong)?;
            if state.now.as_ref() != Some(&version) {
                let loaded = Loaded::read(&*self.table, &self.wanted).map_err(wrong)?;
                state.since.push_back((batch, Arc::new(loaded)));
                if state.since.len() > VERSIONS {
                    state.since.pop_front();
                }
                state.now = Some(version);
            }
            state.newest = batch;
        }
        let at = state.since.iter().rposition(|(since, _)| *since <= batch).unwrap_or(0);
        Ok(Arc::clone(&state.since[at].1))
    }

    /// No batch before this one will ask again.
    pub fn done_before(&self, batch: u64) {
        let mut state = self.state.lock().unwrap_or_else(|e| e.into_inner());
        while state.since.get(1).is_some_and(|next| next.0 <= batch) {
            state.since.pop_front();
        }
    }
}

/// Whatever is wrong with a table, the command line is not. `again`: it was right before.
fn wrong(error: Error, again: bool) -> Error {
    let hint = if again { "; its files are looked at for each batch: put a new version in place with mv" } else { "" };
    match error {
        Error::Usage(text) | Error::Failed(text) => Error::failed(format!("join: {text}{hint}")),
        other @ (Error::Closed | Error::Alarm(_)) => other,
    }
}
