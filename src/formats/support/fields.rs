//! Records of delimited fields to columns, a block at a time: positions of separators and ends first, with vector
//! instructions, then the columns out of these, as long as all records have their shape; else record by record.

use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memchr2};

use super::values::{Values, unquote};
use crate::data::buffer::Buffer;
use crate::data::column::Span;
use crate::data::fast::Fields;
use crate::formats::{BadRecord, Cut};

/// How many bytes become positions before those become spans: the positions stay in the first-level cache.
const PIECE: usize = 4096;

/// What records look like.
pub struct Layout {
    /// Stands between fields.
    pub separator: u8,
    /// Ends a record.
    pub delimiter: u8,
    /// How many fields a record has.
    pub count: usize,
    /// What says so, as messages name it.
    pub said_by: &'static str,
    /// The fields of the header line, which is no record wherever it stands.
    pub header: Option<Vec<Vec<u8>>>,
}

/// What a column is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The whole record.
    Line,
    /// A field, counted from 0.
    Field(usize),
}

/// What was cut so far.
struct Rows<'a> {
    layout: &'a Layout,
    text: &'a [u8],
    places: &'a [Place],
    columns: Vec<Values>,
    rows: usize,
    bad: Vec<BadRecord>,
    /// The header line without quotes: what it looks like in a record without any.
    header: Vec<u8>,
}

/// Cuts all records of a range of the buffer.
pub fn cut_range(layout: &Layout, data: &Arc<Buffer>, range: Range<usize>, places: &[Place]) -> Cut {
    let text = &data.bytes()[..range.end];
    let mut rows = Rows::new(layout, text, places);
    // The first is the end of the record before: fields lie between neighbours. The last record has no end as yet.
    let mut marks = vec![0u32; 1 + PIECE + Fields::ROOM];
    marks[0] = range.start.wrapping_sub(1) as u32;
    let (mut at, mut held) = (range.start, 0);
    let (mut quotes, mut returns) = (false, false);
    let mut fields = Fields::new(layout.separator, layout.delimiter);
    while at < range.end {
        let to = range.end.min(at + PIECE);
        if marks.len() < 1 + held + PIECE + Fields::ROOM {
            marks.resize(2 * held + PIECE + Fields::ROOM, 0);
        }
        let step = fields.step(text, at, to, &mut marks[1 + held..]);
        if step.odd {
            // Parity is of no use here: goes on from the record in which the step began, up to one behind it.
            at = marks[0].wrapping_add(1) as usize;
            while at < to {
                at = rows.walk(at);
            }
            fields = Fields::new(layout.separator, layout.delimiter);
            (marks[0], held, quotes, returns) = (at.wrapping_sub(1) as u32, 0, false, false);
            continue;
        }
        at = to;
        held += step.found;
        (quotes, returns) = (quotes | step.quotes, returns | step.returns);
        if step.ends > 0 {
            if rows.rows == 0 {
                rows.reserve(step.ends * (range.len() / PIECE + 1));
            }
            let used = rows.take(&marks[..=held], step.ends, quotes, returns);
            marks.copy_within(used..=held, 0);
            held -= used;
            (quotes, returns) = (step.quotes, step.returns);
        }
    }
    let start = marks[0].wrapping_add(1) as usize;
    if start < range.end {
        rows.walk(start);
    }
    rows.finish(data)
}

/// Cuts these records.
pub fn cut(layout: &Layout, data: &Arc<Buffer>, records: &[Span], places: &[Place]) -> Cut {
    let mut rows = Rows::new(layout, data.bytes(), places);
    rows.reserve(records.len());
    for record in records {
        let start = record.start as usize;
        rows.text = &data.bytes()[..start + record.len as usize];
        rows.walk(start);
    }
    rows.finish(data)
}

