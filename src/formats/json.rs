//! `json`: one object a line, in and out. Runs on the shards; records to columns, and blocks to bytes.

use std::sync::Arc;

use super::support::open::{self, Open, Record};
use super::{Cut, Input, Output, Reading, Settings, Stamp};
use crate::data::batch::BatchInfo;
use crate::data::block::{self, Block, Cell, Span};
use crate::data::buffer::Buffer;
use crate::data::framing::Framing;
use crate::data::json::{self, DEPTH, Fault, Paths, Walk, What};
use crate::data::schema::{Live, Schema};
use crate::error::Result;

/// Records that are JSON objects.
struct Objects {
    delimiter: u8,
    open: Open,
}

/// The input format `json`.
pub(super) fn input(reading: &Reading) -> Result<Arc<dyn Input>> {
    Ok(Arc::new(Objects { delimiter: reading.delimiter, open: Open::default() }))
}

impl Input for Objects {
    fn framing(&self) -> Framing {
        Framing::plain(self.delimiter)
    }

    fn schema(&self, live: &Live) -> Result<Schema> {
        self.open.schema(live, true)
    }

    fn head(&self, bytes: &[u8]) -> Result<Option<Arc<dyn Input>>> {
        let (paths, mut names) = (Paths::new([]), None);
        let mut walk = Walk::new(bytes, &paths);
        self.framing().each(bytes, open::mark(bytes), bytes.len(), |record| {
            if names.is_none() && walk.record(record) == Ok(true) {
                let mut keys = Vec::new();
                let listed = walk.members(record, |key, _| keys.push(String::from_utf8_lossy(&name(key)).into_owned()));
                names = listed.is_ok().then_some(keys);
            }
        });
        Ok(names.map(|names| {
            let open = Open::showing(names);
            Arc::new(Objects { delimiter: self.delimiter, open }) as Arc<dyn Input>
        }))
    }

    fn begin(&self, bytes: &[u8]) -> Result<(usize, Option<Arc<dyn Input>>)> {
        Ok((open::mark(bytes), None))
    }

    fn cut(&self, data: &Arc<Buffer>, records: Vec<Span>, schema: &Schema) -> Cut {
        let paths = Paths::new(open::members_of(schema).map(|field| field.name.as_str()));
        let mut walk = Walk::new(data.padded(), &paths);
        let each = |record: Span, members: &mut [open::Values]| match walk.record(record) {
            Ok(true) => {
                for (member, &(own, path)) in members.iter_mut().zip(&paths.names) {
                    let mut value = walk.found[own as usize];
                    if let Some(path) = path
                        && !value.there
                    {
                        value = walk.found[path as usize];
                    }
                    member.push(value.span, value.escaped, value.there);
                }
                Record::Row
            }
            Ok(false) => Record::Blank,
            Err(_) => Record::Bad,
        };
        open::cut(&self.open, data, records, schema, json::unescape, each, |record| why(data, record))
    }

    fn is_costly(&self) -> bool {
        true
    }

    fn is_json(&self) -> bool {
        true
    }

    fn unseen(&self) -> Vec<String> {
        self.open.unseen()
    }
}

/// A key without its escapes.
fn name(key: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    json::unescape(key, &mut name);
    name
}

/// What is wrong with a record.
#[cold]
fn why(data: &Buffer, record: Span) -> String {
    let paths = Paths::new([]);
    let Err(Fault { at, what }) = Walk::new(data.padded(), &paths).record(record) else { return String::new() };
    let (byte, end) = (at - record.start as usize + 1, (record.start + record.len) as usize);
    match what {
        What::Deep => format!("nested deeper than {} levels", DEPTH - 1),
        What::NoObject => "not an object, but another value of JSON".to_string(),
        What::Expected(what) if at >= end => format!("not JSON: it ends where {what} is expected"),
        What::Expected("a closing quote") => format!("not JSON: a control character in a string, at byte {byte}"),
        What::Expected(what) => format!("not JSON: expected {what} at byte {byte}"),
    }
}

/// Rows as objects.
struct Json {
    settings: Settings,
    /// Where the record is, of rows that still are records of JSON: it is printed as it came.
    line: Option<usize>,
    columns: Vec<Column>,
}

