//! Reads the rows that [`columns`](super::columns) wrote.

use std::sync::Arc;

use super::{Read, Reader, Unreadable};
use crate::data::block::{Block, Order, Origins};
use crate::data::buffer::{Buffer, PAD};
use crate::data::column::{Column, Lists, Number, Numbers, Span, Text, UNKNOWN};
use crate::data::packed::Packed;
use crate::data::rows::Rows;
use crate::operators::Saved;

/// Lists in lists, so deep that no expression makes them.
const DEPTH: usize = 200;

impl Reader<'_> {
    /// See [`Writer::ints`](super::Writer::ints).
    pub fn ints<T>(&mut self, mut made: impl FnMut(i64) -> T) -> Read<Vec<T>> {
        let count = self.count(1)?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let width = self.u8()?;
        let least = self.i64()?;
        let bytes = self.take(count.checked_mul(usize::from(width)).ok_or(Unreadable::CutOff)?)?;
        let mut value = |distance: u64| made(least.wrapping_add(distance as i64));
        Ok(match width {
            1 => bytes.iter().map(|&byte| value(u64::from(byte))).collect(),
            2 => bytes.as_chunks().0.iter().map(|&chunk| value(u64::from(u16::from_le_bytes(chunk)))).collect(),
            4 => bytes.as_chunks().0.iter().map(|&chunk| value(u64::from(u32::from_le_bytes(chunk)))).collect(),
            8 => bytes.as_chunks().0.iter().map(|&chunk| value(u64::from_le_bytes(chunk))).collect(),
            _ => return Err(Unreadable::NotUnderstood),
        })
    }

    /// A column of any kind.
    pub fn column(&mut self) -> Read<Column> {
        self.column_within(DEPTH)
    }

    fn column_within(&mut self, depth: usize) -> Read<Column> {
        let depth = depth.checked_sub(1).ok_or(Unreadable::NotUnderstood)?;
        Ok(match self.u8()? {
            0 => {
                let (spans, total) = self.dense()?;
                Column::Text(Text { data: self.data(total)?, spans })
            }
            1 => {
                let spans = self.spans()?;
                let len = self.count(1)?;
                Column::Text(Text { spans: within(spans, len)?, data: self.data(len)? })
            }
            2 => Column::ints(self.ints(|value| value)?),
            3 => {
                let count = self.count(8)?;
                let values = self.take(8 * count)?.as_chunks().0;
                Column::Number(Numbers::Floats(values.iter().map(|&chunk| float(chunk)).collect()))
            }
            4 => Column::Number(Numbers::Mixed(self.mixed()?)),
            5 => {
                let values = self.bytes()?;
                if values.iter().any(|&value| value > UNKNOWN) {
                    return Err(Unreadable::NotUnderstood);
                }
                Column::Bool(values.to_vec())
            }
            6 => Column::Time(self.ints(|value| value)?),
            7 => {
                let (spans, total) = self.dense()?;
                let items = self.column_within(depth)?;
                if items.len() != total {
                    return Err(Unreadable::NotUnderstood);
                }
                Column::List(Lists { items: Arc::new(items), spans })
            }
            8 => {
                let spans = self.spans()?;
                let items = self.column_within(depth)?;
                Column::List(Lists { spans: within(spans, items.len())?, items: Arc::new(items) })
            }
            _ => return Err(Unreadable::NotUnderstood),
        })
    }

    /// So many bytes, as what spans point into.
    fn data(&mut self, len: usize) -> Read<Arc<Buffer>> {
        let bytes = self.take(len)?;
        // Room for the zeros behind every buffer.
        let mut data = Vec::with_capacity(len + PAD);
        data.extend_from_slice(bytes);
        Ok(Arc::new(Buffer::from_vec(data)))
    }

    /// Spans behind one another, from their lengths; and the sum of these.
    fn dense(&mut self) -> Read<(Vec<Span>, usize)> {
        let (mut total, mut wrong) = (0u64, false);
        let spans = self.ints(|length| {
            if length == -1 {
                return Span::NULL;
            }
            wrong |= !(0..i64::from(Span::NULL_LEN)).contains(&length);
            let span = Span { start: total as u32, len: length as u32 };
            total += u64::from(span.len);
            span
        })?;
        match u32::try_from(total) {
            Ok(total) if !wrong => Ok((spans, total as usize)),
            _ => Err(Unreadable::NotUnderstood),
        }
    }

    /// Spans that lie anywhere.
    fn spans(&mut self) -> Read<Vec<Span>> {
        let mut wrong = false;
        let mut spans = self.ints(|start| {
            wrong |= !(0..1 << 32).contains(&start);
            Span { start: start as u32, len: 0 }
        })?;
        let lengths = self.ints(|length| {
            wrong |= !(-1..i64::from(Span::NULL_LEN)).contains(&length);
            length as u32
        })?;
        wrong |= lengths.len() != spans.len();
        spans.iter_mut().zip(lengths).for_each(|(span, len)| span.len = len);
        if wrong { Err(Unreadable::NotUnderstood) } else { Ok(spans) }
    }

    fn mixed(&mut self) -> Read<Vec<Number>> {
        let count = self.count(9)?;
        let kinds = self.take(count)?;
        let values = self.take(8 * count)?.as_chunks().0;
        if kinds.iter().any(|&kind| kind > 2) {
            return Err(Unreadable::NotUnderstood);
        }
        let number = |(&kind, &bytes): (&u8, &[u8; 8])| match kind {
            0 => Number::Null,
            1 => Number::Int(i64::from_le_bytes(bytes)),
            _ => Number::Float(float(bytes)),
        };
        Ok(kinds.iter().zip(values).map(number).collect())
    }

    /// A block.
    pub fn block(&mut self) -> Read<Block> {
        // Rows are told apart by 32 bits.
        let rows = self.number::<u32>()? as usize;
        let (order, input, batch) = (self.u64()?, self.number()?, self.number()?);
        let known = self.u8()?;
        if known > 3 {
            return Err(Unreadable::NotUnderstood);
        }
        let numbers = if known & 1 != 0 { Some(self.ints(|number| number as u64)?) } else { None };
        let times = if known & 2 != 0 { Some(self.ints(|time| time)?) } else { None };
        let columns = (0..self.count(1)?).map(|_| self.column()).collect::<Read<Vec<Column>>>()?;
        let fits = columns.iter().all(|column| column.len() == rows)
            && numbers.as_ref().is_none_or(|numbers| numbers.len() == rows)
            && times.as_ref().is_none_or(|times| times.len() == rows);
        if !fits {
            return Err(Unreadable::NotUnderstood);
        }
        Ok(Block { rows, columns, order, input, batch, origins: Origins { numbers, times } })
    }

    /// The orders of rows.
    pub fn orders(&mut self) -> Read<Vec<Order>> {
        let mut wrong = false;
        let mut short = |value: i64| {
            wrong |= !(0..1 << 32).contains(&value);
            value as u32
        };
        let mut orders = self.ints(|batch| Order { batch: short(batch), ..Order::default() })?;
        let blocks = self.ints(|block| block as u64)?;
        let rows = self.ints(short)?;
        if wrong || blocks.len() != orders.len() || rows.len() != orders.len() {
            return Err(Unreadable::NotUnderstood);
        }
        for (order, (block, row)) in orders.iter_mut().zip(blocks.into_iter().zip(rows)) {
            (order.block, order.row) = (block, row);
        }
        Ok(orders)
    }

    /// Rows and their orders.
    pub fn rows(&mut self) -> Read<Rows> {
        let blocks = (0..self.count(6)?).map(|_| self.block()).collect::<Read<_>>()?;
        let orders = (0..self.count(3)?).map(|_| self.orders()).collect::<Read<_>>()?;
        Ok(Rows { blocks, orders })
    }

    /// What is kept of an aggregate.
    pub fn saved(&mut self) -> Read<Vec<Saved>> {
        let part = |reader: &mut Self| Ok(Saved { what: reader.u8()?, time: reader.time()?, rows: reader.rows()? });
        (0..self.count(4)?).map(|_| part(self)).collect()
    }

    /// A block that was packed.
    pub fn packed(&mut self) -> Read<Packed> {
        Ok(Packed::of(&self.block()?))
    }
}

fn float(bytes: [u8; 8]) -> f64 {
    f64::from_bits(u64::from_le_bytes(bytes))
}

/// The spans, if all of them lie within `len` and so no row will miss its bytes.
fn within(spans: Vec<Span>, len: usize) -> Read<Vec<Span>> {
    let fits = |span: &Span| span.is_null() || u64::from(span.start) + u64::from(span.len) <= len as u64;
    if spans.iter().all(fits) { Ok(spans) } else { Err(Unreadable::NotUnderstood) }
}
