//! Keys of groups: one column of text that stands for one or several columns, and the way back. Called on the shards.
//!
//! Two rows have the same key exactly if they have the same bytes, or null, in every column. A single column of text is
//! its own key. Several are put into one text: of each column a code, 0 for null, else the length and 1 (seven bits in
//! each byte, the lowest first, the top bit set where more follow), and the bytes.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::block::Block;
use super::buffer::{Buffer, PAD};
use super::column::{Cell, Column, Span, Text};
use super::rows::{BLOCK_BYTES, BLOCK_ROWS};
use super::write;
use crate::error::{Error, Result};

/// The columns that the value of an option such as `--by` names: `a,b`, `$1`. An empty list, an empty name or the same
/// name twice is a usage error.
pub fn parse(option: &str, list: &str) -> Result<Vec<String>> {
    if list.trim().is_empty() {
        return Err(Error::usage(format!(
            "{option} is given no column: if you wrote $1, the shell has replaced it by nothing; quote it: {option} '$1'"
        )));
    }
    let mut names: Vec<String> = Vec::new();
    for name in list.split(',').map(str::trim) {
        if name.is_empty() {
            return Err(Error::usage(format!(
                "{option} '{list}' has a comma without a column; write names with a comma between them, and quote $1: '$1'"
            )));
        }
        if names.iter().any(|n| n == name) {
            return Err(Error::usage(format!("{option} '{list}' names `{name}` twice; name each column once")));
        }
        names.push(name.to_string());
    }
    Ok(names)
}

/// The key of each row, made of these columns; what is no text counts as the text that it is written as.
pub fn encode<'a>(block: &'a Block, columns: &[usize]) -> Cow<'a, Text> {
    match columns {
        [one] => match &block.columns[*one] {
            Column::Text(text) => Cow::Borrowed(text),
            other => Cow::Owned(written(other)),
        },
        _ => Cow::Owned(composite(block.rows, &columns.iter().map(|&at| &block.columns[at]).collect::<Vec<_>>())),
    }
}

/// The values of a column as text.
pub fn written(column: &Column) -> Text {
    let mut data = Vec::with_capacity(column.len() * 4);
    let mut spans = Vec::with_capacity(column.len());
    for row in 0..column.len() {
        let (cell, start) = (column.cell(row), data.len());
        write::cell(cell, &TimeZone::UTC, &mut data);
        spans.push(if cell == Cell::Null { Span::NULL } else { Span::range(start, data.len()) });
    }
    Text { data: Arc::new(Buffer::from_vec(data)), spans }
}

/// The key of each row, made of the values of several columns.
pub fn composite(rows: usize, columns: &[&Column]) -> Text {
    let mut data = Vec::with_capacity(rows * columns.len() * 12);
    let mut spans = Vec::with_capacity(rows);
    for row in 0..rows {
        let start = data.len();
        for column in columns {
            match column {
                Column::Text(text) => {
                    let span = text.spans[row];
                    push_code(&mut data, if span.is_null() { 0 } else { u64::from(span.len) + 1 });
                    write::piece(text.data.padded(), span, &mut data);
                }
                other => match other.cell(row) {
                    Cell::Null => push_code(&mut data, 0),
                    cell => {
                        // Nearly all of them are shorter than what a code of one byte can tell.
                        let code = data.len();
                        data.push(0);
                        write::cell(cell, &TimeZone::UTC, &mut data);
                        match data.len() - code {
                            len @ ..0x80 => data[code] = len as u8,
                            len => {
                                let text = data.split_off(code + 1);
                                data.truncate(code);
                                push_code(&mut data, len as u64);
                                data.extend_from_slice(&text);
                            }
                        }
                    }
                },
            }
        }
        spans.push(Span::range(start, data.len()));
    }
    Text { data: Arc::new(Buffer::from_vec(data)), spans }
}

fn push_code(data: &mut Vec<u8>, mut code: u64) {
    while code >= 0x80 {
        data.push(code as u8 | 0x80);
        code >>= 7;
    }
    data.push(code as u8);
}

/// Splits the first value off a composite key.
fn next_value<'a>(key: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut code = 0;
    let mut shift = 0;
    while let Some((&byte, rest)) = key.split_first() {
        *key = rest;
        code |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            break;
        }
    }
    let (value, rest) = key.split_at(code.checked_sub(1)?);
    *key = rest;
    Some(value)
}

/// The key of the first `width` columns, of the key of more than these.
pub fn leading(key: &[u8], width: usize) -> Option<&[u8]> {
    let mut rest = key;
    match width {
        1 => next_value(&mut rest),
        _ => {
            for _ in 0..width {
                next_value(&mut rest);
            }
            Some(&key[..key.len() - rest.len()])
        }
    }
}

fn append(data: &mut Vec<u8>, spans: &mut Vec<Span>, bytes: Option<&[u8]>) {
    spans.push(match bytes {
        Some(bytes) => Span { start: data.len() as u32, len: bytes.len() as u32 },
        None => Span::NULL,
    });
    data.extend_from_slice(bytes.unwrap_or_default());
}

/// Turns keys, each with a number beside it, into blocks: a column of text for each column that the keys were made of,
/// then a column of the numbers.
pub struct Decoder {
    columns: Vec<(Vec<u8>, Vec<Span>)>,
    numbers: Vec<i64>,
    blocks: Vec<Block>,
    bytes: usize,
}

impl Decoder {
    /// For keys made of so many columns.
    pub fn new(columns: usize) -> Self {
        Decoder { columns: vec![Default::default(); columns], numbers: Vec::new(), blocks: Vec::new(), bytes: 0 }
    }

