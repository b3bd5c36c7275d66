//! From one kind of value to another: how operators and functions take what they are given (SPEC 3). Text is a number if all
//! of it is one; what cannot be converted is null. `CAST`, which converts more, is built on the same column functions.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::data::block::Block;
use crate::data::column::{Cell, Column, FALSE, Number, Numbers, TRUE, UNKNOWN};
use crate::data::number;
use crate::data::schema::Kind;
use crate::data::write;

use super::Node;
use super::node::{Eval, TextBuilder};
use super::operators::quick;

/// Converts a whole column.
type Convert = fn(&Column, &TimeZone) -> Column;

struct Converted {
    of: Node,
    convert: Convert,
    zone: TimeZone,
}

impl Eval for Converted {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        Cow::Owned((self.convert)(&self.of.eval(block), &self.zone))
    }
}

impl Node {
    /// Its values converted by `convert`, which makes them of `kind`.
    #[must_use]
    pub fn converted(self, kind: Kind, zone: &TimeZone, convert: Convert) -> Node {
        let constant = self.constant.is_some();
        Node::new(kind, Converted { of: self, convert, zone: zone.clone() }).folded(constant)
    }

    /// Its values as numbers: those of text that spells one. Other kinds are none; the error says what was found.
    pub fn into_number(self) -> Result<Node, String> {
        match self.kind {
            Kind::Number => Ok(self),
            Kind::Input | Kind::Text => Ok(self.converted(Kind::Number, &TimeZone::UTC, |column, _| numbers(column))),
            _ => Err(format!("{} is no number", self.kind.name())),
        }
    }

    /// Its values as conditions: `true` and `false` in text. Other kinds are none; the error says what was found.
    pub fn into_condition(self) -> Result<Node, String> {
        match self.kind {
            Kind::Bool => Ok(self),
            Kind::Input | Kind::Text => Ok(self.converted(Kind::Bool, &TimeZone::UTC, |column, _| conditions(column))),
            _ => Err(format!("{} is no condition", self.kind.name())),
        }
    }

    /// Its values as text, as they are printed; times in `zone`. Text stays as it is.
    #[must_use]
    pub fn into_text(self, zone: &TimeZone) -> Node {
        match self.kind {
            Kind::Input | Kind::Text => self,
            _ => self.converted(Kind::Text, zone, text),
        }
    }
}

/// The number that text spells.
#[inline]
pub fn number_of(text: &[u8]) -> Number {
    let Some(parsed) = number::parse(text) else { return Number::Null };
    match parsed.whole() {
        Some(value) => Number::Int(value),
        None => Number::Float(parsed.value()),
    }
}

/// The numbers that text spells; other kinds have none.
pub fn numbers(column: &Column) -> Column {
    let Column::Text(text) = column else { return column.clone() };
    let mut whole = Vec::with_capacity(text.spans.len());
    let mut rest = text.spans.iter();
    // Most columns are whole numbers and nothing else.
    while let Some(span) = rest.next() {
        match quick::number(&text.data, *span) {
            Number::Int(value) => whole.push(value),
            other => {
                let mut numbers = match other {
                    Number::Float(_) if whole.is_empty() => Numbers::Floats(Vec::with_capacity(text.spans.len())),
                    _ => Numbers::Ints(whole),
                };
                numbers.push(other);
                rest.for_each(|span| numbers.push(quick::number(&text.data, *span)));
                return Column::Number(numbers);
            }
        }
    }
    Column::Number(Numbers::Ints(whole))
}

/// The truth values that text spells, as Spark reads them: `true t yes y 1`, `false f no n 0` in any case.
fn conditions(column: &Column) -> Column {
    let truth = |row| match column.cell(row) {
        Cell::Text(text) => condition_of(text),
        _ => UNKNOWN,
    };
    Column::Bool((0..column.len()).map(truth).collect())
}

/// The truth value that text spells: `true t yes y 1`, `false f no n 0` in any case, else null.
pub fn condition_of(text: &[u8]) -> u8 {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    if is(&["true", "t", "yes", "y", "1"]) {
        TRUE
    } else if is(&["false", "f", "no", "n", "0"]) {
        FALSE
    } else {
        UNKNOWN
    }
}

/// Values as they are printed.
fn text(column: &Column, zone: &TimeZone) -> Column {
    let mut made = TextBuilder::with_capacity(column.len());
    for row in 0..column.len() {
        match column.cell(row) {
            Cell::Null => made.push(None),
            cell => made.write(|out| write::cell(cell, zone, out)),
        }
    }
    made.finish()
}
