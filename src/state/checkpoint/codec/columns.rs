//! Rows, column by column. Whole numbers (and lengths, orders, times) are written as their distance from the smallest one, in
//! as few bytes as the largest distance needs; texts behind one another, led by their lengths; floats and truth values as
//! they are.
//!
//! | tag | column | what follows |
//! |---|---|---|
//! | 0 | text | lengths (-1 is null), bytes |
//! | 1 | text of which rows share bytes | starts, lengths, bytes |
//! | 2 | whole numbers | numbers |
//! | 3 | floats | how many, eight bytes each |
//! | 4 | numbers of all kinds | how many, a byte each that says which (0 null, 1 whole, 2 float), eight bytes each |
//! | 5 | truth values | how many, a byte each |
//! | 6 | times | numbers |
//! | 7 | lists | lengths (-1 is null), a column of all their items |
//! | 8 | lists of which rows share items | starts, lengths, a column of the items |

use super::Writer;
use crate::data::block::{Block, Order, Origins};
use crate::data::buffer::PAD;
use crate::data::column::{Column, Lists, Number, Numbers, Span, Text};
use crate::data::packed::Packed;
use crate::data::rows::Rows;
use crate::data::write;
use crate::operators::Saved;

/// How the spans of a column lie in what they point into.
#[derive(Default)]
struct Layout {
    /// The sum of their lengths.
    total: u64,
    /// Where the first one begins.
    start: usize,
    /// Whether each begins where the one before it ends.
    dense: bool,
}

fn layout(spans: &[Span]) -> Layout {
    let live = |span: &&Span| !span.is_null() && span.len > 0;
    let start = spans.iter().find(live).map_or(0, |span| span.start as usize);
    let (mut total, mut dense) = (0, true);
    for span in spans.iter().filter(live) {
        dense &= u64::from(span.start) == start as u64 + total;
        total += u64::from(span.len);
    }
    Layout { total, start, dense }
}

/// The length of a span as it is written.
fn length(span: &Span) -> i64 {
    if span.is_null() { -1 } else { i64::from(span.len) }
}

impl Writer {
    /// Whole numbers.
    pub fn ints(&mut self, values: impl ExactSizeIterator<Item = i64> + Clone) {
        let (least, most) = values.clone().fold((i64::MAX, i64::MIN), |(a, b), value| (a.min(value), b.max(value)));
        self.u64(values.len() as u64);
        if values.len() == 0 {
            return;
        }
        let distances = values.map(|value| value.wrapping_sub(least) as u64);
        let range = most.wrapping_sub(least) as u64;
        let width = if range < 1 << 8 {
            1
        } else if range < 1 << 16 {
            2
        } else if range < 1 << 32 {
            4
        } else {
            8
        };
        self.u8(width);
        self.i64(least);
        match width {
            1 => self.bytes.extend(distances.map(|distance| distance as u8)),
            2 => self.all(distances, |distance| (distance as u16).to_le_bytes()),
            4 => self.all(distances, |distance| (distance as u32).to_le_bytes()),
            _ => self.all(distances, u64::to_le_bytes),
        }
    }

    /// Values of `N` bytes each.
    fn all<T, const N: usize>(&mut self, values: impl ExactSizeIterator<Item = T>, bytes: impl Fn(T) -> [u8; N]) {
        let start = self.bytes.len();
        self.bytes.resize(start + N * values.len(), 0);
        let (room, _) = self.bytes[start..].as_chunks_mut::<N>();
        room.iter_mut().zip(values).for_each(|(to, value)| *to = bytes(value));
    }

    /// A column of any kind.
    pub fn column(&mut self, column: &Column) {
        match column {
            Column::Text(text) => self.text(text),
            Column::Number(Numbers::Ints(values)) => {
                self.u8(2);
                self.ints(values.iter().copied());
            }
            Column::Number(Numbers::Floats(values)) => {
                self.u8(3);
                self.u64(values.len() as u64);
                self.all(values.iter(), |value| value.to_bits().to_le_bytes());
            }
            Column::Number(Numbers::Mixed(values)) => self.mixed(values),
            Column::Bool(values) => {
                self.u8(5);
                self.bytes(values);
            }
            Column::Time(values) => {
                self.u8(6);
                self.ints(values.iter().copied());
            }
            Column::List(lists) => self.lists(lists),
        }
    }

