//! `a IN (b, c)`: true if one is equal, else null if one is null, else false. Constants are looked up, few of them one after
//! the other, many in a set; what is no constant is compared as `=` does.

use std::borrow::Cow;

use ahash::AHashSet;

use crate::data::block::Block;
use crate::data::column::{Cell, Column, FALSE, Number, Numbers, TRUE, UNKNOWN};
use crate::data::schema::Kind;
use crate::expr::convert::number_of;
use crate::expr::{Eval, Node};

use super::compare::{order_of_numbers, spelled};

/// Up to so many are looked at one after the other.
const FEW: usize = 8;

/// The constants of a list.
#[derive(Default)]
pub struct Constants {
    texts: Vec<Vec<u8>>,
    text_set: Option<AHashSet<Vec<u8>>>,
    numbers: Vec<Number>,
    number_set: Option<AHashSet<(bool, u64)>>,
    null: bool,
}

/// Equal for numbers that are.
fn canonical(number: Number) -> (bool, u64) {
    match number {
        Number::Null => (false, u64::MAX),
        Number::Int(value) => (true, value as u64),
        Number::Float(value) => {
            if value.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
                (true, value as i64 as u64)
            } else if value.is_nan() {
                (false, f64::NAN.to_bits())
            } else {
                (false, value.to_bits())
            }
        }
    }
}

impl Constants {
    /// Those of a list, if it has nothing else that could be looked up for what is of this kind.
    pub fn of(kind: &Kind, list: &[Node]) -> Option<Self> {
        let mut constants = Constants::default();
        list.iter().all(|item| constants.take(kind, item)).then_some(constants)
    }

    fn take(&mut self, of: &Kind, item: &Node) -> bool {
        match (of, item.value()) {
            (_, Some(Cell::Null)) => self.null = true,
            (Kind::Input | Kind::Text, Some(Cell::Text(text))) => self.texts.push(text.to_vec()),
            (Kind::Input | Kind::Text | Kind::Number, Some(Cell::Int(value))) => self.numbers.push(Number::Int(value)),
            (Kind::Input | Kind::Text | Kind::Number, Some(Cell::Float(value))) => {
                self.numbers.push(Number::Float(value))
            }
            (Kind::Number, Some(Cell::Text(text))) => match number_of(text) {
                Number::Null => self.null = true,
                number => self.numbers.push(number),
            },
            _ => return false,
        }
        true
    }

    fn ready(mut self) -> Self {
        if self.texts.len() > FEW {
            self.text_set = Some(self.texts.drain(..).collect());
        }
        if self.numbers.len() > FEW {
            self.number_set = Some(self.numbers.drain(..).map(canonical).collect());
        }
        self
    }

    fn has_text(&self, text: &[u8]) -> bool {
        match &self.text_set {
            Some(set) => set.contains(text),
            None => self.texts.iter().any(|one| one == text),
        }
    }

    fn has_number(&self, number: Number) -> bool {
        match &self.number_set {
            Some(set) => set.contains(&canonical(number)),
            None => self.numbers.iter().any(|one| order_of_numbers(*one, number).is_eq()),
        }
    }

    fn truth(&self, found: bool) -> u8 {
        match (found, self.null) {
            (true, _) => TRUE,
            (false, true) => UNKNOWN,
            (false, false) => FALSE,
        }
    }
}

struct Members {
    of: Node,
    constants: Constants,
}

impl Eval for Members {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let constants = &self.constants;
        let numbers = !constants.numbers.is_empty() || constants.number_set.is_some();
        let truths = match &*self.of.eval(block) {
            Column::Text(text) if numbers => {
                let bytes = text.data.bytes();
                let mut truths = spelled(text, |number| match number {
                    // Text that is no number is not known to be unequal to one.
                    Number::Null => UNKNOWN,
                    number => constants.truth(constants.has_number(number)),
                });
                if !constants.texts.is_empty() || constants.text_set.is_some() {
                    let found =
                        |span: &crate::data::column::Span| span.of(bytes).is_some_and(|t| constants.has_text(t));
                    truths.iter_mut().zip(&text.spans).filter(|row| found(row.1)).for_each(|row| *row.0 = TRUE);
                }
                truths
            }
            Column::Text(text) => {
                let bytes = text.data.bytes();
                let truth = |text| constants.truth(constants.has_text(text));
                text.spans.iter().map(|span| span.of(bytes).map_or(UNKNOWN, truth)).collect()
            }
            Column::Number(Numbers::Ints(values)) => {
                values.iter().map(|&value| constants.truth(constants.has_number(Number::Int(value)))).collect()
            }
            Column::Number(values) => (0..values.len())
                .map(|row| match values.get(row) {
                    Number::Null => UNKNOWN,
                    number => constants.truth(constants.has_number(number)),
                })
                .collect(),
            _ => vec![UNKNOWN; block.rows],
        };
        Cow::Owned(Column::Bool(truths))
    }
}

/// Whether a value is one of the constants.
pub fn bind(of: Node, constants: Constants) -> Node {
    let constant = of.constant.is_some();
    Node::new(Kind::Bool, Members { of, constants: constants.ready() }).folded(constant)
}
