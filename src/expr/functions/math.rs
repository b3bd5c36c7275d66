//! Functions on numbers. What Spark gives as DOUBLE is a float here, as BIGINT a whole number where it fits and else a float.

mod angles;
mod choice;
pub mod rounding;

use crate::data::column::{Cell, Number};
use crate::data::schema::Kind;

use super::args::{Bound, computed, counted, exactly, map_numbers, one_or_two, whole, zip_numbers};
use super::{Family, Function, Node};
use rounding::{Mode, rounded};

/// The family.
pub const FAMILY: Family = Family { name: "math", functions: FUNCTIONS };

const FUNCTIONS: &[Function] = &[
    Function {
        name: "abs",
        aliases: &[],
        form: "abs(x)",
        about: "The number without its sign.",
        examples: &[("abs(-7)", "7"), ("abs(-0.5)", "0.5")],
        bind: |args, _| {
            each(args, |number| match number {
                Number::Int(value) => value.checked_abs().map_or(Number::Float((value as f64).abs()), Number::Int),
                Number::Float(value) => Number::Float(value.abs()),
                Number::Null => Number::Null,
            })
        },
    },
    Function {
        name: "round",
        aliases: &[],
        form: "round(x[, places])",
        about: "Rounded to so many decimal places (0), a half away from zero; to tens or hundreds, if places is negative.",
        examples: &[("round(2.5)", "3"), ("round(2.675, 2)", "2.68"), ("round(1250, -2)", "1300")],
        bind: |args, _| round(args, Mode::HalfUp),
    },
    Function {
        name: "bround",
        aliases: &[],
        form: "bround(x[, places])",
        about: "Rounded to so many decimal places (0), a half to the even neighbour.",
        examples: &[("bround(2.5)", "2"), ("bround(25, -1)", "20")],
        bind: |args, _| round(args, Mode::HalfEven),
    },
    Function {
        name: "floor",
        aliases: &[],
        form: "floor(x[, places])",
        about: "The next whole number below, or the next number of so many decimal places.",
        examples: &[("floor(-0.1)", "-1"), ("floor(12.345, 2)", "12.34")],
        bind: |args, _| to_whole(args, Mode::Floor),
    },
    Function {
        name: "ceil",
        aliases: &["ceiling"],
        form: "ceil(x[, places])",
        about: "The next whole number above, or the next number of so many decimal places.",
        examples: &[("ceil(0.1)", "1"), ("ceil(12.341, 2)", "12.35")],
        bind: |args, _| to_whole(args, Mode::Ceiling),
    },
    Function {
        name: "sign",
        aliases: &["signum"],
        form: "sign(x)",
        about: "-1, 0 or 1, as the number is below, at or above zero.",
        examples: &[("sign(-40)", "-1")],
        bind: |args, _| floats(args, |x| if x == 0.0 || x.is_nan() { x } else { x.signum() }),
    },
    Function {
        name: "mod",
        aliases: &[],
        form: "mod(a, b)",
        about: "What remains of a divided by b, with the sign of a: the same as a % b.",
        examples: &[("mod(-7, 3)", "-1"), ("mod(7, 0)", "NULL")],
        bind: |args, _| pair(args, remainder),
    },
    Function {
        name: "pmod",
        aliases: &[],
        form: "pmod(a, b)",
        about: "What remains of a divided by b, never below zero if b is above.",
        examples: &[("pmod(-7, 3)", "2")],
        bind: |args, _| {
            pair(args, |a, b| match (remainder(a, b), b) {
                (Number::Int(rest), Number::Int(by)) if rest < 0 => {
                    let by = i128::from(by);
                    // Not farther from zero than `by`: it fits.
                    Number::Int(((i128::from(rest) + by) % by) as i64)
                }
                (Number::Float(rest), b) if rest < 0.0 => {
                    b.float().map_or(Number::Null, |by| Number::Float((rest + by) % by))
                }
                (rest, _) => rest,
            })
        },
    },
    Function {
        name: "sqrt",
        aliases: &[],
        form: "sqrt(x)",
        about: "The square root; NaN below zero.",
        examples: &[("sqrt(16)", "4"), ("sqrt(-1)", "NaN")],
        bind: |args, _| floats(args, f64::sqrt),
    },
    Function {
        name: "cbrt",
        aliases: &[],
        form: "cbrt(x)",
        about: "The cube root.",
        examples: &[("cbrt(27)", "3")],
        bind: |args, _| floats(args, f64::cbrt),
    },
    Function {
        name: "exp",
        aliases: &[],
        form: "exp(x)",
        about: "e to the power of x.",
        examples: &[("exp(0)", "1")],
        bind: |args, _| floats(args, f64::exp),
    },
    Function {
        name: "expm1",
        aliases: &[],
        form: "expm1(x)",
        about: "e to the power of x, minus 1, exact near zero.",
        examples: &[("expm1(0)", "0")],
        bind: |args, _| floats(args, f64::exp_m1),
    },
    Function {
        name: "ln",
        aliases: &[],
        form: "ln(x)",
        about: "The natural logarithm; NULL of what is not above zero.",
        examples: &[("ln(1)", "0"), ("ln(0)", "NULL")],
        bind: |args, _| logarithm(args, 0.0, f64::ln),
    },
    Function {
        name: "log",
        aliases: &[],
        form: "log([base, ]x)",
        about: "The logarithm to a base, or the natural one; NULL of what is not above zero.",
        examples: &[("log(2, 8)", "3"), ("log(1)", "0"), ("log(10, -1)", "NULL")],
        bind: |args, _| {
            counted(&args, 1..=2)?;
            if args.len() == 1 {
                return logarithm(args, 0.0, f64::ln);
            }
            pair(args, |base, x| match (base.float(), x.float()) {
                (Some(base), Some(x)) if !(base <= 0.0 || x <= 0.0) => Number::Float(x.ln() / base.ln()),
                _ => Number::Null,
            })
        },
    },
    Function {
        name: "log2",
        aliases: &[],
        form: "log2(x)",
        about: "The logarithm to base 2; NULL of what is not above zero.",
        examples: &[("log2(8)", "3")],
        bind: |args, _| logarithm(args, 0.0, f64::log2),
    },
    Function {
        name: "log10",
        aliases: &[],
        form: "log10(x)",
        about: "The logarithm to base 10; NULL of what is not above zero.",
        examples: &[("log10(1000)", "3")],
        bind: |args, _| logarithm(args, 0.0, f64::log10),
    },
    Function {
        name: "log1p",
        aliases: &[],
        form: "log1p(x)",
        about: "The natural logarithm of 1 + x, exact near zero; NULL at -1 and below.",
        examples: &[("log1p(0)", "0")],
        bind: |args, _| logarithm(args, -1.0, f64::ln_1p),
    },
    Function {
        name: "pow",
        aliases: &["power"],
        form: "pow(x, y)",
        about: "x to the power of y.",
        examples: &[("pow(2, 10)", "1024"), ("pow(2, -1)", "0.5")],
        bind: |args, _| floats2(args, power),
    },
    choice::GREATEST,
    choice::LEAST,
    angles::PI,
    angles::E,
    angles::SIN,
    angles::COS,
    angles::TAN,
    angles::ASIN,
    angles::ACOS,
    angles::ATAN,
    angles::ATAN2,
    angles::DEGREES,
    angles::RADIANS,
];

