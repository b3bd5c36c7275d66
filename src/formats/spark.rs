//! `spark` out: the text of Scala's `DStream.print`. Shards render rows, the output thread heads and cuts each batch.
//!
//! A rendered row travels as its length (u32, little-endian) and its bytes, because a value may hold a newline.

use jiff::tz::TimeZone;

use super::{Layout, Output, Settings, Summary};
use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Cell};
use crate::data::write;

const RULE: &str = "-------------------------------------------";

struct Spark {
    columns: Vec<usize>,
    limit: usize,
    zone: TimeZone,
}

/// The output format `spark`.
pub(super) fn output(settings: &Settings) -> Box<dyn Output> {
    Box::new(Spark { columns: settings.shown(), limit: settings.limit, zone: settings.zone.clone() })
}

impl Output for Spark {
    fn rows(&self, block: &Block, _: &BatchInfo, out: &mut Vec<u8>) {
        // No block shows more than the limit, and one row beyond it tells that there are more.
        for row in 0..block.rows.min(self.limit.saturating_add(1)) {
            let length = out.len();
            out.extend_from_slice(&[0; 4]);
            let bare = self.columns.len() == 1;
            for (at, &column) in self.columns.iter().enumerate() {
                match at {
                    0 if bare => {}
                    0 => out.push(b'('),
                    _ => out.push(b','),
                }
                match block.columns[column].cell(row) {
                    Cell::Null => out.extend_from_slice(b"null"),
                    Cell::List(list) => {
                        out.push(b'[');
                        for (at, item) in list.cells().enumerate() {
                            out.extend_from_slice(if at == 0 { b"" } else { b", " });
                            match item {
                                Cell::Null => out.extend_from_slice(b"null"),
                                item => write::cell(item, &self.zone, out),
                            }
                        }
                        out.push(b']');
                    }
                    other => write::cell(other, &self.zone, out),
                }
            }
            if !bare {
                out.push(b')');
            }
            let len = (out.len() - length - 4) as u32;
            out[length..length + 4].copy_from_slice(&len.to_le_bytes());
        }
    }

    fn layout(&self) -> Option<Box<dyn Layout>> {
        Some(Box::new(Batch { limit: self.limit, rows: 0, shown: Vec::new() }))
    }
}

struct Batch {
    limit: usize,
    /// Rows seen of this batch.
    rows: usize,
    /// The first of them, up to the limit: they stand below the time of the batch, which only its end tells for sure.
    shown: Vec<u8>,
}

impl Layout for Batch {
    fn begin(&mut self, _: &BatchInfo) {
        self.rows = 0;
        self.shown.clear();
    }

    fn rows(&mut self, mut rendered: &[u8], _: &mut Vec<u8>) {
        while let Some((length, rest)) = rendered.split_first_chunk::<4>() {
            let (row, rest) = rest.split_at((u32::from_le_bytes(*length) as usize).min(rest.len()));
            rendered = rest;
            if self.rows < self.limit {
                self.shown.extend_from_slice(row);
                self.shown.push(b'\n');
            }
            self.rows += 1;
        }
    }

    fn end(&mut self, batch: &BatchInfo, _: &Summary, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{RULE}\nTime: {} ms\n{RULE}\n", batch.end.0).as_bytes());
        out.extend_from_slice(&self.shown);
        if self.rows > self.limit {
            out.extend_from_slice(b"...\n");
        }
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{block, laid_out, settings, text};
    use super::*;
    use crate::data::block::Column;

    const HEAD: &str =
        "-------------------------------------------\nTime: 2000 ms\n-------------------------------------------\n";

    #[test]
    fn pairs_nulls_and_values_with_a_newline() {
        let rows = block(vec![text(&[Some(b"hello"), None, Some(b"a\nb")]), Column::ints(vec![1, 2, 3])]);
        let printed = laid_out(&*output(&settings(&["word", "count"])), &[rows], &Summary::default());
        assert_eq!(printed, format!("{HEAD}(hello,1)\n(null,2)\n(a\nb,3)\n\n"));
    }

    #[test]
    fn one_column_is_bare_and_an_empty_batch_has_its_head() {
        let output = output(&settings(&["count"]));
        let printed = laid_out(&*output, &[block(vec![Column::ints(vec![0])])], &Summary::default());
        assert_eq!(printed, format!("{HEAD}0\n\n"));
        assert_eq!(laid_out(&*output, &[], &Summary::default()), format!("{HEAD}\n"));
    }

    #[test]
    fn more_rows_than_the_limit_end_in_dots_even_over_several_blocks() {
        let output = output(&Settings { limit: 2, ..settings(&["n"]) });
        let ints = |values: &[i64]| block(vec![Column::ints(values.to_vec())]);
        let exact = laid_out(&*output, &[ints(&[1]), ints(&[2])], &Summary::default());
        assert_eq!(exact, format!("{HEAD}1\n2\n\n"));
        let more = laid_out(&*output, &[ints(&[1]), ints(&[2, 3, 4, 5])], &Summary::default());
        assert_eq!(more, format!("{HEAD}1\n2\n...\n\n"));
    }
}
