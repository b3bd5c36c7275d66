//! Everything since the start against a fresh table of the rows of the keys that are not over.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::sliding::tests::{all_calls, fresh, printed, shipped, wild};
use super::super::tests::{Row, plan};
use super::*;
use crate::data::column::Number;

/// One batch.
#[derive(Debug, Clone)]
struct Step {
    rows: Vec<Row>,
    /// How long after the one before it ends.
    after: i64,
    enters: bool,
    saved: [bool; 2],
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = prop_oneof![4 => prop::collection::vec(wild(), 0..6), 1 => Just(Vec::new())];
    let saved = [prop::bool::weighted(0.1), prop::bool::weighted(0.1)];
    let step = (rows, prop_oneof![3 => Just(1000), 1 => 1i64..5000], prop::bool::weighted(0.8), saved)
        .prop_map(|(rows, after, enters, saved)| Step { rows, after, enters, saved });
    prop::collection::vec(step, 1..30)
}

/// The last time of each key and its rows with their batches, one by one.
type Model = BTreeMap<Option<String>, (i64, Vec<(u32, Row)>)>;

fn play(plan: &Arc<Plan>, steps: &[Step], ttl: Option<i64>, changed: bool) -> Result<(), TestCaseError> {
    let keys = plan.by.as_ref().map_or(0, |by| by.width());
    let restored = |growing: &Growing| {
        let mut restored = Growing::new(plan, ttl, changed);
        restored.restore(growing.save());
        restored
    };
    let (mut growing, mut model, mut end) = (Growing::new(plan, ttl, changed), Model::new(), -3000);
    for (at, step) in steps.iter().enumerate() {
        end += step.after;
        let (batch, rows) = (at as u32 + 1, if step.enters { &step.rows[..] } else { &[] });
        model.retain(|_, (last, _)| ttl.is_none_or(|ttl| end - *last <= ttl));
        for row in rows {
            let kept = model.entry(row.0.clone()).or_default();
            kept.0 = end;
            kept.1.push((batch, row.clone()));
        }
        if step.enters {
            growing.enter(shipped(plan, rows, 3, batch), Time(end));
        }
        if step.saved[0] {
            growing = restored(&growing);
        }
        let given = model.values().filter(|(last, _)| !changed || *last == end);
        let mut batches = BTreeMap::<u32, Vec<Row>>::new();
        given.flat_map(|kept| &kept.1).for_each(|(batch, row)| batches.entry(*batch).or_default().push(row.clone()));
        // In a batch the rows of different keys stood otherwise; those of one key are in their order.
        let expected = fresh(plan, batches.iter().map(|(batch, rows)| (*batch, &rows[..])));
        prop_assert_eq!(printed(&growing.finish(Time(end)), keys), printed(&expected, keys), "after step {}", at);
        if keys > 0 {
            prop_assert_eq!(growing.len(), model.len());
        }
        if step.saved[1] {
            growing = restored(&growing);
        }
    }
    Ok(())
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 20))]

    /// The law of `window all`: each key gives what its rows since it began give; it ends in the first batch that ends more than
    /// its time to live after the last that had a row of it, and begins anew if it has rows in that very batch. Whoever saves and
    /// restores, also between what comes in and the result, does not see it.
    #[test]
    fn all_is_what_has_come_and_is_not_over(
        steps in steps(), ttl in prop::option::of(prop_oneof![Just(1000i64), 0i64..6000]), changed: bool,
    ) {
        play(&plan(&all_calls(), Some("k")).unwrap(), &steps, ttl, changed)?;
        play(&plan("sum(x), count(*)", Some("k")).unwrap(), &steps, ttl, changed)?;
        play(&plan("count(*)", Some("k")).unwrap(), &steps, ttl, changed)?;
    }

    #[test]
    fn without_keys_all_rows_count(steps in steps()) {
        // The order of rows of different keys in a batch is not that of the model.
        play(&plan("count(*), sum(x), min(x), stddev(n), median(x), count(DISTINCT x), sum(n)", None).unwrap(), &steps, None, false)?;
    }
}

fn rows(keys: impl Iterator<Item = u32>) -> Vec<Row> {
    keys.map(|key| (Some(format!("key number {key}")), Some(format!("value {}", key % 9)), Number::Int(1))).collect()
}

/// A key that lives on keeps nothing of those that came with it and are gone, however often it is touched.
#[test]
fn memory_goes_with_the_keys() {
    let plan = plan("count(*), last(x), collect_set(x), count(DISTINCT n), max(x)", Some("k")).unwrap();
    let mut growing = Growing::new(&plan, Some(20), true);
    let mut most = 0;
    for at in 0..3000u32 {
        let keys = [0].into_iter().chain(1 + at * 10..11 + at * 10);
        growing.enter(shipped(&plan, &rows(keys), 64, at + 1), Time(i64::from(at)));
        assert_eq!(growing.finish(Time(i64::from(at))).len(), 11);
        if at == 500 {
            most = growing.bytes();
        }
    }
    assert_eq!(growing.len(), 1 + 21 * 10);
    assert!(growing.bytes() < 2 * most, "{} {most}", growing.bytes());
    assert_eq!(growing.waiting.iter().map(|(_, groups)| groups.len()).sum::<usize>(), growing.len(), "each waits once");
}

/// Lists of a few values a batch are packed together, and stay what they are.
#[test]
fn lists_grow_in_one_piece() {
    let plan = plan("collect_list(x), collect_set(x)", Some("k")).unwrap();
    let mut growing = Growing::new(&plan, None, false);
    let batches: Vec<Vec<Row>> = (0..1200u32).map(|at| rows((0..at % 4).map(|n| n * at % 5))).collect();
    for (at, rows) in batches.iter().enumerate() {
        growing.enter(shipped(&plan, rows, 2, at as u32 + 1), Time(at as i64));
    }
    let expected = fresh(&plan, batches.iter().enumerate().map(|(at, rows)| (at as u32 + 1, &rows[..])));
    assert_eq!(printed(&growing.finish(Time(5000)), 1), printed(&expected, 1));
    let values: usize = batches.iter().map(Vec::len).sum();
    assert!(growing.bytes() < 200 * values, "{} {values}", growing.bytes());
}
