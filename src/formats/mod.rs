//! Formats: bytes to rows, and rows to bytes. Every file but this one is one format, or several that differ in little:
//! `delimited.rs` writes text, csv and tsv.

use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column, Span};
use crate::data::buffer::Buffer;
use crate::data::framing::Framing;
use crate::data::schema::{Live, Schema, nearest};
use crate::error::{Error, Result};

mod combined;
mod csv;
mod delimited;
mod json;
mod logfmt;
mod regex;
mod spark;
mod support;
mod table;
mod text;

/// Text whose records end in `delimiter`.
pub fn text_input(delimiter: u8) -> Arc<dyn Input> {
    Arc::new(text::Text::new(delimiter))
}

/// What an input format has to know.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What ends a record: `\n`, or NUL.
    pub delimiter: u8,
    /// The names of the columns, where the input does not begin with them (csv, tsv).
    pub header: Option<Vec<String>>,
    /// What stands behind the name and a colon: the pattern of `regex:PATTERN`.
    pub argument: Option<String>,
}

/// An input format as the command line knows it.
pub struct InputEntry {
    /// What `--in` calls it.
    pub name: &'static str,
    /// What it looks like, in a few words.
    pub about: &'static str,
    /// The extensions of files that are of this format, unless something else is said.
    pub extensions: &'static [&'static str],
    /// From what it has to know.
    pub make: fn(&Reading) -> Result<Arc<dyn Input>>,
}

/// Every input format, in the order of the help.
pub static INPUTS: &[InputEntry] = &[
    InputEntry {
        name: "text",
        about: "a record is a line: the one column `line`",
        extensions: &["txt"],
        make: |reading| Ok(text_input(reading.delimiter)),
    },
    InputEntry {
        name: "csv",
        about: "commas between fields, which may be quoted; the first line names the columns",
        extensions: &["csv"],
        make: csv::csv,
    },
    InputEntry { name: "tsv", about: "the same with tabs", extensions: &["tsv"], make: csv::tsv },
    InputEntry {
        name: "regex",
        about: "regex:PATTERN, searched in each line; its named groups (?<name>...) are the columns",
        extensions: &[],
        make: regex::make,
    },
    InputEntry {
        name: "combined",
        about: "access logs of Apache and nginx, also the common format: host ident user time method path protocol \
                status bytes referer agent, and for who names them `request`, the whole request line, and `ip`, which is host; `-` is null",
        extensions: &[],
        make: combined::make,
    },
    InputEntry {
        name: "json",
        about: "a record is a JSON object on a line, its members are columns, nested ones by path: a.b[0]",
        extensions: &["json", "jsonl", "ndjson"],
        make: json::input,
    },
    InputEntry {
        name: "logfmt",
        about: "a record is a line of key=value pairs",
        extensions: &["logfmt"],
        make: logfmt::input,
    },
];

/// The input format that is written as `spelling` (`csv`, `regex:PATTERN`); an unknown one is a usage error with the nearest
/// names.
pub fn input(spelling: &str, reading: &Reading) -> Result<Arc<dyn Input>> {
    let (name, argument) = spelling.split_once(':').map_or((spelling, None), |(name, rest)| (name, Some(rest)));
    let Some(entry) = INPUTS.iter().find(|entry| entry.name == name) else {
        let names: Vec<&str> = INPUTS.iter().map(|entry| entry.name).collect();
        let near = nearest(name, names.iter().copied());
        let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        return Err(Error::usage(format!("there is no format `{name}`, the formats are: {}{hint}", names.join(", "))));
    };
    (entry.make)(&Reading { argument: argument.map(String::from), ..reading.clone() })
}

/// The names of columns as `--header` gives them, a row of csv: `a,"b c"`. None is empty or there twice.
pub fn header(row: &str) -> Result<Vec<String>> {
    let names: Vec<String> = row.split(',').map(|name| name.trim().trim_matches('"').to_string()).collect();
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(Error::usage(format!("--header '{row}' has no name for column {}; write a,b,c", at + 1)));
        }
        if names[..at].contains(name) {
            return Err(Error::usage(format!("--header '{row}' names `{name}` twice; name each column once")));
        }
    }
    Ok(names)
}

