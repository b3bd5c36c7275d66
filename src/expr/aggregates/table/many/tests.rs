//! Tables that go over to partitions at a few keys, against tables that never do.

use proptest::prelude::*;

use super::*;
use crate::data::order::dealing::{Borders, Deals, Ranges};
use crate::data::rows::{Rows, in_order};
use crate::data::time::Time;
use crate::expr::aggregates::Growing;
use crate::expr::aggregates::sliding::tests::printed;
use crate::expr::aggregates::tests::{Row, block, plan};

const CALLS: [&str; 6] = ["count(*)", "count(x)", "count(*) FILTER (WHERE n > 0)", "sum(x)", "sum(n)", "count(n)"];

/// A table that goes over as soon as it may.
fn eager(plan: &Arc<Plan>) -> Table {
    Table { many: Many::beyond((8, 40)), ..Table::new(Arc::clone(plan)) }
}

fn has_gone_over(table: &Table) -> bool {
    table.many.partitions.is_some() && table.groups.is_empty()
}

/// Rows of many keys, short, long and null; most values fit, a few do not or make a sum that does not.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let key = prop_oneof![
        6 => "[a-z]{3}".prop_map(Some),
        2 => "[ab]{17,18}".prop_map(Some),
        1 => "[ab]{0,1}".prop_map(Some),
        1 => Just(None),
    ];
    (0u32..4).prop_flat_map(move |wild| {
        let odd = prop_oneof![
            prop_oneof![(1i64 << 53) - 9..(1 << 53), Just(i64::MIN), Just(i64::MAX), any::<i64>()]
                .prop_map(|v| v.to_string()),
            "[0-9]{1,2}\\.(5|25|125)",
        ];
        let text = prop_oneof![60 => "-?[0-9]{1,3}", 8 => "[ab]{0,2}", wild => odd];
        let number = prop_oneof![
            9 => (-3i64..4).prop_map(Number::Int),
            1 => Just(Number::Null),
            wild => (-20i64..20).prop_map(|eighths| Number::Float(eighths as f64 / 8.0)),
        ];
        prop::collection::vec((key.clone(), prop::option::weighted(0.9, text), number), 0..400)
    })
}

fn plain(plan: &Arc<Plan>, rows: &[Row]) -> Rows {
    let mut table = Table::new(Arc::clone(plan));
    rows.chunks(50).enumerate().for_each(|(order, rows)| table.fold(&block(rows, order as u64)));
    assert!(!has_gone_over(&table));
    table.finish()
}

