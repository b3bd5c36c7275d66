//! Functions that choose: by a condition, by null, by equality.

use crate::data::column::{Cell, Column, FALSE, Number, TRUE, UNKNOWN};
use crate::data::schema::Kind;

use super::super::convert::number_of;
use super::super::unify::{pick, unify};
use super::args::{Bound, computed, counted, exactly, nulls, number_at};
use super::{Context, Family, Function, Node};

/// The family.
pub const FAMILY: Family = Family { name: "logic", functions: FUNCTIONS };

const FUNCTIONS: &[Function] = &[
    Function {
        name: "if",
        aliases: &["iff"],
        form: "if(condition, a, b)",
        about: "a where the condition is true, else b.",
        examples: &[("if(1 < 2, 'yes', 'no')", "yes"), ("if(NULL, 1, 2)", "2")],
        bind: |args, context| {
            let [condition, a, b] = exactly(args)?;
            let condition = condition.into_condition()?;
            choose(vec![a, b], vec![condition], context, |columns, row| match &*columns[0] {
                Column::Bool(values) => u32::from(values[row] != TRUE),
                _ => 1,
            })
        },
    },
    Function {
        name: "coalesce",
        aliases: &[],
        form: "coalesce(a, …)",
        about: "The first value that is not NULL.",
        examples: &[("coalesce(NULL, 2, 3)", "2")],
        bind: first_known,
    },
    Function {
        name: "nvl",
        aliases: &["ifnull"],
        form: "nvl(a, b)",
        about: "b where a is NULL, else a.",
        examples: &[("nvl(NULL, 'none')", "none")],
        bind: |args, context| {
            counted(&args, 2..=2)?;
            first_known(args, context)
        },
    },
    Function {
        name: "nvl2",
        aliases: &[],
        form: "nvl2(a, b, c)",
        about: "c where a is NULL, else b.",
        examples: &[("nvl2(NULL, 1, 2)", "2")],
        bind: |args, context| {
            let [a, b, c] = exactly(args)?;
            let kind = Kind::Bool;
            let missing = computed(kind, vec![a], |columns, _| {
                Column::Bool(nulls(&columns[0]).into_iter().map(u8::from).collect())
            });
            choose(vec![b, c], vec![missing], context, |columns, row| match &*columns[0] {
                Column::Bool(values) => u32::from(values[row] == TRUE),
                _ => 1,
            })
        },
    },
    Function {
        name: "nullif",
        aliases: &[],
        form: "nullif(a, b)",
        about: "NULL where a = b, else a.",
        examples: &[("nullif('-', '-')", "NULL"), ("nullif(7, 0)", "7")],
        bind: |args, context| {
            let [a, b] = exactly(args)?;
            let alike = Alike::of(&a, &b)?;
            let (a, b) = alike.prepared(a, b, context)?;
            let kind = a.kind.clone();
            Ok(computed(kind.clone(), vec![a, b], move |columns, rows| {
                let which = |row| u32::from(alike.equal(columns[0].cell(row), columns[1].cell(row)) == Some(true));
                // A number beyond the branches is null.
                pick(&(0..rows).map(which).collect::<Vec<u32>>(), &columns[..1], &kind)
            }))
        },
    },
    Function {
        name: "isnull",
        aliases: &[],
        form: "isnull(a)",
        about: "Whether the value is NULL.",
        examples: &[("isnull(NULL)", "true"), ("isnull('')", "false")],
        bind: |args, _| test(args, |missing| missing),
    },
    Function {
        name: "isnotnull",
        aliases: &[],
        form: "isnotnull(a)",
        about: "Whether the value is not NULL.",
        examples: &[("isnotnull(NULL)", "false")],
        bind: |args, _| test(args, |missing| !missing),
    },
    Function {
        name: "isnan",
        aliases: &[],
        form: "isnan(x)",
        about: "Whether the number is NaN, as that of sqrt(-1); false for NULL.",
        examples: &[("isnan(sqrt(-1))", "true"), ("isnan(NULL)", "false")],
        bind: |args, _| {
            let [x] = exactly(args)?;
            Ok(computed(Kind::Bool, vec![x.into_number()?], |columns, rows| {
                Column::Bool((0..rows).map(|row| u8::from(is_nan(number_at(&columns[0], row)))).collect())
            }))
        },
    },
    Function {
        name: "nanvl",
        aliases: &[],
        form: "nanvl(x, y)",
        about: "y where x is NaN, else x.",
        examples: &[("nanvl(sqrt(-1), 0)", "0")],
        bind: |args, _| {
            let [x, y] = exactly(args)?;
            Ok(computed(Kind::Number, vec![x.into_number()?, y.into_number()?], |columns, rows| {
                let number = |row| match number_at(&columns[0], row) {
                    number if is_nan(number) => number_at(&columns[1], row),
                    number => number,
                };
                Column::Number((0..rows).map(number).collect())
            }))
        },
    },
];

