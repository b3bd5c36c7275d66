//! A bound expression: a tree of nodes, each of which computes a whole column from a block.

use std::borrow::Cow;
use std::sync::Arc;

use crate::data::block::Block;
use crate::data::buffer::Buffer;
use crate::data::column::{Cell, Column, Lists, NO_TIME, Number, Numbers, Span, Text, UNKNOWN};
use crate::data::schema::Kind;

/// Computes a column. Immutable: shards compute at the same time.
pub trait Eval: Send + Sync {
    /// As many values as the block has rows. What goes wrong for a row (division by zero, a cast that fails) is null there.
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column>;
}

/// An expression of a known kind.
pub struct Node {
    /// What its values are. [`Kind::Input`] and [`Kind::Text`] are both columns of text.
    pub kind: Kind,
    /// Its one value, if it is the same for every row: a column of one row.
    pub constant: Option<Column>,
    pub(super) eval: Box<dyn Eval>,
}

impl Node {
    /// Computed by `eval`.
    pub fn new(kind: Kind, eval: impl Eval + 'static) -> Self {
        Node { kind, constant: None, eval: Box::new(eval) }
    }

    /// The column that stands at this place of the block.
    pub fn column(at: usize, kind: Kind) -> Self {
        Node::new(kind, AtColumn(at))
    }

    /// The same value for every row; `value` has one row.
    pub fn constant(kind: Kind, value: Column) -> Self {
        Node { kind, constant: Some(value.clone()), eval: Box::new(Constant(value)) }
    }

    /// A constant text.
    pub fn text(text: &[u8]) -> Self {
        let data = Arc::new(Buffer::from_vec(text.to_vec()));
        Node::constant(Kind::Text, Column::Text(Text { data, spans: vec![Span::range(0, text.len())] }))
    }

    /// A constant number.
    pub fn number(number: Number) -> Self {
        Node::constant(Kind::Number, Column::Number(std::iter::once(number).collect()))
    }

    /// A null that is nothing else.
    pub fn null() -> Self {
        Node::constant(Kind::Input, Column::nulls(&Kind::Input, 1))
    }

    /// Its values for the rows of a block.
    pub fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        self.eval.eval(block)
    }

    /// Its one value, if it is a constant.
    pub fn value(&self) -> Option<Cell<'_>> {
        self.constant.as_ref().map(|column| column.cell(0))
    }

    /// The same as a constant, if nothing that it is made of (`of`) depends on the row: computed now, once.
    #[must_use]
    pub fn folded(self, of: bool) -> Self {
        if !of || self.constant.is_some() {
            return self;
        }
        let row = Block { rows: 1, ..Block::default() };
        let value = self.eval(&row).into_owned();
        Node::constant(self.kind, value)
    }

    /// Whether it is the word `NULL`, which is of every kind.
    pub fn is_null(&self) -> bool {
        self.value() == Some(Cell::Null)
    }
}

struct AtColumn(usize);

impl Eval for AtColumn {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        Cow::Borrowed(&block.columns[self.0])
    }
}

struct Constant(Column);

impl Eval for Constant {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        if block.rows == 1 { Cow::Borrowed(&self.0) } else { Cow::Owned(repeated(&self.0, block.rows)) }
    }
}

/// The one value of a column so many times.
fn repeated(value: &Column, rows: usize) -> Column {
    match value {
        Column::Text(text) => Column::Text(Text { data: Arc::clone(&text.data), spans: vec![text.spans[0]; rows] }),
        Column::Number(number) => Column::Number(match number.get(0) {
            Number::Int(value) => Numbers::Ints(vec![value; rows]),
            Number::Float(value) => Numbers::Floats(vec![value; rows]),
            Number::Null => Numbers::Mixed(vec![Number::Null; rows]),
        }),
        Column::Bool(values) => Column::Bool(vec![values.first().copied().unwrap_or(UNKNOWN); rows]),
        Column::Time(values) => Column::Time(vec![values.first().copied().unwrap_or(NO_TIME); rows]),
        Column::List(lists) => {
            Column::List(Lists { items: Arc::clone(&lists.items), spans: vec![lists.spans[0]; rows] })
        }
    }
}

/// Collects the values of a computed column of text.
#[derive(Default)]
pub struct TextBuilder {
    data: Vec<u8>,
    spans: Vec<Span>,
}

impl TextBuilder {
    /// Room for so many rows.
    pub fn with_capacity(rows: usize) -> Self {
        TextBuilder { data: Vec::with_capacity(8 * rows), spans: Vec::with_capacity(rows) }
    }

    /// One more value.
    pub fn push(&mut self, value: Option<&[u8]>) {
        match value {
            Some(bytes) => self.write(|out| out.extend_from_slice(bytes)),
            None => self.spans.push(Span::NULL),
        }
    }

    /// One more value: what `write` appends. Spans reach 4 GiB: beyond that there is no room, and the value is null.
    pub fn write(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.data.len();
        write(&mut self.data);
        if self.data.len() < Span::NULL_LEN as usize {
            self.spans.push(Span::range(start, self.data.len()));
        } else {
            self.data.truncate(start);
            self.spans.push(Span::NULL);
        }
    }

    /// The column.
    pub fn finish(self) -> Column {
        Column::Text(Text { data: Arc::new(Buffer::from_vec(self.data)), spans: self.spans })
    }
}
