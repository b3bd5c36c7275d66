//! What the result must not depend on: shards, reads, files, compression.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use streamer::formats::OUTPUTS;

use super::chains::{Kinds, chain, command, tee_file};
use super::inputs::{large, pieces, run_fed, small};
use super::model::assert_same;
use crate::harness::{gz, run_chunked};

/// All that a run wrote, and its status.
type Outcome = (Ended, Vec<Option<Vec<u8>>>);
/// Exit status, standard output, standard error.
type Ended = (u8, Vec<u8>, String);

const ALL: Kinds = Kinds { sample: true, pipe: false };
/// `sample` goes by source, which differs between one file and several.
const UNNUMBERED: Kinds = Kinds { sample: false, pipe: false };

fn tees(dir: &Path) -> Vec<Option<Vec<u8>>> {
    (0..5).map(|number| std::fs::read(tee_file(dir, number)).ok()).collect()
}

fn globals<'a>(of: &[&[&'a str]]) -> Vec<&'a str> {
    of.concat()
}

/// How batches are cut, where it is not the clock.
fn cut() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::select(vec![
        vec!["--batch", "all"],
        vec!["--batch", "3lines"],
        vec!["--batch", "1s,7lines"],
        vec!["--tick", "TICK"],
        vec!["--batch", "all", "--time", "both"],
    ])
}

