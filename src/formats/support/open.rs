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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::{Input, Reading, input};
    use super::*;
    use crate::data::block::Cell;

    fn format(name: &str) -> Arc<dyn Input> {
        input(name, &Reading { delimiter: b'\n', header: None, argument: None }).expect("a format")
    }

    /// The rows, columns joined by `|`, null as `-`, and the numbers of the records that do not fit.
    fn rows(format: &dyn Input, text: &[u8], names: &[&str]) -> (Vec<String>, Vec<usize>) {
        let schema = format.schema(&Live::only(names)).expect("columns");
        let (data, mut records) = (Arc::new(Buffer::from_vec(text.to_vec())), Vec::new());
        format.framing().each(data.bytes(), 0, data.len(), |span| records.push(span));
        let cut = format.cut(&data, records, &schema);
        assert_eq!(cut.rows, cut.records.len());
        let by_name = |name: &&str| &cut.columns[schema.index(name).expect("a column")];
        let cell = |column: &Column, row| match column.cell(row) {
            Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => "-".into(),
        };
        let row = |row| names.iter().map(|name| cell(by_name(name), row)).collect::<Vec<_>>().join("|");
        ((0..cut.rows).map(row).collect(), cut.bad.iter().map(|bad| bad.at).collect())
    }

    #[test]
    fn the_record_and_its_fields_are_there_and_blank_records_are_passed_over() {
        let text = b"{\"a\": \"x\\ty\"}\r\n \n{\"a\":\n{\"b\":1}";
        let (found, bad) = rows(&*format("json"), text, &["$2", "a", "line"]);
        assert_eq!(found, ["\"x\\ty\"}|x\ty|{\"a\": \"x\\ty\"}\r", "-|-|{\"b\":1}"]);
        assert_eq!(bad, [2]);
        let error = format("json").schema(&Live::only(["$0"])).expect_err("no column").to_string();
        assert!(error.contains("counted from $1"), "{error}");
    }

    #[test]
    fn what_is_shown_is_what_the_first_good_record_has() {
        for (name, head) in [
            ("json", "x\n{\"b\":{},\"line\":1,\"\\u0061\":2,\"b\":3}\n{\"c\":1}"),
            ("logfmt", "=\n\nb=1 line=2 a b\nc"),
        ] {
            let format = format(name);
            assert!(format.schema(&Live::all()).expect("columns").open);
            let format = format.head(head.as_bytes()).expect("read").expect("known");
            let schema = format.schema(&Live::all().and(["z", "line"])).expect("columns");
            let names: Vec<(&str, bool)> = schema.fields.iter().map(|f| (f.name.as_str(), f.hidden)).collect();
            assert_eq!(names, [("b", false), ("a", false), ("line", true), ("z", true)], "{name}");
            assert!(!schema.open && schema.records);
            assert!(format.schema(&Live::only(["window_end"])).is_err(), "it is that of the batch");
        }
        assert!(format("json").head(b"[]\n").expect("read").is_none());
    }

    #[test]
    fn what_was_asked_for_and_never_seen_is_told() {
        let json = format("json");
        assert!(json.unseen().is_empty());
        rows(&*json, b"{\"a\":null}", &["a", "b", "c.d", "line"]);
        assert_eq!(json.unseen(), ["b", "c.d"]);
        rows(&*json, b"{\"c\":{\"d\":1}}", &["b", "c.d"]);
        assert_eq!(json.unseen(), ["b"]);
    }

    proptest! {
        /// However the records are spread over buffers: the rows are the same.
        #[test]
        fn rows_do_not_depend_on_the_buffers(
            records in prop::collection::vec(prop::sample::select(&[
                r#"{"a":1,"b":"x"}"#, r#"{"b":"\n","a":{"b":[1]}}"#, r#"{"c":2 , "a":null}"#, "", "{", r#"{"a":"\ud83d\ude00"}"#,
                "a=1 b=x", r#"b="\n" a"#, r#"a=""#, r#"a="y" c"#,
            ][..]), 0..12),
            split in any::<prop::sample::Index>(),
        ) {
            for name in ["json", "logfmt"] {
                let names = ["a", "b", "a.b[0]", "line", "$1"];
                let at = split.index(records.len() + 1);
                let text = |records: &[&str]| records.iter().map(|record| format!("{record}\n")).collect::<String>().into_bytes();
                let (whole, bad) = rows(&*format(name), &text(&records), &names);
                let (mut parts, mut bad_parts) = rows(&*format(name), &text(&records[..at]), &names);
                let (second, bad_second) = rows(&*format(name), &text(&records[at..]), &names);
                parts.extend(second);
                bad_parts.extend(bad_second.into_iter().map(|bad| bad + at));
                prop_assert_eq!((whole, bad), (parts, bad_parts));
            }
        }
    }
}
