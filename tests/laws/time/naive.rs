//! The naive model of time: keeps every row of every batch, and computes each window from all that is in it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use super::rows::{Batch, Row, Seen, by_keys, call, groups, id, reduced, sort};
use super::steps::{By, Call, Expr, Op};
use super::values::{Value, compare, time};

/// Every batch that there is at a place of a chain.
pub struct Flow {
    pub names: Vec<String>,
    pub batches: Vec<Batch>,
    /// The batches of the stream that may be joined: rows of a key and a value.
    pub right: Vec<Batch>,
    /// What of them a batch here meets: the same batch, or what the last window holds of them.
    pub side: Vec<Batch>,
    /// From one batch to the next.
    pub interval: i64,
}

/// What `window all` asks of the aggregate behind it.
#[derive(Clone, Copy)]
struct Running {
    ttl: Option<i64>,
    changed: bool,
}

/// What is left of all rows since the start when each batch has come in, of those keys that are given.
fn running(flow: &Flow, by: &[By], how: Running) -> Vec<Batch> {
    let mut kept: Vec<(Vec<String>, i64, Vec<Row>)> = Vec::new();
    let mut batches = Vec::new();
    for batch in &flow.batches {
        kept.retain(|(_, last, _)| how.ttl.is_none_or(|ttl| batch.end - last <= ttl));
        let mut places: HashMap<Vec<String>, usize> =
            kept.iter().enumerate().map(|(place, (key, ..))| (key.clone(), place)).collect();
        for row in &batch.rows {
            let key = id(&Seen { names: &flow.names, row, batch }.by(by));
            let place = *places.entry(key.clone()).or_insert(kept.len());
            if place == kept.len() {
                kept.push((key, batch.end, Vec::new()));
            }
            kept[place].1 = batch.end;
            kept[place].2.push(row.clone());
        }
        let given = kept.iter().filter(|(_, last, _)| !how.changed || *last == batch.end);
        let rows = given.flat_map(|(.., rows)| rows.clone()).collect();
        batches.push(Batch { rows, start: flow.batches[0].start, end: batch.end });
    }
    batches
}

/// The last `length` of the batches at each multiple of `every`; what is left over at the end fires once more.
fn windows(batches: &[Batch], length: i64, every: i64) -> Vec<Batch> {
    let at_border = |batch: &&Batch| batch.end.rem_euclid(every) == 0;
    let mut ends: Vec<i64> = batches.iter().filter(at_border).map(|batch| batch.end).collect();
    if let Some(last) = batches.last().filter(|last| !at_border(last)) {
        ends.push(last.end.div_euclid(every) * every + every);
    }
    let window = |end: i64| {
        let inside = batches.iter().filter(|batch| end - length < batch.end && batch.end <= end);
        Batch { start: end - length, end, rows: inside.flat_map(|batch| batch.rows.clone()).collect() }
    };
    ends.into_iter().map(window).collect()
}

impl Flow {
    /// Makes rows of each batch on its own.
    fn each(&mut self, names: Vec<String>, mut make: impl FnMut(&[String], &Batch) -> Vec<Row>) {
        for batch in &mut self.batches {
            batch.rows = make(&self.names, batch);
        }
        self.names = names;
    }

    /// Makes a row for each group, of its rows; `empty` is what a key that is filled in has.
    fn combine(
        &mut self,
        by: &[By],
        fill: bool,
        made: Vec<String>,
        empty: Option<Row>,
        make: impl Fn(&[String], &Batch, &[Row]) -> Row,
    ) {
        let names = by.iter().map(|by| by.name().to_string()).chain(made).collect();
        let mut keys: Vec<Row> = Vec::new();
        self.each(names, |names, batch| {
            let mut found: Vec<(Row, Row)> =
                groups(names, batch, by).into_iter().map(|(key, rows)| (key, make(names, batch, &rows))).collect();
            if by.is_empty() && found.is_empty() {
                return empty.iter().cloned().collect();
            }
            if fill {
                let present: HashSet<Vec<String>> = found.iter().map(|(key, _)| id(key)).collect();
                let missing: Vec<Row> = keys.iter().filter(|key| !present.contains(&id(key))).cloned().collect();
                let known: HashSet<Vec<String>> = keys.iter().map(|key| id(key)).collect();
                keys.extend(found.iter().map(|(key, _)| key).filter(|key| !known.contains(&id(key))).cloned());
                found.extend(missing.into_iter().map(|key| (key, empty.clone().expect("what fills a row"))));
                found.sort_by(|(a, _), (b, _)| by_keys(a, b));
            }
            found.into_iter().map(|(key, made)| [key, made].concat()).collect()
        });
    }

