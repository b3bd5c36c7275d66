//! Sessions and what `distinct --within` holds back, as whole runs over records with times of their own: whatever the shards and the
//! reads, what comes out is what the definitions say.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;
use proptest::prelude::*;
use streamer::data::time::Time;

use crate::harness::run_chunked;

/// When, in milliseconds, which key, and a number.
type Record = (i64, &'static str, i64);

/// Records, most of which come shortly behind each other, and whether they are in the order of time.
fn records() -> impl Strategy<Value = (Vec<Record>, bool)> {
    let pause = prop_oneof![8 => 0i64..900, 1 => 3_000i64..30_000];
    let key = prop::sample::select(vec!["a", "b", "c", "dd"]);
    let all = prop::collection::vec((pause, key, -9i64..9), 0..60).prop_map(|records| {
        let mut time = -10_000;
        let timed = |(pause, key, number)| {
            time += pause;
            (time, key, number)
        };
        records.into_iter().map(timed).collect::<Vec<Record>>()
    });
    prop_oneof![all.clone().prop_map(|all| (all, true)), all.prop_shuffle().prop_map(|all| (all, false))]
}

fn input(records: &[Record]) -> Vec<u8> {
    records.iter().map(|(time, key, number)| format!("{time} {key} {number}\n")).collect::<String>().into_bytes()
}

/// Out of order they are waited for.
fn globals(in_order: bool, interval: i64, shards: u8) -> String {
    let late = if in_order { "" } else { "--late 1h" };
    format!("streamer --event-time 'timestamp_millis($1)' {late} --batch {interval}ms --shards {shards}")
}

/// The end of the first batch that ends later.
fn border(time: i64, interval: i64) -> i64 {
    (time.div_euclid(interval) + 1) * interval
}

fn time(millis: i64) -> String {
    Time(millis).rfc3339(&TimeZone::UTC)
}

fn sessions(records: &[Record], gap: i64, interval: i64) -> String {
    let mut by_key = BTreeMap::<&str, Vec<(i64, i64)>>::new();
    records.iter().for_each(|(time, key, number)| by_key.entry(key).or_default().push((*time, *number)));
    let mut rows = Vec::new();
    for (key, mut events) in by_key {
        events.sort_by_key(|event| event.0);
        for session in events.chunk_by(|one, next| next.0 - one.0 <= gap) {
            let (from, until) = (session[0].0, session[session.len() - 1].0 + gap);
            let (count, sum) = (session.len(), session.iter().map(|event| event.1).sum::<i64>());
            let closed = border(until, interval);
            rows.push((closed, key, from, format!("{count}\t{sum}\t{}\t{}", time(from), time(until))));
        }
    }
    rows.sort();
    rows.iter().map(|(closed, key, _, rest)| format!("{}\t{key}\t{rest}\n", time(*closed))).collect()
}

fn held_back(records: &[Record], within: i64, interval: i64) -> String {
    let mut batches = BTreeMap::<i64, Vec<&Record>>::new();
    records.iter().for_each(|record| batches.entry(border(record.0, interval)).or_default().push(record));
    let (mut passed, mut out) = (HashMap::<&str, i64>::new(), String::new());
    for (end, rows) in batches {
        for (time, key, number) in rows {
            if passed.get(key).is_none_or(|then| end >= then + within) {
                passed.insert(key, end);
                out.push_str(&format!("{time} {key} {number}\n"));
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Each session comes once, with all its rows, in the batch in which no row can join it any more.
    #[test]
    fn sessions_are_those_of_the_model(
        (records, in_order) in records(), gap in 1i64..4_000, interval in prop::sample::select(vec![500, 1000, 7000]),
        most in 1usize..200,
    ) {
        let expected = sessions(&records, gap, interval);
        for shards in [1, 2, 8] {
            let list = "count(*) AS n, sum($3) AS s, window_start AS since, window_end AS until";
            let command =
                format!("{} session --gap {gap}ms --by '$2' then agg '{list}'", globals(in_order, interval, shards));
            let (status, out, errors) = run_chunked(&command, &input(&records), most);
            prop_assert_eq!((status, errors), (0, String::new()));
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected.clone(), "{}", command);
        }
    }

    /// A key passes again in the first batch that ends so long after the one in which it passed.
    #[test]
    fn what_is_held_back_is_that_of_the_model(
        (records, in_order) in records(), within in 1i64..6_000, interval in prop::sample::select(vec![500, 1000, 7000]),
        most in 1usize..200,
    ) {
        let expected = held_back(&records, within, interval);
        for shards in [1, 2, 8] {
            let command = format!("{} distinct --within {within}ms --by '$2'", globals(in_order, interval, shards));
            let (status, out, errors) = run_chunked(&command, &input(&records), most);
            prop_assert_eq!((status, errors), (0, String::new()));
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected.clone(), "{}", command);
        }
    }
}
