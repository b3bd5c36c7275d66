//! Batches by the records' own time are those of a naive model, however the records come.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

use super::inputs::{pieces, run_fed};

/// A line: its time in seconds, or none.
type Record = Option<i64>;

/// Sources whose time goes on, more or less, with leaps and steps back.
fn sources() -> impl Strategy<Value = Vec<Vec<Record>>> {
    let step = prop_oneof![6 => 0i64..3, 3 => -4i64..0, 1 => -40i64..0, 1 => 3i64..60];
    let record = prop_oneof![12 => step.prop_map(Some), 1 => Just(None)];
    let source = (-50i64..50, vec(record, 0..40)).prop_map(|(start, steps)| {
        let mut time = start;
        let mut next = |step: Option<i64>| {
            step.map(|step| {
                time += step;
                time
            })
        };
        steps.into_iter().map(&mut next).collect::<Vec<_>>()
    });
    vec(source, 1..5)
}

/// What is expected: rows by the end of their batch, and late records.
#[derive(Default, Debug, PartialEq)]
struct Expected {
    rows: String,
    late: Vec<String>,
    bad: usize,
}

fn line(source: usize, at: usize, record: Record) -> String {
    record.map_or_else(|| format!("none {source}-{at}"), |time| format!("{time} {source}-{at}"))
}

fn model(sources: &[Vec<Record>], interval: i64, late: i64, fill: bool) -> Expected {
    let mut batches: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    let mut expected = Expected::default();
    for (source, records) in sources.iter().enumerate() {
        let mut newest: Option<i64> = None;
        for (at, record) in records.iter().enumerate() {
            let Some(time) = *record else {
                expected.bad += 1;
                continue;
            };
            let end = time.div_euclid(interval) * interval + interval;
            if newest.is_some_and(|newest| end <= newest - late) {
                expected.late.push(line(source, at, *record));
            } else {
                batches.entry(end).or_default().push(format!("{source}-{at}"));
            }
            newest = newest.max(Some(time));
        }
    }
    if let Some((&first, &last)) = batches.keys().next().zip(batches.keys().last()).filter(|_| fill) {
        (first..last).step_by(interval as usize).for_each(|end| {
            batches.entry(end).or_default();
        });
    }
    let stamp =
        |second: i64| jiff::Timestamp::from_second(second).unwrap().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    for (end, rows) in batches {
        let (start, end) = (stamp(end - interval), stamp(end));
        if fill {
            // A count by one key: of a batch without records it is 0.
            expected.rows += &format!("{start}\t{end}\tall\t{}\n", rows.len());
        } else {
            rows.iter().for_each(|row| expected.rows += &format!("{start}\t{end}\t{row}\n"));
        }
    }
    expected.late.sort();
    expected
}

