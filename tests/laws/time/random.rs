//! Random chains of [`Op`]: each operator stands behind every other that gives it its columns.

use super::super::chains::Choices;
use super::steps::{By, Call, Condition, Expr, Key, Op};

/// What the values of a column may be; all may be null.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Text,
    /// Whole numbers, and text that is none.
    Whole,
    Float,
    Time,
    List,
}

struct Column {
    name: String,
    kind: Kind,
}

/// Draws the operators of a chain, one after the other.
struct Chain {
    choices: Choices,
    columns: Vec<Column>,
    /// The columns are those of the records.
    records: bool,
    /// From one batch to the next, in milliseconds.
    interval: i64,
    /// There may be a join: there is none yet, and no `window all`, which no other stream can follow.
    joins: bool,
    /// Made up so far.
    names: usize,
    ops: Vec<Op>,
}

/// A chain of one to four parts over batches of this interval, made of random bytes; the columns are `k` (text), `x` (whole
/// numbers) and `y` (floats). `streams`: it may join another stream.
pub fn chain(bytes: Vec<u8>, streams: bool, interval: i64) -> Vec<Op> {
    let column = |(name, kind): (&str, Kind)| Column { name: name.to_string(), kind };
    let columns = [("k", Kind::Text), ("x", Kind::Whole), ("y", Kind::Float)].map(column).into();
    let choices = Choices::of(bytes);
    let mut chain = Chain { joins: streams, choices, columns, records: true, interval, names: 0, ops: Vec::new() };
    for _ in 0..=chain.below(4) {
        chain.part();
    }
    if chain.ops.is_empty() {
        chain.aggregate(false);
    }
    chain.ops
}

