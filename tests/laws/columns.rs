//! The laws for records of every format and for expressions: what the result must not depend on, and what it must be.

use std::collections::BTreeMap;

use proptest::prelude::*;
use streamer::formats::OUTPUTS;

use super::expressions::{chain, command};
use super::inputs::{pieces, run_fed};
use super::records::{FORMS, Form, Manner, NUMBERS, Record, manner, records, written};
use crate::harness::run_chunked;

/// Exit status, standard output, standard error, and the copies.
type Outcome = ((u8, String, String), Vec<Option<String>>);
/// What plays the words of a command.
type Player<'a> = &'a dyn Fn(&[String]) -> (u8, Vec<u8>, String);

fn shown(bytes: Vec<u8>) -> String {
    bytes.escape_ascii().to_string().replace("\\n", "\n")
}

/// Plays a command in a place of its own; what names the place is taken out of what it says.
fn played(chain: &[Vec<String>], globals: &[&str], run: Player<'_>) -> Outcome {
    let dir = tempfile::tempdir().unwrap();
    let (status, stdout, stderr) = run(&command(chain, globals, dir.path()));
    let tees = (0..4).map(|at| std::fs::read(dir.path().join(format!("tee-{at}"))).ok().map(shown)).collect();
    ((status, shown(stdout), stderr.replace(&dir.path().display().to_string(), "DIR")), tees)
}

fn cut() -> impl Strategy<Value = &'static [&'static str]> {
    prop::sample::select(vec![
        &["--batch", "all"][..],
        &["--batch", "3lines"],
        &["--batch", "1s,7lines"],
        &["--tick", "TICK"],
        &["--batch", "all", "--time", "both"],
        &["--batch", "all", "--max-record", "30B"],
        &["--batch", "4lines", "--max-record", "30B"],
    ])
}

