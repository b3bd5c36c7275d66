//! A window against a fresh table of all rows that are in it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::tests::{Row, block, plan, row};
use super::super::{Growing, Table};
use super::*;
use crate::data::column::Number;
use crate::data::keys::written;
use crate::expr::aggregate::NAMES;

/// Every aggregate, of all rows, of some, and of different values: a new name is here on its own.
pub(in crate::expr::aggregates) fn all_calls() -> String {
    let mut calls = vec!["count(*)".to_string(), "count(x, n)".into(), "p99(n)".into(), "count(DISTINCT x, n)".into()];
    calls.extend(
        ["first(split(x, ''))", "min(n)", "collect_list(split(x, ''))", "sum(n)", "stddev(n)"].map(String::from),
    );
    for name in NAMES {
        let [args, other] = match *name {
            "percentile" | "approx_percentile" | "percentile_approx" => ["x, 0.3", "n, 0.9"],
            "count_if" | "bool_and" | "every" | "bool_or" | "some" => ["n > 0", "n > 1"],
            _ => ["x", "n"],
        };
        calls.push(format!("{name}({args})"));
        calls.push(format!("{name}({args}) FILTER (WHERE n > 0)"));
        if !["percentile_approx", "approx_percentile", "percentile"].contains(name) {
            calls.push(format!("{name}(DISTINCT {other})"));
        }
    }
    calls.join(", ")
}

/// Rows by key, as they are printed.
pub(in crate::expr::aggregates) fn printed(rows: &Rows, keys: usize) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for block in &rows.blocks {
        let columns: Vec<_> = block.columns.iter().map(written).collect();
        for row in 0..block.rows {
            let cell = |text: &crate::data::column::Text| {
                text.spans[row].of(text.data.bytes()).map_or("null".into(), |b| String::from_utf8_lossy(b).into_owned())
            };
            let cells: Vec<String> = columns.iter().map(cell).collect();
            assert!(all.insert(cells[..keys].join(" "), cells[keys..].to_vec()).is_none(), "a key came twice");
        }
    }
    all
}

/// The rows of a batch as blocks of some size, on several tables, of which one has all in the end.
pub(in crate::expr::aggregates) fn shipped(plan: &Arc<Plan>, rows: &[Row], size: usize, batch: u32) -> Shipped {
    let mut tables = [Table::new(Arc::clone(plan)), Table::new(Arc::clone(plan))];
    for (order, rows) in rows.chunks(size).enumerate().rev() {
        let block = Block { batch, ..block(rows, order as u64) };
        tables[order % 2].fold(&block);
    }
    let [mut one, mut other] = tables;
    one.take(other.ship(0, 1));
    one.ship(0, 1)
}

/// A fresh table of these batches.
pub(in crate::expr::aggregates) fn fresh<'a>(
    plan: &Arc<Plan>,
    batches: impl Iterator<Item = (u32, &'a [Row])>,
) -> Rows {
    let mut table = Table::new(Arc::clone(plan));
    batches.for_each(|(batch, rows)| table.fold(&Block { batch, ..block(rows, 0) }));
    table.finish()
}

/// Rows with numbers that are hard to take out of a sum again.
pub(in crate::expr::aggregates) fn wild() -> impl Strategy<Value = Row> {
    let special = prop_oneof![
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(f64::NAN),
        Just(0.1),
        Just(-0.0),
        (-300..300i32).prop_map(|exponent| -(2f64.powi(exponent))),
    ];
    (row(), prop::option::weighted(0.15, special), prop::option::weighted(0.1, "-?1e-?[0-9]{1,2}"), 0usize..9).prop_map(
        |((key, x, n), special, text, which)| {
            // Most keys come again and again.
            let key = if which < 7 { key.map(|_| "abcdefg"[which..which + 1].to_string()) } else { key };
            (key, text.or(x), special.map_or(n, Number::Float))
        },
    )
}

