//! A column of csv while it is cut: spans into the input, without the quotes around a value, as long as that is possible. A
//! value with a doubled quote stands nowhere in the input as it is: from the first one on the column has bytes of its own.

use std::sync::Arc;

use memchr::memchr;

use crate::data::buffer::Buffer;
use crate::data::column::{Column, Span, Text};

/// The values of a column so far.
#[derive(Default)]
pub struct Values {
    spans: Vec<Span>,
    /// What the spans point into, if not the input.
    own: Option<Vec<u8>>,
}

impl Values {
    /// Room for so many more.
    pub fn reserve(&mut self, rows: usize) {
        self.spans.reserve(rows);
    }

    /// `text[start..end]` as it stands there, quotes and all; null if it is empty.
    #[inline]
    pub fn push(&mut self, text: &[u8], start: usize, end: usize) {
        if self.own.is_some() {
            self.copy(text, start, end);
        } else {
            self.spans.push(span(start, end));
        }
    }

    /// The same for a record, which is empty and not null.
    pub fn push_line(&mut self, start: usize, end: usize) {
        self.spans.push(Span::range(start, end));
    }

    /// The same for many, none of which may be quoted: each begins behind the first of its marks and ends before the other.
    #[inline]
    pub fn extend(&mut self, text: &[u8], marks: impl Iterator<Item = (u32, u32)>) {
        if self.own.is_some() {
            marks.for_each(|(before, end)| self.copy(text, before.wrapping_add(1) as usize, end as usize));
        } else {
            self.spans.extend(marks.map(|(before, end)| {
                let start = before.wrapping_add(1);
                let len = end.wrapping_sub(start);
                if len == 0 { Span::NULL } else { Span { start, len } }
            }));
        }
    }

    /// The field `text[start..end]`, which may be quoted.
    #[inline]
    pub fn push_field(&mut self, text: &[u8], start: usize, end: usize) {
        if start == end || text[start] != b'"' {
            return self.push(text, start, end);
        }
        let inner = start + 1;
        match memchr(b'"', &text[inner..end]) {
            Some(length) if inner + length + 1 == end => self.push(text, inner, end - 1),
            _ => {
                if self.own.is_none() {
                    self.take_over(text);
                }
                let own = self.own.get_or_insert_default();
                let from = own.len();
                unquote(&text[inner..end], own);
                self.spans.push(span(from, own.len()));
            }
        }
    }

    fn copy(&mut self, text: &[u8], start: usize, end: usize) {
        let own = self.own.get_or_insert_default();
        let from = own.len();
        own.extend_from_slice(&text[start..end]);
        self.spans.push(span(from, own.len()));
    }

    /// From now on the column has its own bytes.
    #[cold]
    fn take_over(&mut self, text: &[u8]) {
        let mut own = Vec::new();
        for span in &mut self.spans {
            if let Some(value) = span.of(text) {
                span.start = own.len() as u32;
                own.extend_from_slice(value);
            }
        }
        self.own = Some(own);
    }

    /// All of them.
    pub fn column(self, data: &Arc<Buffer>) -> Column {
        let data = self.own.map_or_else(|| Arc::clone(data), |own| Arc::new(Buffer::from_vec(own)));
        Column::Text(Text { data, spans: self.spans })
    }
}

fn span(start: usize, end: usize) -> Span {
    if start == end { Span::NULL } else { Span::range(start, end) }
}

/// Appends a field whose quote has been opened before `rest`: doubled quotes are one, what stands behind the closing one
/// belongs to it as it is.
pub fn unquote(mut rest: &[u8], into: &mut Vec<u8>) {
    while let Some(quote) = memchr(b'"', rest) {
        into.extend_from_slice(&rest[..quote]);
        rest = &rest[quote + 1..];
        if rest.first() != Some(&b'"') {
            break;
        }
        into.push(b'"');
        rest = &rest[1..];
    }
    into.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::column::Cell;

    #[test]
    fn only_a_doubled_or_continued_quote_needs_bytes_of_its_own() {
        let text = br#"ab"cd""""e""f"x"y""z"#;
        let data = Arc::new(Buffer::from_vec(text.to_vec()));
        let mut values = Values::default();
        values.push_field(text, 0, 2);
        values.push_field(text, 2, 6);
        values.push_field(text, 6, 8);
        assert!(values.own.is_none());
        values.push_field(text, 8, 14);
        values.push_field(text, 0, 1);
        values.push(text, 3, 3);
        values.push_field(text, 8, 15);
        let column = values.column(&data);
        let cells: Vec<_> = (0..7).map(|row| column.cell(row)).collect();
        let text = |text: &'static str| Cell::Text(text.as_bytes());
        assert_eq!(cells, [text("ab"), text("cd"), Cell::Null, text("e\"f"), text("a"), Cell::Null, text("e\"fx")]);
    }
}
