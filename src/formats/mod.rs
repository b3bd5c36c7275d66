//! Formats: bytes to rows, and rows to bytes. Every file but this one is one format, or several that differ in little:
//! `delimited.rs` writes text, csv and tsv.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column, Span};
use crate::data::buffer::Buffer;
use crate::data::schema::{Live, Schema, nearest};
use crate::error::{Error, Result};

mod delimited;
mod json;
mod spark;
mod table;
mod text;

/// Text whose records end in `delimiter`.
pub fn text_input(delimiter: u8) -> Arc<dyn Input> {
    Arc::new(text::Text::new(delimiter))
}

/// Lines of text whose columns have these names and are separated by tabs.
pub fn tabbed_input(names: &[&'static str]) -> Arc<dyn Input> {
    Arc::new(text::Text::columns(names))
}

/// What `--out text` prints of rows of these columns, without a time.
pub fn text_output(schema: &Schema) -> Box<dyn Output> {
    delimited::text(&Settings::plain(schema.clone()))
}

/// Bytes to rows.
pub trait Input: Send + Sync {
    /// What ends a record.
    fn delimiter(&self) -> u8;

    /// Where the last whole record of `bytes` ends, its delimiter included; `bytes` begins at a record.
    fn last_record_end(&self, bytes: &[u8]) -> Option<usize>;

    /// The columns that `live` asks for; an unknown name is an error.
    fn schema(&self, live: &Live) -> Result<Schema>;

    /// Pushes the spans of the records in `bytes[start..end]`, without their delimiters.
    fn records(&self, bytes: &[u8], start: usize, end: usize, records: &mut Vec<Span>);

    /// Cuts the columns of `schema` (one of [`Input::schema`]) out of these records.
    fn cut(&self, data: &Arc<Buffer>, records: Vec<Span>, schema: &Schema) -> Vec<Column>;
}

/// Rows to bytes.
pub trait Output: Send + Sync {
    /// What stands once at the start of the output, rows or not; empty if nothing.
    fn header(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Appends the rows of `block`. Called by the shards, on blocks in any order.
    fn rows(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>);

    /// For formats that lay out a whole batch (`table`, `spark`): what is done, in order and on one thread, with what
    /// [`Output::rows`] appended. `None` if that is already the output.
    fn layout(&self) -> Option<Box<dyn Layout>> {
        None
    }
}

/// Lays out a batch: gets the rows, in order, in pieces of any size.
pub trait Layout: Send {
    /// A batch begins. Without an interval its end is not known yet.
    fn begin(&mut self, batch: &BatchInfo);
    /// What [`Output::rows`] appended for some rows.
    fn rows(&mut self, rendered: &[u8], out: &mut Vec<u8>);
    /// The batch is complete.
    fn end(&mut self, batch: &BatchInfo, summary: &Summary, out: &mut Vec<u8>);
}

/// What is said about a batch beside its rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Summary {
    /// Records read per second of the interval (of real time, where the batch has no interval).
    pub rate: f64,
}

/// Which times lead each row (SPEC 5, `--time`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// None.
    None,
    /// `window_start`.
    Start,
    /// `window_end`.
    End,
    /// Both.
    Both,
}

impl Stamp {
    /// The names of the columns that it adds.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Stamp::None => &[],
            Stamp::Start => &["window_start"],
            Stamp::End => &["window_end"],
            Stamp::Both => &["window_start", "window_end"],
        }
    }
}

/// What an output format has to know.
#[derive(Clone)]
pub struct Settings {
    /// The columns of the rows.
    pub schema: Schema,
    /// Which times lead each row.
    pub stamp: Stamp,
    /// The zone in which times are written.
    pub zone: TimeZone,
    /// At most so many rows of each batch (`spark`, `--limit`).
    pub limit: usize,
    /// Whether colours may be used (`table`).
    pub color: bool,
    /// The width of the terminal in columns, if there is one (`table`).
    pub width: Option<usize>,
    /// Whether a batch of the run has an interval (else heads show its time only).
    pub interval: bool,
}

impl Settings {
    /// Rows of these columns and nothing else, in batches without an interval.
    fn plain(schema: Schema) -> Self {
        let (stamp, zone, limit) = (Stamp::None, TimeZone::UTC, usize::MAX);
        Settings { schema, stamp, zone, limit, color: false, width: None, interval: false }
    }

