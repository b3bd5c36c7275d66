//! Random inputs, of all that is odd about bytes; and how a run is given them.

use proptest::collection::vec;
use proptest::prelude::*;
use streamer::data::time::Time;

use crate::harness::Run;

/// Words that are easily taken for one another: numbers that are equal but not the same bytes, numbers that no `f64` tells
/// apart, long keys with the same beginning, what is not UTF-8.
const WORDS: &[&[u8]] = &[
    b"a",
    b"b",
    b"B",
    b"TICK",
    b"0",
    b"-0",
    b"1",
    b"+1",
    b"01",
    b"1.0",
    b"1e0",
    b"10e-1",
    b"2",
    b"10",
    b"-3",
    b"1.",
    b".5",
    b"1e400",
    b"10e400",
    b"12345678901234567890123",
    b"012345678901234567890124",
    b"1e-400",
    b"9007199254740993",
    b"9007199254740992",
    b"x\0y",
    b"\xff\xfe",
    b"\xc3\xa9",
    b"sixteen bytes are",
    b"0123456789abcdef",
    b"0123456789abcdefg",
    b"0123456789abcdefh",
    b"a-key-that-is-much-longer-than-a-slot-of-the-table-1",
    b"a-key-that-is-much-longer-than-a-slot-of-the-table-2",
    b"quote\"comma,",
];

/// What stands between the words of a line, or at its ends.
const GAPS: &[&[u8]] = &[b" ", b"\t", b"  ", b"\x0b", b"\r", b" \x0c "];

fn line() -> impl Strategy<Value = Vec<u8>> {
    let word = (prop::sample::select(WORDS), prop::sample::select(GAPS));
    let worded = (vec(word, 0..5), any::<bool>()).prop_map(|(words, closed)| {
        let mut line = Vec::new();
        for (at, (word, gap)) in words.iter().enumerate() {
            line.extend_from_slice(word);
            if closed || at + 1 < words.len() {
                line.extend_from_slice(gap);
            }
        }
        line
    });
    let any_bytes = vec(any::<u8>().prop_filter("no line end", |b| *b != b'\n'), 0..8);
    prop_oneof![6 => worded, 1 => Just(b"TICK".to_vec()), 1 => any_bytes, 1 => Just(Vec::new())]
}

/// Up to `lines` lines, the last of which may lack its end.
pub fn small(lines: usize) -> impl Strategy<Value = Vec<u8>> {
    (vec(line(), 0..=lines), any::<bool>()).prop_map(|(lines, ended)| {
        let mut input = lines.join(&b'\n');
        if ended && !lines.is_empty() {
            input.push(b'\n');
        }
        input
    })
}

/// A step of a congruential generator (Knuth, MMIX): the same numbers for the same seed.
pub fn next(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// `lines` lines of up to three words, of which more than 8 K are different, so that shards share the merge and the order is
/// cut into ranges.
pub fn large(lines: usize, mut seed: u64) -> Vec<u8> {
    let mut input = Vec::new();
    for _ in 0..lines {
        for at in 0..next(&mut seed) % 4 {
            if at > 0 {
                input.push(b' ');
            }
            let number = next(&mut seed) % 20_000;
            let word = match next(&mut seed) % 8 {
                0 => format!("a-long-word-with-number-{number}"),
                1 => format!("{number}.0"),
                2 => format!("{number}e-3"),
                3 | 4 => number.to_string(),
                _ => format!("k{number}"),
            };
            input.extend_from_slice(word.as_bytes());
        }
        input.push(b'\n');
    }
    input
}

/// Cuts bytes at places that `seed` chooses, into at most `pieces`.
pub fn pieces(input: &[u8], pieces: u64, mut seed: u64) -> Vec<&[u8]> {
    let count = next(&mut seed) % pieces;
    let mut places: Vec<usize> = (0..count).map(|_| next(&mut seed) as usize % (input.len() + 1)).collect();
    places.extend([0, input.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &input[pair[0]..pair[1]]).collect()
}

/// Runs a command whose input comes in these pieces, each a read of its own: exit status, standard output, standard error.
pub fn run_fed(words: &[String], pieces: &[&[u8]]) -> (u8, Vec<u8>, String) {
    let run = Run::start(words, Time(0));
    for piece in pieces {
        run.input.feed(piece);
    }
    let (status, stdout, stderr) = run.end();
    (status, stdout.take(), String::from_utf8_lossy(&stderr.take()).into_owned())
}
