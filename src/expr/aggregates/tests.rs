//! Aggregates against their definitions, on rows that are dealt to tables in any way.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::data::block::Block;
use crate::data::column::{Cell, Column, Number, Numbers};
use crate::data::order::compare_cells;
use crate::data::rows::{Rows, block_of};
use crate::data::schema::{Field, Kind, Schema};
use crate::expr::by::By;
use crate::expr::convert::number_of;
use crate::expr::{Context, parse_list};

/// Tables for calls over the columns `k`, `x` and `n`, the last of which is a number.
pub(super) fn plan(calls: &str, by: Option<&str>) -> crate::error::Result<Arc<Plan>> {
    let fields = vec![Field::shown("k"), Field::shown("x"), Field::shown("n").of(Kind::Number)];
    let schema = Schema { fields, ..Schema::default() };
    let mut found = Vec::new();
    for named in parse_list(calls)? {
        named.expr.without_aggregates(|call| {
            found.push(call);
            Ok("it".to_string())
        })?;
    }
    let context = Context::default();
    let by = by.map(|by| By::parse("--by", by)?.bind(&schema, &context)).transpose()?;
    Plan::bind(&found, by, &schema, &context).map(Arc::new)
}

pub(super) type Row = (Option<String>, Option<String>, Number);

pub(super) fn block(rows: &[Row], order: u64) -> Block {
    let text = |value: &Option<String>| value.clone().map(String::into_bytes);
    let keys: Vec<_> = rows.iter().map(|row| text(&row.0)).collect();
    let values: Vec<_> = rows.iter().map(|row| text(&row.1)).collect();
    let mut block =
        block_of(&[keys.iter().map(Option::as_deref).collect(), values.iter().map(Option::as_deref).collect()]);
    block.columns.push(Column::Number(rows.iter().map(|row| row.2).collect::<Numbers>()));
    block.order = order;
    block
}

/// The rows of a result, by key.
fn content(rows: &Rows, keys: usize) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for block in &rows.blocks {
        for row in 0..block.rows {
            let cells: Vec<String> = block.columns.iter().map(|column| format!("{:?}", column.cell(row))).collect();
            assert!(all.insert(cells[..keys].join(" "), cells[keys..].to_vec()).is_none(), "a key came twice");
        }
    }
    all
}

/// The result of rows that lie in blocks of some size, dealt to so many tables, which come together by key and are saved and
/// restored on the way.
fn dealt(plan: &Arc<Plan>, rows: &[Row], size: usize, shards: usize) -> BTreeMap<String, Vec<String>> {
    let mut tables: Vec<Table> = (0..shards).map(|_| Table::new(Arc::clone(plan))).collect();
    for (order, rows) in rows.chunks(size).enumerate().rev() {
        tables[order % shards].fold(&block(rows, order as u64));
    }
    for from in 0..shards {
        for to in (0..shards).filter(|to| *to != from) {
            let shipped = tables[from].ship(to, shards);
            tables[to].take(shipped);
        }
    }
    let mut all = BTreeMap::new();
    for (n, table) in tables.iter_mut().enumerate() {
        // Without keys the first table owns all.
        if n > 0 && plan.by.is_none() {
            continue;
        }
        let mut restored = Table::new(Arc::clone(plan));
        restored.restore(&table.save());
        let width = plan.by.as_ref().map_or(0, |by| by.width());
        let found = content(&restored.finish(), width);
        assert_eq!(found, content(&table.finish(), width), "saved and restored");
        all.extend(found);
    }
    all
}

const CALLS: &str = "count(*), count(x), sum(x), avg(x), min(x), max(x), first(x), last(x), collect_list(x), \
    collect_set(x), count(DISTINCT x), median(x), approx_percentile(x, 0.3), approx_count_distinct(x), bool_and(n > 0), \
    sum(n), var_samp(n), count(*) FILTER (WHERE n > 1), sum(DISTINCT x), stddev_pop(x)";

