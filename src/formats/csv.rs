//! `csv` and `tsv` in: RFC 4180, with any line end. Runs on the shards; the head of a lane is read where the run is planned,
//! its header line again where the lane begins.
//!
//! A bare `\r` before the end of a record belongs to that end, empty lines are no records, a quote in mid-field is a quote,
//! and what stands behind a closing quote belongs to the field. Empty fields are null, quoted or not.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use super::support::fields::{self, Layout, Place};
use super::{Cut, Input, Reading};
use crate::data::block::{Column, Span};
use crate::data::buffer::Buffer;
use crate::data::framing::Framing;
use crate::data::schema::{Field, Live, Schema, nearest};
use crate::error::{Error, Result};

/// The whole record.
const LINE: &str = "line";
/// What some programs write before the first byte.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// So many columns are named in a message.
const NAMED: usize = 12;

/// Commas between fields.
pub(super) fn csv(reading: &Reading) -> Result<Arc<dyn Input>> {
    Ok(Arc::new(Csv::new(b',', reading)?))
}

/// Tabs between fields, which are quoted in the same way.
pub(super) fn tsv(reading: &Reading) -> Result<Arc<dyn Input>> {
    Ok(Arc::new(Csv::new(b'\t', reading)?))
}

struct Csv {
    separator: u8,
    delimiter: u8,
    columns: Known,
}

/// Which columns there are.
enum Known {
    /// Each lane has a header line; none has been read.
    Open,
    /// The same, but here is what the first lane shows.
    First(Arc<Columns>),
    /// A lane whose header line has been read, and what the plan knows of the columns, if it does.
    Lane(Columns, Option<Arc<Columns>>),
    /// The columns were named beside the input, which has no header line.
    Given(Columns),
}

struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
    layout: Layout,
}

impl Columns {
    /// Columns of these fields of a header. Names that are taken get a number, a column without a name is its `$N`.
    fn of(header: Vec<Vec<u8>>, separator: u8, delimiter: u8) -> Self {
        let written: Vec<String> = header.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let own = |at: usize, name: &str| *name == format!("${}", at + 1);
        // `line` and `$N` are always something else, but for `$N` as the name of just that field.
        let taken = |at: usize, name: &str| name == LINE || (number(name).is_some() && !own(at, name));
        let mut used: HashSet<String> = written.iter().cloned().collect();
        let mut met: HashSet<&str> = HashSet::new();
        let mut names = Vec::with_capacity(written.len());
        for (at, name) in written.iter().enumerate() {
            if name.is_empty() {
                names.push(format!("${}", at + 1));
            } else if met.insert(name) && !taken(at, name) {
                names.push(name.clone());
            } else {
                let mut free = (2..).map(|number| format!("{name}_{number}")).filter(|name| !used.contains(name));
                let name = free.next().unwrap_or_default();
                used.insert(name.clone());
                names.push(name);
            }
        }
        let mut columns = Columns::named(names, separator, delimiter);
        columns.layout.said_by = "the header";
        columns.layout.header = Some(header);
        columns
    }

    fn named(names: Vec<String>, separator: u8, delimiter: u8) -> Self {
        let places = names.iter().enumerate().map(|(at, name)| (name.clone(), at)).collect();
        let layout = Layout { separator, delimiter, count: names.len(), said_by: "--header", header: None };
        Columns { names, places, layout }
    }

    /// Where a column of this name is found.
    fn place(&self, name: &str) -> Result<Place> {
        if name == LINE {
            return Ok(Place::Line);
        }
        if let Some(&at) = self.places.get(name) {
            return Ok(Place::Field(at));
        }
        match number(name) {
            Some(at) if (1..=self.names.len()).contains(&at) => Ok(Place::Field(at - 1)),
            Some(0) => Err(zero()),
            _ => Err(self.unknown(name)),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let shown: Vec<&str> = self.names.iter().take(NAMED).map(String::as_str).collect();
        let more = match self.names.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let plain = |name: &str| name.trim().to_lowercase();
        let hint = match self.names.iter().find(|known| plain(known) == plain(name)) {
            Some(known) => format!("; it is written `{known}`"),
            None => match nearest(name, self.names.iter().map(String::as_str)) {
                near if near.is_empty() => String::new(),
                near => format!("; did you mean {}?", near.join(" or ")),
            },
        };
        let headless = match self.layout.header {
            Some(_) => "; if the file has no header line: --header a,b",
            None => "",
        };
        let columns = shown.join(", ");
        Error::usage(format!("there is no column `{name}` here, the columns are: {columns}{more}{hint}{headless}"))
    }
}

/// N of `$N`.
fn number(name: &str) -> Option<usize> {
    let digits = name.strip_prefix('$')?;
    let plain = digits == "0" || (!digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit()));
    if plain { digits.parse().ok() } else { None }
}

fn zero() -> Error {
    Error::usage("there is no column `$0`: fields are counted from $1, the whole record is `line`")
}

impl Csv {
    fn new(separator: u8, reading: &Reading) -> Result<Self> {
        let delimiter = reading.delimiter;
        let columns = match &reading.header {
            None => Known::Open,
            Some(names) if names.iter().any(|name| name == LINE) => {
                return Err(Error::usage("--header: `line` is always the whole record, call the column otherwise"));
            }
            Some(names) => Known::Given(Columns::named(names.clone(), separator, delimiter)),
        };
        Ok(Csv { separator, delimiter, columns })
    }

