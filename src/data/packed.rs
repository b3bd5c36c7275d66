//! Blocks that wait in memory: of a column of short text just the bytes and a byte for each length, instead of spans of eight.
//! Filled and read again on the shards, a block at a time.

use std::sync::Arc;

use super::block::{Block, Origins};
use super::buffer::{Buffer, PAD};
use super::builder::Builder;
use super::column::{Column, Span, Text};
use super::write;

/// The length that says that there is no value. Longer texts than that make a column keep its spans.
const NULL: u8 = u8::MAX;

/// The copy of a block, without the origins of its rows.
#[derive(Clone)]
pub struct Packed {
    rows: usize,
    order: u64,
    batch: u32,
    input: u16,
    columns: Vec<Kept>,
}

#[derive(Clone)]
enum Kept {
    /// The texts behind one another, and their lengths.
    Short(Vec<u8>, Vec<u8>),
    Whole(Column),
}

impl Packed {
    /// Copies a block out of its buffers.
    pub fn of(block: &Block) -> Self {
        let columns = block.columns.iter().map(|column| match column {
            Column::Text(text) => short(text).unwrap_or_else(|| whole(column)),
            _ => whole(column),
        });
        Packed {
            rows: block.rows,
            order: block.order,
            batch: block.batch,
            input: block.input,
            columns: columns.collect(),
        }
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// See [`Block::order`].
    pub fn order(&self) -> u64 {
        self.order
    }

    /// See [`Block::batch`].
    pub fn batch(&self) -> u32 {
        self.batch
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        let bytes = |kept: &Kept| match kept {
            Kept::Short(bytes, lengths) => bytes.len() + lengths.len(),
            Kept::Whole(column) => column.bytes(),
        };
        self.columns.iter().map(bytes).sum()
    }

    /// As it was.
    pub fn unpacked(self) -> Block {
        let column = |kept| match kept {
            Kept::Short(bytes, lengths) => Column::Text(text(bytes, &lengths)),
            Kept::Whole(column) => column,
        };
        let columns = self.columns.into_iter().map(column).collect();
        Block {
            rows: self.rows,
            columns,
            order: self.order,
            batch: self.batch,
            input: self.input,
            origins: Origins::default(),
        }
    }
}

fn whole(column: &Column) -> Kept {
    let mut builder = Builder::default();
    let rows = column.len();
    builder.extend(&Block { rows, columns: vec![column.clone()], ..Block::default() }, 0..rows);
    Kept::Whole(builder.finish().columns.swap_remove(0))
}

fn short(text: &Text) -> Option<Kept> {
    let mut lengths = Vec::with_capacity(text.spans.len());
    let mut total = 0;
    for span in &text.spans {
        match span.len {
            Span::NULL_LEN => lengths.push(NULL),
            len if len < u32::from(NULL) => {
                lengths.push(len as u8);
                total += len as usize;
            }
            _ => return None,
        }
    }
    // Room for the last stroke of the copying, and for the zeros behind every buffer.
    let mut bytes = Vec::with_capacity(total + PAD);
    let padded = text.data.padded();
    text.spans.iter().for_each(|span| write::piece(padded, *span, &mut bytes));
    Some(Kept::Short(bytes, lengths))
}

fn text(bytes: Vec<u8>, lengths: &[u8]) -> Text {
    let mut start = 0;
    let span = |&length: &u8| match length {
        NULL => Span::NULL,
        length => {
            let span = Span { start, len: u32::from(length) };
            start += span.len;
            span
        }
    };
    let spans = lengths.iter().map(span).collect();
    Text { data: Arc::new(Buffer::from_vec(bytes)), spans }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::column::Cell;
    use crate::data::rows::sample_rows;

    fn values() -> impl Strategy<Value = Option<Vec<u8>>> {
        let text = |lengths| proptest::collection::vec(any::<u8>(), lengths);
        proptest::option::of(prop_oneof![8 => text(0..20), 1 => text(250..260)])
    }

    proptest! {
        #[test]
        fn blocks_come_back_as_they_were(rows in sample_rows(values(), 4)) {
            for block in &rows.blocks {
                let back = Packed::of(block).unpacked();
                prop_assert_eq!((back.rows, back.order), (block.rows, block.order));
                for (one, other) in back.columns.iter().zip(&block.columns) {
                    let cells = |column: &Column| (0..block.rows).map(|row| format!("{:?}", column.cell(row))).collect::<Vec<_>>();
                    prop_assert_eq!(cells(one), cells(other));
                }
            }
        }
    }

    #[test]
    fn a_length_that_fits_no_byte_keeps_the_spans() {
        for len in [0, 254, 255, 256] {
            let data = Arc::new(Buffer::from_vec(vec![b'x'; len]));
            let column = Column::Text(Text { data, spans: vec![Span::NULL, Span::range(0, len)] });
            let packed = Packed::of(&Block { rows: 2, columns: vec![column], ..Block::default() });
            assert_eq!(matches!(packed.columns[0], Kept::Short(..)), len < 255);
            let back = packed.unpacked();
            assert_eq!(back.columns[0].cell(0), Cell::Null);
            assert_eq!(back.columns[0].cell(1), Cell::Text(&vec![b'x'; len]));
        }
    }
}