/// The same by definition, of the rows of one group in record order.
fn defined(rows: &[&Row]) -> Vec<String> {
    let texts: Vec<&[u8]> = rows.iter().filter_map(|row| Some(row.1.as_ref()?.as_bytes())).collect();
    let numbers: Vec<Number> = texts.iter().map(|text| number_of(text)).filter(|n| *n != Number::Null).collect();
    let mut values: Vec<f64> = numbers.iter().filter_map(|number| number.float()).collect();
    let n: Vec<Number> = rows.iter().map(|row| row.2).filter(|n| *n != Number::Null).collect();
    let show = |cell: Option<Cell<'_>>| format!("{:?}", cell.unwrap_or(Cell::Null));
    let number = |number: Number| show(Some(number.into()));
    let float = |value: Option<f64>| show(value.map(Cell::Float));
    // All numbers are multiples of 1/8 and small: floats add them up exactly.
    let total = |numbers: &[Number]| match numbers.iter().all(|n| matches!(n, Number::Int(_))) {
        _ if numbers.is_empty() => Number::Null,
        true => Number::Int(numbers.iter().map(|n| n.float().unwrap() as i64).sum()),
        false => Number::Float(numbers.iter().filter_map(|n| n.float()).sum()),
    };
    let variance = |values: &[f64], divisor: f64| {
        let (count, sum) = (values.len() as f64, values.iter().sum::<f64>());
        (count * values.iter().map(|v| v * v).sum::<f64>() - sum * sum) / (count * divisor)
    };
    let mut sorted = texts.clone();
    sorted.sort_by(|a, b| compare_cells(Cell::Text(a), Cell::Text(b), true));
    let mut set: Vec<&[u8]> = Vec::new();
    texts.iter().for_each(|text| {
        if !set.contains(text) {
            set.push(text)
        }
    });
    let list = |texts: &[&[u8]]| format!("List({:?})", texts.iter().map(|text| Cell::Text(text)).collect::<Vec<_>>());
    let mut different: Vec<Number> = Vec::new();
    numbers.iter().for_each(|n| {
        if !different.iter().any(|d| d.float() == n.float()) {
            different.push(*n)
        }
    });
    values.sort_by(f64::total_cmp);
    let (count, text) = (values.len(), |text: Option<&&[u8]>| show(text.map(|text| Cell::Text(text))));
    let median = (count > 0).then(|| (values[(count - 1) / 2] + values[count / 2]) / 2.0);
    let floats: Vec<f64> = n.iter().filter_map(|n| n.float()).collect();
    let int = |count: usize| show(Some(Cell::Int(count as i64)));
    let truth = (!n.is_empty()).then(|| Cell::Bool(floats.iter().all(|n| *n > 0.0)));
    vec![
        int(rows.len()),
        int(texts.len()),
        number(total(&numbers)),
        float((count > 0).then(|| values.iter().sum::<f64>() / count as f64)),
        text(sorted.first()),
        text(sorted.last()),
        text(texts.first()),
        text(texts.last()),
        list(&texts),
        list(&set),
        int(set.len()),
        float(median),
        float((count > 0).then(|| values[((0.3 * count as f64).ceil() as usize).max(1) - 1])),
        int(set.len()),
        show(truth),
        number(total(&n)),
        float((n.len() > 1).then(|| variance(&floats, floats.len() as f64 - 1.0))),
        int(floats.iter().filter(|n| **n > 1.0).count()),
        number(match (total(&different), numbers.is_empty()) {
            (_, true) => Number::Null,
            // Of values that are equal, one that is whole may stand for the others or not.
            (total, _) => total,
        }),
        float((count > 0).then(|| variance(&values, count as f64).sqrt())),
    ]
}

pub(super) fn row() -> impl Strategy<Value = Row> {
    let value = prop_oneof![
        "-?[0-9]{1,3}".prop_map(Some),
        "[0-9]{1,2}\\.(5|25|125)".prop_map(Some),
        "[ab]{0,2}".prop_map(Some),
        Just(None),
    ];
    let number = prop_oneof![
        (-3i64..4).prop_map(Number::Int),
        (-20i64..20).prop_map(|eighths| Number::Float(eighths as f64 / 8.0)),
        Just(Number::Null),
    ];
    (prop::option::weighted(0.9, "[ab]|[a-b]{17}"), value, number)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn results_are_those_of_the_definitions_however_rows_are_dealt(
        rows in prop::collection::vec(row(), 1..80), size in 1usize..20, shards in 1usize..5,
    ) {
        let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        for row in &rows {
            let key = row.0.as_ref().map_or(Cell::Null, |key| Cell::Text(key.as_bytes()));
            groups.entry(format!("{key:?}")).or_default().push(row);
        }
        let expected: BTreeMap<_, _> = groups.iter().map(|(key, rows)| (key.clone(), defined(rows))).collect();
        prop_assert_eq!(dealt(&plan(CALLS, Some("k")).unwrap(), &rows, size, shards), expected);
        let all = BTreeMap::from([(String::new(), defined(&rows.iter().collect::<Vec<_>>()))]);
        prop_assert_eq!(dealt(&plan(CALLS, None).unwrap(), &rows, size, shards), all);
    }

    /// Sums beside the keys: whole numbers of every size, floats among them, and what is none.
    #[test]
    fn sums_beside_the_keys_spill_and_stay_exact(
        values in prop::collection::vec(
            prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -9i64..9].prop_map(|v| v.to_string())
                .boxed().prop_union("[0-9]\\.5|x".boxed()), 1..40),
        size in 1usize..10, shards in 1usize..4,
    ) {
        let rows: Vec<Row> = values.iter().map(|v| (Some("k".into()), Some(v.clone()), Number::Null)).collect();
        let mut exact = crate::data::exact::Exact::default();
        values.iter().for_each(|value| exact.add(number_of(value.as_bytes())));
        let total = vec![format!("{:?}", Cell::from(exact.total()))];
        let found = dealt(&plan("sum(x)", Some("k")).unwrap(), &rows, size, shards);
        prop_assert_eq!(found.into_values().collect::<Vec<_>>(), vec![total]);
    }
}

