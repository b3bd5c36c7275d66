//! Conditions as filters: the rows that pass.

use crate::data::column::{Column, TRUE};

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_what_is_true_passes(truths in proptest::collection::vec(0u8..3, 0..200)) {
            let expected: Vec<u32> = (0..).zip(&truths).filter(|row| *row.1 == TRUE).map(|row| row.0).collect();
            prop_assert_eq!(passed(&Column::Bool(truths)), expected);
        }
    }
}
