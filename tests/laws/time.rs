//! The model test of time and state: random chains over random batches, whose time is told by `--tick`, give what a program
//! gives that keeps every row and computes each window anew, whatever the number of shards. Nothing of the program is used
//! but its entry.
//!
//! `STREAMER_CASES=100000 cargo test --test main -- laws::time` tries more of them, `STREAMER_SEED=5` others.

mod naive;
mod random;
mod restarts;
mod rows;
mod steps;
mod values;

use std::path::Path;
use std::str::FromStr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use self::naive::expected;
use self::random::chain;
use self::rows::Batch;
use self::steps::{By, Call, Op, duration, words};
use self::values::{Value, time};
use super::inputs::{next, pieces, run_fed};

const SHARDS: [&str; 3] = ["1", "2", "8"];

/// Values that are easily taken for one another; `y` has sums that only exact ones get right.
const K: &[&str] = &["a", "b", "7", "07", "7.0", "a b", "", "\u{e9}", "a key of more than sixteen bytes"];
const X: &[&str] = &["0", "1", "2", "3", "-1", "10", "", "zz"];
const Y: &[&str] = &["0.1", "0.2", "-0.1", "0.30000000000000004", "3", "1e300", "-1e300", "1e-20", "1e9", ""];

/// The records between two ticks.
type Section = Vec<String>;

/// A run: what is read, and the options that say how.
#[derive(Clone)]
struct Case {
    chain: Vec<Op>,
    /// Of each source its sections.
    sources: Vec<Vec<Section>>,
    /// Those of the stream that is joined.
    right: Vec<Section>,
    /// `--batch` and `--start`, in milliseconds.
    interval: i64,
    start: i64,
    /// `--batches`
    batches: Option<usize>,
    /// How the input is cut into reads.
    reads: u64,
}

fn record() -> impl Strategy<Value = String> {
    let of = prop::sample::select::<&str>;
    (of(K), of(X), of(Y)).prop_map(|(k, x, y)| format!("{k},{x},{y}"))
}

fn pair() -> impl Strategy<Value = String> {
    let of = prop::sample::select::<&str>;
    (of(K), of(X)).prop_map(|(k, v)| format!("{k},{v}"))
}

/// Many sections are empty.
fn section() -> impl Strategy<Value = Section> {
    prop_oneof![2 => Just(Vec::new()), 3 => vec(record(), 1..4), 1 => vec(record(), 4..9)]
}

fn case() -> impl Strategy<Value = Case> {
    let sources = prop_oneof![
        3 => vec(section(), 1..14).prop_map(|sections| std::vec![sections]),
        1 => vec(vec(section(), 1..8), 2..4),
    ];
    let rights = vec(vec(pair(), 0..4), 1..10);
    let intervals = prop::sample::select(std::vec![1000, 1000, 2000, 250, 3_600_000, 86_400_000]);
    let starts = prop::sample::select(std::vec![0, 0, -7_300, -86_400_000, 1_795_132_800_500]);
    let batches = prop::option::weighted(0.1, 1..9usize);
    (sources, rights, batches, starts, intervals, vec(any::<u8>(), 0..120), any::<u64>()).prop_map(
        |(sources, right, batches, start, interval, bytes, reads)| {
            let chain = chain(bytes, true, interval);
            Case { chain, sources, right, interval, start, batches, reads }
        },
    )
}

fn values(record: &str) -> Vec<Value> {
    record.split(',').map(Value::field).collect()
}

fn text(sections: &[Section]) -> String {
    let lines = |section: &Section| section.iter().map(|record| format!("{record}\n")).collect::<String>();
    sections.iter().map(lines).collect::<Vec<_>>().join("TICK\n")
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&shlex::try_join(self.command(Path::new("{dir}"), "N").iter().map(String::as_str)).unwrap())
    }
}

impl Case {
    fn joins(&self) -> bool {
        self.chain.iter().any(|op| matches!(op, Op::Join { .. }))
    }