/// Whole numbers, and counts of some rows, beside the keys and alone there.
#[test]
fn what_lies_alone_beside_the_keys_is_exact() {
    let numbers = [i64::MAX, 2, i64::MIN, i64::MIN, -7, i64::MAX, 0, 5];
    let rows: Vec<Row> =
        (0..40).map(|at| (Some(format!("k{}", at % 3)), None, Number::Int(numbers[at % numbers.len()]))).collect();
    let mut sums = BTreeMap::<String, (crate::data::exact::Exact, i64)>::new();
    for (key, _, number) in &rows {
        let (sum, count) = sums.entry(format!("{:?}", Cell::Text(key.as_deref().unwrap().as_bytes()))).or_default();
        sum.add(*number);
        *count += i64::from(number.float().unwrap() > 1.0);
    }
    let of = |cell: fn(&(crate::data::exact::Exact, i64)) -> Cell<'static>| -> BTreeMap<_, _> {
        sums.iter().map(|(key, known)| (key.clone(), vec![format!("{:?}", cell(known))])).collect()
    };
    for size in [1, 7, 40] {
        let found = |calls| dealt(&plan(calls, Some("k")).unwrap(), &rows, size, 2);
        assert_eq!(found("sum(n)"), of(|(sum, _)| Cell::from(sum.total())));
        assert_eq!(found("count(*) FILTER (WHERE n > 1)"), of(|(_, count)| Cell::Int(*count)));
    }
}

/// Of many values approximate results are near, and the same whatever the order.
#[test]
fn many_values_are_approximated_the_same_in_any_order() {
    let rows: Vec<Row> = (0..30_000u64)
        .map(|n| (Some((n % 2).to_string()), Some((n * 7919 % 30_011).to_string()), Number::Null))
        .collect();
    let calls = "approx_percentile(x, 0.5), approx_count_distinct(x)";
    for by in [None, Some("k")] {
        let plan = plan(calls, by).unwrap();
        let first = dealt(&plan, &rows, 1000, 1);
        assert_eq!(first, dealt(&plan, &rows, 77, 3));
        let turned: Vec<Row> = rows.iter().rev().cloned().collect();
        assert_eq!(first, dealt(&plan, &turned, 500, 2));
        for cells in first.values() {
            let value = |cell: &str| cell.trim_start_matches(|c: char| c.is_alphabetic() || c == '(').replace(')', "");
            let found: f64 = value(&cells[0]).parse().unwrap();
            assert!((found - 15_000.0).abs() < 200.0, "{cells:?}");
            let distinct: f64 = value(&cells[1]).parse().unwrap();
            let expected = if by.is_some() { 15_000.0 } else { 30_000.0 };
            assert!((distinct / expected - 1.0).abs() < 0.06, "{cells:?}");
        }
    }
}

#[test]
fn calls_that_make_no_sense_say_so() {
    let message = |calls: &str| match plan(calls, None) {
        Err(error) => (error.exit_status(), error.to_string()),
        Ok(_) => (0, calls.to_string()),
    };
    for (calls, hint) in [
        ("sum(x, n)", "one argument: sum(x)"),
        ("sum(*)", "count(*)"),
        ("percentile(x)", "percentile(x, 0.9)"),
        ("percentile(x, 90)", "from 0 to 1"),
        ("sum(n > 1)", "sum takes numbers"),
        ("min(split(x, ','))", "has an order|that have an order"),
        ("approx_count_distinct(x, 7)", "0.05"),
    ] {
        let (status, text) = message(calls);
        assert!(status == 2 && hint.split('|').any(|hint| text.contains(hint)), "{calls}: {text}");
    }
}

/// Equal arguments share a state, and a sum that shares one is still a sum.
#[test]
fn states_are_shared() {
    assert_eq!(plan("sum(x), avg(x), stddev(x), p50(x), p99(x), median(x)", None).unwrap().families.len(), 2);
    assert_eq!(plan("sum(x), sum(x) FILTER (WHERE n > 1), sum(DISTINCT x)", None).unwrap().families.len(), 3);
}
