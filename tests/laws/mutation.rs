//! Spoilt input of every kind: an error with a message or a result, never a panic and never a hang. In process, where a
//! panic fails the test.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use proptest::collection::vec;
use proptest::prelude::*;
use streamer::cli::{Parsed, globals, guide, parse};
use streamer::clock::{Clock, ManualClock};
use streamer::explain::explain;
use streamer::io::{Io, Messages};
use streamer::operators::REGISTRY;
use streamer::{run, sinks, sources};

use super::inputs::{large, next, run_fed};
use crate::harness::{self, Output, gz};

/// Something that is often wrong where it stands.
const ODD: &[&str] = &[
    "",
    "-",
    "--",
    "---",
    "=",
    "then",
    "'",
    "\"",
    "\\",
    "\0",
    "$",
    "$0",
    "$1",
    "$99999999999",
    "{",
    "}",
    "{end}",
    "{{",
    "%",
    "%zz",
    "%00",
    ":",
    "://",
    "?",
    "&",
    "?=",
    "#",
    "*",
    "[",
    "**",
    "\u{e9}",
    "\u{1F600}",
    "é",
    "0",
    "-1",
    "18446744073709551616",
    "1e999",
    "nan",
    "inf",
    ",",
    ",,",
    ":desc",
    "1s",
    "1s,1s",
    "0lines",
    "all",
    "999999999999999999999d",
    "(?",
    "(",
    "\\",
    "a{1000000}",
];

/// Words of valid commands: those of all examples, all options, and what the options take.
fn vocabulary() -> Vec<Vec<u8>> {
    let examples = REGISTRY.iter().flat_map(|entry| entry.examples).chain(guide::EXAMPLES);
    let mut words: Vec<String> = examples.flat_map(|example| shlex::split(example.command).unwrap()).collect();
    for option in globals::options() {
        words.extend(option.get_long().map(|long| format!("--{long}")));
        words.extend(option.get_short().map(|short| format!("-{short}")));
    }
    words.extend(ODD.iter().map(ToString::to_string));
    words.sort();
    words.dedup();
    words.into_iter().map(String::into_bytes).collect()
}

/// Spoils bytes: some are changed, left out, doubled, or put in.
fn spoil(bytes: &mut Vec<u8>, seed: &mut u64) {
    for _ in 0..next(seed) % 3 + 1 {
        let at = next(seed) as usize % (bytes.len() + 1);
        match next(seed) % 6 {
            0 if at < bytes.len() => bytes[at] ^= 1 << (next(seed) % 8),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            2 => bytes.truncate(at),
            3 => bytes.insert(at, next(seed) as u8),
            4 => drop(bytes.splice(at..at, ODD[next(seed) as usize % ODD.len()].bytes())),
            _ => {
                let piece = bytes[at..].to_vec();
                bytes.extend(piece);
            }
        }
    }
}

