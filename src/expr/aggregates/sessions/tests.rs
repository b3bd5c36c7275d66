//! Sessions against their definition: all rows of a key in the order of time, cut at each pause that is longer than the gap.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::Table;
use super::super::sliding::tests::{all_calls, printed, wild};
use super::super::tests::{Row, block};
use super::*;
use crate::data::schema::{Field, Kind, Schema};
use crate::expr::aggregate::Aggregate;
use crate::expr::by::By;
use crate::expr::{Context, Expr, parse_list};

/// A batch is so long, in milliseconds.
const INTERVAL: i64 = 1000;

/// What computes some calls.
struct Plans {
    by: By,
    buckets: Arc<Plan>,
    keys: Arc<Plan>,
    /// Without times.
    plain: Arc<Plan>,
}

fn plans(calls: &str, by: &str) -> Plans {
    let mut fields = vec![Field::shown("k"), Field::shown("x"), Field::shown("n").of(Kind::Number)];
    fields.extend(["time", "bucket"].map(|name| Field::hidden(name).of(Kind::Number)));
    let schema = Schema { fields, ..Schema::default() };
    let (mut found, context) = (Vec::new(), Context::default());
    for named in parse_list(calls).unwrap() {
        let taken = named.expr.without_aggregates(|call| {
            found.push(call);
            Ok("it".to_string())
        });
        taken.unwrap();
    }
    let by = By::parse("--by", by).unwrap();
    let bound = || by.bind(&schema, &context).unwrap();
    let plain = Plan::bind(&found, Some(bound()), &schema, &context).unwrap();
    found.extend(["min", "max"].map(|name| Aggregate {
        name: name.into(),
        args: vec![Expr::column("time")],
        star: false,
        distinct: false,
        filter: None,
        call: Expr::column("time"),
    }));
    let with_bucket = bound().with(schema.fields[4].clone(), 4);
    let buckets = Plan::bind(&found, Some(with_bucket), &schema, &context).unwrap();
    let keys = Plan::bind(&found, Some(bound()), &schema, &context).unwrap();
    Plans { by, buckets: Arc::new(buckets), keys: Arc::new(keys), plain: Arc::new(plain) }
}

/// A row, and when it happened, in microseconds since its batch began.
type Event = (Row, i64);

#[derive(Debug, Clone)]
struct Step {
    events: Vec<Event>,
    size: usize,
    saved: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let event = (wild(), 0..INTERVAL * 1000);
    let events = prop_oneof![2 => prop::collection::vec(event, 0..12), 1 => Just(Vec::new())];
    let step = (events, 1usize..5, prop::bool::weighted(0.2));
    prop::collection::vec(step.prop_map(|(events, size, saved)| Step { events, size, saved }), 1..25)
}

/// When the batch of this number ends; the first ones are before the epoch.
fn end(at: usize) -> Time {
    Time(INTERVAL * (at as i64 - 7))
}

/// The time of an event in microseconds; `at_end`: all happen at the end of their batch.
fn time(at: usize, event: &Event, at_end: bool) -> i64 {
    1000 * end(at).0 - if at_end { 0 } else { INTERVAL * 1000 - event.1 }
}

/// The events of a batch as blocks with their times and buckets.
fn blocks(step: &Step, at: usize, gap: i64, at_end: bool) -> Vec<Block> {
    let block = |(order, events): (usize, &[Event])| {
        let rows: Vec<Row> = events.iter().map(|event| event.0.clone()).collect();
        let times: Vec<i64> = events.iter().map(|event| time(at, event, at_end)).collect();
        let mut block = Block { batch: at as u32 + 1, ..block(&rows, order as u64) };
        let buckets = times.iter().map(|time| time.div_euclid(gap)).collect();
        block.columns.extend([Column::ints(times), Column::ints(buckets)]);
        block
    };
    step.events.chunks(step.size).enumerate().map(block).collect()
}

type Printed = BTreeMap<String, Vec<String>>;

/// All sessions by definition, by the number of the batch in which they close, and how many are open after each batch.
fn defined(plans: &Plans, steps: &[Step], gap: i64, at_end: bool) -> (BTreeMap<usize, Printed>, Vec<usize>) {
    let mut rows: BTreeMap<String, Vec<(i64, Block)>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        for block in blocks(step, at, gap, at_end) {
            for row in 0..block.rows {
                let mut one = block.clone();
                one.keep(&[row as u32]);
                // Its place in the input stays.
                one.order = block.order << 32 | row as u64;
                let key: Vec<String> =
                    plans.by.exprs().map(|key| format!("{:?}", one.columns[place(key)].cell(0))).collect();
                rows.entry(key.join(" ")).or_default().push((one.columns[3].as_ints().unwrap()[0], one));
            }
        }
    }
    let (mut closed, mut open) = (BTreeMap::<usize, Printed>::new(), vec![0; steps.len()]);
    let width = plans.by.names().count();
    for mut of_key in rows.into_values() {
        of_key.sort_by_key(|row| row.0);
        for session in of_key.chunk_by(|a, b| b.0 - a.0 <= gap) {
            let (from, until) = (session[0].0, session[session.len() - 1].0);
            let mut table = Table::new(Arc::clone(&plans.plain));
            session.iter().for_each(|row| table.fold(&row.1));
            let mut rows = table.finish();
            let times = [from, until + gap].map(|time| Column::Time(vec![time]));
            rows.blocks[0].columns.splice(width..width, times);
            let last = (0..).find(|at| 1000 * end(*at).0 > until + gap).unwrap();
            closed.entry(last).or_default().extend(printed(&rows, width + 1));
            let first = (0..).find(|at| 1000 * end(*at).0 > from - i64::from(at_end)).unwrap();
            open.iter_mut().enumerate().for_each(|(at, open)| *open += usize::from(first <= at && at < last));
        }
    }
    (closed, open)
}