    /// Makes room for so many short keys, or for those of the first block.
    pub fn reserve(&mut self, rows: usize) {
        let rows = rows.min(BLOCK_ROWS);
        self.numbers.reserve(rows);
        for (data, spans) in &mut self.columns {
            data.reserve(write::SHORT / 2 * rows + PAD);
            spans.reserve(rows);
        }
    }

    /// One more row: a key as [`encode`] made it, `None` for null.
    pub fn push(&mut self, key: Option<&[u8]>, number: i64) {
        let len = key.map_or(0, <[u8]>::len);
        if self.numbers.len() == BLOCK_ROWS || (self.bytes + len > BLOCK_BYTES && !self.numbers.is_empty()) {
            self.cut();
        }
        self.bytes += len;
        if let [(data, spans)] = &mut self.columns[..] {
            append(data, spans, key);
        } else {
            let mut rest = key.unwrap_or_default();
            for (data, spans) in &mut self.columns {
                append(data, spans, next_value(&mut rest));
            }
        }
        self.numbers.push(number);
    }

    /// All rows, none of the blocks longer than stores of rows are.
    pub fn finish(mut self) -> Vec<Block> {
        if !self.numbers.is_empty() {
            self.cut();
        }
        self.blocks
    }

    fn cut(&mut self) {
        // The next block will be about as large.
        let text = |(data, spans): &mut (Vec<u8>, Vec<Span>)| {
            let (more, rows) = (data.len() + data.len() / 8, spans.len());
            let data = Arc::new(Buffer::from_vec(std::mem::replace(data, Vec::with_capacity(more))));
            Column::Text(Text { data, spans: std::mem::replace(spans, Vec::with_capacity(rows)) })
        };
        let rows = self.numbers.len();
        let mut columns: Vec<Column> = self.columns.iter_mut().map(text).collect();
        columns.push(Column::ints(std::mem::take(&mut self.numbers)));
        self.blocks.push(Block { rows, columns, ..Block::default() });
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Row = Vec<Option<Vec<u8>>>;

    fn column(values: impl Iterator<Item = Option<Vec<u8>>>) -> Column {
        let (mut data, mut spans) = (Vec::new(), Vec::new());
        values.for_each(|value| append(&mut data, &mut spans, value.as_deref()));
        Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans })
    }

    fn block(rows: &[Row], width: usize) -> Block {
        let columns = (0..width).map(|c| column(rows.iter().map(|row| row[c].clone()))).collect();
        Block { rows: rows.len(), columns, ..Block::default() }
    }

    fn rows(width: usize) -> impl Strategy<Value = Vec<Row>> {
        let bytes = prop_oneof![prop::collection::vec(0u8..3, 0..4), prop::collection::vec(any::<u8>(), 120..300)];
        prop::collection::vec(prop::collection::vec(prop::option::of(bytes), width), 0..40)
    }

    proptest! {
        #[test]
        fn keys_are_equal_exactly_if_rows_are_and_give_them_back(
            (width, rows) in (0usize..4).prop_flat_map(|w| (Just(w), rows(w)))
        ) {
            let block = block(&rows, width);
            let columns: Vec<usize> = (0..width).collect();
            let keys = encode(&block, &columns);
            prop_assert_eq!(keys.spans.len(), rows.len());
            let key = |row: usize| keys.spans[row].of(keys.data.bytes());
            let mut decoder = Decoder::new(width);
            for a in 0..rows.len() {
                for b in 0..a {
                    prop_assert_eq!(key(a) == key(b), rows[a] == rows[b]);
                }
                decoder.push(key(a), a as i64);
            }
            let blocks = decoder.finish();
            let back: Vec<Row> = blocks.iter().flat_map(|block| (0..block.rows).map(|row| {
                block.columns[..width].iter().map(|c| match c.cell(row) {
                    Cell::Text(bytes) => Some(bytes.to_vec()),
                    _ => None,
                }).collect()
            })).collect();
            prop_assert_eq!(back, rows);
        }
    }

    #[test]
    fn one_text_column_is_borrowed_and_numbers_are_decimal() {
        let columns = vec![column([Some(b"7".to_vec())].into_iter()), Column::ints(vec![-7])];
        let block = Block { rows: 1, columns, ..Block::default() };
        assert!(matches!(encode(&block, &[0]), Cow::Borrowed(_)));
        let keys = encode(&block, &[1]);
        assert_eq!(keys.data.bytes(), b"-7");
        assert_eq!(encode(&block, &[1, 0]).data.bytes(), b"\x03-7\x027");
    }

    #[test]
    fn blocks_are_cut_by_rows_and_by_bytes() {
        let mut decoder = Decoder::new(1);
        (0..BLOCK_ROWS + 1).for_each(|_| decoder.push(Some(b"k"), 1));
        decoder.push(Some(&vec![b'x'; BLOCK_BYTES]), 2);
        decoder.push(None, 3);
        let rows: Vec<usize> = decoder.finish().iter().map(|b| b.rows).collect();
        assert_eq!(rows, [BLOCK_ROWS, 1, 2]);
    }

    #[test]
    fn lists_of_names_and_what_is_none() {
        assert_eq!(parse("--by", "$1, b").ok(), Some(vec!["$1".to_string(), "b".to_string()]));
        let message = |list| parse("--by", list).map_err(|e| (e.exit_status(), e.to_string()));
        for (list, hint) in [("", "the shell"), (" ", "quote it: --by '$1'"), ("a,,b", "a comma"), ("a,a", "`a` twice")]
        {
            assert!(matches!(message(list), Err((2, text)) if text.contains(hint)), "{list}");
        }
    }
}
