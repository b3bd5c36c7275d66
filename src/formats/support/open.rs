//! Formats whose records may each have any columns (json, logfmt): which columns are asked for, which of them were ever seen,
//! and how the values that were found become columns.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::super::{BadRecord, Cut, Stamp};
use crate::data::block::{Column, Span, Text};
use crate::data::buffer::Buffer;
use crate::data::schema::{Field, Live, Schema};
use crate::error::{Error, Result};

/// The whole record.
const LINE: &str = "line";

/// Where the values of a column are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Line,
    /// What white space separates, counted from 1.
    Field(usize),
    Member,
}

fn place(name: &str) -> Result<Place> {
    match name.strip_prefix('$') {
        _ if name == LINE => Ok(Place::Line),
        Some("0") => {
            Err(Error::usage("there is no column `$0`: fields are counted from $1, the whole record is `line`"))
        }
        Some(number) if number.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(number.parse().map_or(Place::Member, Place::Field))
        }
        _ => Ok(Place::Member),
    }
}

/// The columns of a format.
#[derive(Default)]
pub struct Open {
    /// What is shown, once the head of the input is known.
    shown: Option<Vec<String>>,
    /// Names that were asked for of some record: whether one had it.
    seen: Mutex<BTreeMap<String, bool>>,
}

impl Open {
    /// With these names shown. A member that is called like a part of the record, as `line`, is no column.
    pub fn showing(names: Vec<String>) -> Self {
        let mut shown: Vec<String> = Vec::new();
        for name in names {
            if matches!(place(&name), Ok(Place::Member)) && !shown.contains(&name) {
                shown.push(name);
            }
        }
        Open { shown: Some(shown), ..Open::default() }
    }

    /// As [`Input::schema`](super::super::Input::schema); `json`: members are JSON.
    pub fn schema(&self, live: &Live, json: bool) -> Result<Schema> {
        let mut schema = Schema { records: true, open: self.shown.is_none(), ..Schema::default() };
        let field = |name: &String, hidden| Field { hidden, json, ..Field::shown(name) };
        for name in self.shown.iter().flatten().filter(|name| live.shown || live.names.contains(*name)) {
            schema.fields.push(field(name, false));
        }
        for name in &live.names {
            let place = place(name)?;
            if schema.fields.iter().any(|field| field.name == *name) {
                continue;
            }
            // Once the members are known, these are times of the batch.
            if !schema.open && Stamp::Both.names().contains(&name.as_str()) {
                return schema.index(name).map(|_| schema);
            }
            schema.fields.push(if place == Place::Member { field(name, true) } else { Field::hidden(name) });
        }
        Ok(schema)
    }

    /// Columns that were asked for and that no record had.
    pub fn unseen(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap_or_else(|e| e.into_inner());
        seen.iter().filter(|name| !name.1).map(|name| name.0.clone()).collect()
    }

    fn see(&self, schema: &Schema, members: &[Values]) {
        let mut seen = self.seen.lock().unwrap_or_else(|e| e.into_inner());
        for (field, values) in members_of(schema).zip(members) {
            match seen.get_mut(&field.name) {
                Some(known) => *known |= values.seen,
                None => drop(seen.insert(field.name.clone(), values.seen)),
            }
        }
    }
}

/// How long a byte-order mark at the begin of a lane is.
pub fn mark(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// The columns that are members, and no others.
pub fn members_of(schema: &Schema) -> impl Iterator<Item = &Field> {
    schema.fields.iter().filter(|field| matches!(place(&field.name), Ok(Place::Member)))
}

/// The values of a member, one for each record.
pub struct Values {
    spans: Vec<Span>,
    /// The rows whose value has escapes.
    escaped: Vec<u32>,
    /// Whether any record had it.
    seen: bool,
}

impl Values {
    /// The value of the next record.
    #[inline]
    pub fn push(&mut self, span: Span, escaped: bool, there: bool) {
        if escaped {
            self.escaped.push(self.spans.len() as u32);
        }
        self.seen |= there;
        self.spans.push(span);
    }

    /// A column; one with escapes gets bytes of its own.
    fn column(self, data: &Arc<Buffer>, unescape: fn(&[u8], &mut Vec<u8>)) -> Column {
        let Values { mut spans, escaped, .. } = self;
        if escaped.is_empty() {
            return Column::Text(Text { data: Arc::clone(data), spans });
        }
        let (mut own, mut escaped) = (Vec::new(), escaped.into_iter().peekable());
        for (row, span) in spans.iter_mut().enumerate() {
            let Some(raw) = span.of(data.bytes()) else { continue };
            let start = own.len();
            match escaped.next_if_eq(&(row as u32)) {
                Some(_) => unescape(raw, &mut own),
                None => own.extend_from_slice(raw),
            }
            *span = Span::range(start, own.len());
        }
        Column::Text(Text { data: Arc::new(Buffer::from_vec(own)), spans })
    }
}

/// What one record turned out to be.
pub enum Record {
    /// Its values were pushed.
    Row,
    /// It holds nothing, and is passed over.
    Blank,
    /// It does not fit.
    Bad,
}

/// Cuts records one by one: `each` pushes the values of one, `why` says what is wrong with one that is bad.
pub fn cut(
    open: &Open,
    data: &Arc<Buffer>,
    mut records: Vec<Span>,
    schema: &Schema,
    unescape: fn(&[u8], &mut Vec<u8>),
    mut each: impl FnMut(Span, &mut [Values]) -> Record,
    why: impl Fn(Span) -> String,
) -> Cut {
    let empty = |_| Values { spans: Vec::with_capacity(records.len()), escaped: Vec::new(), seen: false };
    let mut members: Vec<Values> = members_of(schema).map(empty).collect();
    let (mut bad, mut rows) = (Vec::new(), 0);
    for at in 0..records.len() {
        let span = records[at];
        match each(span, &mut members) {
            Record::Row => {
                records[rows] = span;
                rows += 1;
            }
            Record::Blank => {}
            Record::Bad => {
                let what = if bad.len() < Cut::SHOWN { why(span) } else { String::new() };
                bad.push(BadRecord { at, span, what });
            }
        }
    }
    records.truncate(rows);
    if rows > 0 {
        open.see(schema, &members);
    }
    let mut members = members.into_iter();
    let column = |field: &Field| match place(&field.name) {
        Ok(Place::Field(number)) => fields(data, &records, number),
        Ok(Place::Member) => {
            members.next().map_or_else(|| Column::nulls(&field.kind, rows), |v| v.column(data, unescape))
        }
        _ => Column::Text(Text { data: Arc::clone(data), spans: records.clone() }),
    };
    let columns = schema.fields.iter().map(column).collect();
    Cut { rows, records, columns, bad }
}

/// The `$N` of records.
fn fields(data: &Arc<Buffer>, records: &[Span], number: usize) -> Column {
    let is_space = |b: &u8| matches!(b, b' ' | b'\t'..=b'\r');
    let field = |record: &Span| {
        let (text, mut at) = (record.of(data.bytes()).unwrap_or_default(), 0);
        let mut found = Span::NULL;
        for _ in 0..number {
            let Some(from) = text[at..].iter().position(|b| !is_space(b)) else { return Span::NULL };
            let start = at + from;
            at = text[start..].iter().position(is_space).map_or(text.len(), |len| start + len);
            found = Span::range(record.start as usize + start, record.start as usize + at);
        }
        found
    };
    Column::Text(Text { data: Arc::clone(data), spans: records.iter().map(field).collect() })
}