fn place(key: &Expr) -> usize {
    usize::from(key.as_column().unwrap() == "x")
}

/// Plays the steps on so many shards: the sessions by the number of the batch in which they close, and how many were open.
fn played(
    plans: &Plans,
    steps: &[Step],
    gap: i64,
    at_end: bool,
    shards: usize,
) -> (BTreeMap<usize, Printed>, Vec<usize>) {
    let width = plans.by.names().count();
    let mut owners: Vec<Sessions> = (0..shards).map(|_| Sessions::new(&plans.keys, gap)).collect();
    let (mut closed, mut open) = (BTreeMap::<usize, Printed>::new(), Vec::new());
    let mut give = |at: usize, rows: Rows| {
        for (key, row) in printed(&rows, width + 1) {
            assert!(closed.entry(at).or_default().insert(key, row).is_none(), "two shards own one key");
        }
    };
    for (at, step) in steps.iter().enumerate() {
        let table = || Table::owned_by(Arc::clone(&plans.buckets), width);
        let mut tables: Vec<Table> = (0..shards).map(|_| table()).collect();
        for (number, block) in blocks(step, at, gap, at_end).iter().enumerate().rev() {
            tables[number % shards].fold(block);
        }
        for (me, owner) in owners.iter_mut().enumerate() {
            let mut mine = table();
            tables.iter_mut().for_each(|table| mine.take(table.ship(me, shards)));
            owner.enter(mine.ship(0, 1));
            if step.saved {
                let mut restored = Sessions::new(&plans.keys, gap);
                restored.restore(owner.save());
                *owner = restored;
            }
            let due = owner.due().is_some_and(|due| due < end(at));
            let rows = owner.finish(end(at));
            assert!(!due || !rows.is_empty(), "nothing closes when it is due");
            assert!(owner.due().is_none_or(|due| due >= end(at)), "what is due closes");
            assert_eq!(owner.due().is_none(), owner.is_empty());
            give(at, rows);
        }
        open.push(owners.iter().map(Sessions::len).sum());
    }
    // The end of the input: each closes in a batch of its own time.
    while let Some((due, me)) = owners.iter().enumerate().filter_map(|(me, owner)| Some((owner.due()?, me))).min() {
        let at = (0..).find(|at| end(*at) > due).unwrap();
        let rows = owners[me].finish(end(at));
        assert!(!rows.is_empty());
        give(at, rows);
    }
    assert!(owners.iter().all(Sessions::is_empty));
    (closed, open)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, ..ProptestConfig::default() })]

    /// The law of sessions: whatever is combined, each is that of its rows and closes in its batch, on any number of shards, and
    /// whoever saves and restores does not see it.
    #[test]
    fn sessions_are_what_is_in_them(steps in steps(), gap in 1i64..4000, at_end: bool) {
        for by in ["k", "k, x"] {
            let plans = plans(&all_calls(), by);
            let expected = defined(&plans, &steps, 1000 * gap, at_end);
            for shards in [1, 2, 8] {
                let found = played(&plans, &steps, 1000 * gap, at_end, shards);
                prop_assert_eq!(&found, &expected, "{} shards", shards);
            }
        }
    }
}

proptest! {
    /// Where all there is to know lies beside the keys.
    #[test]
    fn counts_and_sums_alone_are_right_too(steps in steps(), gap in 1i64..4000, at_end: bool) {
        for calls in ["count(*)", "sum(n)", "sum(x), count(*)", "max(n)"] {
            let plans = plans(calls, "k");
            let expected = defined(&plans, &steps, 1000 * gap, at_end);
            prop_assert_eq!(played(&plans, &steps, 1000 * gap, at_end, 2), expected);
        }
    }
}

/// A pause as long as the gap is none, a microsecond more is one; and the batch that ends when the gap is over does not close.
#[test]
fn a_gap_belongs_to_the_session() {
    let plans = plans("count(*)", "k");
    let row = |key: &str| (Some(key.to_string()), None, crate::data::column::Number::Null);
    let step = |events: &[(&str, i64)]| Step {
        events: events.iter().map(|(key, time)| (row(key), *time)).collect(),
        size: 2,
        saved: false,
    };
    let steps = [step(&[("a", 0), ("b", 0), ("a", 500_000), ("b", 500_001)]), step(&[]), step(&[])];
    let (closed, _) = played(&plans, &steps, 500_000, false, 1);
    let counts = |at: usize| -> Vec<(String, String)> {
        let rows = closed.get(&at).into_iter().flatten();
        rows.map(|(key, row)| (key[..1].to_string(), row[1].clone())).collect()
    };
    let one = |key: &str, count: &str| (key.to_string(), count.to_string());
    // Both end at the end of the first batch, or just behind it.
    assert_eq!(counts(0), [one("b", "1")]);
    assert_eq!(counts(1), [one("a", "2"), one("b", "1")]);
    assert_eq!(closed.len(), 2);
}