/// One batch of a window.
#[derive(Debug, Clone)]
struct Step {
    rows: Vec<Row>,
    size: usize,
    /// Panes leave; else they leave later, several at once.
    leaves: bool,
    saved: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rows = prop_oneof![3 => prop::collection::vec(wild(), 0..8), 1 => Just(Vec::new())];
    let step = (rows, 1usize..5, prop::bool::weighted(0.8), prop::bool::weighted(0.1))
        .prop_map(|(rows, size, leaves, saved)| Step { rows, size, leaves, saved });
    prop::collection::vec(step, 1..40)
}

/// Plays the steps, and compares after each.
fn play(plan: &Arc<Plan>, steps: &[Step], length: usize) -> Result<(), TestCaseError> {
    let keys = plan.by.as_ref().map_or(0, |by| by.width());
    let mut sliding = Sliding::new(plan);
    let mut first = 0;
    // At the end all leave.
    let rest = Step { rows: Vec::new(), size: 1, leaves: true, saved: false };
    let steps: Vec<&Step> = steps.iter().chain(std::iter::repeat_n(&rest, length)).collect();
    for (at, step) in steps.iter().enumerate() {
        let end = Time(1000 * at as i64 - 5000);
        sliding.enter(shipped(plan, &step.rows, step.size, at as u32 + 1), end);
        if step.leaves {
            sliding.leave(Time(end.0 - 1000 * length as i64));
            first = (at + 1).saturating_sub(length);
        }
        if step.saved {
            let mut restored = Sliding::new(plan);
            restored.restore(sliding.save());
            sliding = restored;
        }
        let inside = (first..=at).map(|at| (at as u32 + 1, &steps[at].rows[..]));
        let expected = fresh(plan, inside.filter(|(_, rows)| !rows.is_empty() || keys == 0));
        prop_assert_eq!(printed(&sliding.finish(), keys), printed(&expected, keys), "after step {}", at);
        prop_assert_eq!(sliding.len(), expected.len());
    }
    if keys > 0 {
        prop_assert!(sliding.is_empty());
    }
    Ok(())
}

proptest! {
    // PROPTEST_CASES asks for more.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 20))]

    /// The law of windows: at any time the result is that of a fresh table of the rows that are inside; and whoever saves and
    /// restores does not see it.
    #[test]
    fn a_window_is_what_is_in_it(steps in steps(), length in 1usize..20) {
        play(&plan(&all_calls(), Some("k")).unwrap(), &steps, length)?;
        play(&plan(&all_calls(), None).unwrap(), &steps, length)?;
    }

    /// ... also for plans of which something lies beside the keys, or all.
    #[test]
    fn what_lies_beside_the_keys_slides_too(steps in steps(), length in 1usize..9) {
        for calls in ["count(*)", "sum(x)", "sum(n), max(x)", "count(x) FILTER (WHERE n > 0), last(x)", "min(x)"] {
            play(&plan(calls, Some("k")).unwrap(), &steps, length)?;
            play(&plan(calls, Some("x, k")).unwrap(), &steps, length)?;
        }
    }

    /// Whole numbers that do not fit, and floats, among those beside the keys.
    #[test]
    fn sums_that_spill_come_back(values in prop::collection::vec(
        prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -9i64..9].prop_map(|v| v.to_string())
            .boxed().prop_union("[0-9]\\.5|x".boxed()), 1..60), length in 1usize..6) {
        let steps: Vec<Step> = values.chunks(3).map(|values| {
            let rows = values.iter().map(|v| (Some("k".into()), Some(v.clone()), Number::Null)).collect();
            Step { rows, size: 1, leaves: true, saved: values.len() == 2 }
        }).collect();
        play(&plan("sum(x)", Some("k")).unwrap(), &steps, length)?;
        play(&plan("sum(x), avg(x)", Some("k")).unwrap(), &steps, length)?;
    }
}