struct Column {
    at: usize,
    /// `,"name":`, without the comma if it comes first in the row.
    key: Vec<u8>,
    name: String,
    /// Never a number: `line` is always the text of the record.
    text: bool,
    /// Text that is an object, an array or a truth value is printed as such.
    json: bool,
}

/// The output format `json`.
pub(super) fn output(settings: &Settings) -> Box<dyn Output> {
    let Schema { fields, .. } = &settings.schema;
    let line = changed(settings).and_then(|_| fields.iter().position(|field| field.name == "line"));
    let shown = match changed(settings) {
        Some(changed) if line.is_some() => {
            changed.iter().filter_map(|name| fields.iter().position(|field| field.name == *name)).collect()
        }
        _ => settings.shown(),
    };
    let mut columns = Vec::new();
    for at in shown {
        let field = &fields[at];
        let first = columns.is_empty() && settings.stamp == Stamp::None && line.is_none();
        let mut key = if first { Vec::new() } else { vec![b','] };
        json::string(field.name.as_bytes(), &mut key);
        key.push(b':');
        let name = field.name.clone();
        columns.push(Column { at, key, text: name == "line", name, json: field.json });
    }
    Box::new(Json { settings: settings.clone(), line, columns })
}

/// The members that were replaced or added, of rows that still are records of JSON.
fn changed(settings: &Settings) -> Option<&[String]> {
    let changed = settings.schema.json.as_deref()?;
    (settings.schema.records || !changed.is_empty()).then_some(changed)
}

impl Output for Json {
    fn needs(&self) -> Live {
        changed(&self.settings).map_or_else(Live::all, |changed| Live::only(["line"]).and(changed))
    }

    fn rows(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>) {
        self.each(block, batch, out, |_| {});
    }

    fn rows_apart(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>, ends: &mut Vec<usize>) -> bool {
        self.each(block, batch, out, |end| ends.push(end));
        true
    }
}

impl Json {
    /// Appends the rows, and tells where each ends.
    fn each(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>, mut ended: impl FnMut(usize)) {
        let times = self.settings.times(batch);
        let stamps: Vec<String> = self
            .settings
            .stamp
            .names()
            .iter()
            .zip(times)
            .map(|(name, time)| format!("\"{name}\":\"{time}\""))
            .collect();
        let prefix = format!("{{{}", stamps.join(","));
        let paths = Paths::new([]);
        let mut line = self.line.and_then(|at| Whole::new(&block.columns[at], &paths));
        let mut values: Vec<Option<Whole<'_>>> = self
            .columns
            .iter()
            .map(|column| if column.json { Whole::new(&block.columns[column.at], &paths) } else { None })
            .collect();
        for row in 0..block.rows {
            let start = out.len() + prefix.len();
            out.extend_from_slice(prefix.as_bytes());
            if let Some(line) = &mut line {
                line.members(row, &self.columns, !stamps.is_empty(), out);
            }
            for (column, whole) in self.columns.iter().zip(&mut values) {
                // The record may have left nothing to separate it from.
                let comma = column.key[0] == b',' && out.len() == start && stamps.is_empty();
                out.extend_from_slice(&column.key[usize::from(comma)..]);
                if let (block::Column::Text(text), None, false) = (&block.columns[column.at], &whole, column.text)
                    && !text.spans[row].is_null()
                {
                    json::piece(text.data.padded(), text.spans[row], out);
                    continue;
                }
                match block.columns[column.at].cell(row) {
                    Cell::Text(value) if column.text => json::string(value, out),
                    Cell::Text(value) if whole.as_mut().is_some_and(|whole| whole.is_json(row, value)) => {
                        verbatim(value, out);
                    }
                    other => json::value(other, &self.settings.zone, out),
                }
            }
            out.extend_from_slice(b"}\n");
            ended(out.len());
        }
    }
}

/// Values that are JSON themselves.
struct Whole<'a> {
    text: &'a block::Text,
    walk: Walk<'a>,
}