    /// Batch k has section k of every source; behind the last tick there is one if a record came, or none before. The batches of
    /// the chain, and of the stream that is joined.
    fn batches(&self) -> (Vec<Batch>, Vec<Batch>) {
        let right: &[Section] = if self.joins() { &self.right } else { &[] };
        let longest = self.sources.iter().map(Vec::len).max().unwrap_or(0).max(right.len());
        let first = self.start.div_euclid(self.interval) * self.interval;
        let batch = |at: usize, sources: &[&[Section]]| {
            let sections = sources.iter().filter_map(|sections| sections.get(at));
            let rows = sections.flatten().map(|record| values(record)).collect();
            let start = first + at as i64 * self.interval;
            Batch { start, end: start + self.interval, rows }
        };
        let sources: Vec<&[Section]> = self.sources.iter().map(Vec::as_slice).collect();
        let mut batches: Vec<(Batch, Batch)> =
            (0..longest).map(|at| (batch(at, &sources), batch(at, &[right]))).collect();
        if longest > 1 && batches.last().is_some_and(|(left, right)| left.rows.is_empty() && right.rows.is_empty()) {
            batches.pop();
        }
        batches.truncate(self.batches.unwrap_or(usize::MAX));
        batches.into_iter().unzip()
    }

    fn command(&self, dir: &Path, shards: &str) -> Vec<String> {
        let mut command =
            ["streamer", "--in", "csv", "--header", "k,x,y", "--out", "json", "--time", "both", "--tick", "^TICK$"]
                .map(String::from)
                .to_vec();
        let mut add = |name: &str, value: String| command.extend([name.to_string(), value]);
        add("--batch", duration(self.interval));
        add("--shards", shards.to_string());
        if self.start != 0 {
            add("--start", time(self.start));
        }
        if let Some(count) = self.batches {
            add("--batches", count.to_string());
        }
        if self.sources.len() > 1 {
            for at in 0..self.sources.len() {
                add("--from", dir.join(at.to_string()).display().to_string());
            }
        }
        let right = dir.join("right").display().to_string();
        command.extend(words(&self.chain, &format!("exec?in=csv&header=k,v:cat {right}")));
        command
    }

    /// Runs it on each number of shards; says what is wrong, and with what.
    fn check(&self) -> Result<(), TestCaseError> {
        let names = ["k", "x", "y"];
        let (left, right) = self.batches();
        let expected = expected(&self.chain, &names, left, right, self.interval);
        let dir = tempfile::tempdir().unwrap();
        let texts: Vec<String> = self.sources.iter().map(|sections| text(sections)).collect();
        for (at, text) in texts.iter().enumerate() {
            std::fs::write(dir.path().join(at.to_string()), text).unwrap();
        }
        std::fs::write(dir.path().join("right"), text(&self.right)).unwrap();
        for shards in SHARDS {
            let command = self.command(dir.path(), shards);
            let input = if texts.len() == 1 { pieces(texts[0].as_bytes(), 6, self.reads) } else { Vec::new() };
            let (status, found, stderr) = run_fed(&command, &input);
            if (status, found.as_slice(), stderr.as_str()) != (0, expected.as_slice(), "") {
                let command = shlex::try_join(command.iter().map(String::as_str)).unwrap();
                let right = self.joins().then(|| text(&self.right));
                let inputs: String = texts.iter().chain(&right).map(|text| format!("--- input\n{text}")).collect();
                let difference = difference(&expected, &found);
                let place = dir.path().display().to_string();
                let message =
                    format!("{command}\n{inputs}--- status {status} {stderr}\n{difference}").replace(&place, "{dir}");
                return Err(TestCaseError::fail(message));
            }
        }
        Ok(())
    }
}

/// The first lines that are not the same, and what is around them.
fn difference(expected: &[u8], found: &[u8]) -> String {
    let (expected, found) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(found));
    let same = expected.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| {
        text.lines().skip(same.saturating_sub(1)).take(5).map(|line| format!("  {line}\n")).collect::<String>()
    };
    format!("after {same} lines that are the same\nexpected:\n{}found:\n{}", part(&expected), part(&found))
}