    /// Where the columns that are printed stand in a block.
    fn shown(&self) -> Vec<usize> {
        (0..self.schema.fields.len()).filter(|&at| !self.schema.fields[at].hidden).collect()
    }

    /// The times that lead each row of the batch, as many as [`Stamp::names`].
    fn times(&self, batch: &BatchInfo) -> Vec<String> {
        let (start, end) = (|| batch.start.rfc3339(&self.zone), || batch.end.rfc3339(&self.zone));
        match self.stamp {
            Stamp::None => Vec::new(),
            Stamp::Start => vec![start()],
            Stamp::End => vec![end()],
            Stamp::Both => vec![start(), end()],
        }
    }
}

/// The input formats, as `--in` and `?in=` name them.
pub const INPUTS: [&str; 1] = ["text"];

/// An output format as the command line knows it.
pub struct OutputEntry {
    /// What `--out` calls it.
    pub name: &'static str,
    /// What it looks like, in a few words.
    pub about: &'static str,
    /// From what it has to know.
    pub make: fn(&Settings) -> Box<dyn Output>,
}

/// Every output format, in the order of the help.
pub static OUTPUTS: &[OutputEntry] = &[
    OutputEntry { name: "text", about: "columns joined by a tab, values byte for byte", make: delimited::text },
    OutputEntry {
        name: "csv",
        about: "a header line, then commas between values, quoted where need be",
        make: delimited::csv,
    },
    OutputEntry { name: "tsv", about: "the same with tabs", make: delimited::tsv },
    OutputEntry { name: "json", about: "an object a line", make: json::output },
    OutputEntry { name: "table", about: "a table for each batch, under its time", make: table::output },
    OutputEntry { name: "spark", about: "as Scala's DStream.print shows a batch", make: spark::output },
];

/// The output format of this name; an unknown one is a usage error with the nearest names.
pub fn output(name: &str, settings: &Settings) -> Result<Box<dyn Output>> {
    if let Some(entry) = OUTPUTS.iter().find(|o| o.name == name) {
        return Ok((entry.make)(settings));
    }
    let names: Vec<&str> = OUTPUTS.iter().map(|o| o.name).collect();
    let near = nearest(name, names.iter().copied());
    let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
    Err(Error::usage(format!("there is no output format `{name}`, the formats are: {}{hint}", names.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::block::Text;
    use crate::data::schema::Field;
    use crate::data::time::Time;

    /// A batch of the second before 1970-01-01T00:00:02Z.
    pub const BATCH: BatchInfo = BatchInfo { id: 1, start: Time(1000), end: Time(2000), redo: false };

    pub fn settings(names: &[&str]) -> Settings {
        let schema = Schema { fields: names.iter().map(|n| Field::shown(*n)).collect(), records: false };
        Settings { limit: 10, interval: true, ..Settings::plain(schema) }
    }

    pub fn text(values: &[Option<&[u8]>]) -> Column {
        let (mut data, mut spans) = (Vec::new(), Vec::new());
        for value in values {
            let start = data.len();
            data.extend_from_slice(value.unwrap_or_default());
            spans.push(if value.is_some() { Span::range(start, data.len()) } else { Span::NULL });
        }
        Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans })
    }

    pub fn block(columns: Vec<Column>) -> Block {
        Block { rows: columns[0].len(), columns, ..Block::default() }
    }

    /// The block as a format without a layout prints it.
    pub fn printed(output: &dyn Output, block: &Block) -> String {
        let mut out = Vec::new();
        output.rows(block, &BATCH, &mut out);
        String::from_utf8(out).expect("text")
    }

    /// A batch of this block as a format with a layout prints it.
    pub fn laid_out(output: &dyn Output, blocks: &[Block], summary: &Summary) -> String {
        let mut layout = output.layout().expect("a layout");
        let mut out = Vec::new();
        layout.begin(&BATCH);
        for block in blocks {
            let mut rendered = Vec::new();
            output.rows(block, &BATCH, &mut rendered);
            layout.rows(&rendered, &mut out);
        }
        layout.end(&BATCH, summary, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn every_output_format_is_found_by_its_name_and_others_are_hinted_at() {
        for entry in OUTPUTS {
            assert!(output(entry.name, &settings(&["a"])).is_ok(), "{}", entry.name);
        }
        let error = output("jsno", &settings(&["a"])).err().expect("unknown").to_string();
        assert!(error.contains("`jsno`") && error.ends_with("did you mean json?"), "{error}");
    }
}
