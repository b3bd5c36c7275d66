//! `text`: a record is a line (or what ends in NUL), a row is that record. Its fields are cut only where they are named.

use std::sync::Arc;

use super::{Cut, Input};
use crate::data::block::{Column, Span, Text as TextColumn};
use crate::data::buffer::Buffer;
use crate::data::framing::Framing;
use crate::data::schema::{Field, Live, Schema};
use crate::error::{Error, Result};

/// The whole record.
const LINE: &str = "line";

/// Records of text.
pub struct Text {
    delimiter: u8,
    /// The shown columns, which a tab separates; none: the one shown column is `line`, and white space separates `$1 … $N`.
    names: Vec<&'static str>,
}

/// Where the values of a column are found in a record.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Line,
    /// Counted from 1.
    Field(u32),
}

impl Text {
    /// Records that end in `delimiter`, with the column `line`.
    pub fn new(delimiter: u8) -> Self {
        Text { delimiter, names: Vec::new() }
    }

    /// Lines whose fields are separated by tabs and have these names; `line` is there too, but not shown.
    pub fn columns(names: &[&'static str]) -> Self {
        Text { delimiter: b'\n', names: names.to_vec() }
    }

    fn shown(&self) -> Schema {
        let names = if self.names.is_empty() { &[LINE] } else { self.names.as_slice() };
        Schema {
            fields: names.iter().map(|&n| Field::shown(n)).collect(),
            records: self.names.is_empty(),
            ..Schema::default()
        }
    }

    /// Where a column of this name would be found.
    fn place(&self, name: &str) -> Result<Place> {
        if name == LINE {
            return Ok(Place::Line);
        }
        if let Some(at) = self.names.iter().position(|n| *n == name) {
            return Ok(Place::Field(at as u32 + 1));
        }
        match name.strip_prefix('$') {
            Some("0") => {
                Err(Error::usage("there is no column `$0`: fields are counted from $1, the whole record is `line`"))
            }
            Some(number) if !number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit()) => {
                match number.parse() {
                    Ok(number) => Ok(Place::Field(number)),
                    Err(_) => Err(Error::usage(format!("there is no column `{name}`: fields are $1, $2 and so on"))),
                }
            }
            // `index` knows how to say that there is none.
            _ => self.shown().index(name).map(|_| Place::Line),
        }
    }

    /// Where the field that begins at or behind `at` lies in `record`, and where to look for the next one.
    fn field(&self, record: &[u8], at: usize) -> Option<(usize, usize, usize)> {
        if self.names.is_empty() {
            let start = at + record.get(at..)?.iter().position(|b| !is_space(*b))?;
            let end = record[start..].iter().position(|b| is_space(*b)).map_or(record.len(), |n| start + n);
            return Some((start, end, end));
        }
        let rest = record.get(at..)?;
        let end = memchr::memchr(b'\t', rest).map_or(record.len(), |n| at + n);
        Some((at, end, end + 1))
    }
}

/// ASCII white space, the vertical tab included, as in C.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

impl Input for Text {
    fn framing(&self) -> Framing {
        Framing::plain(self.delimiter)
    }

    fn takes_all(&self) -> bool {
        true
    }

    fn schema(&self, live: &Live) -> Result<Schema> {
        let mut schema = self.shown();
        schema.fields.retain(|f| live.shown || live.names.contains(&f.name));
        for name in &live.names {
            self.place(name)?;
            if !schema.fields.iter().any(|f| f.name == *name) {
                schema.fields.push(Field::hidden(name));
            }
        }
        Ok(schema)
    }