/// The fields of a record, quotes removed; `None` if a quote is not closed.
pub fn split(record: &[u8], separator: u8, delimiter: u8) -> Option<Vec<Vec<u8>>> {
    let record = record.strip_suffix(b"\r").unwrap_or(record);
    let mut marks = vec![u32::MAX];
    walk(record, 0, separator, delimiter, &mut marks)?;
    let field = |pair: &[u32]| plain(&record[pair[0].wrapping_add(1) as usize..pair[1] as usize]);
    Some(marks.windows(2).map(field).collect())
}

fn plain(field: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(field.len());
    match field.strip_prefix(b"\"") {
        Some(rest) => unquote(rest, &mut value),
        None => value.extend_from_slice(field),
    }
    value
}

/// Where the fields of the record that begins at `at` end: at separators, and the last at a delimiter or with the text.
/// `None` if a quote is not closed.
fn walk(text: &[u8], mut at: usize, separator: u8, delimiter: u8, marks: &mut Vec<u32>) -> Option<()> {
    loop {
        if text.get(at) == Some(&b'"') {
            at += 1;
            loop {
                at += memchr(b'"', text.get(at..)?)? + 1;
                if text.get(at) != Some(&b'"') {
                    break;
                }
                at += 1;
            }
        }
        let end = memchr2(separator, delimiter, &text[at..]).map_or(text.len(), |found| at + found);
        marks.push(end as u32);
        if text.get(end).is_none_or(|byte| *byte == delimiter) {
            return Some(());
        }
        at = end + 1;
    }
}

impl<'a> Rows<'a> {
    fn new(layout: &'a Layout, text: &'a [u8], places: &'a [Place]) -> Self {
        let columns = places.iter().map(|_| Values::default()).collect();
        let header = layout.header.as_ref().map(|fields| fields.join(&layout.separator)).unwrap_or_default();
        Rows { layout, text, places, columns, rows: 0, bad: Vec::new(), header }
    }

    fn reserve(&mut self, rows: usize) {
        self.columns.iter_mut().for_each(|column| column.reserve(rows));
    }

    /// The records between the marks, `ends` of them, and how many marks they have. Behind the last end no other may be left.
    fn take(&mut self, marks: &[u32], ends: usize, quotes: bool, returns: bool) -> usize {
        let count = self.layout.count;
        let rows = (marks.len() - 1) / count;
        if rows == ends && self.is_regular(marks, rows, quotes, returns) {
            for (column, place) in self.columns.iter_mut().zip(self.places) {
                let Place::Field(field) = *place else {
                    let (starts, ends) = (marks.iter().step_by(count), marks[count..].iter().step_by(count));
                    let line = |start: &u32| start.wrapping_add(1) as usize;
                    starts.zip(ends).for_each(|(start, end)| column.push_line(line(start), *end as usize));
                    continue;
                };
                let around = &marks[field..=rows * count];
                if !(quotes || returns && field + 1 == count) {
                    // The compiler makes vector instructions of the first two.
                    match count {
                        1 => column.extend(self.text, around.array_windows().map(|&[before, end]| (before, end))),
                        2 => column.extend(self.text, around.as_chunks().0.iter().map(|&[before, end]| (before, end))),
                        _ => column.extend(self.text, around.chunks(count).take(rows).map(|pair| (pair[0], pair[1]))),
                    }
                    continue;
                }
                let ends = around[1..].iter().step_by(count).take(rows);
                for (start, end) in around.iter().step_by(count).zip(ends) {
                    let (start, mut end) = (start.wrapping_add(1) as usize, *end as usize);
                    end -= usize::from(field + 1 == count && end > start && self.text[end - 1] == b'\r');
                    column.push_field(self.text, start, end);
                }
            }
            self.rows += rows;
            return rows * count;
        }
        let mut used = 0;
        for _ in 0..ends {
            let ended = |mark: &u32| self.text[*mark as usize] == self.layout.delimiter;
            let Some(length) = marks[used + 1..].iter().position(ended) else { break };
            self.record(&marks[used..used + length + 2]);
            used += length + 1;
        }
        used
    }

