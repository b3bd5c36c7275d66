//! Joins of streams beside nested loops that keep every record and look through all of them for each batch.

use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::harness::run;

/// The key first, which may be null.
type Row = Vec<Option<String>>;

/// What a source gives between its ticks.
type Source = Vec<Vec<Row>>;

/// Rows that stand for the times in (start, end], in seconds.
struct Batch {
    start: i64,
    end: i64,
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
enum Op {
    /// Length and slide, in units of the batches before it.
    Window(i64, i64),
    Join(&'static str),
    Count,
}

/// Where time stands at the start, so that windows are cut off in all ways.
const START: i64 = -5;
const KINDS: [&str; 4] = ["inner", "left", "right", "full"];

fn source(name: &'static str) -> impl Strategy<Value = Source> {
    let key = prop_oneof![1 => Just(None), 4 => "(a|b|7|07|a key of over 16 [ab])".prop_map(Some)];
    vec(vec(key, 0..4), 1..8).prop_map(move |batches| {
        let mut number = 0;
        let mut row = |key| {
            number += 1;
            vec![key, Some(format!("{name}{number}"))]
        };
        batches.into_iter().map(|keys| keys.into_iter().map(&mut row).collect()).collect()
    })
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let join = || prop::sample::select(KINDS.to_vec()).prop_map(Op::Join);
    let other = prop_oneof![
        2 => (1i64..4, 1i64..4).prop_map(|(length, slide)| Op::Window(length, slide)),
        1 => Just(Op::Count),
        1 => join(),
    ];
    (vec(other, 0..4), join(), proptest::option::of(Just(Op::Count))).prop_map(|(mut ops, last, count)| {
        ops.push(last);
        ops.extend(count);
        ops
    })
}

/// The order of keys: nulls, then numbers (these are one, by bytes), then text.
fn rank(key: &Option<String>) -> (u8, String) {
    match key {
        None => (0, String::new()),
        Some(key) if key.ends_with('7') => (1, key.clone()),
        Some(key) => (2, key.clone()),
    }
}

fn joined(left: &[Row], right: &[&Row], kind: &str, width: usize) -> Vec<Row> {
    let matches = |l: &Row, r: &Row| l[0].is_some() && l[0] == r[0];
    let mut all = Vec::new();
    for l in left {
        let before = all.len();
        all.extend(right.iter().filter(|r| matches(l, r)).map(|r| [&l[..], &r[1..]].concat()));
        if ["left", "full"].contains(&kind) && all.len() == before {
            all.push([&l[..], &[None]].concat());
        }
    }
    if ["right", "full"].contains(&kind) {
        let mut alone: Vec<&&Row> = right.iter().filter(|r| !left.iter().any(|l| matches(l, r))).collect();
        alone.sort_by_key(|r| rank(&r[0]));
        all.extend(alone.into_iter().map(|r| [&r[..1], &vec![None; width - 1], &r[1..]].concat()));
    }
    all
}

/// The batches that come of the ticks of all sources, with the rows of the first.
fn batches(left: &Source, others: &[Source]) -> Vec<Batch> {
    let all = || std::iter::once(left).chain(others);
    let ticks = all().map(|source| source.len() - 1).max().unwrap_or(0);
    let trails = ticks == 0 || all().any(|source| source.get(ticks).is_some_and(|rows| !rows.is_empty()));
    let rows = |at: usize| left.get(at).cloned().unwrap_or_default();
    let batch = |at: usize| Batch { start: START + at as i64, end: START + at as i64 + 1, rows: rows(at) };
    (0..ticks + usize::from(trails)).map(batch).collect()
}

fn window(batches: &[Batch], length: i64, slide: i64) -> Vec<Batch> {
    let next = |time: i64| time.div_euclid(slide) * slide + if time.rem_euclid(slide) == 0 { 0 } else { slide };
    let (Some(first), Some(last)) = (batches.first(), batches.last()) else { return Vec::new() };
    let ends = (next(first.end)..=next(last.end)).step_by(slide as usize);
    let at = |end: i64| {
        let held = batches.iter().filter(|batch| batch.end > end - length && batch.end <= end);
        Batch { start: end - length, end, rows: held.flat_map(|batch| batch.rows.clone()).collect() }
    };
    ends.map(at).collect()
}

/// What comes out, and the chain that says so.
fn model(left: &Source, others: &[Source], ops: &[Op], files: &[String]) -> (String, String) {
    let (mut now, mut unit, mut spans, mut width, mut sides) = (batches(left, others), 1, false, 2, 0);
    let mut chain = Vec::new();
    for op in ops {
        match op {
            Op::Window(length, slide) => {
                let (length, slide) = (length * unit, slide * unit);
                chain.push(format!("window {length}s --every {slide}s"));
                now = window(&now, length, slide);
                (unit, spans) = (slide, true);
            }
            Op::Count => {
                chain.push("count --by k".to_string());
                for batch in &mut now {
                    let mut keys: Vec<Option<String>> = batch.rows.iter().map(|row| row[0].clone()).collect();
                    keys.sort_by_key(rank);
                    let counts = keys.chunk_by(|a, b| a == b);
                    batch.rows = counts.map(|keys| vec![keys[0].clone(), Some(keys.len().to_string())]).collect();
                }
                width = 2;
            }
            Op::Join(kind) => {
                let (file, source) = (&files[sides], &others[sides]);
                chain.push(format!("join 'exec?in=tsv&header=k,w{sides}:cat {file}' --on k --kind {kind}"));
                for batch in &mut now {
                    let end = |at: usize| START + at as i64 + 1;
                    // Without a window the batch is that of the record.
                    let from = if spans { batch.start } else { batch.end - 1 };
                    let held = source.iter().enumerate().filter(|(at, _)| end(*at) > from && end(*at) <= batch.end);
                    let right: Vec<&Row> = held.flat_map(|(_, rows)| rows).collect();
                    batch.rows = joined(&batch.rows, &right, kind, width);
                }
                (width, sides) = (width + 1, sides + 1);
            }
        }
    }
    let time =
        |seconds: i64| jiff::Timestamp::from_second(seconds).unwrap().strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
    let cells = |row: &Row| row.iter().map(|cell| cell.clone().unwrap_or_default()).collect::<Vec<_>>().join("\t");
    let line = |batch: &Batch, row: &Row| format!("{}\t{}\t{}\n", time(batch.start), time(batch.end), cells(row));
    let out = now.iter().flat_map(|batch| batch.rows.iter().map(move |row| line(batch, row))).collect();
    (out, chain.join(" then "))
}

fn write(path: &Path, source: &Source) {
    let cells =
        |row: &Row| row.iter().map(|cell| cell.clone().unwrap_or_default()).collect::<Vec<_>>().join("\t") + "\n";
    let batches: Vec<String> = source.iter().map(|rows| rows.iter().map(cells).collect()).collect();
    std::fs::write(path, batches.join("--\n")).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn streams_are_joined_as_by_nested_loops(
        left in source("l"),
        others in vec(source("r"), 5),
        ops in ops(),
    ) {
        let joins = ops.iter().filter(|op| matches!(op, Op::Join(_))).count();
        let others = &others[..joins];
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name).display().to_string();
        write(&dir.path().join("left"), &left);
        let files: Vec<String> = (0..joins).map(|at| place(&format!("right{at}"))).collect();
        others.iter().zip(&files).for_each(|(source, file)| write(Path::new(file), source));
        let (expected, chain) = model(&left, others, &ops, &files);
        for shards in [1, 2, 8] {
            let command = format!(
                "streamer --tick ^--$ --start 1969-12-31T23:59:55Z --time both --shards {shards} \
                 --from 'file:{}?in=tsv&header=k,v' {chain}",
                place("left")
            );
            let (status, stdout, stderr) = run(&command, b"");
            prop_assert_eq!((status, stderr), (0, String::new()), "{}", command);
            prop_assert_eq!(String::from_utf8(stdout).unwrap(), expected.clone(), "{}", command);
        }
    }
}
