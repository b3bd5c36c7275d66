//! What lies beside the keys of a [`Table`](super::Table): a count, or a sum of whole numbers, in one `i64`.

use super::counts::Counted;
use super::pieces::nothing;
use super::plan::{Family, Plan, What};
use super::state::{all_valid, texts};
use super::sums::{Sums, written};
use crate::data::block::Block;
use crate::data::column::{Column, Number, TRUE};
use crate::data::exact::Exact;

/// What lies beside a key without a sum: no whole number of 64 bits but the least, which is never kept there.
pub(super) const NO_SUM: i64 = 0;

/// Adds to the sum beside a key, or, if it is no whole number or the sum does not fit, to those that spilled.
#[inline(always)]
pub(super) fn add(sum: &mut i64, number: Number, group: u32, spilled: &mut Sums) {
    match number {
        Number::Int(value) => {
            let known = if *sum == NO_SUM { 0 } else { *sum ^ i64::MIN };
            match known.checked_add(value) {
                Some(total) if total != i64::MIN => *sum = total ^ i64::MIN,
                _ => spilled.sum(group, 0).add_int(value),
            }
        }
        Number::Float(value) => spilled.sum(group, 0).add_float(value),
        Number::Null => {}
    }
}

/// Combines what lies beside a key here and there.
#[inline(always)]
pub(super) fn merge(mine: &mut i64, theirs: i64, sums: bool, group: u32, spilled: &mut Sums) {
    if !sums {
        *mine += theirs;
    } else if theirs != NO_SUM {
        add(mine, Number::Int(theirs ^ i64::MIN), group, spilled);
    }
}

/// What lies beside the key of a row, unless it has to be spilled.
#[inline(always)]
pub(super) fn encoded(number: Number) -> Option<i64> {
    match number {
        Number::Int(value) => (value != i64::MIN).then_some(value ^ i64::MIN),
        Number::Float(_) => None,
        Number::Null => Some(NO_SUM),
    }
}

/// Two sums as one, unless it has to be spilled.
pub(super) fn combined(mine: i64, theirs: i64) -> Option<i64> {
    match (mine, theirs) {
        (NO_SUM, sum) | (sum, NO_SUM) => Some(sum),
        _ => (mine ^ i64::MIN).checked_add(theirs ^ i64::MIN).and_then(|sum| encoded(Number::Int(sum))),
    }
}

/// What lies beside the keys of some groups as a column for [`MovingSums`](super::moving::MovingSums); `spilled`: what did not
/// fit there.
pub(super) fn exported(values: &[i64], spilled: Option<&Column>) -> Column {
    if nothing(spilled) {
        return Column::ints(values.to_vec());
    }
    let both = values.iter().zip(texts(spilled)).map(|(value, spilled)| {
        let mut sum = spilled.map_or_else(Exact::default, Exact::read);
        if *value != NO_SUM {
            sum.add_int(value ^ i64::MIN);
        }
        sum
    });
    let both: Vec<Exact> = both.collect();
    written(both.iter().map(Some))
}

pub(super) fn is_sum(plan: &Plan, family: usize) -> bool {
    plan.families[family].what == What::Sums
}

/// Which rows are counted; none if all are.
pub(super) fn counted_rows(family: &Family, counted: Counted, block: &Block) -> Option<Vec<bool>> {
    let args = family.args(block, None);
    let mut mask = match (counted, args.first().map(|column| &**column)) {
        (Counted::True, Some(Column::Bool(values))) => Some(values.iter().map(|value| *value == TRUE).collect()),
        _ => all_valid(&args),
    };
    if let Some(passed) = family.passed(block) {
        let mut both = vec![false; block.rows];
        for row in passed {
            both[row as usize] = mask.as_ref().is_none_or(|mask: &Vec<bool>| mask[row as usize]);
        }
        mask = Some(both);
    }
    mask
}
