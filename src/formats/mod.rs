//! Formats: bytes to rows, and rows to bytes. Every file but this one is one format.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column, Span};
use crate::data::buffer::Buffer;
use crate::data::schema::{Live, Schema};
use crate::error::Result;

pub mod text;

/// Text whose records end in `delimiter`.
pub fn text_input(delimiter: u8) -> Arc<dyn Input> {
    Arc::new(text::Text::new(delimiter))
}

/// Lines of text whose columns have these names and are separated by tabs.
pub fn tabbed_input(names: &[&'static str]) -> Arc<dyn Input> {
    Arc::new(text::Text::columns(names))
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
    /// A batch begins.
    fn begin(&mut self, batch: &BatchInfo, out: &mut Vec<u8>);
    /// What [`Output::rows`] appended for some rows.
    fn rows(&mut self, rendered: &[u8], out: &mut Vec<u8>);
    /// The batch is complete.
    fn end(&mut self, batch: &BatchInfo, summary: &Summary, out: &mut Vec<u8>);
}

/// What is said about a batch beside its rows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Summary {
    /// Records read.
    pub records: u64,
    /// Records per second of the interval (of real time, where the batch has no interval).
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