fn by_key(plan: &Plan, rows: &Rows) -> std::collections::BTreeMap<String, Vec<String>> {
    printed(rows, plan.by.as_ref().map_or(0, BoundBy::width))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Rows are dealt to tables, some of which never go over; they ship to each other, are saved and restored, and are used for a
    /// second batch.
    #[test]
    fn results_are_those_of_plain_tables(
        rows in rows(), size in 1usize..120, shards in 1usize..5, call in 0..CALLS.len(), two: bool, mixed: bool,
    ) {
        let plan = plan(CALLS[call], Some(if two { "k, x" } else { "k" })).unwrap();
        let table = |at: usize| if mixed && at == 0 { Table::new(Arc::clone(&plan)) } else { eager(&plan) };
        let mut tables: Vec<Table> = (0..shards).map(table).collect();
        let expected = by_key(&plan, &plain(&plan, &rows));
        for batch in 0..2 {
            for (order, rows) in rows.chunks(size).enumerate() {
                tables[(order + batch) % shards].fold(&block(rows, order as u64));
            }
            let most: usize = tables.iter().map(Table::len).sum();
            prop_assert!(most >= expected.len());
            for from in 0..shards {
                for to in (0..shards).filter(|to| *to != from) {
                    let shipped = tables[from].ship(to, shards);
                    tables[to].take(shipped);
                }
            }
            let mut all = std::collections::BTreeMap::new();
            for table in &mut tables {
                let (mut again, mut eagerly) = (Table::new(Arc::clone(&plan)), eager(&plan));
                let saved = table.save();
                again.restore(&saved);
                eagerly.restore(&saved);
                let found = by_key(&plan, &table.finish());
                prop_assert!(table.is_empty());
                prop_assert_eq!(&found, &by_key(&plan, &again.finish()), "saved and restored");
                prop_assert_eq!(&found, &by_key(&plan, &eagerly.finish()), "saved and restored");
                let count = found.len();
                all.extend(found);
                prop_assert!(all.len() >= count);
            }
            prop_assert_eq!(&all, &expected);
        }
    }

    /// Range after range they give what a plain table gives, in order.
    #[test]
    fn what_is_dealt_is_the_result_in_order(rows in rows(), shards in 1usize..4, size in 1usize..40, call in 0..CALLS.len()) {
        let plan = plan(CALLS[call], Some("k")).unwrap();
        let mut tables: Vec<Table> = (0..shards).map(|_| eager(&plan)).collect();
        rows.chunks(40).enumerate().for_each(|(order, rows)| tables[order % shards].fold(&block(rows, order as u64)));
        tables.retain(has_gone_over);
        let mut rest = Table::new(Arc::clone(&plan));
        let expected = {
            let mut again: Vec<Table> = tables.iter().map(|table| {
                let mut again = Table::new(Arc::clone(&plan));
                again.restore(&table.save());
                again
            }).collect();
            again.iter_mut().for_each(|table| rest.take(table.ship(0, 1)));
            rest.finish()
        };
        let keys = plan.by.as_ref().map(BoundBy::order).unwrap_or_default();
        let deals: Vec<&dyn Deals> = tables.iter_mut().map(|table| &*table.deals().unwrap()).collect();
        let Some(borders) = Borders::of(&deals, size) else { return Ok(()) };
        let mut all: Option<Box<dyn Ranges>> = None;
        for table in &mut tables {
            let dealt = table.deals().unwrap().deal(&borders);
            prop_assert!(table.is_empty() && table.deals().is_none());
            match &mut all {
                Some(all) => all.join(dealt),
                None => all = Some(dealt),
            }
        }
        let blocks = (0..borders.ranges()).flat_map(|range| all.as_ref().unwrap().finish(range)).collect();
        let found = Rows { blocks, ..Rows::default() };
        let cells = |rows: &Rows| rows.blocks.iter().flat_map(|block| (0..block.rows).map(|row| {
            block.columns.iter().map(|column| format!("{:?}", column.cell(row))).collect::<Vec<_>>()
        })).collect::<Vec<_>>();
        prop_assert_eq!(cells(&found), in_order(&expected, &keys));
    }

    /// What is kept from batch to batch takes in what was shipped of partitions.
    #[test]
    fn what_lasts_takes_them_in(batches in prop::collection::vec(rows(), 1..3), call in 0..CALLS.len()) {
        let plan = plan(CALLS[call], Some("k")).unwrap();
        let mut growing = Growing::new(&plan, None, false);
        for (at, rows) in batches.iter().enumerate() {
            let mut tables = [eager(&plan), eager(&plan)];
            for (order, rows) in rows.chunks(60).enumerate() {
                tables[order % 2].fold(&block(rows, order as u64));
            }
            let [mut one, mut other] = tables;
            one.take(other.ship(0, 1));
            growing.enter(one.ship(0, 1), Time(at as i64));
        }
        let expected = by_key(&plan, &plain(&plan, &batches.concat()));
        prop_assert_eq!(by_key(&plan, &growing.finish(Time(9))), expected);
    }
}

fn distinct(keys: std::ops::Range<u32>) -> Vec<Row> {
    keys.map(|n| (Some(format!("key {n}")), Some(n.to_string()), Number::Int(1))).collect()
}

#[test]
fn it_goes_over_if_most_keys_are_new_and_nothing_speaks_against_it() {
    let fed = |calls: &str, rows: &[Row]| {
        let plan = plan(calls, Some("k")).unwrap();
        let mut table = eager(&plan);
        rows.chunks(10).for_each(|rows| table.fold(&block(rows, 0)));
        table
    };
    let new = distinct(0..100);
    assert!(has_gone_over(&fed("count(*)", &new)) && has_gone_over(&fed("sum(x)", &new)));
    assert!(!has_gone_over(&fed("count(*)", &new[..7])), "too few");
    let old: Vec<Row> = new[..100].iter().flat_map(|row| vec![row.clone(); 10]).collect();
    assert!(!has_gone_over(&fed("count(*)", &old)), "most are old");
    assert!(!has_gone_over(&fed("count(*), sum(x)", &new)), "not all lies beside the key");
    // A value that does not fit brings everything back, and the next batch tries again.
    let mut table = fed("sum(x)", &new);
    table.fold(&block(&[(Some("key 1".into()), Some("0.5".into()), Number::Null)], 0));
    assert!(!has_gone_over(&table) && table.len() == 100);
    distinct(100..200).chunks(10).for_each(|rows| table.fold(&block(rows, 0)));
    assert!(!has_gone_over(&table) && table.len() == 200);
    assert_eq!(by_key(&plan("sum(x)", Some("k")).unwrap(), &table.finish())["key 1"], ["1.5"]);
    new.chunks(10).for_each(|rows| table.fold(&block(rows, 0)));
    assert!(has_gone_over(&table));
}
