//! Random chains: every operator stands behind every other that gives it its columns.

use std::path::Path;

use proptest::prelude::*;

/// One operator of a chain, as the model knows it.
#[derive(Debug, Clone)]
pub enum Op {
    /// `words COLUMN`
    Words(String),
    /// `wordcount`
    Wordcount,
    /// `grep -F [-v] TEXT`
    Grep { text: &'static str, invert: bool },
    /// `sample FRACTION --seed N`
    Sample { fraction: &'static str, seed: u64 },
    /// `count [--by COLUMNS]`
    Count { by: Option<Vec<String>> },
    /// `distinct [--by COLUMNS]`
    Distinct { by: Option<Vec<String>> },
    /// `sort KEYS`
    Sort { keys: Vec<Key> },
    /// `top COUNT KEYS [--by COLUMNS]`
    Top { count: usize, keys: Vec<Key>, by: Vec<String> },
    /// `head COUNT`
    Head(usize),
    /// `tail COUNT`
    Tail(usize),
    /// `tee` to the file of this number
    Tee(usize),
    /// `pipe -- cat`
    Pipe,
}

/// A column to order by.
#[derive(Debug, Clone)]
pub struct Key {
    pub column: String,
    pub descending: bool,
}

/// What a chain may be made of.
#[derive(Debug, Clone, Copy)]
pub struct Kinds {
    /// Some rows are left out by a hash that the model does not know.
    pub sample: bool,
    /// Children are started: `cat`.
    pub pipe: bool,
}

/// The columns that may be named behind what is to be a chain.
struct Columns {
    names: Vec<String>,
    /// `grep` has its `line`.
    line: bool,
}

/// A stream of choices, made of random bytes: the generator of chains draws from it, so that shrinking the bytes shrinks
/// the chain.
pub struct Choices(std::vec::IntoIter<u8>);

impl Choices {
    pub fn of(bytes: Vec<u8>) -> Choices {
        Choices(bytes.into_iter())
    }

    pub fn below(&mut self, limit: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % limit
    }

    pub fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        values[self.below(values.len())].clone()
    }

    fn some_of(&mut self, names: &[String]) -> Vec<String> {
        let first = self.one_of(names);
        let second = self.one_of(names);
        if second == first || self.below(2) == 0 { vec![first] } else { vec![first, second] }
    }

    fn keys(&mut self, names: &[String]) -> Vec<Key> {
        let columns = self.some_of(names);
        columns.into_iter().map(|column| Key { column, descending: self.below(2) == 1 }).collect()
    }
}

/// Chains of one to five operators.
pub fn chain(kinds: Kinds) -> impl Strategy<Value = Vec<Op>> {
    (1..=5usize, prop::collection::vec(any::<u8>(), 40)).prop_map(move |(length, bytes)| {
        let mut choices = Choices::of(bytes);
        let names = ["line", "$1", "$2", "$3"].map(String::from).to_vec();
        let mut columns = Columns { names, line: true };
        (0..length).map(|at| next(&mut choices, &mut columns, kinds, at)).collect()
    })
}

fn next(choices: &mut Choices, columns: &mut Columns, kinds: Kinds, at: usize) -> Op {
    let counts = [0, 1, 2, 5, 1000];
    match choices.below(13) {
        0 => {
            let column = choices.one_of(&columns.names);
            *columns = Columns { names: vec!["word".into()], line: false };
            Op::Words(column)
        }
        1 if columns.line => {
            *columns = Columns { names: vec!["word".into(), "count".into()], line: false };
            Op::Wordcount
        }
        2 if columns.line => {
            Op::Grep { text: choices.one_of(&["1", "a", "", "key", "\u{e9}"]), invert: choices.below(2) == 1 }
        }
        3 if kinds.sample => Op::Sample { fraction: choices.one_of(&["0.5", "0.9"]), seed: choices.below(9) as u64 },
        3 => Op::Sample { fraction: choices.one_of(&["1", "0"]), seed: choices.below(9) as u64 },
        4 => {
            *columns = Columns { names: vec!["count".into()], line: false };
            Op::Count { by: None }
        }
        5 | 6 => {
            let by = choices.some_of(&columns.names);
            let name = if by.iter().any(|name| name == "count") { "count_2" } else { "count" };
            let clash = by.iter().any(|key| key == "count_2") && name == "count_2";
            let name = if clash { "count_3" } else { name };
            let line = by.iter().any(|name| name == "line");
            let names = by.iter().cloned().chain([name.to_string()]).collect();
            *columns = Columns { names, line };
            Op::Count { by: Some(by) }
        }
        7 => Op::Distinct { by: (choices.below(2) == 1).then(|| choices.some_of(&columns.names)) },
        8 => Op::Sort { keys: choices.keys(&columns.names) },
        9 => {
            let by = if choices.below(2) == 1 { choices.some_of(&columns.names) } else { Vec::new() };
            Op::Top { count: choices.one_of(&counts), keys: choices.keys(&columns.names), by }
        }
        10 => Op::Head(choices.one_of(&counts)),
        11 => Op::Tail(choices.one_of(&counts)),
        12 if kinds.pipe && choices.below(3) == 0 => {
            *columns = Columns { names: vec!["line".into()], line: true };
            Op::Pipe
        }
        _ => Op::Tee(at),
    }
}

/// The file that a `tee` writes.
pub fn tee_file(dir: &Path, number: usize) -> std::path::PathBuf {
    dir.join(format!("tee-{number}"))
}

/// The command of a chain; the files of its tees lie in `dir`.
pub fn command(chain: &[Op], globals: &[&str], dir: &Path) -> Vec<String> {
    let mut words = vec!["streamer".to_string()];
    words.extend(globals.iter().map(ToString::to_string));
    for (at, op) in chain.iter().enumerate() {
        if at > 0 {
            words.push("then".into());
        }
        words.extend(op.words(dir));
    }
    words
}

impl Op {
    fn words(&self, dir: &Path) -> Vec<String> {
        let mut words = Vec::new();
        let mut add = |word: &str| words.push(word.to_string());
        match self {
            Op::Words(column) => ["words", column].into_iter().for_each(add),
            Op::Wordcount => add("wordcount"),
            Op::Grep { text, invert } => {
                ["grep", "-F"].into_iter().chain(invert.then_some("-v")).for_each(&mut add);
                add(text);
            }
            Op::Sample { fraction, seed } => {
                ["sample", fraction, "--seed", &seed.to_string()].into_iter().for_each(add)
            }
            Op::Count { by } | Op::Distinct { by } => {
                add(if matches!(self, Op::Count { .. }) { "count" } else { "distinct" });
                if let Some(by) = by {
                    add("--by");
                    add(&by.join(","));
                }
            }
            Op::Sort { keys } => ["sort", &written(keys)].into_iter().for_each(add),
            Op::Top { count, keys, by } => {
                ["top", &count.to_string(), &written(keys)].into_iter().for_each(&mut add);
                if !by.is_empty() {
                    ["--by", &by.join(",")].into_iter().for_each(add);
                }
            }
            Op::Head(count) => ["head", &count.to_string()].into_iter().for_each(add),
            Op::Tail(count) => ["tail", &count.to_string()].into_iter().for_each(add),
            Op::Tee(number) => ["tee", &tee_file(dir, *number).display().to_string()].into_iter().for_each(add),
            Op::Pipe => ["pipe", "--", "cat"].into_iter().for_each(add),
        }
        words
    }
}

fn written(keys: &[Key]) -> String {
    let way = |key: &Key| if key.descending { "desc" } else { "asc" };
    keys.iter().map(|key| format!("{}:{}", key.column, way(key))).collect::<Vec<_>>().join(",")
}