    /// Each row beside those of the same batch on the right.
    fn join(&mut self, column: &str, kind: &str) {
        let at = self.names.iter().position(|n| n == column).expect("a column of the chain");
        let (left, right) = (["left", "full"].contains(&kind), ["right", "full"].contains(&kind));
        let width = self.names.len();
        let names = self.names.iter().cloned().chain(["v".to_string()]).collect();
        let mut rights = std::mem::take(&mut self.side).into_iter();
        self.each(names, |_, batch| {
            let others = rights.next().map(|other| other.rows).unwrap_or_default();
            let meets = |row: &Row, other: &Row| row[at] != Value::Null && row[at].key() == other[0].key();
            let mut rows = Vec::new();
            for row in &batch.rows {
                let met: Vec<&Row> = others.iter().filter(|other| meets(row, other)).collect();
                rows.extend(met.iter().map(|other| [row.clone(), vec![other[1].clone()]].concat()));
                if met.is_empty() && left {
                    rows.push([row.clone(), vec![Value::Null]].concat());
                }
            }
            let mut lonely: Vec<&Row> =
                others.iter().filter(|other| !batch.rows.iter().any(|row| meets(row, other))).collect();
            lonely.sort_by(|a, b| compare(&a[0], &b[0], true));
            for other in lonely.into_iter().filter(|_| right) {
                let mut row = vec![Value::Null; width + 1];
                (row[at], row[width]) = (other[0].clone(), other[1].clone());
                rows.push(row);
            }
            rows
        });
    }

