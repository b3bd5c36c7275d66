//! A table that may change: which batch sees which version of it. Read by the shard that first needs it, while the others wait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::data::block::{Column, Span};
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::formats::{Cut, Input};
use crate::operators::{Records, Table, Version};

use super::loaded::{Loaded, Loading, Wanted};

/// A table, and its versions that are in use.
pub struct Versions {
    table: Arc<dyn Table>,
    wanted: Wanted,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The greatest batch so far.
    newest: u64,
    now: Option<(Version, Arc<Loaded>)>,
    /// What the batches see that are under way.
    seen: BTreeMap<u64, Arc<Loaded>>,
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
        if let Some(seen) = state.seen.get(&batch) {
            return Ok(Arc::clone(seen));
        }
        let earlier = || state.seen.range(..batch).next_back().or(state.seen.range(batch..).next());
        let loaded = match (&state.now, earlier()) {
            // It had no rows so far, while a later one had.
            (Some(_), Some((_, earlier))) if batch < state.newest => Arc::clone(earlier),
            (now, _) => {
                let wrong = |error| wrong(error, now.is_some());
                // Looked at before it is read: what changes meanwhile is seen by the next batch.
                let version = self.table.version().map_err(wrong)?;
                match now {
                    Some((same, loaded)) if *same == version => Arc::clone(loaded),
                    _ => {
                        let loaded = Arc::new(read(&*self.table, &self.wanted).map_err(wrong)?);
                        state.now = Some((version, Arc::clone(&loaded)));
                        loaded
                    }
                }
            }
        };
        state.newest = state.newest.max(batch);
        state.seen.insert(batch, Arc::clone(&loaded));
        Ok(loaded)
    }

    /// Nobody will ask for this batch again.
    pub fn done(&self, batch: u64) {
        self.state.lock().unwrap_or_else(|e| e.into_inner()).seen.remove(&batch);
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

/// Reads all of a table.
fn read(table: &dyn Table, wanted: &Wanted) -> Result<Loaded> {
    let name = table.name();
    let live = Live::only(wanted.names());
    let mut loading = Loading::new(&name, wanted);
    table.read(&mut |records| {
        let in_file = |error: Error| Error::failed(format!("{}: {error}", records.file));
        let schema = records.format.schema(&live).map_err(in_file)?;
        let at = wanted.names().map(|name| schema.index(name)).collect::<Result<Vec<_>>>().map_err(in_file)?;
        let (rows, cut) = cut(records, &schema)?;
        loading.push(rows, at.into_iter().map(|at| cut[at].clone()).collect())
    })?;
    Ok(loading.finish())
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