fn format() -> impl Strategy<Value = &'static str> {
    prop::sample::select(OUTPUTS.iter().map(|format| format.name).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each shards and reads give what one shard makes of one read; in every format, for every cut, with ends of records
    /// that are newlines or NUL.
    #[test]
    fn shards_and_reads_do_not_show(
        chain in chain(ALL), cut in cut(), format in format(), zero: bool, input in small(60), shards in 2..9usize, seed: u64,
    ) {
        let input = if zero { input.iter().map(|b| match b { b'\n' => 0, 0 => b'\n', b => *b }).collect() } else { input };
        let shards = shards.to_string();
        let outcome = |shards: &str, run: &dyn Fn(&[String]) -> Ended| -> Outcome {
            let dir = tempfile::tempdir().unwrap();
            let zero: &[&str] = if zero { &["-0"] } else { &[] };
            let globals = globals(&[&cut, &["--out", format, "--shards", shards], zero]);
            (run(&command(&chain, &globals, dir.path())), tees(dir.path()))
        };
        let once = outcome("1", &|words| run_fed(words, &[&input]));
        prop_assert_eq!(once.0.0, 0, "{}", once.0.2);
        prop_assert_eq!(&once, &outcome(&shards, &|words| run_fed(words, &pieces(&input, 8, seed))));
        prop_assert_eq!(&once, &outcome("2", &|words| {
            run_chunked(&shlex::try_join(words.iter().map(String::as_str)).unwrap(), &input, 1)
        }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// The same where the merge is shared and the output is rendered in ranges.
    #[test]
    fn shards_do_not_show_in_large_batches(chain in chain(ALL), format in format(), lines in prop::sample::select(vec!["all", "9000lines"]), seed: u64) {
        let input = large(25_000, seed);
        let run = |shards: &str, count: u64| {
            let dir = tempfile::tempdir().unwrap();
            let command = command(&chain, &["--batch", lines, "--out", format, "--shards", shards], dir.path());
            let (status, stdout, stderr) = run_fed(&command, &pieces(&input, count, seed));
            assert_eq!((status, stderr.as_str()), (0, ""), "{command:?}");
            (command, stdout, tees(dir.path()))
        };
        let (_, one, one_tees) = run("1", 1);
        for shards in ["2", "8"] {
            let (command, found, found_tees) = run(shards, 30);
            assert_same(&command, &found, &one);
            prop_assert!(one_tees == found_tees, "{command:?}");
        }
    }
}

/// Writes bytes into a file in one of the ways that are known by content.
fn packed(dir: &Path, number: usize, bytes: &[u8], way: u64) -> PathBuf {
    let path = dir.join(format!("part-{number:02}"));
    let (first, second) = bytes.split_at(bytes.len() / 2);
    let packed = match way % 5 {
        0 | 1 => bytes.to_vec(),
        2 => gz(bytes),
        // Several members, as `cat a.gz b.gz` makes them.
        3 => [gz(first), gz(second)].concat(),
        _ => [zstd::encode_all(first, 1).unwrap(), zstd::encode_all(second, 1).unwrap()].concat(),
    };
    std::fs::write(&path, packed).unwrap();
    path
}

/// Splits lines over files of any sizes, written in any way; gives one `--from` for each, or one for all.
fn spread(dir: &Path, input: &[u8], seed: u64) -> Vec<String> {
    let mut lines: Vec<&[u8]> = input.split_inclusive(|b| *b == b'\n').collect();
    let mut paths = Vec::new();
    for (number, piece) in pieces(&vec![0; lines.len()], 6, seed).into_iter().enumerate() {
        let rest = lines.split_off(piece.len());
        paths.push(packed(dir, number, &lines.concat(), seed >> (3 * number)));
        lines = rest;
    }
    if seed.is_multiple_of(2) {
        vec!["--from".into(), dir.join("part-*").display().to_string()]
    } else {
        paths.iter().flat_map(|path| ["--from".into(), path.display().to_string()]).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    /// Files one after the other, plain, gzip or zstd, are the input that they hold together.
    #[test]
    fn files_are_one_input(chain in chain(UNNUMBERED), input in small(60), shards in 1..5usize, seed: u64) {
        files_are_one(&chain, &input, shards, seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// Large ones, which shards read side by side.
    #[test]
    fn large_files_are_one_input(chain in chain(UNNUMBERED), shards in 2..9usize, seed: u64) {
        files_are_one(&chain, &large(60_000, seed), shards, seed);
    }
}

fn files_are_one(chain: &[super::chains::Op], input: &[u8], shards: usize, seed: u64) {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (status, expected, stderr) =
        run_fed(&command(chain, &["--batch", "all", "--shards", "1"], whole.path()), &[input]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    let shards = shards.to_string();
    let from = spread(parts.path(), input, seed);
    let globals: Vec<&str> = ["--shards", &shards].into_iter().chain(from.iter().map(String::as_str)).collect();
    let command = command(chain, &globals, parts.path());
    let (status, found, stderr) = run_fed(&command, &[]);
    assert_eq!((status, stderr.as_str()), (0, ""), "{command:?}");
    assert_same(&command, &found, &expected);
    assert!(tees(parts.path()) == tees(whole.path()), "{command:?}");
}

/// A read that is nothing but a tick has no block to go with: its buffer goes back while the core is locked, which must not
/// lock it again.
#[test]
fn a_read_of_a_tick_alone() {
    let command = ["streamer", "--tick", "^TICK$", "count", "--time", "none"].map(String::from);
    let input: [&[u8]; 6] = [b"TICK\n", b"a\n", b"TICK\nTICK\n", b"TICK\n", b"a\nb\n", b"TICK\n"];
    assert_eq!(run_fed(&command, &input), (0, b"0\n1\n0\n0\n2\n".to_vec(), String::new()));
}

/// Rows made of many records go by their place in the result, also where ranges of it are worked on apart.
#[test]
fn a_sample_of_a_large_result_is_the_same() {
    let input = large(30_000, 9);
    let run = |shards: &str, count: u64| {
        let command = format!("streamer --batch all --shards {shards} wordcount then sample 0.5 then count --by word");
        run_fed(&shlex::split(&command).unwrap(), &pieces(&input, count, 4))
    };
    let one = run("1", 1);
    assert!(one.0 == 0 && one.1.len() > 100_000, "{}", one.2);
    assert!(one == run("8", 30), "another choice on more shards");
}