/// The name of the format that the extension of a path stands for, under `.gz` and `.zst` too.
pub fn by_extension(path: &str) -> Option<&'static str> {
    let path = [".gz", ".zst"].iter().find_map(|packed| path.strip_suffix(packed)).unwrap_or(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.')?.1.to_ascii_lowercase();
    INPUTS.iter().find(|entry| entry.extensions.contains(&extension.as_str())).map(|entry| entry.name)
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
    /// How records end.
    fn framing(&self) -> Framing;

    /// Every record is a row, whatever its bytes: where no column is asked for, records need not be cut.
    fn takes_all(&self) -> bool {
        false
    }

    /// The columns that `live` asks for, shown ones first; an unknown name is an error. [`Schema::open`] where more are shown,
    /// but only the head of the input tells which.
    fn schema(&self, live: &Live) -> Result<Schema>;

    /// The format as it is once its head (the begin of a lane, at least one whole record of it) has been seen: with the names
    /// of what it shows. `None` if the head tells nothing.
    fn head(&self, bytes: &[u8]) -> Result<Option<Arc<dyn Input>>> {
        let _ = bytes;
        Ok(None)
    }

    /// What stands at the begin of each lane before its records (a byte-order mark, a header): how many bytes, and the format
    /// as it is for this lane if that differs. `bytes`: the first whole records of the lane, at least one.
    fn begin(&self, bytes: &[u8]) -> Result<(usize, Option<Arc<dyn Input>>)> {
        let _ = bytes;
        Ok((0, None))
    }

    /// Cuts the columns of `schema` (one of [`Input::schema`]) out of these records.
    fn cut(&self, data: &Arc<Buffer>, records: Vec<Span>, schema: &Schema) -> Cut;

    /// The same for all records of a range of the buffer at once, where that is quicker than finding the records first.
    fn cut_range(&self, data: &Arc<Buffer>, range: Range<usize>, schema: &Schema) -> Option<Cut> {
        let _ = (data, range, schema);
        None
    }

    /// Whether cutting a column costs so much that the columns of a leading filter are better cut first, and the others of
    /// what passes only.
    fn is_costly(&self) -> bool {
        false
    }

    /// Whether its records are JSON objects.
    fn is_json(&self) -> bool {
        false
    }

    /// Columns that were asked for and that no record so far had, where any record may have any column.
    fn unseen(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What was cut out of records.
pub struct Cut {
    /// How many records fit the format: as many as each column has values.
    pub rows: usize,
    /// Where these lie; only formats that are costly tell it.
    pub records: Vec<Span>,
    /// The columns that were asked for.
    pub columns: Vec<Column>,
    /// The records that do not, in order.
    pub bad: Vec<BadRecord>,
}

/// A record that does not fit its format.
pub struct BadRecord {
    /// Its number among the records that were to be cut.
    pub at: usize,
    /// Where it lies.
    pub span: Span,
    /// What is wrong with it. Only the first few are ever shown: beyond [`Cut::SHOWN`] of them it is empty.
    pub what: String,
}

impl Cut {
    /// So many bad records need a reason.
    pub const SHOWN: usize = 3;

    /// So many records, which all fit.
    pub fn all(rows: usize, columns: Vec<Column>) -> Self {
        Cut { rows, records: Vec::new(), columns, bad: Vec::new() }
    }
}

/// Rows to bytes.
pub trait Output: Send + Sync {
    /// What stands once at the start of the output, rows or not; empty if nothing.
    fn header(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Which columns it prints of the rows that it was made for.
    fn needs(&self) -> Live {
        Live::all()
    }

    /// Appends the rows of `block`. Called by the shards, on blocks in any order.
    fn rows(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>);

    /// The same, and where each row ends in `out`, with its line end; false if that cannot be told of this format.
    fn rows_apart(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>, ends: &mut Vec<usize>) -> bool {
        let _ = (block, batch, out, ends);
        false
    }

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
    pub fn shown(&self) -> Vec<usize> {
        (0..self.schema.fields.len()).filter(|&at| !self.schema.fields[at].hidden).collect()
    }

    /// The times that lead each row of the batch, as many as [`Stamp::names`].
    pub fn times(&self, batch: &BatchInfo) -> Vec<String> {
        let (start, end) = (|| batch.start.rfc3339(&self.zone), || batch.end.rfc3339(&self.zone));
        match self.stamp {
            Stamp::None => Vec::new(),
            Stamp::Start => vec![start()],
            Stamp::End => vec![end()],
            Stamp::Both => vec![start(), end()],
        }
    }
}

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
mod tests;