/// Reads the arguments and plans the run, which opens nothing.
fn plan(words: Vec<OsString>) {
    let Ok(Parsed::Run(mut invocation)) = parse(&words, &HashMap::new()) else { return };
    invocation.globals.explain = true;
    let mut io = Io {
        stdin: None,
        stdout: Arc::new(Mutex::new(Box::new(Output::default()))),
        stderr: Messages::new(Box::new(Output::default())),
        stdout_terminal: false,
        stderr_terminal: false,
        env: HashMap::new(),
        signals: false,
    };
    let words = invocation.words.clone();
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
    if let Ok(prepared) = run::prepare(*invocation, &mut io, &clock) {
        explain(&prepared, &words);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Arguments of examples, with words and bytes changed. Planned but not run: some would start commands.
    #[test]
    fn spoilt_arguments(seed: u64) {
        let mut seed = seed;
        let examples: Vec<_> = REGISTRY.iter().flat_map(|entry| entry.examples).chain(guide::EXAMPLES).collect();
        let vocabulary = vocabulary();
        let example = examples[next(&mut seed) as usize % examples.len()];
        let mut words: Vec<Vec<u8>> = shlex::split(example.command).unwrap().into_iter().map(String::into_bytes).collect();
        for _ in 0..next(&mut seed) % 4 + 1 {
            let at = 1 + next(&mut seed) as usize % words.len();
            let word = vocabulary[next(&mut seed) as usize % vocabulary.len()].clone();
            match next(&mut seed) % 5 {
                0 => words.insert(at, word),
                1 if at < words.len() => words[at] = word,
                2 if at < words.len() => drop(words.remove(at)),
                3 if at < words.len() => spoil(&mut words[at], &mut seed),
                _ => {
                    let other = 1 + next(&mut seed) as usize % words.len();
                    if at.max(other) < words.len() {
                        words.swap(at, other);
                    }
                }
            }
        }
        // A chain file is read at once, and may be a terminal or a pipe.
        if !words.iter().any(|word| word.starts_with(b"--chain")) {
            plan(words.into_iter().map(OsString::from_vec).collect());
        }
    }

    /// Spellings of sources and sinks.
    #[test]
    fn spoilt_spellings(at in any::<prop::sample::Index>(), seed: u64) {
        let known = [
            "-", "a.log", "logs/*.gz", "file:a?in=csv&header=a,b", "tcp://localhost:9999?reconnect=2s", "listen://:9999",
            "listen://[::1]:80", "exec:sh -c 'a b'", "exec?restart=2s:cat", "rate:1000", "out/{end}.csv", "o/{batch}-{start_ms}",
            "kafka://b/t", "dir:/tmp?glob=*.csv", "http://x",
        ];
        let mut seed = seed;
        let mut spec = known[at.index(known.len())].as_bytes().to_vec();
        spoil(&mut spec, &mut seed);
        let spec = String::from_utf8_lossy(&spec);
        match sources::parse(&spec) {
            Ok(source) => drop((source.name(), source.is_files(), source.cannot_tick(), source.cannot_freeze())),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
        match sinks::parse(&spec) {
            Ok(sink) => drop((sink.name(), sink.is_stdout(), sink.needs_end())),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Chain files.
    #[test]
    fn spoilt_chain_files(seed: u64) {
        let mut seed = seed;
        let mut chain = b"# words, counted\nwords then # each\n  count --by 'word'\nthen top 10 \"count\"\n--batch 1s\n".to_vec();
        spoil(&mut chain, &mut seed);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chain");
        std::fs::write(&path, chain).unwrap();
        plan(vec!["streamer".into(), "--chain".into(), path.into()]);
    }

    /// Words that start and write nothing, in any order: these are run. What fails says why, and usage errors print no rows.
    #[test]
    fn any_words(words in vec(prop::sample::select(HARMLESS), 1..9), input in super::inputs::small(20)) {
        let command: Vec<String> = ["streamer", "--shards", "2"].iter().chain(&words).map(ToString::to_string).collect();
        let (status, stdout, stderr) = run_fed(&command, &[&input]);
        prop_assert!(status <= 2, "{:?}: {}", command, status);
        prop_assert!(status == 0 || stderr.contains("streamer: "), "{command:?}: {status} {stderr}");
        prop_assert!(status != 2 || stdout.is_empty(), "{command:?}");
    }
}

/// Words of which a command may be made that reads standard input and touches nothing else.
const HARMLESS: &[&str] = &[
    "then",
    "then",
    "then",
    "words",
    "wordcount",
    "grep",
    "count",
    "distinct",
    "sort",
    "top",
    "head",
    "tail",
    "sample",
    "--by",
    "line",
    "$1",
    "word",
    "count",
    "count:desc",
    "line,$2",
    "0",
    "1",
    "3",
    "0.5",
    "18446744073709551615",
    "-1",
    "-v",
    "-i",
    "-F",
    "a",
    "(",
    "",
    "--batch",
    "all",
    "2lines",
    "1s",
    "1s,3lines",
    "5",
    "--batches",
    "--out",
    "csv",
    "json",
    "table",
    "spark",
    "tsv",
    "--time",
    "both",
    "--limit",
    "-0",
    "-q",
    "--tick",
    "TICK",
    "--start",
    "1970-01-01T00:00:00Z",
    "--tz",
    "Europe/Berlin",
    "--seed",
    "--strict",
    "--max-record",
    "4B",
    "1KiB",
    "--verbose",
    "--",
    "--explain",
    "--help",
    "-h",
    "--version",
    "--color",
    "always",
];

fn zst(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Reads a compressed file that was spoilt behind its magic: all of the right data, or an error; before the error may come
/// a beginning of the data.
fn spoilt_file(packed: &[u8], right: &[u8], dir: &Path, batch: &str) {
    let path = dir.join("spoilt");
    std::fs::write(&path, packed).unwrap();
    let command = format!("streamer --from {} --shards 2 --batch {batch} grep -v no-such-text", path.display());
    let (status, stdout, stderr) = harness::run(&command, b"");
    match status {
        0 => assert!(stdout == right, "other data without an error"),
        1 => assert!(stderr.contains("spoilt"), "the message names the file: {stderr}"),
        other => panic!("status {other}: {stderr}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    /// Bytes flipped, left out or put in, and files cut short.
    #[test]
    fn spoilt_compression(lines in prop::sample::select(vec![1usize, 40, 3000]), seed: u64, zstd: bool, all: bool) {
        let mut seed = seed;
        let right = large(lines, seed);
        let mut packed = if zstd { zst(&right) } else { gz(&right) };
        let magic: Vec<u8> = packed.drain(..4).collect();
        match next(&mut seed) % 3 {
            0 => {
                let at = next(&mut seed) as usize % packed.len();
                packed[at] ^= 1 << (next(&mut seed) % 8);
            }
            1 => packed.truncate(next(&mut seed) as usize % packed.len()),
            _ => spoil(&mut packed, &mut seed),
        }
        let dir = tempfile::tempdir().unwrap();
        spoilt_file(&[magic, packed].concat(), &right, dir.path(), if all { "all" } else { "10lines" });
    }
}