impl<'a> Whole<'a> {
    fn new(column: &'a block::Column, paths: &'a Paths) -> Option<Self> {
        let block::Column::Text(text) = column else { return None };
        Some(Whole { text, walk: Walk::new(text.data.padded(), paths) })
    }

    /// Whether a text is an object, an array or a truth value.
    fn is_json(&mut self, row: usize, value: &[u8]) -> bool {
        match value.first() {
            Some(b'{' | b'[') => self.walk.is_value(self.text.spans[row]),
            Some(b't' | b'f') => matches!(value, b"true" | b"false"),
            _ => false,
        }
    }

    /// Appends what stands between the braces of a record, but for the members that these columns replace.
    fn members(&mut self, row: usize, columns: &[Column], mut comma: bool, out: &mut Vec<u8>) {
        let span = self.text.spans[row];
        if columns.is_empty() {
            let inside = span.of(self.text.data.bytes()).unwrap_or_default().trim_ascii();
            let inside = inside.strip_prefix(b"{").and_then(|i| i.strip_suffix(b"}")).unwrap_or_default();
            if comma && !inside.trim_ascii().is_empty() {
                out.push(b',');
            }
            return verbatim(inside, out);
        }
        // A record that did not fit is no row, so that this one is an object.
        let _ = self.walk.members(span, |key, member| {
            let is = |column: &Column| match key.contains(&b'\\') {
                true => column.name.as_bytes() == name(key),
                false => column.name.as_bytes() == key,
            };
            if !columns.iter().any(is) {
                if comma {
                    out.push(b',');
                }
                verbatim(member, out);
                comma = true;
            }
        });
    }
}