    fn with(&self, columns: Known) -> Arc<dyn Input> {
        Arc::new(Csv { columns, ..*self })
    }

    /// The columns of the first record, and where the one behind it begins. `None` if there is no record.
    fn header(&self, bytes: &[u8]) -> Result<Option<(usize, Columns)>> {
        let from = if bytes.starts_with(MARK) { MARK.len() } else { 0 };
        let end = self.framing().nth_end(&bytes[from..], 1).map_or(bytes.len(), |end| from + end);
        let mut record = None;
        self.framing().each(bytes, from, end, |span| record = Some(span));
        let Some(record) = record.and_then(|record| record.of(bytes)) else {
            let marked = || Error::usage("the first line is empty: there is no header; without one: --header a,b");
            return if from > 0 { Err(marked()) } else { Ok(None) };
        };
        let fields = fields::split(record, self.separator, self.delimiter);
        let fields = fields
            .ok_or_else(|| Error::usage("the header has a quote that is not closed; without one: --header a,b"))?;
        Ok(Some((end, Columns::of(fields, self.separator, self.delimiter))))
    }

    fn known(&self) -> Option<&Columns> {
        match &self.columns {
            Known::Open => None,
            Known::First(columns) => Some(columns),
            Known::Lane(columns, _) | Known::Given(columns) => Some(columns),
        }
    }

    /// How records are cut, and where the columns are found.
    fn places(&self, schema: &Schema) -> Option<(&Layout, Vec<Place>)> {
        let columns = self.known()?;
        let place = |field: &Field| columns.place(&field.name).unwrap_or(Place::Line);
        Some((&columns.layout, schema.fields.iter().map(place).collect()))
    }
}

impl Input for Csv {
    fn framing(&self) -> Framing {
        Framing::quoted(self.delimiter, self.separator)
    }

    fn schema(&self, live: &Live) -> Result<Schema> {
        let Some(columns) = self.known() else {
            if live.names.iter().any(|name| number(name) == Some(0)) {
                return Err(zero());
            }
            let fields = live.names.iter().map(Field::hidden).collect();
            return Ok(Schema { fields, records: true, open: true, json: None });
        };
        let first = if let Known::Lane(_, first) = &self.columns { first.as_deref() } else { None };
        if let (Known::Lane(..), true) = (&self.columns, live.shown) {
            let Some(first) = first else {
                return Err(Error::usage(
                    "what stands before it is empty, so that nobody knew the columns that are shown; leave out what is \
                     empty, or name the columns in the chain",
                ));
            };
            if let Some(new) = columns.names.iter().find(|name| !first.places.contains_key(*name)) {
                return Err(Error::usage(format!(
                    "the header has a column `{new}` that the first file does not have, so that its values would be lost; \
                     give files of other columns a --from of their own, or name the columns in the chain"
                )));
            }
        }
        let wanted = |name: &&String| live.shown || live.names.contains(*name);
        let mut fields: Vec<Field> = columns.names.iter().filter(wanted).map(Field::shown).collect();
        for name in live.names.iter().filter(|name| !columns.places.contains_key(*name)) {
            // Shown because the first file has it: its values are missing here.
            if live.shown && first.is_some_and(|first| first.places.contains_key(name)) {
                continue;
            }
            columns.place(name)?;
            fields.push(Field::hidden(name));
        }
        Ok(Schema { fields, records: true, ..Schema::default() })
    }

    fn head(&self, bytes: &[u8]) -> Result<Option<Arc<dyn Input>>> {
        match self.columns {
            Known::Open => Ok(self.header(bytes)?.map(|(_, columns)| self.with(Known::First(Arc::new(columns))))),
            _ => Ok(None),
        }
    }

    fn begin(&self, bytes: &[u8]) -> Result<(usize, Option<Arc<dyn Input>>)> {
        let first = match &self.columns {
            Known::Given(_) => return Ok((if bytes.starts_with(MARK) { MARK.len() } else { 0 }, None)),
            Known::First(first) | Known::Lane(_, Some(first)) => Some(Arc::clone(first)),
            Known::Open | Known::Lane(_, None) => None,
        };
        let begun = self.header(bytes)?;
        Ok(begun.map_or((bytes.len(), None), |(end, columns)| (end, Some(self.with(Known::Lane(columns, first))))))
    }

    fn cut(&self, data: &Arc<Buffer>, records: Vec<Span>, schema: &Schema) -> Cut {
        let Some((layout, places)) = self.places(schema) else { return nothing(schema) };
        fields::cut(layout, data, &records, &places)
    }

    fn cut_range(&self, data: &Arc<Buffer>, range: Range<usize>, schema: &Schema) -> Option<Cut> {
        let Some((layout, places)) = self.places(schema) else { return Some(nothing(schema)) };
        Some(fields::cut_range(layout, data, range, &places))
    }
}

/// Of a lane without a header there are no records.
fn nothing(schema: &Schema) -> Cut {
    Cut::all(0, schema.fields.iter().map(|field| Column::nulls(&field.kind, 0)).collect())
}

#[cfg(test)]
mod tests;
