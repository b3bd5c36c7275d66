//! Arguments of functions on text, and the columns that come of them: a constant is looked at in one place, whatever the
//! number of rows; everything else is a column with a value for each row.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::data::block::Block;
use crate::data::buffer::Buffer;
use crate::data::column::{Column, FALSE, Number, Numbers, Span, TRUE, Text, UNKNOWN};
use crate::data::schema::Kind;
use crate::expr::node::Eval;
use crate::expr::{Context, Node};

/// Refuses another number of arguments.
pub fn count(args: &[Node], allowed: RangeInclusive<usize>) -> Result<(), String> {
    if allowed.contains(&args.len()) {
        return Ok(());
    }
    let (least, most) = (*allowed.start(), *allowed.end());
    let takes = match most {
        usize::MAX => format!("at least {least}"),
        _ if least == most => least.to_string(),
        _ if least + 1 == most => format!("{least} or {most}"),
        _ => format!("{least} to {most}"),
    };
    let plural = if takes == "1" || takes == "at least 1" { "" } else { "s" };
    Err(format!("takes {takes} argument{plural}, not {}", args.len()))
}

/// As text. A list is none: its length, say, would not be what anybody asks for.
pub fn text(node: Node, context: &Context) -> Result<Node, String> {
    match node.kind {
        Kind::List(_) => Err("a list is no text: concat_ws(', ', list) joins its items".into()),
        _ => Ok(node.into_text(&context.zone)),
    }
}

/// All of them as text.
pub fn texts(args: Vec<Node>, context: &Context) -> Result<Vec<Node>, String> {
    args.into_iter().map(|node| text(node, context)).collect()
}

/// Computes a column from those of the arguments, so many rows.
pub trait Kernel: Fn(&[Given<'_>], usize) -> Column + Send + Sync + 'static {}
impl<F: Fn(&[Given<'_>], usize) -> Column + Send + Sync + 'static> Kernel for F {}

struct Computed<F> {
    args: Vec<Node>,
    kernel: F,
}

impl<F: Kernel> Eval for Computed<F> {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let given: Vec<Given<'_>> = self.args.iter().map(|node| Given::of(node, block)).collect();
        Cow::Owned((self.kernel)(&given, block.rows))
    }
}

/// A node that computes `kernel` of its arguments; a constant, if all of them are.
pub fn computed(kind: Kind, args: Vec<Node>, kernel: impl Kernel) -> Node {
    let constant = args.iter().all(|node| node.constant.is_some());
    Node::new(kind, Computed { args, kernel }).folded(constant)
}

/// The values of an argument.
pub struct Given<'a> {
    column: Cow<'a, Column>,
    /// From one row to the next: 0 for a constant.
    step: usize,
}

impl<'a> Given<'a> {
    fn of(node: &'a Node, block: &'a Block) -> Self {
        match &node.constant {
            Some(value) => Given { column: Cow::Borrowed(value), step: 0 },
            None => Given { column: node.eval(block), step: 1 },
        }
    }

    /// The column, and which of its rows belongs to a row.
    pub fn column(&self) -> (&Column, impl Fn(usize) -> usize + use<>) {
        let step = self.step;
        (&self.column, move |row| row * step)
    }

    /// The values of an argument that was bound by [`text`].
    pub fn texts(&self) -> Texts<'_> {
        match &*self.column {
            Column::Text(text) => {
                Texts { data: &text.data, bytes: text.data.bytes(), spans: &text.spans, step: self.step }
            }
            _ => unreachable!("arguments of text are bound as text"),
        }
    }

    /// The values of an argument that was bound as a number.
    pub fn ints(&self) -> Ints<'_> {
        match &*self.column {
            Column::Number(numbers) => Ints { numbers, step: self.step },
            _ => unreachable!("arguments of numbers are bound as numbers"),
        }
    }
}

/// Texts, by row.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    data: &'a Arc<Buffer>,
    bytes: &'a [u8],
    spans: &'a [Span],
    step: usize,
}

impl<'a> Texts<'a> {
    /// Where the text of a row stands.
    #[inline]
    pub fn span(&self, row: usize) -> Span {
        self.spans[row * self.step]
    }

    /// The text of a row.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a [u8]> {
        self.span(row).of(self.bytes)
    }

    /// Pieces of these texts, wherever they stand in the same buffer.
    pub fn at(&self, spans: Vec<Span>) -> Column {
        Column::Text(Text { data: Arc::clone(self.data), spans })
    }

    /// For each row the piece from one offset up to another, as `cut` says; nothing is copied.
    #[inline]
    pub fn pieces(&self, rows: usize, mut cut: impl FnMut(usize, &'a [u8]) -> Option<(usize, usize)>) -> Column {
        let piece = |row| {
            let cut = self.get(row).and_then(|text| cut(row, text));
            cut.map_or(Span::NULL, |(start, end)| piece(self.span(row), start, end))
        };
        self.at((0..rows).map(piece).collect())
    }
}

/// The piece of a text from one offset up to another.
#[inline]
pub fn piece(of: Span, start: usize, end: usize) -> Span {
    debug_assert!(start <= end && end <= of.len as usize);
    Span { start: of.start + start as u32, len: (end - start) as u32 }
}

/// Whole numbers, by row.
#[derive(Clone, Copy)]
pub struct Ints<'a> {
    numbers: &'a Numbers,
    step: usize,
}

impl Ints<'_> {
    /// The number of a row, without its fraction.
    #[inline]
    pub fn get(&self, row: usize) -> Option<i64> {
        match self.numbers.get(row * self.step) {
            Number::Null => None,
            Number::Int(value) => Some(value),
            Number::Float(value) => Some(value as i64),
        }
    }
}

/// A column of whole numbers.
#[inline]
pub fn ints(rows: usize, mut value: impl FnMut(usize) -> Option<i64>) -> Column {
    let mut made = Numbers::Ints(Vec::with_capacity(rows));
    (0..rows).for_each(|row| made.push(value(row).map_or(Number::Null, Number::Int)));
    Column::Number(made)
}

/// A column of truth values.
#[inline]
pub fn truths(rows: usize, mut value: impl FnMut(usize) -> Option<bool>) -> Column {
    let truth = |row| match value(row) {
        None => UNKNOWN,
        Some(true) => TRUE,
        Some(false) => FALSE,
    };
    Column::Bool((0..rows).map(truth).collect())
}

/// A column of new text: what `write` appends for a row, null where it gives `None` and beyond the reach of spans.
#[inline]
pub fn written(rows: usize, mut write: impl FnMut(usize, &mut Vec<u8>) -> Option<()>) -> Column {
    let (mut data, mut spans) = (Vec::new(), Vec::with_capacity(rows));
    for row in 0..rows {
        let start = data.len();
        if write(row, &mut data).is_some() && data.len() < Span::NULL_LEN as usize {
            spans.push(Span::range(start, data.len()));
        } else {
            data.truncate(start);
            spans.push(Span::NULL);
        }
    }
    Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans })
}
