//! The greatest and the least of several values.

use std::cmp::Ordering;

use crate::data::column::{Cell, Column, Numbers};
use crate::data::order::compare_cells;

use super::super::super::unify::{pick, unify};
use super::super::args::{Bound, computed, counted};
use super::super::{Context, Function, Node};

pub(super) const GREATEST: Function = Function {
    name: "greatest",
    aliases: &[],
    form: "greatest(a, b, …)",
    about: "The greatest of the values in the order of sort (numbers by value, then text by bytes); NULL only if all are.",
    examples: &[("greatest(2, 10)", "10"), ("greatest('b', NULL, 'a')", "b")],
    bind: |args, context| choice(args, context, Ordering::Greater),
};

pub(super) const LEAST: Function = Function {
    name: "least",
    aliases: &[],
    form: "least(a, b, …)",
    about: "The least of the values in the order of sort (numbers by value, then text by bytes); NULL only if all are.",
    examples: &[("least(2, 10)", "2"), ("least('b', NULL, 'a')", "a")],
    bind: |args, context| choice(args, context, Ordering::Less),
};

/// Of each row the value that is `wanted` compared to all before it.
fn choice(args: Vec<Node>, context: &Context, wanted: Ordering) -> Bound {
    counted(&args, 2..=usize::MAX)?;
    let (kind, args) = unify(args, context)?;
    Ok(computed(kind.clone(), args, move |columns, rows| {
        if let [first, rest @ ..] = columns
            && let Some(mut chosen) = first.as_ints().map(<[i64]>::to_vec)
            && let Some(rest) = rest.iter().map(|column| column.as_ints()).collect::<Option<Vec<_>>>()
        {
            for column in rest {
                let choose = |(a, &b): (&mut i64, &i64)| *a = if b.cmp(a) == wanted { b } else { *a };
                chosen.iter_mut().zip(column).for_each(choose);
            }
            return Column::Number(Numbers::Ints(chosen));
        }
        let best = |row: usize| {
            let mut best = (0, columns[0].cell(row));
            for (at, column) in columns.iter().enumerate().skip(1) {
                let cell = column.cell(row);
                if cell != Cell::Null && (best.1 == Cell::Null || compare_cells(cell, best.1, true) == wanted) {
                    best = (at, cell);
                }
            }
            best.0 as u32
        };
        pick(&(0..rows).map(best).collect::<Vec<u32>>(), columns, &kind)
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::testing::{call, float, gives, input, int, list, null_of, rows, text, time, truth};
    use super::*;
    use crate::data::schema::Kind;

    #[test]
    fn nulls_do_not_count() {
        assert_eq!(gives("greatest", vec![Node::null(), int(1), null_of(Kind::Number)]), "1");
        assert_eq!(gives("least", vec![null_of(Kind::Number), float(1.5), int(2)]), "1.5");
        assert_eq!(gives("least", vec![Node::null(), Node::null()]), "NULL");
        assert!(gives("least", vec![int(1)]).contains("at least 2 arguments"));
    }

    #[test]
    fn values_of_all_kinds_have_an_order() {
        assert_eq!(gives("greatest", vec![text("10"), text("9")]), "10");
        assert_eq!(gives("greatest", vec![text("a"), int(9)]), "a");
        assert_eq!(gives("least", vec![text("a"), float(9.0)]), "9");
        assert_eq!(gives("greatest", vec![float(f64::NAN), float(f64::INFINITY), int(1)]), "NaN");
        assert_eq!(gives("least", vec![truth(Some(true)), truth(Some(false)), truth(None)]), "false");
        assert_eq!(gives("greatest", vec![time(1_000), time(-1), Node::null()]), "1970-01-01T00:00:00.001Z");
        assert_eq!(gives("greatest", vec![list(&[Some("1"), Some("2")]), list(&[Some("1"), Some("10")])]), "[1,10]");
        assert!(gives("greatest", vec![time(1), int(2)]).contains("a time and a number do not mix"));
    }

    /// What stands in the input stays as it stands there.
    #[test]
    fn input_stays_input() {
        let (block, column) = input(&[Some("07.0"), Some("2"), None, Some("x")]);
        let node = call("greatest", vec![column, int(3)], &Context::default()).unwrap();
        assert_eq!(rows(&node, &block), ["07.0", "3", "3", "x"]);
        assert_eq!(node.kind, Kind::Input);
    }

    proptest! {
        #[test]
        fn whole_numbers_have_a_greatest_and_a_least(a: i64, b: i64, c: i64) {
            prop_assert_eq!(gives("greatest", vec![int(a), int(b), int(c)]), a.max(b).max(c).to_string());
            prop_assert_eq!(gives("least", vec![int(a), int(b), int(c)]), a.min(b).min(c).to_string());
        }
    }
}