    fn cut(&self, data: &Arc<Buffer>, records: Vec<Span>, schema: &Schema) -> Cut {
        let bytes = data.bytes();
        let places: Vec<Place> = schema.fields.iter().map(|f| self.place(&f.name).unwrap_or(Place::Line)).collect();
        let mut columns: Vec<Vec<Span>> = places.iter().map(|_| Vec::new()).collect();
        // The fields in the order in which they are met, each with the column that it belongs to.
        let mut wanted: Vec<(u32, usize)> = Vec::new();
        for (column, place) in places.iter().enumerate() {
            if let Place::Field(number) = place {
                wanted.push((*number, column));
                columns[column].reserve(records.len());
            }
        }
        wanted.sort_unstable();
        if !wanted.is_empty() {
            for record in &records {
                let (from, text) = (record.start as usize, record.of(bytes).unwrap_or_default());
                let (mut at, mut met, mut found) = (0, 0, None);
                for &(number, column) in &wanted {
                    while met < number {
                        found = self.field(text, at);
                        (at, met) = found.map_or((text.len() + 1, number), |f| (f.2, met + 1));
                    }
                    let span = found.filter(|f| f.0 < f.1).map_or(Span::NULL, |f| Span::range(from + f.0, from + f.1));
                    columns[column].push(span);
                }
            }
        }
        let rows = records.len();
        let mut whole = Some(records);
        let mut left = places.iter().filter(|p| **p == Place::Line).count();
        for (column, _) in places.iter().enumerate().filter(|(_, p)| **p == Place::Line) {
            left -= 1;
            columns[column] = if left == 0 { whole.take() } else { whole.clone() }.unwrap_or_default();
        }
        let column = |spans| Column::Text(TextColumn { data: Arc::clone(data), spans });
        Cut::all(rows, columns.into_iter().map(column).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::block::Cell;

    /// The rows of `input` as text, columns joined by `|`, null as `-`.
    fn rows(format: &Text, input: &[u8], live: &Live) -> Vec<String> {
        let schema = format.schema(live).unwrap();
        let data = Arc::new(Buffer::from_vec(input.to_vec()));
        let mut records = Vec::new();
        format.framing().each(data.bytes(), 0, data.len(), |span| records.push(span));
        let count = records.len();
        let columns = format.cut(&data, records, &schema).columns;
        let cell = |c: &Column, row| match c.cell(row) {
            Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => "-".into(),
        };
        (0..count).map(|row| columns.iter().map(|c| cell(c, row)).collect::<Vec<_>>().join("|")).collect()
    }

    fn names(schema: &Schema) -> Vec<(&str, bool)> {
        schema.fields.iter().map(|f| (f.name.as_str(), f.hidden)).collect()
    }

    #[test]
    fn lines_keep_all_their_bytes_and_the_last_needs_no_end() {
        assert_eq!(rows(&Text::new(b'\n'), b"a\r\n\n\0b c\nlast", &Live::all()), ["a\r", "", "\0b c", "last"]);
        assert_eq!(rows(&Text::new(0), b"a\nb\0c\0", &Live::all()), ["a\nb", "c"]);
    }

    #[test]
    fn only_the_part_between_start_and_end_is_split() {
        let mut records = Vec::new();
        Text::new(b'\n').framing().each(b"xx\nab\ncd\nyy", 3, 9, |span| records.push(span));
        assert_eq!(records, [Span::range(3, 5), Span::range(6, 8)]);
    }

    #[test]
    fn fields_are_what_white_space_separates_and_a_missing_one_is_null() {
        let live = Live::only(["$1", "$3", "$2"]);
        let found = rows(&Text::new(b'\n'), b"  a\tbb  c d\r\n\none\n \x0b\x0c two x ", &live);
        assert_eq!(found, ["a|bb|c", "-|-|-", "one|-|-", "two|x|-"]);
    }

    #[test]
    fn only_live_columns_are_in_the_schema_shown_ones_first() {
        let text = Text::new(b'\n');
        assert_eq!(names(&text.schema(&Live::all().and(["$2"])).unwrap()), [("line", false), ("$2", true)]);
        assert_eq!(names(&text.schema(&Live::only(["$2", "line"])).unwrap()), [("line", false), ("$2", true)]);
        assert_eq!(names(&text.schema(&Live::only(["$10"])).unwrap()), [("$10", true)]);
        assert_eq!(rows(&text, b"a b\nc", &Live::all().and(["$2"])), ["a b|b", "c|-"]);
        assert!(rows(&text, b"", &Live::all()).is_empty());
    }

    #[test]
    fn named_columns_are_separated_by_tabs_and_line_is_hidden() {
        let text = Text::columns(&["timestamp", "value"]);
        let schema = text.schema(&Live::all().and(["line", "$2"])).unwrap();
        assert_eq!(names(&schema), [("timestamp", false), ("value", false), ("$2", true), ("line", true)]);
        assert!(!schema.records, "its rows are printed by their columns");
        assert_eq!(
            rows(&text, b"t 1\t7\n\t\nx\n", &Live::all().and(["line", "$2"])),
            ["t 1|7|7|t 1\t7", "-|-|-|\t", "x|-|-|x"]
        );
    }

    #[test]
    fn unknown_columns_are_usage_errors_that_help() {
        let message = |name: &str| match Text::new(b'\n').schema(&Live::only([name])) {
            Err(Error::Usage(message)) => message,
            other => panic!("{name}: {other:?}"),
        };
        assert!(message("lin").contains("did you mean line?"));
        assert!(message("$0").contains("counted from $1"));
        assert!(message("$99999999999").contains("fields are $1"));
        for name in ["$", "$x", "$-1", "$+1", "$01"] {
            assert!(message(name).contains("there is no column"), "{name}");
        }
    }

    proptest! {
        /// Whatever the bytes: the fields are those that splitting the line at white space gives.
        #[test]
        fn fields_agree_with_splitting(line in proptest::collection::vec(prop_oneof![Just(b' '), Just(b'\t'), any::<u8>()], 0..40), number in 1..9usize) {
            prop_assume!(!line.contains(&b'\n'));
            let data = Arc::new(Buffer::from_vec(line.clone()));
            let text = Text::new(b'\n');
            let schema = text.schema(&Live::only([format!("${number}")])).unwrap();
            let columns = text.cut(&data, vec![Span::range(0, line.len())], &schema).columns;
            let expected = line.split(|b| is_space(*b)).filter(|f| !f.is_empty()).nth(number - 1);
            prop_assert_eq!(columns[0].cell(0), expected.map_or(Cell::Null, Cell::Text));
        }
    }
}