/// The same by the program: all sources but the last are files; the last is one as well, or comes through standard input in
/// pieces.
fn found(dir: &Path, sources: &[Vec<Record>], options: &str, live: Option<u64>) -> Expected {
    let mut words = shlex::split(&format!("streamer --event-time '$1' {options}")).unwrap();
    let mut input = Vec::new();
    for (source, records) in sources.iter().enumerate() {
        let text: String = records.iter().enumerate().map(|(at, record)| line(source, at, *record) + "\n").collect();
        words.push("--from".into());
        if live.is_some() && source + 1 == sources.len() {
            input = text.into_bytes();
            words.push("-".into());
        } else {
            let path = dir.join(source.to_string());
            std::fs::write(&path, text).unwrap();
            words.push(path.display().to_string());
        }
    }
    let late = dir.join("late");
    let _ = std::fs::remove_file(&late);
    words.extend(["--late-to".into(), late.display().to_string()]);
    let (status, stdout, stderr) = run_fed(&words, &live.map_or_else(Vec::new, |seed| pieces(&input, 12, seed)));
    assert_eq!(status, 0, "{words:?}: {stderr}");
    let mut late: Vec<String> = std::fs::read_to_string(late).unwrap().lines().map(String::from).collect();
    late.sort();
    let number = |text: &str| text.split(' ').nth(1).and_then(|word| word.parse::<usize>().ok());
    let said = stderr.lines().find_map(|line| line.strip_suffix(" bad records were left out").and_then(number));
    let bad = said.or_else(|| stderr.lines().find(|line| line.ends_with("records were left out")).and_then(number));
    let shown = stderr.lines().filter(|line| line.ends_with("it is left out")).count();
    let told = stderr.lines().find(|line| line.contains("late record"));
    assert_eq!(told.and_then(number).unwrap_or(0), late.len(), "{stderr}");
    Expected { rows: String::from_utf8(stdout).unwrap(), late, bad: bad.unwrap_or(shown) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same batches and the same late records, for any shards, whether the records come as files or in pieces.
    #[test]
    fn batches_are_those_of_the_model(
        sources in sources(), interval in 1i64..12, late in 0i64..20, fill in any::<bool>(), seed: u64,
    ) {
        let chain = if fill { "count --by '\"all\" AS k' --fill" } else { "map '$2 AS id'" };
        let expected = model(&sources, interval, late, fill);
        for (shards, live) in [(1, None), (2, Some(seed)), (8, None), (8, Some(seed / 3))] {
            let dir = tempfile::tempdir().unwrap();
            let options = format!("--batch {interval}s --late {late}s --time both --shards {shards} {chain}");
            let found = found(dir.path(), &sources, &options, live);
            prop_assert_eq!(&found, &expected, "{} {:?}", options, live);
        }
    }
}

/// A day of a log with thousands of records a minute, some of them a little late: the same bytes as one file, as several, and
/// live in small pieces, whatever the shards.
#[test]
fn a_replay_gives_the_batches_of_the_live_run() {
    let dir = tempfile::tempdir().unwrap();
    let mut seed = 7;
    let line = |at: i64, seed: &mut u64| {
        let time = at / 3 - (super::inputs::next(seed) % 50) as i64;
        format!("{time} k{}\n", super::inputs::next(seed) % 40)
    };
    let log: Vec<String> = (0..200_000).map(|at| line(at, &mut seed)).collect();
    let options =
        "--event-time '$1' --late 20s --batch 1m agg 'count(*) AS n, first($2) AS f, sum($1) AS s' --by '$2 AS k'";
    let words =
        |from: &str, shards: usize| shlex::split(&format!("streamer --shards {shards} {from} {options}")).unwrap();
    let path = dir.path().join("log");
    std::fs::write(&path, log.concat()).unwrap();
    let whole = run_fed(&words(&format!("--from {}", path.display()), 1), &[]);
    assert!(whole.0 == 0 && whole.1.len() > 100_000 && whole.2.contains("late records were left out"), "{}", whole.2);
    let text = log.concat().into_bytes();
    for shards in [1, 2, 8] {
        let file = run_fed(&words(&format!("--from {}", path.display()), shards), &[]);
        assert!(file.1 == whole.1, "{shards} shards");
        let live = run_fed(&words("--from -", shards), &pieces(&text, 300, shards as u64));
        assert!(live.1 == whole.1, "{shards} shards, live");
        // Several files: each is a source of its own, so that there are other late records, but always the same.
        let parts = dir.path().join(format!("parts-{shards}"));
        std::fs::create_dir(&parts).unwrap();
        for (number, part) in log.chunks(40_000).enumerate() {
            std::fs::write(parts.join(number.to_string()), part.concat()).unwrap();
        }
        let glob = |shards| run_fed(&words(&format!("--from '{}/*'", parts.display()), shards), &[]);
        let first = glob(1);
        assert!(first.0 == 0 && first.1.len() > 100_000);
        assert!(glob(shards).1 == first.1, "{shards} shards, several files");
    }
}
