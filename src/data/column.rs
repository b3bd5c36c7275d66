//! Columns: what the values of a block are kept in. A text column is a shared buffer and spans into it, so cutting fields
//! copies nothing; what is computed are vectors of numbers, truth values, times and lists.

use std::sync::Arc;

use super::buffer::Buffer;
use super::schema::Kind;

/// A piece of a buffer. Null is a length of [`Span::NULL_LEN`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Number of bytes.
    pub len: u32,
}

impl Span {
    /// The length that says that there is no value.
    pub const NULL_LEN: u32 = u32::MAX;
    /// No value.
    pub const NULL: Span = Span { start: 0, len: Self::NULL_LEN };

    /// From `start` up to `end`.
    pub fn range(start: usize, end: usize) -> Self {
        Span { start: start as u32, len: (end - start) as u32 }
    }

    /// Whether there is no value.
    pub fn is_null(self) -> bool {
        self.len == Self::NULL_LEN
    }

    /// The bytes, `None` for null.
    pub fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        if self.is_null() { None } else { Some(&bytes[self.start as usize..self.start as usize + self.len as usize]) }
    }
}

/// A column of text: spans into one buffer.
#[derive(Clone)]
pub struct Text {
    /// What the spans point into.
    pub data: Arc<Buffer>,
    /// One for each row.
    pub spans: Vec<Span>,
}

/// A number that was computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// No value.
    Null,
    /// A whole number.
    Int(i64),
    /// Any other; also whole ones that are the result of a division, or too large for the others.
    Float(f64),
}

/// A column of numbers. Whole numbers and floats may stand beside each other; most blocks are all of one kind and without
/// nulls, and are kept and computed as such.
#[derive(Debug, Clone)]
pub enum Numbers {
    /// All whole, none of them null.
    Ints(Vec<i64>),
    /// All floats, none of them null.
    Floats(Vec<f64>),
    /// Anything.
    Mixed(Vec<Number>),
}

/// A column of lists: spans, counted in items, of one column that holds the items of all.
#[derive(Clone)]
pub struct Lists {
    /// The items.
    pub items: Arc<Column>,
    /// One for each row: where its items are; null is [`Span::NULL`].
    pub spans: Vec<Span>,
}

/// The values of one column.
#[derive(Clone)]
pub enum Column {
    /// Bytes, each value possibly null.
    Text(Text),
    /// Numbers.
    Number(Numbers),
    /// [`FALSE`], [`TRUE`] or [`UNKNOWN`].
    Bool(Vec<u8>),
    /// Microseconds since the epoch; [`NO_TIME`] is null.
    Time(Vec<i64>),
    /// Lists.
    List(Lists),
}

/// What a column of truth values holds for false.
pub const FALSE: u8 = 0;
/// ... for true.
pub const TRUE: u8 = 1;
/// ... and for null.
pub const UNKNOWN: u8 = 2;
/// What a column of times holds for null.
pub const NO_TIME: i64 = i64::MIN;

/// One value, borrowed from a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// Bytes.
    Text(&'a [u8]),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Microseconds since the epoch.
    Time(i64),
    /// Items of a column.
    List(List<'a>),
}

/// One list.
#[derive(Clone, Copy)]
pub struct List<'a> {
    items: &'a Column,
    span: Span,
}

impl<'a> List<'a> {
    /// How many items.
    pub fn len(&self) -> usize {
        self.span.len as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its items, in order.
    pub fn cells(self) -> impl Iterator<Item = Cell<'a>> {
        let start = self.span.start as usize;
        (start..start + self.len()).map(move |at| self.items.cell(at))
    }

    /// The column that its items are part of.
    pub fn items(&self) -> &'a Column {
        self.items
    }
}

impl PartialEq for List<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cells().eq(other.cells())
    }
}

impl std::fmt::Debug for List<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.cells()).finish()
    }
}

impl Number {
    /// The value as a float, if there is one.
    pub fn float(self) -> Option<f64> {
        match self {
            Number::Null => None,
            Number::Int(value) => Some(value as f64),
            Number::Float(value) => Some(value),
        }
    }
}

impl From<Number> for Cell<'_> {
    fn from(number: Number) -> Self {
        match number {
            Number::Null => Cell::Null,
            Number::Int(value) => Cell::Int(value),
            Number::Float(value) => Cell::Float(value),
        }
    }
}

impl Default for Numbers {
    fn default() -> Self {
        Numbers::Ints(Vec::new())
    }
}

