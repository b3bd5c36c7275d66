//! `+ - * / % div` and the minus before a number. Whole numbers stay whole until they overflow, then they are floats; `/` is
//! always a float; a division by zero is null (SPEC 3). The common columns, all whole or all float, have loops of their own.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::data::block::Block;
use crate::data::column::{Column, NO_TIME, Number, Numbers};
use crate::data::schema::Kind;
use crate::expr::ast::{Interval, Operator};
use crate::expr::{Context, Eval, Node};

use super::Operand;

/// An operator on two numbers.
trait Compute: Send + Sync + 'static {
    /// Whether it has a result in whole numbers.
    const WHOLE: bool;
    /// The result in whole numbers, and whether it holds.
    fn whole(a: i64, b: i64) -> (i64, bool);
    /// The result in floats, and whether it holds.
    fn float(a: f64, b: f64) -> (f64, bool);
    /// What it is where that did not hold.
    fn exact(a: Number, b: Number) -> Number;
}

macro_rules! sum_like {
    ($name:ident, $overflowing:ident, $op:tt) => {
        struct $name;
        impl Compute for $name {
            const WHOLE: bool = true;
            #[inline(always)]
            fn whole(a: i64, b: i64) -> (i64, bool) {
                let (value, overflowed) = a.$overflowing(b);
                (value, !overflowed)
            }
            #[inline(always)]
            fn float(a: f64, b: f64) -> (f64, bool) {
                (a $op b, true)
            }
            fn exact(a: Number, b: Number) -> Number {
                match (a, b) {
                    (Number::Int(a), Number::Int(b)) => match a.$overflowing(b) {
                        (value, false) => Number::Int(value),
                        _ => Number::Float(a as f64 $op b as f64),
                    },
                    (a, b) => floats(a, b, |a, b| Number::Float(a $op b)),
                }
            }
        }
    };
}

sum_like!(Add, overflowing_add, +);
sum_like!(Subtract, overflowing_sub, -);
sum_like!(Multiply, overflowing_mul, *);

struct Divide;
impl Compute for Divide {
    const WHOLE: bool = false;
    fn whole(_: i64, _: i64) -> (i64, bool) {
        (0, false)
    }
    #[inline(always)]
    fn float(a: f64, b: f64) -> (f64, bool) {
        (a / b, b != 0.0)
    }
    fn exact(a: Number, b: Number) -> Number {
        floats(a, b, |a, b| if b == 0.0 { Number::Null } else { Number::Float(a / b) })
    }
}

struct Remainder;
impl Compute for Remainder {
    const WHOLE: bool = true;
    #[inline(always)]
    fn whole(a: i64, b: i64) -> (i64, bool) {
        if b == 0 { (0, false) } else { (a.wrapping_rem(b), true) }
    }
    #[inline(always)]
    fn float(a: f64, b: f64) -> (f64, bool) {
        (a % b, b != 0.0)
    }
    fn exact(a: Number, b: Number) -> Number {
        match (a, b) {
            (Number::Int(_), Number::Int(0)) => Number::Null,
            (Number::Int(a), Number::Int(b)) => Number::Int(a.wrapping_rem(b)),
            (a, b) => floats(a, b, |a, b| if b == 0.0 { Number::Null } else { Number::Float(a % b) }),
        }
    }
}

struct WholeDivide;
impl Compute for WholeDivide {
    const WHOLE: bool = true;
    #[inline(always)]
    fn whole(a: i64, b: i64) -> (i64, bool) {
        if b == 0 { (0, false) } else { (a.wrapping_div(b), b != -1 || a != i64::MIN) }
    }
    #[inline(always)]
    fn float(_: f64, _: f64) -> (f64, bool) {
        (0.0, false)
    }
    fn exact(a: Number, b: Number) -> Number {
        match (a, b) {
            (Number::Int(_), Number::Int(0)) => Number::Null,
            (Number::Int(a), Number::Int(b)) if a != i64::MIN || b != -1 => Number::Int(a / b),
            (a, b) => floats(a, b, whole_quotient),
        }
    }
}