fn is_nan(number: Number) -> bool {
    matches!(number, Number::Float(value) if value.is_nan())
}

/// Of each row the branch that `which` says, from the columns of `by`.
fn choose<F>(branches: Vec<Node>, by: Vec<Node>, context: &Context, which: F) -> Bound
where
    F: Fn(&[std::borrow::Cow<'_, Column>], usize) -> u32 + Send + Sync + 'static,
{
    let (kind, mut args) = unify(branches, context)?;
    let count = args.len();
    args.extend(by);
    Ok(computed(kind.clone(), args, move |columns, rows| {
        let (branches, by) = columns.split_at(count);
        pick(&(0..rows).map(|row| which(by, row)).collect::<Vec<u32>>(), branches, &kind)
    }))
}

fn first_known(args: Vec<Node>, context: &Context) -> Bound {
    counted(&args, 1..=usize::MAX)?;
    let (kind, args) = unify(args, context)?;
    Ok(computed(kind.clone(), args, move |columns, rows| {
        let mut which = vec![0u32; rows];
        let mut open: Vec<u32> = (0..rows as u32).collect();
        for (at, column) in columns.iter().enumerate() {
            let missing = nulls(column);
            open.retain(|&row| {
                which[row as usize] = at as u32;
                missing[row as usize]
            });
            if open.is_empty() {
                break;
            }
        }
        pick(&which, columns, &kind)
    }))
}

fn test(args: Vec<Node>, f: fn(bool) -> bool) -> Bound {
    let [value] = exactly(args)?;
    Ok(computed(Kind::Bool, vec![value], move |columns, _| {
        Column::Bool(nulls(&columns[0]).into_iter().map(|missing| u8::from(f(missing))).collect())
    }))
}

/// How values of two kinds are equal (SPEC 3): text is a number beside a number, and beside other text of the input if both
/// spell one; a time beside a time, a truth value beside a condition; else it is compared by bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alike {
    /// Two texts that spell numbers are compared as such.
    numbers: bool,
}

impl Alike {
    /// Of the kinds of these; kinds that are never equal are an error that names both.
    pub(super) fn of(a: &Node, b: &Node) -> Result<Self, String> {
        if a.is_null() || b.is_null() { Ok(Alike::any()) } else { Alike::of_kinds(&a.kind, &b.kind) }
    }

    /// Where one is only null.
    pub(super) fn any() -> Self {
        Alike { numbers: false }
    }

    /// Of these kinds.
    pub(super) fn of_kinds(a: &Kind, b: &Kind) -> Result<Self, String> {
        if Alike::kinds(a, b) {
            return Ok(Alike { numbers: *a == Kind::Input && *b == Kind::Input });
        }
        Err(format!("{} and {} cannot be compared: convert one with CAST", a.name(), b.name()))
    }

    fn kinds(a: &Kind, b: &Kind) -> bool {
        match (a, b) {
            (Kind::List(a), Kind::List(b)) => Alike::kinds(a, b),
            (Kind::List(_), _) | (_, Kind::List(_)) => false,
            (Kind::Input | Kind::Text, _) | (_, Kind::Input | Kind::Text) => true,
            (a, b) => a == b,
        }
    }

    /// Both, text converted to a time or a truth value where the other is one.
    pub(super) fn prepared(self, a: Node, b: Node, context: &Context) -> Result<(Node, Node), String> {
        let like = |node: Node, other: &Kind| match other {
            Kind::Time if node.kind != Kind::Time => node.into_time(&context.zone),
            Kind::Bool if node.kind != Kind::Bool => node.into_condition(),
            _ => Ok(node),
        };
        let (a_kind, b_kind) = (a.kind.clone(), b.kind.clone());
        Ok((like(a, &b_kind)?, like(b, &a_kind)?))
    }

    /// Whether two values are equal; `None` if one is null.
    #[inline]
    pub(super) fn equal(self, a: Cell<'_>, b: Cell<'_>) -> Option<bool> {
        Some(match (a, b) {
            (Cell::Null, _) | (_, Cell::Null) => return None,
            (Cell::Text(a), Cell::Text(b)) if self.numbers && a != b => match (number_of(a), number_of(b)) {
                (Number::Null, _) | (_, Number::Null) => false,
                (a, b) => same(a, b),
            },
            (Cell::Text(a), Cell::Text(b)) => a == b,
            (Cell::Bool(a), Cell::Bool(b)) => a == b,
            (Cell::Time(a), Cell::Time(b)) => a == b,
            (Cell::List(a), Cell::List(b)) => {
                a.len() == b.len() && a.cells().zip(b.cells()).all(|(a, b)| self.equal(a, b).unwrap_or(a == b))
            }
            (a, b) => match (number_in(a), number_in(b)) {
                (Number::Null, _) | (_, Number::Null) => return None,
                (a, b) => same(a, b),
            },
        })
    }
}

fn number_in(cell: Cell<'_>) -> Number {
    match cell {
        Cell::Int(value) => Number::Int(value),
        Cell::Float(value) => Number::Float(value),
        Cell::Text(text) => number_of(text),
        _ => Number::Null,
    }
}

/// Equality of numbers, exact; NaN is equal to itself, as in Spark.
fn same(a: Number, b: Number) -> bool {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a == b,
        (Number::Int(whole), Number::Float(float)) | (Number::Float(float), Number::Int(whole)) => {
            float == whole as f64 && float as i128 == i128::from(whole)
        }
        (Number::Float(a), Number::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
        (Number::Null, _) | (_, Number::Null) => false,
    }
}

/// What a test that may be unknown is in a column.
pub(super) fn truth(value: Option<bool>) -> u8 {
    match value {
        Some(true) => TRUE,
        Some(false) => FALSE,
        None => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, float, gives, input, int, list, null_of, rows, text, time, truth};
    use super::*;

    #[test]
    fn branches_are_chosen_row_by_row() {
        let (block, column) = input(&[Some("true"), Some("no"), None, Some("x")]);
        let node = call("if", vec![column, text("a"), int(2)], &Context::default()).unwrap();
        assert_eq!(rows(&node, &block), ["a", "2", "2", "2"]);
        assert_eq!(node.kind, Kind::Text);
        assert_eq!(gives("if", vec![truth(None), int(1), Node::null()]), "NULL");
        assert!(gives("if", vec![int(1), int(1), int(1)]).contains("a number is no condition"));
        assert!(
            gives("if", vec![truth(None), int(1), truth(Some(true))]).contains("a number and a condition do not mix")
        );
    }

    #[test]
    fn the_first_that_is_known() {
        let (block, column) = input(&[Some("7"), None, Some("")]);
        let node = call("coalesce", vec![column, null_of(Kind::Number), int(0)], &Context::default()).unwrap();
        assert_eq!(rows(&node, &block), ["7", "0", ""]);
        assert_eq!(node.kind, Kind::Input, "what stands in the input is still a number where one is wanted");
        assert_eq!(gives("coalesce", vec![Node::null(), Node::null()]), "NULL");
        assert_eq!(gives("nvl2", vec![text(""), int(1), int(2)]), "1");
        assert_eq!(gives("nvl", vec![null_of(Kind::Time), time(0)]), "1970-01-01T00:00:00.000Z");
        assert!(gives("nvl", vec![int(1)]).contains("2 arguments, not 1"));
    }

    #[test]
    fn equal_values_become_null() {
        for (a, b, result) in [
            (int(7), int(7), "NULL"),
            (int(7), int(8), "7"),
            (int(7), text("7.0"), "NULL"),
            (text("7.0"), int(7), "NULL"),
            (text("7.0"), text("7"), "7.0"),
            (text("x"), int(7), "x"),
            (int(7), Node::null(), "7"),
            (Node::null(), int(7), "NULL"),
            (float(f64::NAN), float(f64::NAN), "NULL"),
            (int(i64::MAX), float(9.223372036854776e18), "9223372036854775807"),
            (time(0), text("1970-01-01"), "NULL"),
            (text("1970-01-01"), time(0), "NULL"),
            (truth(Some(true)), text("yes"), "NULL"),
            (list(&[Some("1")]), list(&[Some("1")]), "NULL"),
        ] {
            assert_eq!(gives("nullif", vec![a, b]), result);
        }
        assert!(gives("nullif", vec![time(0), int(7)]).contains("a time and a number cannot be compared"));
        let (block, column) = input(&[Some("7.0"), Some("8"), None]);
        let node = call("nullif", vec![column, Node::column(0, Kind::Input)], &Context::default()).unwrap();
        assert_eq!(rows(&node, &block), ["NULL", "NULL", "NULL"]);
    }

    #[test]
    fn nulls_and_nan_are_tested_for() {
        assert_eq!(gives("isnull", vec![null_of(Kind::List(Box::new(Kind::Number)))]), "true");
        assert_eq!(gives("isnotnull", vec![truth(None)]), "false");
        assert_eq!(gives("isnotnull", vec![time(0)]), "true");
        assert_eq!(gives("isnan", vec![int(1)]), "false");
        assert_eq!(gives("nanvl", vec![float(f64::NAN), Node::null()]), "NULL");
        assert_eq!(gives("nanvl", vec![Node::null(), int(1)]), "NULL");
    }
}
