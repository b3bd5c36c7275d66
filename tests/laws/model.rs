//! The naive model: what a chain gives, in lists, hash maps and a sort, with a comparison of numbers of its own. The results
//! of the engine are those of the model.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::chains::{Key, Kinds, Op, chain, command, tee_file};
use super::inputs::{large, pieces, run_fed, small};

/// A value; `None` is null.
type Cell = Option<Vec<u8>>;

/// Rows under names.
#[derive(Clone)]
struct Table {
    names: Vec<String>,
    rows: Vec<Vec<Cell>>,
    /// Whole records: what is printed of them is `line`, the first column.
    records: bool,
    /// The rows were counted: their time leads them.
    counted: bool,
}

/// What a run wrote: on standard output, and into the files of its tees by number.
#[derive(Default)]
pub struct Written {
    pub stdout: Vec<u8>,
    pub tees: HashMap<usize, Vec<u8>>,
}

/// The bytes that C calls white space.
fn is_space(byte: u8) -> bool {
    b" \t\n\x0b\x0c\r".contains(&byte)
}

fn words_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|b| is_space(*b)).filter(|word| !word.is_empty())
}

/// The records of text.
pub fn lines(input: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = input.split(|b| *b == b'\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

fn table(lines: &[&[u8]]) -> Table {
    let names = ["line", "$1", "$2", "$3"].map(String::from).to_vec();
    let row = |line: &&[u8]| {
        let mut fields = words_of(line).map(<[u8]>::to_vec);
        vec![Some(line.to_vec()), fields.next(), fields.next(), fields.next()]
    };
    Table { names, rows: lines.iter().map(row).collect(), records: true, counted: false }
}

impl Table {
    fn column(&self, name: &str) -> usize {
        self.names.iter().position(|n| n == name).expect("a column of the chain")
    }

    fn columns(&self, names: &[String]) -> Vec<usize> {
        names.iter().map(|name| self.column(name)).collect()
    }

    /// How many of the columns are printed.
    fn shown(&self) -> usize {
        if self.records { 1 } else { self.names.len() }
    }

    fn text(&self, time: Option<&str>) -> Vec<u8> {
        let mut out = Vec::new();
        for row in &self.rows {
            if let Some(time) = time.filter(|_| self.counted) {
                out.extend_from_slice(format!("{time}\t").as_bytes());
            }
            let cells: Vec<&[u8]> =
                row[..self.shown()].iter().map(|cell| cell.as_deref().unwrap_or_default()).collect();
            out.extend(cells.join(&b'\t'));
            out.push(b'\n');
        }
        out
    }

    fn made_of(self, names: &[&str], rows: Vec<Vec<Cell>>) -> Table {
        Table { names: names.iter().map(ToString::to_string).collect(), rows, records: false, counted: self.counted }
    }

    fn count(self, by: &[String]) -> Table {
        let columns = self.columns(by);
        let mut counts: HashMap<Vec<Cell>, u64> = HashMap::new();
        for row in &self.rows {
            *counts.entry(columns.iter().map(|&c| row[c].clone()).collect()).or_default() += 1;
        }
        let mut rows: Vec<Vec<Cell>> = counts
            .into_iter()
            .map(|(key, count)| key.into_iter().chain([Some(count.to_string().into_bytes())]).collect())
            .collect();
        rows.sort_by(|a, b| {
            a.iter().zip(b).map(|(a, b)| compare(a, b, true)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
        });
        let mut name = "count".to_string();
        for number in 2.. {
            if !by.contains(&name) {
                break;
            }
            name = format!("count_{number}");
        }
        let names: Vec<&str> = by.iter().map(String::as_str).chain([name.as_str()]).collect();
        Table { counted: true, ..self.made_of(&names, rows) }
    }

    /// Sorts; `bytes`: numbers of one value are told apart.
    fn sort(&mut self, keys: &[Key], bytes: bool) {
        let keys: Vec<(usize, bool)> = keys.iter().map(|key| (self.column(&key.column), key.descending)).collect();
        let by = |a: &Vec<Cell>, b: &Vec<Cell>| {
            let one = |&(column, descending): &(usize, bool)| {
                let order = compare(&a[column], &b[column], bytes);
                if descending { order.reverse() } else { order }
            };
            keys.iter().map(one).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        self.rows.sort_by(by);
    }

    /// Keeps the first rows of each group.
    fn first(&mut self, columns: &[usize], count: usize) {
        let mut met: HashMap<Vec<Cell>, usize> = HashMap::new();
        self.rows.retain(|row| {
            let met = met.entry(columns.iter().map(|&c| row[c].clone()).collect()).or_default();
            *met += 1;
            *met <= count
        });
    }

    fn apply(mut self, op: &Op, time: Option<&str>, tees: &mut HashMap<usize, Vec<u8>>) -> Table {
        match op {
            Op::Words(column) => {
                let column = self.column(column);
                let split = |row: &Vec<Cell>| {
                    words_of(row[column].as_deref().unwrap_or_default()).map(<[u8]>::to_vec).collect()
                };
                let words: Vec<Vec<u8>> = self.rows.iter().flat_map(|row| -> Vec<Vec<u8>> { split(row) }).collect();
                return self.made_of(&["word"], words.into_iter().map(|word| vec![Some(word)]).collect());
            }
            Op::Wordcount => {
                return self.apply(&Op::Words("line".into()), time, tees).count(&["word".to_string()]);
            }
            Op::Grep { text, invert } => {
                let line = self.column("line");
                let found =
                    |bytes: &[u8]| text.is_empty() || bytes.windows(text.len()).any(|window| window == text.as_bytes());
                self.rows.retain(|row| row[line].as_deref().is_some_and(|bytes| found(bytes) != *invert));
            }
            Op::Sample { fraction: "1", .. } => {}
            Op::Sample { .. } => self.rows.clear(),
            Op::Count { by: Some(by) } => return self.count(by),
            Op::Count { by: None } => {
                let count = self.rows.len().to_string().into_bytes();
                return Table { counted: true, ..self.made_of(&["count"], vec![vec![Some(count)]]) };
            }
            Op::Distinct { by } => {
                let columns = by.as_ref().map_or_else(|| (0..self.shown()).collect(), |by| self.columns(by));
                self.first(&columns, 1);
            }
            Op::Sort { keys } => self.sort(keys, false),
            Op::Top { count, keys, by } => {
                self.sort(keys, false);
                let columns = self.columns(by);
                self.first(&columns, *count);
                let groups: Vec<Key> = by.iter().map(|c| Key { column: c.clone(), descending: false }).collect();
                self.sort(&groups, true);
                if by.is_empty() {
                    self.rows.truncate(*count);
                }
            }
            Op::Head(count) => self.rows.truncate(*count),
            Op::Tail(count) => drop(self.rows.drain(..self.rows.len().saturating_sub(*count))),
            Op::Tee(number) => tees.entry(*number).or_default().extend(self.text(time)),
            Op::Pipe => {
                let text = Table { counted: false, ..self.clone() }.text(None);
                let rows = lines(&text).into_iter().map(|line| vec![Some(line.to_vec())]).collect();
                return self.made_of(&["line"], rows);
            }
        }
        self
    }
}

/// What a chain makes of batches of lines, each with its time, if that is written.
pub fn expected(chain: &[Op], batches: &[(Option<String>, Vec<&[u8]>)]) -> Written {
    let mut written = Written::default();
    for op in chain {
        if let Op::Tee(number) = op {
            written.tees.insert(*number, Vec::new());
        }
    }
    for (time, lines) in batches {
        let tees = &mut written.tees;
        let rows = chain.iter().fold(table(lines), |rows, op| rows.apply(op, time.as_deref(), tees));
        written.stdout.extend(rows.text(time.as_deref()));
    }
    written
}

/// Nulls, then numbers by value, then text by bytes; numbers of one value by bytes if they are keys of groups.
fn compare(a: &Cell, b: &Cell, bytes: bool) -> Ordering {
    let class = |cell: &Cell| cell.as_deref().map(|bytes| Number::of(bytes).is_none());
    class(a).cmp(&class(b)).then_with(|| {
        let (Some(a), Some(b)) = (a, b) else { return Ordering::Equal };
        match (Number::of(a), Number::of(b)) {
            (Some(x), Some(y)) if bytes => x.compare(&y).then_with(|| a.cmp(b)),
            (Some(x), Some(y)) => x.compare(&y),
            _ => a.cmp(b),
        }
    })
}

/// A decimal number: 0.DIGITS × 10^exponent, without zeros at either end of the digits.
struct Number {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Number {
    /// All of `[+-]digits[.digits][e[+-]digits]`.
    fn of(text: &[u8]) -> Option<Number> {
        let text = std::str::from_utf8(text).ok()?;
        let unsigned = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).to_string();
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let body = unsigned(text);
        let (mantissa, exponent) = body.split_once(['e', 'E']).unwrap_or((&body, "0"));
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        if ![integer, fraction, &unsigned(exponent)].into_iter().all(all_digits) {
            return None;
        }
        let digits = format!("{integer}{fraction}");
        let leading = digits.len() - digits.trim_start_matches('0').len();
        let digits = digits.trim_matches('0').as_bytes().to_vec();
        // No test writes an exponent that is longer.
        let exponent = exponent.parse::<i64>().ok()? + integer.len() as i64 - leading as i64;
        let exponent = if digits.is_empty() { 0 } else { exponent };
        Some(Number { negative: text.starts_with('-') && !digits.is_empty(), digits, exponent })
    }

    fn compare(&self, other: &Number) -> Ordering {
        let size = |n: &Number| (!n.digits.is_empty(), n.exponent, n.digits.clone());
        match (self.negative, other.negative) {
            (false, false) if self.digits.is_empty() || other.digits.is_empty() => {
                self.digits.len().cmp(&other.digits.len())
            }
            (false, false) => size(self).cmp(&size(other)),
            (true, true) => size(other).cmp(&size(self)),
            (negative, _) => {
                if negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}

/// Runs a chain over pieces of input and compares all that it writes with the model.
fn check(chain: &[Op], globals: &[&str], input: &[&[u8]], batches: &[(Option<String>, Vec<&[u8]>)]) {
    let dir = tempfile::tempdir().unwrap();
    let command = command(chain, globals, dir.path());
    let (status, stdout, stderr) = run_fed(&command, input);
    assert_eq!((status, stderr.as_str()), (0, ""), "{command:?}");
    let expected = expected(chain, batches);
    assert_same(&command, &stdout, &expected.stdout);
    for (number, text) in &expected.tees {
        assert_same(&command, &std::fs::read(tee_file(dir.path(), *number)).unwrap(), text);
    }
}

/// Shows where two outputs part, not all of them.
pub fn assert_same(command: &[String], found: &[u8], expected: &[u8]) {
    if found != expected {
        let at = found.iter().zip(expected).position(|(a, b)| a != b).unwrap_or(found.len().min(expected.len()));
        let around = |bytes: &[u8]| bytes[at.saturating_sub(80)..bytes.len().min(at + 80)].escape_ascii().to_string();
        panic!(
            "{command:?}\nat byte {at} of {}\nfound    {}\nexpected {}",
            expected.len(),
            around(found),
            around(expected)
        );
    }
}

/// `1970-01-01T00:00:07.000Z` for 7, in the first hour.
fn time(seconds: usize) -> Option<String> {
    Some(format!("1970-01-01T00:{:02}:{:02}.000Z", seconds / 60, seconds % 60))
}

const ALL: Kinds = Kinds { sample: false, pipe: true };

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// One batch to the end of the input, in reads of any size.
    #[test]
    fn one_batch(chain in chain(ALL), input in small(40), shards in 1..9usize, seed: u64) {
        let shards = shards.to_string();
        let globals = ["--batch", "all", "--shards", &shards];
        check(&chain, &globals, &pieces(&input, 6, seed), &[(None, lines(&input))]);
    }

    /// Batches of so many lines each; no time leads their rows.
    #[test]
    fn batches_by_lines(chain in chain(ALL), input in small(40), count in 1..12usize, shards in 1..5usize, seed: u64) {
        let (batch, shards) = (format!("{count}lines"), shards.to_string());
        let lines = lines(&input);
        let mut batches: Vec<_> = lines.chunks(count).map(|lines| (None, lines.to_vec())).collect();
        if batches.is_empty() {
            batches.push((None, Vec::new()));
        }
        check(&chain, &["--batch", &batch, "--shards", &shards], &pieces(&input, 6, seed), &batches);
    }

    /// Batches by ticks of the input, whose times lead rows that were counted; a last batch only for records behind the
    /// last tick, or if there was none.
    #[test]
    fn batches_by_ticks(chain in chain(ALL), input in small(40), shards in 1..5usize, seed: u64) {
        let shards = shards.to_string();
        let lines = lines(&input);
        let mut batches: Vec<_> = lines.split(|line| *line == b"TICK").map(<[&[u8]]>::to_vec).collect();
        if batches.len() > 1 && batches.last().is_some_and(Vec::is_empty) {
            batches.pop();
        }
        let batches: Vec<_> = batches.into_iter().enumerate().map(|(at, lines)| (time(at + 1), lines)).collect();
        check(&chain, &["--tick", "^TICK$", "--shards", &shards], &pieces(&input, 6, seed), &batches);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// So many groups that the shards share the merge, and so many rows that ranges of the order are rendered apart.
    #[test]
    fn large_batches(chain in chain(ALL), seed: u64, shards in 2..9usize) {
        let (input, shards) = (large(25_000, seed), shards.to_string());
        let globals = ["--batch", "all", "--shards", &shards];
        check(&chain, &globals, &pieces(&input, 40, seed), &[(None, lines(&input))]);
    }
}

/// What the random chains may miss: each operator that combines rows, over more than 8 K groups.
#[test]
fn large_batches_of_each_kind() {
    let by = |name: &str| Some(vec![name.to_string()]);
    let key = |column: &str, descending| Key { column: column.to_string(), descending };
    let chains = [
        vec![Op::Wordcount],
        vec![Op::Wordcount, Op::Count { by: by("count") }],
        vec![Op::Wordcount, Op::Sort { keys: vec![key("count", true), key("word", false)] }],
        vec![Op::Words("line".into()), Op::Distinct { by: None }, Op::Tail(9_000)],
        vec![Op::Distinct { by: Some(vec!["$1".into(), "$3".into()]) }],
        vec![Op::Top { count: 2, keys: vec![key("$2", true)], by: vec!["$1".into()] }],
        vec![Op::Top { count: 10_000, keys: vec![key("$1", false)], by: Vec::new() }, Op::Wordcount],
        vec![Op::Sort { keys: vec![key("$3", true), key("$1", false)] }, Op::Head(12_000), Op::Count { by: by("$2") }],
        vec![Op::Count { by: Some(vec!["$3".into(), "$1".into()]) }, Op::Pipe],
    ];
    let mut groups = HashSet::new();
    let input = large(30_000, 1);
    groups.extend(words_of(&input));
    assert!(groups.len() > 16 * 1024, "{} groups are too few", groups.len());
    for chain in chains {
        check(&chain, &["--batch", "all", "--shards", "4"], &pieces(&input, 60, 7), &[(None, lines(&input))]);
    }
}
