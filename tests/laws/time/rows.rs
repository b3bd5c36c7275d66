//! The rows of the model: expressions on each, and aggregates over those of a group.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::steps::{By, Call, Condition, Expr, Key};
use super::values::{Value, compare, mean, sum};

/// A row.
pub type Row = Vec<Value>;

/// The rows of a batch, which holds what came in [start, end).
#[derive(Debug, Clone)]
pub struct Batch {
    pub start: i64,
    pub end: i64,
    pub rows: Vec<Row>,
}

/// A row as it is looked at: under its names, in its batch.
pub struct Seen<'a> {
    pub names: &'a [String],
    pub row: &'a Row,
    pub batch: &'a Batch,
}

impl Seen<'_> {
    fn column(&self, name: &str) -> &Value {
        &self.row[self.names.iter().position(|n| n == name).expect("a column of the chain")]
    }

    pub fn expr(&self, expr: &Expr) -> Value {
        let computed =
            |name: &str, whole: &dyn Fn(i64) -> i64, float: &dyn Fn(f64) -> f64| match self.column(name).number() {
                Some(Value::Int(value)) => Value::Int(whole(value)),
                Some(value) => Value::Float(float(value.float())),
                None => Value::Null,
            };
        match expr {
            Expr::Column(name) => self.column(name).clone(),
            Expr::Plus(name, by) => computed(name, &|v| v + by, &|v| v + *by as f64),
            Expr::Times(name, by) => computed(name, &|v| v * by, &|v| v * *by as f64),
            Expr::Start => Value::Time(self.batch.start),
            Expr::End => Value::Time(self.batch.end),
            Expr::Seconds => Value::Int(self.batch.end.div_euclid(1000)),
        }
    }

    pub fn holds(&self, condition: &Condition) -> bool {
        let text = |name: &str, is: bool, text: &str| match self.column(name) {
            Value::Text(value) => (value == text) == is,
            _ => false,
        };
        match condition {
            Condition::Greater(name, limit) => self.column(name).number().is_some_and(|v| v.float() > *limit as f64),
            Condition::Is(name, wanted) => text(name, true, wanted),
            Condition::IsNot(name, wanted) => text(name, false, wanted),
            Condition::Known(name) => *self.column(name) != Value::Null,
            Condition::EvenEnd => self.batch.end.div_euclid(1000) % 2 == 0,
        }
    }

    pub fn by(&self, by: &[By]) -> Row {
        let key = |by: &By| match by {
            By::Column(name) => self.column(name).clone(),
            By::End(_) => Value::Time(self.batch.end),
        };
        by.iter().map(key).collect()
    }
}

/// The key as it is equal to others: by bytes.
pub fn id(key: &[Value]) -> Vec<String> {
    key.iter().map(Value::key).collect()
}

/// Rows by their keys, in order of the keys; without keys all rows are one group.
pub fn groups(names: &[String], batch: &Batch, by: &[By]) -> Vec<(Row, Vec<Row>)> {
    let mut groups: Vec<(Row, Vec<Row>)> = Vec::new();
    let mut places: HashMap<Vec<String>, usize> = HashMap::new();
    for row in &batch.rows {
        let key = Seen { names, row, batch }.by(by);
        let place = *places.entry(id(&key)).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(row.clone());
    }
    groups.sort_by(|(a, _), (b, _)| by_keys(a, b));
    groups
}

/// The order of keys.
pub fn by_keys(a: &[Value], b: &[Value]) -> Ordering {
    a.iter().zip(b).map(|(a, b)| compare(a, b, true)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Sorts rows; ties stay as they are.
pub fn sort(names: &[String], rows: &mut [Row], keys: &[Key]) {
    let place = |key: &Key| names.iter().position(|n| *n == key.column).expect("a column of the chain");
    let keys: Vec<(usize, bool)> = keys.iter().map(|key| (place(key), key.descending)).collect();
    rows.sort_by(|a, b| {
        let one = |&(at, descending): &(usize, bool)| {
            let order = compare(&a[at], &b[at], false);
            if descending { order.reverse() } else { order }
        };
        keys.iter().map(one).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
}

pub fn call(names: &[String], batch: &Batch, rows: &[Row], call: &Call) -> Value {
    let seen = |row| Seen { names, row, batch };
    let rows: Vec<Seen<'_>> =
        rows.iter().map(seen).filter(|row| call.filter.as_ref().is_none_or(|filter| row.holds(filter))).collect();
    let Some(column) = &call.column else { return Value::Int(rows.len() as i64) };
    let mut values: Vec<Value> =
        rows.iter().map(|row| row.column(column)).filter(|v| **v != Value::Null).cloned().collect();
    if call.distinct || call.function == "collect_set" {
        let mut met = HashSet::new();
        values.retain(|value| met.insert(value.key()));
    }
    let mut numbers: Vec<Value> = values.iter().filter_map(Value::number).collect();
    let order = |a: &&Value, b: &&Value| compare(a, b, true);
    match call.function {
        "count" => Value::Int(values.len() as i64),
        "sum" => sum(&numbers),
        "avg" => mean(&numbers),
        "ratio" if numbers.is_empty() => Value::Null,
        "ratio" => Value::Float(sum(&numbers).float() / rows.len() as f64),
        "min" => values.iter().min_by(order).cloned().unwrap_or(Value::Null),
        "max" => values.iter().max_by(order).cloned().unwrap_or(Value::Null),
        "first" => values.first().cloned().unwrap_or(Value::Null),
        "last" => values.last().cloned().unwrap_or(Value::Null),
        "collect_list" | "collect_set" => Value::List(values),
        "p50" => {
            numbers.sort_by(|a, b| compare(a, b, false));
            let Some(last) = numbers.len().checked_sub(1) else { return Value::Null };
            Value::Float((numbers[last / 2].float() + numbers[last.div_ceil(2)].float()) / 2.0)
        }
        other => panic!("{other}"),
    }
}

pub fn reduced(values: &[Value], how: &str) -> Value {
    let numbers: Vec<Value> = values.iter().filter_map(Value::number).collect();
    let known = values.iter().filter(|v| **v != Value::Null);
    match how {
        "a + b" => sum(&numbers),
        "greatest(a, b)" => known.max_by(|a, b| compare(a, b, true)).cloned().unwrap_or(Value::Null),
        "least(a, b)" => known.min_by(|a, b| compare(a, b, true)).cloned().unwrap_or(Value::Null),
        "(a * b) % 7" => {
            let product = |a: &Value, b: &Value| match (a, b) {
                (Value::Int(a), Value::Int(b)) => Value::Int(a * b % 7),
                (a, b) => Value::Float(a.float() * b.float() % 7.0),
            };
            numbers.into_iter().reduce(|a, b| product(&a, &b)).unwrap_or(Value::Null)
        }
        other => panic!("{other}"),
    }
}
