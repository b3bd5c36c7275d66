//! What lies beside the keys of a [`Table`](super::Table): a count, or a sum of whole numbers, in one `i64`.

use super::counts::Counted;
use super::pieces::nothing;
use super::plan::{Family, Plan, What};
use super::state::{all_valid, texts};
use super::sums::{Sums, written};
use crate::data::block::{Block, Text};
use crate::data::column::{Column, Number, Numbers, TRUE};
use crate::data::exact::Exact;
use crate::data::groups::Groups;
use crate::expr::operators::quick;

/// What lies beside a key without a sum: no whole number of 64 bits but the least, which is never kept there.
pub(super) const NO_SUM: i64 = 0;
/// In place of a number that is to be read the long way.
const NOT_SHORT: i64 = -1;

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

/// The sum beside a key and one more value; and whether it has to be spilled.
#[inline(always)]
fn quick_sum(sum: i64, value: i64) -> (i64, bool) {
    let known = if sum == NO_SUM { 0 } else { sum ^ i64::MIN };
    let (total, spills) = known.overflowing_add(value);
    (total ^ i64::MIN, spills | (total == i64::MIN))
}

/// Finds the group of each row, and adds to what lies beside its key; nobody else asks for the groups.
pub(super) fn add_alone(family: &Family, groups: &mut Groups, keys: &Text, block: &Block, spilled: &mut Sums) {
    if let What::Counts(counted) = family.what {
        return match counted_rows(family, counted, block) {
            None => groups.add(keys, None),
            Some(counted) => {
                let counted = |row: usize| i64::from(counted[row]);
                groups.combine(keys, counted, i64::overflowing_add, |_, _, count, more| *count += more);
            }
        };
    }
    let args = family.args(block, None);
    match &*args[0] {
        Column::Text(text) => {
            let short = |row: usize| quick::short(&text.data, text.spans[row]).unwrap_or(NOT_SHORT);
            let sum = |sum: i64, value: i64| {
                let (sum, spills) = quick_sum(sum, value);
                (sum, spills | (value == NOT_SHORT))
            };
            groups.combine(keys, short, sum, |row, group, sum, value| {
                let number = match value {
                    NOT_SHORT => quick::long(&text.data, text.spans[row]),
                    value => Number::Int(value),
                };
                add(sum, number, group, spilled);
            });
        }
        Column::Number(Numbers::Ints(values)) => groups.combine(
            keys,
            |row| values[row],
            quick_sum,
            |_, group, sum, value| {
                add(sum, Number::Int(value), group, spilled);
            },
        ),
        Column::Number(values) => groups.update(keys, |row, group, sum| add(sum, values.get(row), group, spilled)),
        Column::Bool(_) | Column::Time(_) | Column::List(_) => {
            groups.combine(keys, |_| (), |sum, ()| (sum, false), |_, _, _, ()| {})
        }
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
