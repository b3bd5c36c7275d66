//! `text`, `csv` and `tsv` out: one row a line. Runs on the shards; blocks in, bytes out.

use super::{Output, Settings};
use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Cell, Column, Span};
use crate::data::column::Numbers;
use crate::data::schema::Live;
use crate::data::{scan, write};

/// `text`: columns joined by a tab, values byte for byte; of whole records just `line`.
struct Text {
    settings: Settings,
    columns: Vec<usize>,
}

/// The output format `text`.
pub(super) fn text(settings: &Settings) -> Box<dyn Output> {
    let line = settings.schema.fields.iter().position(|f| f.name == "line").filter(|_| settings.schema.records);
    let columns = line.map_or_else(|| settings.shown(), |line| vec![line]);
    Box::new(Text { settings: settings.clone(), columns })
}

impl Output for Text {
    fn needs(&self) -> Live {
        if self.settings.schema.records { Live::only(["line"]) } else { Live::all() }
    }

    fn rows(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>) {
        self.each(block, batch, out, |_| {});
    }

    fn rows_apart(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>, ends: &mut Vec<usize>) -> bool {
        self.each(block, batch, out, |end| ends.push(end));
        true
    }
}

impl Text {
    /// Appends the rows, and tells where each ends.
    fn each(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>, mut ended: impl FnMut(usize)) {
        let prefix: String = self.settings.times(batch).iter().flat_map(|time| [time.as_str(), "\t"]).collect();
        // Numbers as short as most are.
        out.reserve(block.rows * (prefix.len() + 8 * self.columns.len()));
        for row in 0..block.rows {
            out.extend_from_slice(prefix.as_bytes());
            for (at, &column) in self.columns.iter().enumerate() {
                if at > 0 {
                    out.push(b'\t');
                }
                match &block.columns[column] {
                    Column::Text(text) => write::piece(text.data.padded(), text.spans[row], out),
                    Column::Number(Numbers::Ints(values)) => write::int(values[row], out),
                    other => write::cell(other.cell(row), &self.settings.zone, out),
                }
            }
            out.push(b'\n');
            ended(out.len());
        }
    }
}

/// `csv` (RFC 4180 but for the line end, a bare `\n`) and `tsv`, which quotes in the same way.
struct Delimited {
    settings: Settings,
    columns: Vec<usize>,
    delimiter: u8,
}

/// The output format `csv`.
pub(super) fn csv(settings: &Settings) -> Box<dyn Output> {
    Box::new(Delimited::new(settings, b','))
}

/// The output format `tsv`.
pub(super) fn tsv(settings: &Settings) -> Box<dyn Output> {
    Box::new(Delimited::new(settings, b'\t'))
}

impl Delimited {
    fn new(settings: &Settings, delimiter: u8) -> Self {
        Delimited { columns: settings.shown(), settings: settings.clone(), delimiter }
    }

    /// A piece of a buffer, of which the padding is given too.
    #[inline]
    fn piece(&self, padded: &[u8], span: Span, out: &mut Vec<u8>) {
        let delimiter = self.delimiter;
        let special = |b| (b == delimiter) | (b == b'"') | (b == b'\n') | (b == b'\r');
        let (start, len) = (span.start as usize, span.len as usize);
        if let 1..=scan::TOGETHER = len
            && let Some(chunk) = padded[start..].first_chunk()
            && !scan::holds(chunk, len, special)
        {
            write::piece(padded, span, out);
        } else {
            self.value(&padded[start..start + len], out);
        }
    }

    /// An empty text is quoted, so that it differs from null.
    fn value(&self, value: &[u8], out: &mut Vec<u8>) {
        let delimiter = self.delimiter;
        let special = |b| (b == delimiter) | (b == b'"') | (b == b'\n') | (b == b'\r');
        if !value.is_empty() && scan::position(value, special).is_none() {
            out.extend_from_slice(value);
            return;
        }
        out.push(b'"');
        let mut rest = value;
        while let Some(quote) = memchr::memchr(b'"', rest) {
            out.extend_from_slice(&rest[..=quote]);
            out.push(b'"');
            rest = &rest[quote + 1..];
        }
        out.extend_from_slice(rest);
        out.push(b'"');
    }
}

impl Output for Delimited {
    fn header(&self) -> Vec<u8> {
        let fields = &self.settings.schema.fields;
        let stamps = self.settings.stamp.names().iter().copied();
        let mut out = Vec::new();
        for (at, name) in stamps.chain(self.columns.iter().map(|&c| fields[c].name.as_str())).enumerate() {
            if at > 0 {
                out.push(self.delimiter);
            }
            self.value(name.as_bytes(), &mut out);
        }
        // Of an input that is empty not even the columns are known: an empty line would be taken for a row.
        if !out.is_empty() {
            out.push(b'\n');
        }
        out
    }

    fn rows(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>) {
        self.each(block, batch, out, |_| {});
    }

    fn rows_apart(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>, ends: &mut Vec<usize>) -> bool {
        self.each(block, batch, out, |end| ends.push(end));
        true
    }
}