    /// Whether every record has as many fields as it must, and none is empty or may be the header; `rows` of the marks are
    /// ends.
    fn is_regular(&self, marks: &[u32], rows: usize, quotes: bool, returns: bool) -> bool {
        let Layout { count, delimiter, .. } = *self.layout;
        let (header, text) = (self.header.as_slice(), self.text);
        // Without a header no record is so long.
        let length = if header.is_empty() { usize::MAX >> 1 } else { header.len() };
        // Quotes around each field, and at worst all quotes in it doubled.
        let slack = usize::from(returns) + if quotes { header.len() + 2 * count } else { 0 };
        let mut regular = true;
        let mut next = marks[0].wrapping_add(1) as usize;
        for record in marks[1..].chunks_exact(count).take(rows) {
            let (start, end) = (next, record[count - 1] as usize);
            next = end + 1;
            regular &= text[end] == delimiter;
            // An empty record is one only if it has but one field: the others are told by their shape.
            if count == 1 {
                regular &= !matches!(text[start..end], [] | [b'\r']);
            }
            if (end - start).wrapping_sub(length) <= slack {
                // The last byte tells more than the first: names have a beginning in common with values more often.
                let (last, may) = (text[end - 1], header[header.len() - 1]);
                if (last == may || last == b'"' || last == b'\r') && self.is_header(start, end) {
                    regular = false;
                }
            }
        }
        regular
    }

    /// Whether a record is the header line.
    #[inline(never)]
    fn is_header(&self, start: usize, end: usize) -> bool {
        let Layout { separator, delimiter, .. } = *self.layout;
        let record = &self.text[start..end];
        let record = record.strip_suffix(b"\r").unwrap_or(record);
        if self.header.is_empty()
            || record.len().wrapping_sub(self.header.len()) > self.header.len() + 2 * self.layout.count
        {
            return false;
        }
        *record == self.header[..]
            || (memchr(b'"', record).is_some() && split(record, separator, delimiter) == self.layout.header)
    }

    /// One record: where it begins (one before that), and where its fields end.
    fn record(&mut self, marks: &[u32]) {
        let Layout { count, said_by, .. } = *self.layout;
        let start = marks[0].wrapping_add(1) as usize;
        let line = marks.last().map_or(start, |end| *end as usize);
        let end = line - usize::from(line > start && self.text[line - 1] == b'\r');
        if start == end {
            return;
        }
        let found = marks.len() - 1;
        if found != count {
            let fields = if found == 1 { "field" } else { "fields" };
            return self.bad(start, line, || format!("{found} {fields} where {said_by} has {count}"));
        }
        if self.is_header(start, end) {
            return self.bad(start, line, || "the header again".to_string());
        }
        for (column, place) in self.columns.iter_mut().zip(self.places) {
            match *place {
                Place::Line => column.push_line(start, line),
                Place::Field(field) => {
                    let (from, to) = (marks[field].wrapping_add(1) as usize, marks[field + 1] as usize);
                    column.push_field(self.text, from, to.min(end));
                }
            }
        }
        self.rows += 1;
    }

    /// The record that begins at `at`; where the next one begins.
    fn walk(&mut self, at: usize) -> usize {
        let mut marks = vec![at.wrapping_sub(1) as u32];
        if walk(self.text, at, self.layout.separator, self.layout.delimiter, &mut marks).is_none() {
            self.bad(at, self.text.len(), || "a quote that is not closed".to_string());
            return self.text.len();
        }
        self.record(&marks);
        marks.last().map_or(at, |end| *end as usize) + 1
    }

    fn bad(&mut self, start: usize, end: usize, what: impl FnOnce() -> String) {
        let what = if self.bad.len() < Cut::SHOWN { what() } else { String::new() };
        self.bad.push(BadRecord { at: self.rows + self.bad.len(), span: Span::range(start, end), what });
    }

    fn finish(self, data: &Arc<Buffer>) -> Cut {
        let columns = self.columns.into_iter().map(|column| column.column(data)).collect();
        Cut { rows: self.rows, records: Vec::new(), columns, bad: self.bad }
    }
}