/// A number from each number; nulls are given to `f` too.
fn each(args: Vec<Node>, f: impl Fn(Number) -> Number + Send + Sync + 'static) -> Bound {
    let [x] = exactly(args)?;
    Ok(computed(Kind::Number, vec![x.into_number()?], move |columns, _| map_numbers(&columns[0], &f)))
}

/// A float from each number.
fn floats(args: Vec<Node>, f: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Bound {
    each(args, move |number| number.float().map_or(Number::Null, |x| Number::Float(f(x))))
}

/// A float from each number, null of those that are not above `border`.
fn logarithm(args: Vec<Node>, border: f64, f: impl Fn(f64) -> f64 + Send + Sync + 'static) -> Bound {
    each(args, move |number| match number.float() {
        Some(x) if x > border || x.is_nan() => Number::Float(f(x)),
        _ => Number::Null,
    })
}

/// A number from each pair of numbers, null if one of them is.
fn pair(args: Vec<Node>, f: impl Fn(Number, Number) -> Number + Send + Sync + 'static) -> Bound {
    let [a, b] = exactly(args)?;
    let args = vec![a.into_number()?, b.into_number()?];
    Ok(computed(Kind::Number, args, move |columns, _| zip_numbers(&columns[0], &columns[1], &f)))
}

/// A float from each pair of numbers.
fn floats2(args: Vec<Node>, f: impl Fn(f64, f64) -> f64 + Send + Sync + 'static) -> Bound {
    pair(args, move |a, b| match (a.float(), b.float()) {
        (Some(a), Some(b)) => Number::Float(f(a, b)),
        _ => Number::Null,
    })
}

/// As Java has it, and not IEEE: 1 to the power of what is no number is none, and so is it to an infinite one.
fn power(x: f64, y: f64) -> f64 {
    if y.is_nan() || (x.abs() == 1.0 && y.is_infinite()) { f64::NAN } else { x.powf(y) }
}

fn remainder(a: Number, b: Number) -> Number {
    match (a, b) {
        (Number::Int(_), Number::Int(0)) => Number::Null,
        (Number::Int(a), Number::Int(b)) => Number::Int(a.wrapping_rem(b)),
        _ => match (a.float(), b.float()) {
            (Some(a), Some(b)) if b != 0.0 => Number::Float(a % b),
            _ => Number::Null,
        },
    }
}

/// The number of decimal places, which Spark wants to be the same for all rows; `None` for null.
fn places(node: Option<Node>) -> Result<Option<i64>, String> {
    let Some(node) = node else { return Ok(Some(0)) };
    let node = node.into_number()?;
    match node.value() {
        Some(Cell::Int(places)) => Ok(Some(places)),
        Some(Cell::Float(places)) => Ok(whole(Number::Float(places))),
        Some(_) => Ok(None),
        None => Err("the number of decimal places has to be the same for all rows".to_string()),
    }
}

fn round(args: Vec<Node>, mode: Mode) -> Bound {
    let (x, to) = one_or_two(args)?;
    let places = places(to)?;
    each(vec![x], move |number| places.map_or(Number::Null, |places| rounded(number, places, mode)))
}

fn to_whole(args: Vec<Node>, mode: Mode) -> Bound {
    counted(&args, 1..=2)?;
    if args.len() == 2 {
        return round(args, mode);
    }
    each(args, move |number| match number {
        Number::Float(value) => {
            let value = if mode == Mode::Floor { value.floor() } else { value.ceil() };
            // -2^63 fits, 2^63 does not.
            let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value);
            if fits { Number::Int(value as i64) } else { Number::Float(value) }
        }
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{float, gives, input, int, null_of, rows, text, time};
    use super::*;
    use crate::expr::Context;

    #[test]
    fn nulls_and_what_is_no_number_give_null() {
        let one =
            |function: &Function| matches!(function.form.split_once('(').map(|f| f.1), Some("x)" | "x[, places])"));
        let mut seen = 0;
        for function in FUNCTIONS.iter().filter(|f| one(f)) {
            seen += 1;
            for arg in [Node::null(), text("abc"), text(""), null_of(Kind::Number)] {
                assert_eq!(gives(function.name, vec![arg]), "NULL", "{}", function.name);
            }
            assert!(gives(function.name, vec![time(0)]).contains("a time is no number"), "{}", function.name);
        }
        assert!(seen > 15);
    }

    #[test]
    fn the_ends_of_the_numbers() {
        assert_eq!(gives("abs", vec![int(i64::MIN)]).replace("e+", "e"), "9.223372036854776e18");
        assert_eq!(gives("abs", vec![int(i64::MIN + 1)]), "9223372036854775807");
        assert_eq!(gives("mod", vec![int(i64::MIN), int(-1)]), "0");
        assert_eq!(gives("pmod", vec![int(-1), int(i64::MIN)]), "-1");
        assert_eq!(gives("pmod", vec![int(i64::MIN), int(i64::MAX)]), "9223372036854775806");
        assert_eq!(gives("floor", vec![int(i64::MIN)]), "-9223372036854775808");
        assert_eq!(gives("floor", vec![float(-9.3e18)]).replace("e+", "e"), "-9.3e18");
        assert_eq!(gives("floor", vec![float(-9_223_372_036_854_775_808.0)]), "-9223372036854775808");
        assert_eq!(gives("ceil", vec![float(-0.5)]), "0");
        assert_eq!(gives("ceil", vec![float(f64::NAN)]), "NaN");
        assert_eq!(gives("round", vec![float(f64::NEG_INFINITY), int(2)]), "-Infinity");
        assert_eq!(gives("mod", vec![float(5.5), int(0)]), "NULL");
        assert_eq!(gives("mod", vec![float(-5.5), int(2)]), "-1.5");
        assert_eq!(gives("sign", vec![float(f64::NAN)]), "NaN");
    }

    #[test]
    fn logarithms_are_of_what_is_above_zero() {
        for function in ["ln", "log", "log2", "log10"] {
            for x in [0.0, -0.0, -1.0, f64::NEG_INFINITY] {
                assert_eq!(gives(function, vec![float(x)]), "NULL", "{function}");
            }
            assert_eq!(gives(function, vec![float(f64::INFINITY)]), "Infinity");
            assert_eq!(gives(function, vec![float(f64::NAN)]), "NaN");
        }
        assert_eq!(gives("log1p", vec![int(-1)]), "NULL");
        assert_eq!(gives("log", vec![int(0), int(2)]), "NULL");
        assert_eq!(gives("log", vec![int(1), int(2)]), "Infinity");
        assert_eq!(gives("pow", vec![int(1), float(f64::NAN)]), "NaN");
        assert_eq!(gives("pow", vec![int(0), int(0)]), "1");
    }

    #[test]
    fn places_are_the_same_for_all_rows() {
        let (_, column) = input(&[Some("1")]);
        assert!(gives("round", vec![int(1), column]).contains("same for all rows"));
        assert_eq!(gives("round", vec![float(1.5), Node::null()]), "NULL");
        assert_eq!(gives("round", vec![float(1.55), text("1")]), "1.6");
        assert!(gives("round", vec![]).contains("1 or 2 arguments, not 0"));
        assert!(gives("abs", vec![int(1), int(2)]).contains("1 argument, not 2"));
    }

    #[test]
    fn text_of_the_input_is_a_number_where_it_is_one() {
        let (block, column) = input(&[Some("-7"), Some("-7.5"), Some("7x"), None, Some("1e3")]);
        let node = (super::super::find("abs").unwrap().bind)(vec![column], &Context::default()).unwrap();
        assert_eq!(rows(&node, &block), ["7", "7.5", "NULL", "NULL", "1000"]);
    }

    proptest! {
        #[test]
        fn remainders_are_those_of_euclid(a: i64, b in 1i64..) {
            prop_assert_eq!(gives("pmod", vec![int(a), int(b)]), a.rem_euclid(b).to_string());
            prop_assert_eq!(gives("mod", vec![int(a), int(b)]), (a % b).to_string());
        }
    }
}