impl Chain {
    fn below(&mut self, limit: usize) -> usize {
        self.choices.below(limit)
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    fn name(&mut self, letter: char) -> String {
        self.names += 1;
        format!("{letter}{}", self.names)
    }

    /// A column of one of these kinds.
    fn column(&mut self, kinds: &[Kind]) -> Option<(String, Kind)> {
        let fitting: Vec<usize> =
            (0..self.columns.len()).filter(|at| kinds.contains(&self.columns[*at].kind)).collect();
        if fitting.is_empty() {
            return None;
        }
        let column = &self.columns[self.choices.one_of(&fitting)];
        Some((column.name.clone(), column.kind))
    }

    fn set_columns(&mut self, columns: Vec<(String, Kind)>) {
        self.columns = columns.into_iter().map(|(name, kind)| Column { name, kind }).collect();
        self.records = false;
    }

    /// Mostly some window with what stands in front of it and behind it.
    fn part(&mut self) {
        for _ in 0..self.below(3) {
            self.row_wise(true);
        }
        match self.below(8) {
            0..=3 => self.window(),
            4 | 5 => return self.window_all(),
            _ => {}
        }
        for _ in 0..self.below(3) {
            self.row_wise(true);
        }
        match self.below(7) {
            0..=3 => self.aggregate(false),
            4 | 5 => self.whole(),
            _ => {}
        }
    }

    fn window(&mut self) {
        let length = self.interval * (1 + self.below(6) as i64);
        let every = [None, Some(1), Some(2), Some(3), Some(5)];
        let every = self.choices.one_of(&every).map(|times| times * self.interval);
        self.interval = every.unwrap_or(self.interval);
        self.ops.push(Op::Window { length, every });
    }

    fn window_all(&mut self) {
        self.joins = false;
        let at = self.ops.len();
        let ttl = self.choices.one_of(&[None, None, Some(0), Some(1), Some(2), Some(3)]);
        // Half an interval more changes nothing, whole ones do.
        let ttl =
            ttl.map(|times| times * self.interval + if times == 0 || self.once_in(3) { self.interval / 2 } else { 0 });
        let changed = self.once_in(2);
        for _ in 0..self.below(2) {
            self.row_wise(false);
        }
        self.ops.insert(at, Op::All { ttl, changed });
        if self.once_in(4) {
            let (by, keys) = (self.by(false), self.keys());
            let top = by.is_empty() || self.once_in(2);
            self.ops.push(match keys {
                Some(keys) if top => Op::Top { count: 2, keys, by },
                _ if by.is_empty() => Op::Count { by, fill: false },
                _ => Op::Distinct { by, within: None },
            });
            if let Some(Op::Count { .. }) = self.ops.last() {
                self.set_columns(vec![("count".to_string(), Kind::Whole)]);
            }
        } else {
            self.aggregate(true);
        }
        // Only keys can be dropped, or be touched.
        let keyed = match &self.ops[self.ops.len() - 1] {
            Op::Count { by, .. } | Op::Agg { by, .. } | Op::Reduce { by, .. } => !by.is_empty(),
            _ => false,
        };
        if !keyed {
            self.ops[at] = Op::All { ttl: None, changed: false };
        }
    }

    /// `timed`: it may name the borders of the batch.
    fn row_wise(&mut self, timed: bool) {
        let op = match self.below(if timed { 7 } else { 5 }) {
            0 | 1 => Op::Filter(self.condition()),
            2 => {
                let mut made = Vec::new();
                for _ in 0..=self.below(3) {
                    let (expr, kind) = self.expr(timed);
                    made.push((self.name('m'), expr, kind));
                }
                self.set_columns(made.iter().map(|(name, _, kind)| (name.clone(), *kind)).collect());
                Op::Map(made.into_iter().map(|(name, expr, _)| (name, expr)).collect())
            }
            3 => {
                let (expr, kind) = self.expr(timed);
                let name = self.name('s');
                self.columns.push(Column { name: name.clone(), kind });
                Op::Set(vec![(name, expr)])
            }
            4 => match self.column(&[Kind::Text]) {
                Some((column, _)) => {
                    self.set_columns(vec![("word".to_string(), Kind::Text)]);
                    Op::Words(column)
                }
                None => return,
            },
            5 => {
                let (name, expr) = (self.name('w'), self.choices.one_of(&[Expr::Start, Expr::End]));
                self.columns.push(Column { name: name.clone(), kind: Kind::Time });
                Op::Set(vec![(name, expr)])
            }
            _ => Op::Filter(Condition::EvenEnd),
        };
        self.ops.push(op);
    }

    fn condition(&mut self) -> Condition {
        let at = self.choices.below(self.columns.len());
        let known = self.columns[at].name.clone();
        let made = match self.below(4) {
            0 => self.column(&[Kind::Text]).map(|(name, _)| Condition::Is(name, "a")),
            1 => self.column(&[Kind::Text]).map(|(name, _)| Condition::IsNot(name, "7")),
            2 => self.column(&[Kind::Whole, Kind::Float]).map(|(name, _)| Condition::Greater(name, 1)),
            _ => None,
        };
        made.unwrap_or(Condition::Known(known))
    }

    fn expr(&mut self, timed: bool) -> (Expr, Kind) {
        let by = self.below(4) as i64 - 1;
        let computed = match self.below(5) {
            0 => self.column(&[Kind::Whole, Kind::Float]).map(|(name, kind)| (Expr::Plus(name, by.abs()), kind)),
            1 => self.column(&[Kind::Whole, Kind::Float]).map(|(name, kind)| (Expr::Times(name, by + 2), kind)),
            2 if timed => Some((Expr::Seconds, Kind::Whole)),
            _ => None,
        };
        computed.unwrap_or_else(|| {
            let column = &self.columns[self.choices.below(self.columns.len())];
            (Expr::Column(column.name.clone()), column.kind)
        })
    }

    /// Keys that rows can have in common; mostly not none.
    fn by(&mut self, timed: bool) -> Vec<By> {
        let mut by: Vec<By> = Vec::new();
        for _ in 0..self.choices.one_of(&[0, 1, 1, 1, 2]) {
            if timed && self.once_in(8) {
                by.push(By::End(self.name('e')));
            } else if let Some((name, _)) = self.column(&[Kind::Text, Kind::Text, Kind::Whole, Kind::Time]) {
                // What counts gives a column of this name.
                if name != "count" && by.iter().all(|by| by.name() != name) {
                    by.push(By::Column(name));
                }
            }
        }
        by
    }

    fn by_columns(&self, by: &[By]) -> Vec<(String, Kind)> {
        let kind = |by: &By| match by {
            By::Column(name) => self.columns.iter().find(|c| c.name == *name).expect("a column").kind,
            By::End(_) => Kind::Time,
        };
        by.iter().map(|by| (by.name().to_string(), kind(by))).collect()
    }

    fn call(&mut self) -> (Call, Kind) {
        let numbers = [Kind::Whole, Kind::Float];
        let keys = [Kind::Text, Kind::Whole, Kind::Float, Kind::Time];
        let functions: [(&'static str, &[Kind]); 11] = [
            ("count", &keys),
            ("sum", &numbers),
            ("avg", &numbers),
            ("ratio", &numbers),
            ("min", &keys),
            ("max", &keys),
            ("first", &keys),
            ("last", &keys),
            ("collect_list", &keys),
            ("collect_set", &keys),
            ("p50", &[Kind::Whole]),
        ];
        let (function, kinds) = self.choices.one_of(&functions);
        let name = self.name('a');
        let filter = self.once_in(5).then(|| self.condition()).filter(|_| function != "ratio");
        let Some((column, kind)) = self.column(kinds) else {
            return (Call { function: "count", column: None, distinct: false, filter, name }, Kind::Whole);
        };
        let distinct = self.once_in(3) && ["count", "sum", "avg", "collect_list"].contains(&function);
        let kind = match function {
            "count" => Kind::Whole,
            "avg" | "ratio" | "p50" => Kind::Float,
            "collect_list" | "collect_set" => Kind::List,
            _ => kind,
        };
        (Call { function, column: Some(column), distinct, filter, name }, kind)
    }

    /// `all`: behind `window all`.
    fn aggregate(&mut self, all: bool) {
        let by = self.by(!all);
        let mut columns = self.by_columns(&by);
        let fill = !all && !by.is_empty() && self.once_in(5);
        let op = match self.below(7) {
            0..=2 => {
                columns.push(("count".to_string(), Kind::Whole));
                Op::Count { by, fill }
            }
            3..=5 => {
                let calls: Vec<_> = (0..=self.below(3)).map(|_| self.call()).collect();
                columns.extend(calls.iter().map(|(call, kind)| (call.name.clone(), *kind)));
                Op::Agg { calls: calls.into_iter().map(|(call, _)| call).collect(), by, fill }
            }
            _ => {
                let all = [Kind::Text, Kind::Whole, Kind::Float];
                let numbers = [Kind::Whole, Kind::Float];
                let ways: [(&'static str, &[Kind]); 4] = [
                    ("a + b", &numbers),
                    ("(a * b) % 7", &[Kind::Whole]),
                    ("greatest(a, b)", &all),
                    ("least(a, b)", &all),
                ];
                let (how, kinds) = self.choices.one_of(&ways);
                match self.column(kinds) {
                    Some((column, kind)) if by.iter().all(|by| by.name() != column) => {
                        columns.push((column.clone(), kind));
                        Op::Reduce { column, how, by, fill }
                    }
                    _ => {
                        columns.push(("count".to_string(), Kind::Whole));
                        Op::Count { by, fill }
                    }
                }
            }
        };
        self.ops.push(op);
        self.set_columns(columns);
    }

    fn keys(&mut self) -> Option<Vec<Key>> {
        let kinds = [Kind::Text, Kind::Whole, Kind::Float, Kind::Time];
        let mut keys = Vec::new();
        for _ in 0..=self.below(2) {
            let (column, _) = self.column(&kinds)?;
            keys.push(Key { column, descending: self.once_in(2) });
        }
        Some(keys)
    }

    /// What looks at whole batches.
    fn whole(&mut self) {
        let counts = [0, 1, 2, 5, 1000];
        let op = match self.below(if self.joins { 10 } else { 7 }) {
            0 | 1 => {
                let by = self.by(true);
                let whole = !self.records && self.columns.iter().all(|column| column.kind != Kind::List);
                if by.is_empty() && !whole {
                    return;
                }
                let within = self.once_in(2).then(|| self.interval * self.below(4) as i64);
                Op::Distinct { by, within: within.filter(|within| *within > 0) }
            }
            2 => {
                let (call, kind) = self.call();
                let by = self.by(true);
                self.columns.push(Column { name: call.name.clone(), kind });
                Op::Totals { call, by }
            }
            3 | 4 => {
                let Some(keys) = self.keys() else { return };
                if self.once_in(3) {
                    Op::Sort(keys)
                } else {
                    Op::Top { count: self.choices.one_of(&counts), keys, by: self.by(true) }
                }
            }
            5 => Op::Head(self.choices.one_of(&counts)),
            6 => Op::Tail(self.choices.one_of(&counts)),
            _ => {
                let Some((column, _)) = self.column(&[Kind::Text, Kind::Text, Kind::Whole]) else { return };
                self.joins = false;
                self.records = false;
                // Its name is free: no column is called so.
                self.columns.push(Column { name: "v".to_string(), kind: Kind::Whole });
                Op::Join { column, kind: self.choices.one_of(&["inner", "left", "right", "full"]) }
            }
        };
        self.ops.push(op);
    }
}