/// So many values that those of a group are kept in several pieces, and that approximate results come and go.
#[test]
fn many_values_slide() {
    let value = |n: usize| (n * 7919 % 30_011).to_string();
    let sizes = [3000, 8000, 0, 12_000, 500, 100, 9000, 2000, 11, 0, 7000];
    let mut from = 0;
    let steps: Vec<Step> = sizes
        .into_iter()
        .enumerate()
        .map(|(at, size)| {
            let rows = (from..from + size).map(|n| (Some((n % 5 / 4).to_string()), Some(value(n)), Number::Null));
            from += size;
            Step { rows: rows.collect(), size: 1000, leaves: true, saved: at == 4 }
        })
        .collect();
    let calls =
        "approx_percentile(x, 0.5), approx_count_distinct(x), median(x), p99(x), count(DISTINCT x), collect_list(x)";
    for length in [1, 2, 3, 5] {
        play(&plan(calls, Some("k")).unwrap(), &steps, length).unwrap();
        play(&plan(calls, None).unwrap(), &steps, length).unwrap();
    }
}

/// What left leaves no memory behind, and a window of many panes takes what their groups take.
#[test]
fn memory_goes_with_the_panes() {
    let rows = |batch: usize| -> Vec<Row> {
        (0..100)
            .map(|n| (Some(format!("a rather long key {}", batch * 50 + n)), Some(format!("{n}")), Number::Int(1)))
            .collect()
    };
    let plan =
        plan("count(*), avg(x), min(x), collect_list(x), collect_set(x), median(x), first(x)", Some("k")).unwrap();
    let mut sliding = Sliding::new(&plan);
    let mut sizes = Vec::new();
    for at in 0..600 {
        sliding.enter(shipped(&plan, &rows(at), 64, at as u32 + 1), Time(at as i64));
        sliding.leave(Time(at as i64 - 50));
        sizes.push(sliding.bytes());
    }
    let (then, now) = (sizes[200], sizes[599]);
    assert!(now < then * 6 / 5, "{then} {now}");
    assert_eq!(sliding.len(), 51 * 50);
    sliding.leave(Time(1000));
    assert!(sliding.is_empty());
    assert_eq!(sliding.panes.len(), 0);
    // What is left is room by group number.
    assert!(sliding.bytes() < now / 2, "{} {now}", sliding.bytes());
}

/// No pane that leaves makes much work: but for the first time, few panes are turned and wiped for each.
#[test]
fn turns_are_spread_over_the_panes() {
    let plan = plan("max(x)", Some("k")).unwrap();
    let mut sliding = Sliding::new(&plan);
    let row: Vec<Row> = vec![(Some("k".into()), Some("1".into()), Number::Null)];
    let untouched = |sliding: &Sliding| sliding.stacks.places();
    for at in 0..1000i64 {
        sliding.enter(shipped(&plan, &row, 1, at as u32 + 1), Time(at));
        let before = untouched(&sliding);
        sliding.leave(Time(at - 100));
        let after = untouched(&sliding);
        // While a middle is there, its unturned part shrinks by little.
        if at > 101 && before[2] > before[0] && after[2] > after[0] {
            let (left, leaves) = (before[1] - before[0], after[1] - after[0]);
            assert!(left - leaves <= 3, "{before:?} {after:?}");
        }
        assert!(at < 101 || before[0] > 0 || before[1] == 0, "the next is ready when the front is empty: {before:?}");
    }
}

/// Under `window all` nothing is told apart by panes; the same data in both.
#[test]
fn a_window_that_nothing_leaves_is_everything() {
    let plan = plan("sum(x), max(x), collect_set(x)", Some("k")).unwrap();
    let (mut sliding, mut growing) = (Sliding::new(&plan), Growing::new(&plan, None, false));
    for at in 0..50i64 {
        let rows: Vec<Row> =
            (0..at % 7).map(|n| (Some(format!("{}", n % 3)), Some(format!("{}", at * n % 5)), Number::Null)).collect();
        sliding.enter(shipped(&plan, &rows, 2, at as u32 + 1), Time(at));
        growing.enter(shipped(&plan, &rows, 2, at as u32 + 1), Time(at));
        assert_eq!(printed(&sliding.finish(), 1), printed(&growing.finish(Time(at)), 1));
    }
}