    fn text(&mut self, text: &Text) {
        let Layout { total, start, dense } = layout(&text.spans);
        if total > text.data.len() as u64 {
            self.u8(1);
            self.spans(&text.spans);
            self.bytes(text.data.bytes());
            return;
        }
        self.u8(0);
        self.ints(text.spans.iter().map(length));
        if dense {
            self.bytes.extend_from_slice(&text.data.bytes()[start..start + total as usize]);
            return;
        }
        // Room for the last stroke of the copying as well.
        self.bytes.reserve(total as usize + PAD);
        text.spans.iter().for_each(|&span| write::piece(text.data.padded(), span, &mut self.bytes));
    }

    fn spans(&mut self, spans: &[Span]) {
        self.ints(spans.iter().map(|span| i64::from(span.start)));
        self.ints(spans.iter().map(length));
    }

    fn mixed(&mut self, values: &[Number]) {
        self.u8(4);
        self.u64(values.len() as u64);
        self.bytes.extend(values.iter().map(|value| match value {
            Number::Null => 0,
            Number::Int(_) => 1,
            Number::Float(_) => 2,
        }));
        self.all(values.iter(), |value| match *value {
            Number::Null => [0; 8],
            Number::Int(value) => value.to_le_bytes(),
            Number::Float(value) => value.to_bits().to_le_bytes(),
        });
    }

    fn lists(&mut self, lists: &Lists) {
        let Layout { total, start, dense } = layout(&lists.spans);
        if total > lists.items.len() as u64 {
            self.u8(8);
            self.spans(&lists.spans);
            self.column(&lists.items);
            return;
        }
        self.u8(7);
        self.ints(lists.spans.iter().map(length));
        if dense && start == 0 && total == lists.items.len() as u64 {
            return self.column(&lists.items);
        }
        let live = lists.spans.iter().filter(|span| !span.is_null());
        let items: Vec<u32> = live.flat_map(|span| span.start..span.start + span.len).collect();
        self.column(&lists.items.pick(&items));
    }

    /// A block, with all that it knows of its rows.
    pub fn block(&mut self, block: &Block) {
        self.u64(block.rows as u64);
        self.u64(block.order);
        self.u64(u64::from(block.input));
        self.u64(u64::from(block.batch));
        let Origins { numbers, times } = &block.origins;
        self.u8(u8::from(numbers.is_some()) | u8::from(times.is_some()) << 1);
        if let Some(numbers) = numbers {
            self.ints(numbers.iter().map(|&number| number as i64));
        }
        if let Some(times) = times {
            self.ints(times.iter().copied());
        }
        self.u64(block.columns.len() as u64);
        block.columns.iter().for_each(|column| self.column(column));
    }

    /// The orders of rows.
    pub fn orders(&mut self, orders: &[Order]) {
        self.ints(orders.iter().map(|order| i64::from(order.batch)));
        self.ints(orders.iter().map(|order| order.block as i64));
        self.ints(orders.iter().map(|order| i64::from(order.row)));
    }

    /// Rows and their orders.
    pub fn rows(&mut self, rows: &Rows) {
        self.u64(rows.blocks.len() as u64);
        rows.blocks.iter().for_each(|block| self.block(block));
        self.u64(rows.orders.len() as u64);
        rows.orders.iter().for_each(|orders| self.orders(orders));
    }

    /// What is kept of an aggregate.
    pub fn saved(&mut self, saved: &[Saved]) {
        self.u64(saved.len() as u64);
        for part in saved {
            self.u8(part.what);
            self.time(part.time);
            self.rows(&part.rows);
        }
    }

    /// A block that was packed.
    pub fn packed(&mut self, packed: &Packed) {
        self.block(&packed.clone().unpacked());
    }
}
