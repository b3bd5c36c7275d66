//! The committed list `deviations.jsonl` of what is not as in Spark: a line `{"reason": …}` with what SPEC 3 says, and below it
//! a line for each expression, `{"on": …, "expr": …, "ours": …}`. `ours` has our value for each row that differs (counted from
//! 1), or is null if we refuse the expression and Spark does not. An expression may stand under several reasons, with other
//! rows under each.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What we give to an expression where it is not what Spark gives.
#[derive(Clone)]
pub struct Deviation {
    pub on: String,
    pub expr: String,
    /// For each row that differs our value; null if the whole is refused.
    pub ours: Value,
}

impl Deviation {
    /// As a line of the list.
    pub fn line(&self) -> String {
        let expr = json!(self.expr);
        format!("{{\"on\": {}, \"expr\": {expr}, \"ours\": {}}}", json!(self.on), self.ours)
    }
}

/// A table and an expression.
type Key = (String, String);
/// For each row (0: all of it) our value, and the reason that it stands under.
type Rows = BTreeMap<u32, (Value, usize)>;

/// The list, and what of it was seen.
pub struct Deviations {
    reasons: Vec<String>,
    listed: BTreeMap<Key, Rows>,
    /// How many expressions and values each reason explained.
    seen: Vec<(usize, usize)>,
}

impl Deviations {
    /// The list as it is committed.
    pub fn read() -> Self {
        let mut list = Deviations { reasons: Vec::new(), listed: BTreeMap::new(), seen: Vec::new() };
        for line in include_str!("deviations.jsonl").lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let text = |name: &str| line[name].as_str().unwrap_or_else(|| panic!("no {name}: {line}")).to_string();
            if line["reason"].is_string() {
                list.reasons.push(text("reason"));
                list.seen.push((0, 0));
                continue;
            }
            let reason = list.reasons.len().checked_sub(1).expect("a reason stands above");
            let rows = list.listed.entry((text("on"), text("expr"))).or_default();
            for (row, value) in values(&line["ours"]) {
                let before = rows.insert(row, (value, reason));
                assert!(before.is_none(), "row {row} is listed twice: {line}");
            }
        }
        list
    }

    /// Whether just this is listed; it is seen then.
    pub fn take(&mut self, found: &Deviation) -> bool {
        let key = (found.on.clone(), found.expr.clone());
        let Some(rows) = self.listed.get(&key) else { return false };
        let listed: BTreeMap<u32, Value> = rows.iter().map(|(row, (value, _))| (*row, value.clone())).collect();
        if listed != values(&found.ours) {
            return false;
        }
        let rows = self.listed.remove(&key).unwrap_or_default();
        let mut reasons: Vec<usize> = rows.values().map(|(_, reason)| *reason).collect();
        reasons.iter().for_each(|&reason| self.seen[reason].1 += 1);
        reasons.dedup();
        reasons.sort_unstable();
        reasons.dedup();
        reasons.iter().for_each(|&reason| self.seen[reason].0 += 1);
        true
    }

    /// What was not seen, as lines of the list.
    pub fn rest(&self) -> String {
        let line = |((on, expr), rows): (&Key, &Rows)| {
            let ours = match rows.get(&0) {
                Some(_) => Value::Null,
                None => {
                    rows.iter().map(|(row, (value, _))| (row.to_string(), value.clone())).collect::<Map<_, _>>().into()
                }
            };
            Deviation { on: on.clone(), expr: expr.clone(), ours }.line() + "\n"
        };
        self.listed.iter().map(line).collect()
    }

    /// How many expressions and values stand under each reason.
    pub fn summary(&self) -> String {
        let line = |(reason, seen): (&String, &(usize, usize))| format!("{:>4} {:>5}  {reason}\n", seen.0, seen.1);
        self.reasons.iter().zip(&self.seen).map(line).collect()
    }
}

/// The rows of `ours`; row 0 with null is the whole.
fn values(ours: &Value) -> BTreeMap<u32, Value> {
    match ours {
        Value::Object(rows) => {
            rows.iter().map(|(row, value)| (row.parse().expect("the number of a row"), value.clone())).collect()
        }
        _ => BTreeMap::from([(0, Value::Null)]),
    }
}