impl Numbers {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Numbers::Ints(values) => values.len(),
            Numbers::Floats(values) => values.len(),
            Numbers::Mixed(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of one row.
    #[inline]
    pub fn get(&self, row: usize) -> Number {
        match self {
            Numbers::Ints(values) => Number::Int(values[row]),
            Numbers::Floats(values) => Number::Float(values[row]),
            Numbers::Mixed(values) => values[row],
        }
    }

    /// One more.
    #[inline]
    pub fn push(&mut self, number: Number) {
        match (&mut *self, number) {
            (Numbers::Ints(values), Number::Int(value)) => values.push(value),
            (Numbers::Floats(values), Number::Float(value)) => values.push(value),
            (Numbers::Mixed(values), number) => values.push(number),
            (Numbers::Ints(values), Number::Float(value)) if values.is_empty() => *self = Numbers::Floats(vec![value]),
            _ => self.mix().push(number),
        }
    }

    /// As numbers of any kind, to add others to.
    #[cold]
    fn mix(&mut self) -> &mut Vec<Number> {
        match self {
            Numbers::Ints(values) => *self = Numbers::Mixed(mixed(values, Number::Int)),
            Numbers::Floats(values) => *self = Numbers::Mixed(mixed(values, Number::Float)),
            Numbers::Mixed(_) => {}
        }
        let Numbers::Mixed(values) = self else { unreachable!("it was mixed just now") };
        values
    }

    /// The numbers of these rows, in this order.
    #[must_use]
    pub fn pick(&self, rows: &[u32]) -> Numbers {
        match self {
            Numbers::Ints(values) => Numbers::Ints(picked(values, rows)),
            Numbers::Floats(values) => Numbers::Floats(picked(values, rows)),
            Numbers::Mixed(values) => Numbers::Mixed(picked(values, rows)),
        }
    }
}

impl FromIterator<Number> for Numbers {
    fn from_iter<I: IntoIterator<Item = Number>>(numbers: I) -> Self {
        let mut made = Numbers::default();
        numbers.into_iter().for_each(|number| made.push(number));
        made
    }
}

/// With as much room for others as there was.
fn mixed<T: Copy>(values: &Vec<T>, number: impl Fn(T) -> Number) -> Vec<Number> {
    let mut mixed = Vec::with_capacity(values.capacity());
    mixed.extend(values.iter().map(|&value| number(value)));
    mixed
}

fn picked<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|&row| values[row as usize]).collect()
}

impl Column {
    /// Whole numbers.
    pub fn ints(values: Vec<i64>) -> Self {
        Column::Number(Numbers::Ints(values))
    }

    /// The whole numbers of a column that has nothing else.
    pub fn as_ints(&self) -> Option<&[i64]> {
        match self {
            Column::Number(Numbers::Ints(values)) => Some(values),
            _ => None,
        }
    }

    /// So many nulls of a kind.
    pub fn nulls(kind: &Kind, rows: usize) -> Self {
        let spans = || vec![Span::NULL; rows];
        match kind {
            Kind::Input | Kind::Text => {
                Column::Text(Text { data: Arc::new(Buffer::from_vec(Vec::new())), spans: spans() })
            }
            Kind::Number => Column::Number(Numbers::Mixed(vec![Number::Null; rows])),
            Kind::Bool => Column::Bool(vec![UNKNOWN; rows]),
            Kind::Time => Column::Time(vec![NO_TIME; rows]),
            Kind::List(items) => Column::List(Lists { items: Arc::new(Column::nulls(items, 0)), spans: spans() }),
        }
    }

    /// How many values.
    pub fn len(&self) -> usize {
        match self {
            Column::Text(text) => text.spans.len(),
            Column::Number(values) => values.len(),
            Column::Bool(values) => values.len(),
            Column::Time(values) => values.len(),
            Column::List(lists) => lists.spans.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Column::Text(text) => text.data.len() + size_of_val(&text.spans[..]),
            Column::Number(Numbers::Mixed(values)) => size_of_val(&values[..]),
            Column::Number(_) | Column::Time(_) => 8 * self.len(),
            Column::Bool(values) => values.len(),
            Column::List(lists) => lists.items.bytes() + size_of_val(&lists.spans[..]),
        }
    }

    /// The value of one row.
    #[inline]
    pub fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Column::Text(text) => match text.spans[row].of(text.data.bytes()) {
                Some(bytes) => Cell::Text(bytes),
                None => Cell::Null,
            },
            Column::Number(values) => values.get(row).into(),
            Column::Bool(values) if values[row] == UNKNOWN => Cell::Null,
            Column::Bool(values) => Cell::Bool(values[row] == TRUE),
            Column::Time(values) if values[row] == NO_TIME => Cell::Null,
            Column::Time(values) => Cell::Time(values[row]),
            Column::List(lists) if lists.spans[row].is_null() => Cell::Null,
            Column::List(lists) => Cell::List(List { items: &lists.items, span: lists.spans[row] }),
        }
    }

    /// The values of these rows, in this order.
    #[must_use]
    pub fn pick(&self, rows: &[u32]) -> Column {
        match self {
            Column::Text(text) => Column::Text(Text { data: Arc::clone(&text.data), spans: picked(&text.spans, rows) }),
            Column::Number(values) => Column::Number(values.pick(rows)),
            Column::Bool(values) => Column::Bool(picked(values, rows)),
            Column::Time(values) => Column::Time(picked(values, rows)),
            Column::List(lists) => {
                Column::List(Lists { items: Arc::clone(&lists.items), spans: picked(&lists.spans, rows) })
            }
        }
    }

    /// Keeps the values of these rows, in this order.
    pub fn keep(&mut self, rows: &[u32]) {
        *self = self.pick(rows);
    }
}