fn made(combined: bool) -> impl Strategy<Value = (Manner, Vec<Vec<String>>)> {
    manner().prop_flat_map(move |manner| (Just(manner), chain(manner.form, combined)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Shards and reads do not show, in no format, for no chain, nor in what is said about records that do not fit.
    #[test]
    fn shards_and_reads_do_not_show_in_columns(
        (manner, chain) in made(true), records in records(40), cut in cut(),
        out in prop::sample::select(OUTPUTS.iter().map(|format| format.name).collect::<Vec<_>>()), seed: u64,
    ) {
        // A mark at the limit of a record may count as three bytes of it.
        let manner = Manner { mark: manner.mark && !cut.contains(&"--max-record"), ..manner };
        let input = written(manner, &records);
        let globals = |shards: &'static str| [manner.form.globals(), cut, &["--out", out, "--shards", shards]].concat();
        let once = played(&chain, &globals("1"), &|words| run_fed(words, &[&input]));
        prop_assert_eq!(once.0.0, 0, "{:?}\n{}", chain, once.0.2);
        for shards in ["2", "8"] {
            let again = played(&chain, &globals(shards), &|words| run_fed(words, &pieces(&input, 9, seed)));
            prop_assert_eq!(&once, &again, "{:?} on {} shards, of {}", chain, shards, input.escape_ascii());
        }
        let slow = played(&chain, &globals("2"), &|words| {
            run_chunked(&shlex::try_join(words.iter().map(String::as_str)).unwrap(), &input, 1)
        });
        prop_assert_eq!(&once, &slow, "{:?} byte by byte, of {}", chain, input.escape_ascii());
    }

    /// What is done row by row gives the same rows when each record is a batch of its own.
    #[test]
    fn rows_do_not_see_each_other((manner, chain) in made(false), records in records(20)) {
        let input = written(manner, &records);
        let run = |batch| played(&chain, &[manner.form.globals(), &["--batch", batch]].concat(), &|words| run_fed(words, &[&input]));
        prop_assert_eq!(run("all"), run("1lines"), "{:?}", chain);
    }

    /// Files one after the other are the input that they hold together.
    #[test]
    fn files_of_records_are_one_input((manner, chain) in made(true), parts in prop::collection::vec(records(15), 1..5)) {
        let manner = Manner { open: false, spoilt: false, mark: false, ..manner };
        let whole = written(manner, &parts.concat());
        let globals = [manner.form.globals(), &["--batch", "all"]].concat();
        let expected = played(&chain, &globals, &|words| run_fed(words, &[&whole]));
        let dir = tempfile::tempdir().unwrap();
        for (at, part) in parts.iter().enumerate() {
            std::fs::write(dir.path().join(format!("part-{at}")), written(manner, part)).unwrap();
        }
        // One --from: several are inputs of their own, each with its columns.
        let from = dir.path().join("part-*").display().to_string();
        let globals: Vec<&str> = globals.into_iter().chain(["--shards", "3", "--from", &from]).collect();
        let found = played(&chain, &globals, &|words| run_fed(words, &[]));
        prop_assert_eq!(&found.0.1, &expected.0.1, "{:?}", chain);
        prop_assert_eq!((found.0.0, found.1), (expected.0.0, expected.1), "{:?}", chain);
    }
}

/// A number as a whole number of 2^-62, which all of [`NUMBERS`] are.
fn scaled(text: &str) -> i128 {
    match text.parse::<i64>() {
        Ok(whole) => i128::from(whole) << 62,
        Err(_) => {
            // Twice, so that neither factor leaves what a float holds exactly.
            let float: f64 = text.parse().unwrap();
            let high = float.trunc();
            ((high as i128) << 62) + ((float - high) * 2f64.powi(62)) as i128
        }
    }
}

/// What `agg 'sum(x), count(x), min(x), max(x), median(x)' --by k` must give, computed in the most naive way, but exactly.
type Model = BTreeMap<Option<&'static str>, Vec<&'static str>>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Sums are exact and rounded once; counts, the least, the greatest, medians, and rates of groups are right.
    #[test]
    fn aggregates_are_those_of_a_naive_model(
        form in prop::sample::select(FORMS).prop_filter("whole numbers only", |form| *form != Form::Combined),
        records in records(50), seed: u64, quoted: bool,
    ) {
        let known = |record: &&Record| record[1].is_some_and(|x| NUMBERS.contains(&x));
        let records: Vec<Record> = records.iter().filter(known).copied().collect();
        let mut model = Model::new();
        for [k, x, ..] in &records {
            model.entry(*k).or_default().push(x.unwrap());
        }
        let input = written(Manner { form, crlf: quoted, mark: quoted, open: false, spoilt: false, seed }, &records);
        let [k, x, ..] = form.names();
        let list = format!("sum({x}), count({x}), min({x}), max({x}), median({x}), avg({x}), sum({x} + 0)");
        let words = [&["streamer"], form.globals(), &["--batch", "all", "--shards", "3", "--out", "tsv", "agg", &list, "--by", k]].concat();
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        let (status, stdout, stderr) = run_fed(&words, &pieces(&input, 5, seed));
        // A column that is null in every record is no error, but it is said.
        let said: Vec<&str> = stderr.lines().filter(|line| !line.contains("no record had")).collect();
        prop_assert_eq!((status, said), (0, vec![]));
        let stdout = String::from_utf8(stdout).unwrap();
        let mut seen = 0;
        for row in stdout.lines().skip(1) {
            let fields: Vec<&str> = row.split('\t').collect();
            let values = &model[&Some(fields[0]).filter(|key| !key.is_empty())];
            seen += 1;
            let number = |at: usize| fields[at].parse::<f64>().unwrap();
            let exact: i128 = values.iter().map(|x| scaled(x)).sum();
            let sum = exact as f64 / 2f64.powi(62);
            prop_assert_eq!(number(1), sum, "sum of {:?}", values);
            prop_assert_eq!(number(7), sum, "computed sum of {:?}", values);
            prop_assert_eq!(fields[2], values.len().to_string());
            let mut order: Vec<(i128, &str)> = values.iter().map(|x| (scaled(x), *x)).collect();
            order.sort_by_key(|pair| pair.0);
            let float = |at: usize| order[at].1.parse::<f64>().unwrap();
            prop_assert_eq!((number(3), number(4)), (float(0), float(order.len() - 1)));
            prop_assert!((number(6) * values.len() as f64 - sum).abs() <= sum.abs() * 1e-15, "avg of {:?}", values);
            let (low, high) = (float((order.len() - 1) / 2), float(order.len() / 2));
            let middle = (low + high) / 2.0;
            prop_assert!((number(5) - middle).abs() <= low.abs().max(high.abs()) * 1e-15, "median of {:?}", values);
        }
        prop_assert_eq!(seen, model.len());
    }

    /// The total that `set` gives each row is what `agg` gives its group, and `reduce` by a sum the same.
    #[test]
    fn totals_of_rows_are_those_of_groups(form in prop::sample::select(FORMS), records in records(40), seed: u64) {
        let input = written(Manner { form, crlf: false, mark: false, open: true, spoilt: true, seed }, &records);
        let [k, x, y, _] = form.names();
        let run = |chain: &[&str]| {
            let words = [&["streamer"], form.globals(), &["--batch", "all", "--shards", "2"], chain].concat();
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            let (status, stdout, stderr) = run_fed(&words, &pieces(&input, 5, seed));
            assert_eq!(status, 0, "{words:?} {stderr}");
            // Groups whose keys are equal as numbers go by bytes, rows by their order.
            let mut rows: Vec<String> = shown(stdout).lines().map(String::from).collect();
            rows.sort();
            rows
        };
        let aggregates = ["sum", "avg", "stddev", "median", "max", "first", "approx_percentile"];
        for name in aggregates {
            let call = if name == "approx_percentile" { format!("{name}({x}, 0.5)") } else { format!("{name}({x})") };
            let set = format!("t = {call}, u = count({y})");
            let given = run(&["set", &set, "--by", k, "then", "distinct", "--by", k, "then", "map", &format!("{k}, t, u")]);
            prop_assert_eq!(given, run(&["agg", &format!("{call} AS t, count({y}) AS u"), "--by", k]), "{}", call);
        }
        let some = format!("{x} + 0 IS NOT NULL");
        prop_assert_eq!(
            run(&["filter", &some, "then", "reduce", x, "a + b", "--by", k]),
            run(&["filter", &some, "then", "agg", &format!("sum({x})"), "--by", k])
        );
    }
}