/// Appends JSON as it stands, but in one line: with `-0` it may have several.
fn verbatim(json: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(json);
    let mut at = start;
    while let Some(next) = memchr::memchr(b'\n', &out[at..]) {
        at += next;
        out[at] = b' ';
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::tests::{BATCH, block, printed, settings, text};
    use super::*;
    use crate::data::block::Column;

    #[test]
    fn the_row_of_the_contract() {
        let with = Settings { stamp: Stamp::End, ..settings(&["word", "count"]) };
        let rows = block(vec![text(&[Some(b"a")]), Column::ints(vec![2])]);
        let expected = "{\"window_end\":\"1970-01-01T00:00:02.000Z\",\"word\":\"a\",\"count\":2}\n";
        assert_eq!(printed(&*output(&with), &rows), expected);
        let both = Settings { stamp: Stamp::Both, ..with };
        assert!(
            printed(&*output(&both), &rows)
                .starts_with("{\"window_start\":\"1970-01-01T00:00:01.000Z\",\"window_end\":")
        );
    }

    #[test]
    fn numbers_are_bare_but_in_line() {
        let rows = block(vec![text(&[Some(b"1.50")]), text(&[Some(b"1.50")]), text(&[Some(b"07")]), text(&[None])]);
        let printed = printed(&*output(&settings(&["line", "x", "y", "z"])), &rows);
        assert_eq!(printed, "{\"line\":\"1.50\",\"x\":1.50,\"y\":\"07\",\"z\":null}\n");
    }

    /// A column of values that are JSON.
    fn of_json(names: &[&str]) -> Settings {
        let mut settings = settings(names);
        settings.schema.fields.iter_mut().for_each(|field| field.json = field.name != "line");
        settings
    }

    #[test]
    fn text_that_is_json_is_printed_as_such_where_it_came_from_json() {
        let values: [&[u8]; 7] = [b"{\"a\":[1]}", b"[1, 2]", b"[1,", b"true", b"truth", b"7", b"{"];
        let cells: Vec<Option<&[u8]>> = values.iter().map(|v| Some(*v)).collect();
        let rows = block(vec![text(&cells)]);
        let json: Vec<String> = printed(&*output(&of_json(&["x"])), &rows).lines().map(String::from).collect();
        let expected = ["{\"a\":[1]}", "[1, 2]", "\"[1,\"", "true", "\"truth\"", "7", "\"{\""];
        assert_eq!(json, expected.map(|value| format!("{{\"x\":{value}}}")));
        let other = printed(&*output(&settings(&["x"])), &rows);
        assert!(other.starts_with("{\"x\":\"{\\\"a\\\":[1]}\"}\n"), "{other}");
    }

    /// Rows that still are records, of which these members were changed.
    fn records(changed: &[&str], stamp: Stamp) -> Settings {
        let names: Vec<&str> = ["line"].iter().chain(changed).copied().collect();
        let mut with = Settings { stamp, ..settings(&names) };
        with.schema.records = true;
        with.schema.json = Some(changed.iter().map(|name| name.to_string()).collect());
        with
    }

    #[test]
    fn records_are_printed_as_they_came() {
        let rows =
            block(vec![text(&[Some(b" {\"a\" : 1e400 , \"a\":\"\xff\"}\r"), Some(b"{ }"), Some(b"{\n\"b\":\n1}")])]);
        let mut out = Vec::new();
        output(&records(&[], Stamp::None)).rows(&rows, &BATCH, &mut out);
        assert_eq!(out, b"{\"a\" : 1e400 , \"a\":\"\xff\"}\n{ }\n{ \"b\": 1}\n");
        out.clear();
        output(&records(&[], Stamp::End)).rows(&rows, &BATCH, &mut out);
        let stamp = "{\"window_end\":\"1970-01-01T00:00:02.000Z\"";
        assert!(out.starts_with(format!("{stamp},\"a\" : 1e400").as_bytes()));
        assert!(String::from_utf8_lossy(&out).contains(&format!("\n{stamp} }}\n")));
        assert_eq!(output(&records(&[], Stamp::None)).needs(), Live::only(["line"]));
    }

    #[test]
    fn changed_members_stand_behind_the_others() {
        let lines: [Option<&[u8]>; 4] = [
            Some(b"{\"a\":1, \"b\" : {\"a\":2} ,\"c\":[]}"),
            Some(b"{\"\\u0061\":1,\"a\":3}"),
            Some(b"{}"),
            Some(b"{\"c\":0}"),
        ];
        let rows = block(vec![text(&lines), Column::ints(vec![5, 6, 7, 8])]);
        let plain = printed(&*output(&records(&["a"], Stamp::None)), &rows);
        assert_eq!(plain, "{\"b\" : {\"a\":2},\"c\":[],\"a\":5}\n{\"a\":6}\n{\"a\":7}\n{\"c\":0,\"a\":8}\n");
        let stamped = printed(&*output(&records(&["a"], Stamp::End)), &rows).replace("1970-01-01T00:00:02.000Z", "T");
        assert!(stamped.starts_with(
            "{\"window_end\":\"T\",\"b\" : {\"a\":2},\"c\":[],\"a\":5}\n{\"window_end\":\"T\",\"a\":6}\n"
        ));
        assert_eq!(output(&records(&["a"], Stamp::None)).needs(), Live::only(["line", "a"]));
    }

    #[test]
    fn keys_are_escaped() {
        let rows = block(vec![Column::ints(vec![1])]);
        assert_eq!(printed(&*output(&settings(&["a\"\n"])), &rows), "{\"a\\\"\\n\":1}\n");
    }

    proptest! {
        #[test]
        fn every_line_is_valid_json_with_the_values(values in prop::collection::vec(any::<Vec<u8>>(), 1..5), name: String) {
            let cells: Vec<Option<&[u8]>> = values.iter().map(|v| Some(v.as_slice())).collect();
            let mut out = Vec::new();
            let name = format!("k{name}");
            output(&settings(&["line", &name])).rows(&block(vec![text(&cells), text(&cells)]), &BATCH, &mut out);
            let lines: Vec<Value> = out.split(|&b| b == b'\n').filter(|l| !l.is_empty())
                .map(|l| serde_json::from_slice(l).expect("valid JSON")).collect();
            prop_assert_eq!(lines.len(), values.len());
            for (line, value) in lines.iter().zip(&values) {
                let text = String::from_utf8_lossy(value);
                prop_assert_eq!(&line["line"], &json!(text));
                prop_assert!(line[&name] == json!(text) || (line[&name].is_number() && json::is_number(value)));
            }
        }
    }
}