impl Delimited {
    /// Appends the rows, and tells where each ends.
    fn each(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>, mut ended: impl FnMut(usize)) {
        let mut prefix = Vec::new();
        for time in self.settings.times(batch) {
            prefix.extend_from_slice(time.as_bytes());
            prefix.push(self.delimiter);
        }
        // A null alone would make an empty line, which readers of csv skip: the row would be lost.
        let alone = prefix.is_empty() && self.columns.len() == 1;
        for row in 0..block.rows {
            out.extend_from_slice(&prefix);
            for (at, &column) in self.columns.iter().enumerate() {
                if at > 0 {
                    out.push(self.delimiter);
                }
                let cell = match &block.columns[column] {
                    Column::Text(text) if !text.spans[row].is_null() => {
                        self.piece(text.data.padded(), text.spans[row], out);
                        continue;
                    }
                    other => other.cell(row),
                };
                match cell {
                    Cell::Null if alone => out.extend_from_slice(b"\"\""),
                    Cell::List(_) => {
                        let mut text = Vec::new();
                        write::cell(cell, &self.settings.zone, &mut text);
                        self.value(&text, out);
                    }
                    other => write::cell(other, &self.settings.zone, out),
                }
            }
            out.push(b'\n');
            ended(out.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Stamp;
    use super::super::tests::{BATCH, block, printed, settings, text as column};
    use super::*;

    fn counts() -> Block {
        block(vec![column(&[Some(b"a"), None]), Column::ints(vec![2, -1])])
    }

    #[test]
    fn text_joins_by_tabs_and_leaves_null_empty() {
        assert_eq!(printed(&*text(&settings(&["word", "count"])), &counts()), "a\t2\n\t-1\n");
    }

    #[test]
    fn times_lead_each_row_as_the_stamp_says() {
        let with = |stamp| Settings { stamp, ..settings(&["word", "count"]) };
        assert!(printed(&*text(&with(Stamp::End)), &counts()).starts_with("1970-01-01T00:00:02.000Z\ta\t2\n1970"));
        let both = csv(&with(Stamp::Both));
        assert_eq!(both.header(), b"window_start,window_end,word,count\n");
        let row = "1970-01-01T00:00:01.000Z,1970-01-01T00:00:02.000Z,a,2\n";
        assert!(printed(&*both, &counts()).starts_with(row));
        assert_eq!(tsv(&with(Stamp::Start)).header(), b"window_start\tword\tcount\n");
    }

    #[test]
    fn hidden_columns_are_not_printed_but_of_records_text_prints_the_line() {
        let mut with = settings(&["$2", "line"]);
        with.schema.fields[0].hidden = true;
        let rows = block(vec![column(&[Some(b"b")]), column(&[Some(b"a b")])]);
        assert_eq!(printed(&*text(&with), &rows), "a b\n");
        assert_eq!(printed(&*csv(&with), &rows), "a b\n");
        with.schema.fields.swap(0, 1);
        with.schema.fields[0].hidden = true;
        with.schema.fields[1].hidden = false;
        with.schema.records = true;
        let rows = block(vec![column(&[Some(b"a b")]), column(&[Some(b"b")])]);
        assert_eq!(printed(&*text(&with), &rows), "a b\n");
        assert_eq!(printed(&*csv(&with), &rows), "b\n");
    }

    #[test]
    fn text_keeps_every_byte() {
        let mut out = Vec::new();
        let value: Vec<u8> = (0..=255).collect();
        text(&settings(&["line"])).rows(&block(vec![column(&[Some(&value)])]), &BATCH, &mut out);
        assert_eq!(out, [value.as_slice(), b"\n"].concat());
    }

    #[test]
    fn only_what_must_be_is_quoted() {
        let values: [&[u8]; 6] = [b"a b", b"a,b", b"a\tb", b"\"", b"a\nb", b"a\r"];
        let rows = block(vec![column(&values.map(Some)), Column::ints(vec![0; 6])]);
        let with = settings(&["a", "n"]);
        assert_eq!(printed(&*csv(&with), &rows), "a b,0\n\"a,b\",0\na\tb,0\n\"\"\"\",0\n\"a\nb\",0\n\"a\r\",0\n");
        assert_eq!(printed(&*tsv(&with), &rows), "a b\t0\na,b\t0\n\"a\tb\"\t0\n\"\"\"\"\t0\n\"a\nb\"\t0\n\"a\r\"\t0\n");
    }

    #[test]
    fn null_is_empty_and_an_empty_text_is_quoted() {
        let rows = block(vec![column(&[None, Some(b"")]), column(&[Some(b""), None])]);
        assert_eq!(printed(&*csv(&settings(&["a", "b"])), &rows), ",\"\"\n\"\",\n");
    }

    #[test]
    fn a_null_alone_on_its_row_does_not_become_an_empty_line() {
        assert_eq!(printed(&*csv(&settings(&["a"])), &block(vec![column(&[None])])), "\"\"\n");
    }

    proptest! {
        #[test]
        fn a_csv_reader_gets_the_same_values(
            rows in prop::collection::vec(prop::array::uniform2("[a\u{e9},\"\t\r\n ]{0,5}"), 1..6),
            tabs: bool,
        ) {
            let values = |at: usize| rows.iter().map(|r| Some(r[at].as_bytes())).collect::<Vec<_>>();
            let with = settings(&["x,\ty", "z"]);
            let output = if tabs { tsv(&with) } else { csv(&with) };
            let mut written = output.header();
            output.rows(&block(vec![column(&values(0)), column(&values(1))]), &BATCH, &mut written);
            let delimiter = if tabs { b'\t' } else { b',' };
            let mut reader = ::csv::ReaderBuilder::new().delimiter(delimiter).from_reader(written.as_slice());
            prop_assert_eq!(reader.headers().expect("a header"), &::csv::StringRecord::from(vec!["x,\ty", "z"]));
            let read: Vec<_> = reader.records().map(|r| r.expect("a record")).collect();
            let expected: Vec<_> = rows.iter().map(|r| ::csv::StringRecord::from(r.to_vec())).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