fn from_env<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// How many cases are tried, unless the environment says it.
const CASES: u32 = 2500;

/// Tries random cases: of all of them one in `share`.
fn all_of<S: Strategy>(strategy: S, share: u32, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let cases = (from_env("STREAMER_CASES").unwrap_or(CASES) / share).max(1);
    let seed: u64 = from_env("STREAMER_SEED").unwrap_or(4);
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let bytes = [seed.to_le_bytes(); 4].concat();
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    if let Err(error) = runner.run(&strategy, test) {
        panic!("STREAMER_SEED={seed}: {}", error.to_string().replace("\\n", "\n"));
    }
}

/// So many keys in each batch that the shards share the merge, cut the result into ranges, and keys come and go by thousands.
fn large(chain: Vec<Op>, seed: u64) -> Case {
    let mut random = seed;
    let mut record = |_| {
        let number = next(&mut random) % 20_000;
        let long = if number.is_multiple_of(3) { " of a key that is longer than a slot" } else { "" };
        format!("k{number}{long},{},0.{}", next(&mut random) % 100, next(&mut random) % 1000)
    };
    let section = |rows: usize| (0..rows).map(&mut record).collect();
    let sections = [12_000, 9_000, 0, 3, 12_000, 9_000].map(section).into();
    Case {
        chain,
        sources: std::vec![sections],
        right: Vec::new(),
        interval: 1000,
        start: 0,
        batches: None,
        reads: seed,
    }
}

/// How many times the windows of a chain give a row at most.
fn times_given(chain: &[Op], mut interval: i64) -> i64 {
    let mut times = 1;
    for op in chain {
        if let Op::Window { length, every } = op {
            times *= (length / interval).max(1);
            interval = every.unwrap_or(interval);
        }
    }
    times
}

/// Whether each row of a batch gets a list of something of all its rows.
fn gives_lists(op: &Op) -> bool {
    matches!(op, Op::Totals { call, .. } if call.function.starts_with("collect"))
}

/// Chains of all kinds over large batches.
#[test]
fn large_batches_are_as_the_model_says() {
    let chain = vec(any::<u8>(), 120).prop_map(move |bytes| random::chain(bytes, false, 1000));
    // Windows of windows give rows many times over, and the model keeps them all.
    let few = |chain: &Vec<Op>| times_given(chain, 1000) <= 6 && !chain.iter().any(gives_lists);
    let few = chain.prop_filter("few rows", few);
    all_of((few, any::<u64>()), 300, |(chain, seed)| large(chain, seed).check());
}

/// What the random chains may miss over large batches.
#[test]
fn large_batches_of_each_kind() {
    let by = || std::vec![By::Column("k".into())];
    let call = |function, column: &str, name: &str| Call {
        function,
        column: Some(column.into()),
        distinct: false,
        filter: None,
        name: name.into(),
    };
    let calls = std::vec![call("sum", "y", "s"), call("max", "x", "m"), call("last", "x", "l"), call("p50", "x", "p")];
    let window = |length, every| Op::Window { length, every };
    let count = || Op::Count { by: by(), fill: false };
    let chains = std::vec![
        std::vec![window(2000, None), count()],
        std::vec![window(3000, Some(2000)), Op::Agg { calls, by: by(), fill: false }],
        std::vec![window(1000, Some(2000)), count(), window(4000, None), count()],
        std::vec![window(2000, None), Op::Distinct { by: by(), within: None }],
        std::vec![Op::All { ttl: None, changed: false }, count()],
        std::vec![Op::All { ttl: Some(2000), changed: false }, count()],
        std::vec![Op::All { ttl: Some(1500), changed: true }, count()],
    ];
    for chain in chains {
        large(chain, 7).check().unwrap();
    }
}

/// Chains of all kinds.
#[test]
fn chains_are_as_the_model_says() {
    all_of(case(), 1, |case| case.check());
}