    fn apply(&mut self, op: &Op) {
        let see = |names: &[String], batch: &Batch, columns: &[(String, Expr)], row: &Row| -> Row {
            let seen = Seen { names, row, batch };
            columns.iter().map(|(_, expr)| seen.expr(expr)).collect()
        };
        let names = self.names.clone();
        match op {
            Op::Filter(condition) => self.each(names, |names, batch| {
                let seen = |row| Seen { names, row, batch };
                batch.rows.iter().filter(|row| seen(row).holds(condition)).cloned().collect()
            }),
            Op::Map(columns) => self.each(columns.iter().map(|(name, _)| name.clone()).collect(), |names, batch| {
                batch.rows.iter().map(|row| see(names, batch, columns, row)).collect()
            }),
            Op::Set(columns) => {
                let names = names.into_iter().chain(columns.iter().map(|(name, _)| name.clone())).collect();
                self.each(names, |names, batch| {
                    batch.rows.iter().map(|row| [row.clone(), see(names, batch, columns, row)].concat()).collect()
                });
            }
            Op::Words(column) => self.each(vec!["word".to_string()], |names, batch| {
                let at = names.iter().position(|n| n == column).expect("a column");
                let words = |row: &Row| match &row[at] {
                    Value::Text(text) => text.split(' ').map(|word| vec![Value::Text(word.to_string())]).collect(),
                    _ => Vec::new(),
                };
                batch.rows.iter().flat_map(words).collect()
            }),
            Op::Window { length, every } => {
                self.interval = every.unwrap_or(self.interval);
                self.batches = windows(&self.batches, *length, self.interval);
                self.side = windows(&self.right, *length, self.interval);
            }
            Op::All { .. } => {}
            Op::Count { by, fill } => {
                let zero = Some(vec![Value::Int(0)]);
                self.combine(by, *fill, vec!["count".to_string()], zero, |_, _, rows| {
                    vec![Value::Int(rows.len() as i64)]
                });
            }
            Op::Agg { calls, by, fill } => {
                let none = |call: &Call| match call.function {
                    "count" => Value::Int(0),
                    // Without --by the lists of no rows are empty; a key that is filled in has none.
                    "collect_list" | "collect_set" if by.is_empty() => Value::List(Vec::new()),
                    _ => Value::Null,
                };
                let names = calls.iter().map(|call| call.name.clone()).collect();
                let empty = calls.iter().map(none).collect();
                self.combine(by, *fill, names, Some(empty), |names, batch, rows| {
                    calls.iter().map(|one| call(names, batch, rows, one)).collect()
                });
            }
            Op::Reduce { column, how, by, fill } => {
                let empty = (!by.is_empty()).then(|| vec![Value::Null]);
                self.combine(by, *fill, vec![column.clone()], empty, |names, _, rows| {
                    let at = names.iter().position(|n| n == column).expect("a column");
                    vec![reduced(&rows.iter().map(|row| row[at].clone()).collect::<Vec<_>>(), how)]
                });
            }
            Op::Totals { call: one, by } => {
                let names = names.into_iter().chain([one.name.clone()]).collect();
                self.each(names, |names, batch| {
                    let totals: HashMap<Vec<String>, Value> = groups(names, batch, by)
                        .into_iter()
                        .map(|(key, rows)| (id(&key), call(names, batch, &rows, one)))
                        .collect();
                    let key = |row| id(&Seen { names, row, batch }.by(by));
                    batch.rows.iter().map(|row| [row.clone(), vec![totals[&key(row)].clone()]].concat()).collect()
                });
            }
            Op::Distinct { by, within } => {
                let mut passed: HashMap<Vec<String>, i64> = HashMap::new();
                self.each(names, |names, batch| {
                    match within {
                        Some(within) => passed.retain(|_, last| batch.end - *last < *within),
                        None => passed.clear(),
                    }
                    let mut first = Vec::new();
                    for row in &batch.rows {
                        let key = if by.is_empty() { id(row) } else { id(&Seen { names, row, batch }.by(by)) };
                        if let Entry::Vacant(vacant) = passed.entry(key) {
                            vacant.insert(batch.end);
                            first.push(row.clone());
                        }
                    }
                    first
                });
            }
            Op::Sort(keys) => self.each(names, |names, batch| {
                let mut rows = batch.rows.clone();
                sort(names, &mut rows, keys);
                rows
            }),
            Op::Top { count, keys, by } => self.each(names, |names, batch| {
                let mut sorted = batch.clone();
                sort(names, &mut sorted.rows, keys);
                let groups = groups(names, &sorted, by).into_iter();
                groups.flat_map(|(_, rows)| rows.into_iter().take(*count)).collect()
            }),
            Op::Join { column, kind } => self.join(column, kind),
            Op::Head(count) => self.each(names, |_, batch| batch.rows.iter().take(*count).cloned().collect()),
            Op::Tail(count) => {
                self.each(names, |_, batch| batch.rows[batch.rows.len().saturating_sub(*count)..].to_vec());
            }
        }
    }
}

/// What a chain gives of batches, as rows of JSON with the borders of their batches.
pub fn expected(chain: &[Op], names: &[&str], batches: Vec<Batch>, right: Vec<Batch>, interval: i64) -> Vec<u8> {
    let names = names.iter().map(ToString::to_string).collect();
    let mut flow = Flow { names, batches, side: right.clone(), right, interval };
    let mut all = None;
    for op in chain {
        match op {
            Op::All { ttl, changed } => all = Some(Running { ttl: *ttl, changed: *changed }),
            Op::Count { by, .. } | Op::Agg { by, .. } | Op::Reduce { by, .. } => {
                if let Some(how) = all.take() {
                    flow.batches = running(&flow, by, how);
                }
            }
            // In the order of the records, whatever the keys.
            Op::Distinct { .. } | Op::Top { .. } => {
                if let Some(how) = all.take() {
                    flow.batches = running(&flow, &[], how);
                }
            }
            _ => {}
        }
        flow.apply(op);
    }
    let mut out = String::new();
    for batch in &flow.batches {
        for row in &batch.rows {
            out += &format!("{{\"window_start\":\"{}\",\"window_end\":\"{}\"", time(batch.start), time(batch.end));
            for (name, value) in flow.names.iter().zip(row) {
                out += &format!(",\"{name}\":{}", value.json());
            }
            out += "}\n";
        }
    }
    out.into_bytes()
}