fn whole_quotient(a: f64, b: f64) -> Number {
    let quotient = (a / b).trunc();
    if b == 0.0 || quotient.is_nan() {
        Number::Null
    } else if quotient.abs() < 9_223_372_036_854_775_808.0 {
        Number::Int(quotient as i64)
    } else {
        Number::Float(quotient)
    }
}

#[inline]
fn floats(a: Number, b: Number, compute: impl FnOnce(f64, f64) -> Number) -> Number {
    match (a.float(), b.float()) {
        (Some(a), Some(b)) => compute(a, b),
        _ => Number::Null,
    }
}

/// Numbers to compute with.
#[derive(Clone, Copy)]
enum View<'a> {
    Ints(&'a [i64]),
    Floats(&'a [f64]),
    Int(i64),
    Float(f64),
    Other(&'a Numbers),
    Null,
}

impl<'a> View<'a> {
    fn of(operand: &'a Operand<'a>) -> Self {
        match operand {
            Operand::One(Column::Number(numbers)) => match numbers.get(0) {
                Number::Null => View::Null,
                Number::Int(value) => View::Int(value),
                Number::Float(value) => View::Float(value),
            },
            Operand::Column(column) => match &**column {
                Column::Number(Numbers::Ints(values)) => View::Ints(values),
                Column::Number(Numbers::Floats(values)) => View::Floats(values),
                Column::Number(other) => View::Other(other),
                _ => View::Null,
            },
            Operand::One(_) => View::Null,
        }
    }

    #[inline]
    fn get(self, row: usize) -> Number {
        match self {
            View::Ints(values) => Number::Int(values[row]),
            View::Floats(values) => Number::Float(values[row]),
            View::Int(value) => Number::Int(value),
            View::Float(value) => Number::Float(value),
            View::Other(values) => values.get(row),
            View::Null => Number::Null,
        }
    }
}

fn compute<C: Compute>(a: View<'_>, b: View<'_>, rows: usize) -> Numbers {
    let wide = |values: &[i64]| values.iter().map(|&value| value as f64).collect::<Vec<_>>();
    let fast = match (a, b) {
        (View::Ints(a), View::Ints(b)) if C::WHOLE => whole::<C>(a.iter().copied(), b.iter().copied()),
        (View::Ints(a), View::Int(b)) if C::WHOLE => whole::<C>(a.iter().copied(), std::iter::repeat_n(b, rows)),
        (View::Int(a), View::Ints(b)) if C::WHOLE => whole::<C>(std::iter::repeat_n(a, rows), b.iter().copied()),
        (View::Ints(a), View::Ints(b)) => float::<C>(wide(a).into_iter(), wide(b).into_iter()),
        (View::Floats(a), View::Floats(b)) => float::<C>(a.iter().copied(), b.iter().copied()),
        (View::Ints(a), View::Floats(b)) => float::<C>(a.iter().map(|&a| a as f64), b.iter().copied()),
        (View::Floats(a), View::Ints(b)) => float::<C>(a.iter().copied(), b.iter().map(|&b| b as f64)),
        (View::Floats(a), View::Int(b)) => float::<C>(a.iter().copied(), std::iter::repeat_n(b as f64, rows)),
        (View::Floats(a), View::Float(b)) => float::<C>(a.iter().copied(), std::iter::repeat_n(b, rows)),
        (View::Ints(a), View::Float(b)) => float::<C>(a.iter().map(|&a| a as f64), std::iter::repeat_n(b, rows)),
        (View::Ints(a), View::Int(b)) => float::<C>(a.iter().map(|&a| a as f64), std::iter::repeat_n(b as f64, rows)),
        (View::Int(a), View::Floats(b)) => float::<C>(std::iter::repeat_n(a as f64, rows), b.iter().copied()),
        (View::Float(a), View::Floats(b)) => float::<C>(std::iter::repeat_n(a, rows), b.iter().copied()),
        (View::Float(a), View::Ints(b)) => float::<C>(std::iter::repeat_n(a, rows), b.iter().map(|&b| b as f64)),
        (View::Int(a), View::Ints(b)) => float::<C>(std::iter::repeat_n(a as f64, rows), b.iter().map(|&b| b as f64)),
        _ => None,
    };
    fast.unwrap_or_else(|| (0..rows).map(|row| C::exact(a.get(row), b.get(row))).collect())
}

/// All in whole numbers, unless one does not hold.
fn whole<C: Compute>(a: impl Iterator<Item = i64>, b: impl Iterator<Item = i64>) -> Option<Numbers> {
    let mut all = true;
    let values = a.zip(b).map(|(a, b)| {
        let (value, holds) = C::whole(a, b);
        all &= holds;
        value
    });
    let values = values.collect();
    all.then_some(Numbers::Ints(values))
}

/// All in floats, unless one does not hold.
fn float<C: Compute>(a: impl Iterator<Item = f64>, b: impl Iterator<Item = f64>) -> Option<Numbers> {
    let mut all = true;
    let values = a.zip(b).map(|(a, b)| {
        let (value, holds) = C::float(a, b);
        all &= holds;
        value
    });
    let values = values.collect();
    all.then_some(Numbers::Floats(values))
}

struct Arithmetic {
    left: Node,
    right: Node,
    compute: fn(View<'_>, View<'_>, usize) -> Numbers,
}

impl Eval for Arithmetic {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let (left, right) = (Operand::of(&self.left, block), Operand::of(&self.right, block));
        Cow::Owned(Column::Number((self.compute)(View::of(&left), View::of(&right), block.rows)))
    }
}

/// The node of an operator on two numbers; text is taken as the number that it spells.
pub fn bind(operator: Operator, left: Node, right: Node) -> Result<Node, String> {
    let computed = |node: Node| {
        let kind = node.kind.clone();
        node.into_number().map_err(|_| match kind {
            Kind::Time => format!(
                "{} computes with numbers: a time is made one by unix_micros(…), and moved by INTERVAL 5 MINUTES",
                operator.text()
            ),
            kind => format!("{} computes with numbers, and this is {}", operator.text(), kind.name()),
        })
    };
    let (left, right) = (computed(left)?, computed(right)?);
    let compute = match operator {
        Operator::Add => compute::<Add>,
        Operator::Subtract => compute::<Subtract>,
        Operator::Multiply => compute::<Multiply>,
        Operator::Divide => compute::<Divide>,
        Operator::Remainder => compute::<Remainder>,
        Operator::WholeDivide => compute::<WholeDivide>,
        other => return Err(format!("{} is no arithmetic", other.text())),
    };
    let constant = left.constant.is_some() && right.constant.is_some();
    Ok(Node::new(Kind::Number, Arithmetic { left, right, compute }).folded(constant))
}

/// `-a`.
pub fn minus(of: Node) -> Result<Node, String> {
    let of = of.into_number().map_err(|found| format!("- stands before numbers: {found}"))?;
    let constant = of.constant.is_some();
    Ok(Node::new(Kind::Number, Minus(of)).folded(constant))
}

struct Minus(Node);

impl Eval for Minus {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let minus = |number| match number {
            Number::Null => Number::Null,
            Number::Int(value) => value.checked_neg().map_or(Number::Float(-(value as f64)), Number::Int),
            Number::Float(value) => Number::Float(-value),
        };
        let column = self.0.eval(block);
        Cow::Owned(match &*column {
            Column::Number(Numbers::Floats(values)) => {
                Column::Number(Numbers::Floats(values.iter().map(|value| -value).collect()))
            }
            Column::Number(numbers) => Column::Number((0..numbers.len()).map(|row| minus(numbers.get(row))).collect()),
            _ => Column::nulls(&Kind::Number, block.rows),
        })
    }
}

struct Moved {
    of: Node,
    by: Interval,
    zone: TimeZone,
}

impl Eval for Moved {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let column = self.of.eval(block);
        let Column::Time(times) = &*column else { return Cow::Owned(Column::nulls(&Kind::Time, block.rows)) };
        let moved =
            |&time: &i64| if time == NO_TIME { NO_TIME } else { self.by.after(time, &self.zone).unwrap_or(NO_TIME) };
        Cow::Owned(Column::Time(times.iter().map(moved).collect()))
    }
}

/// A time and an interval.
pub fn moved(of: Node, by: Interval, context: &Context) -> Node {
    let constant = of.constant.is_some();
    Node::new(Kind::Time, Moved { of, by, zone: context.zone.clone() }).folded(constant)
}
