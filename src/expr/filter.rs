//! Conditions as filters: the rows that pass, and a condition cut into what can be looked at one after the other.

use crate::data::column::{Column, TRUE};

use super::ast::{Expr, Form, Operator, Tree};

/// The rows whose truth value is true: neither false nor null.
pub fn passed(condition: &Column) -> Vec<u32> {
    let Column::Bool(truths) = condition else { return Vec::new() };
    let count = truths.iter().filter(|truth| **truth == TRUE).count();
    if count == truths.len() {
        return (0..count as u32).collect();
    }
    // Each row is written, and stays if it passes: no branch that could be guessed wrong.
    let mut rows = vec![0; count + 1];
    let mut at = 0;
    for (row, truth) in (0..).zip(truths) {
        rows[at] = row;
        at += usize::from(*truth == TRUE);
    }
    rows.truncate(count);
    rows
}

impl Expr {
    /// The parts of a condition all of which must hold: `a AND b AND c` is three. In their order.
    pub fn conjuncts(&self) -> Vec<Expr> {
        let mut parts = Vec::new();
        split(&self.tree, &mut parts);
        parts.into_iter().map(|tree| Expr { text: self.text.clone(), tree: tree.clone() }).collect()
    }
}

fn split<'a>(tree: &'a Tree, parts: &mut Vec<&'a Tree>) {
    match &tree.form {
        Form::Binary(Operator::And, a, b) => {
            split(a, parts);
            split(b, parts);
        }
        _ => parts.push(tree),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn conditions_are_cut_at_and_alone() {
        let expr = Expr::parse("a = 1 AND (b = 2 AND (c = 3 OR d = 4)) AND NOT (e AND f)").unwrap();
        let parts: Vec<String> = expr.conjuncts().iter().map(Expr::to_string).collect();
        assert_eq!(parts, ["(a = 1)", "(b = 2)", "((c = 3) OR (d = 4))", "(NOT (e AND f))"]);
    }

    proptest! {
        #[test]
        fn only_what_is_true_passes(truths in proptest::collection::vec(0u8..3, 0..200)) {
            let expected: Vec<u32> = (0..).zip(&truths).filter(|row| *row.1 == TRUE).map(|row| row.0).collect();
            prop_assert_eq!(passed(&Column::Bool(truths)), expected);
        }
    }
}
