//! The cases of `cases.jsonl`: its form is described in `cases.py`.

use std::collections::BTreeMap;

use serde_json::Value;

/// An input: columns of text.
pub struct Table {
    pub columns: Vec<String>,
    /// For each row a value or null for each column.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// A row, for people.
    pub fn row(&self, row: usize) -> String {
        serde_json::json!(self.rows[row]).to_string()
    }
}

/// An expression and Spark's answer.
pub struct Case {
    pub topic: String,
    pub on: String,
    pub expr: String,
    pub aggregate: bool,
    /// The order of the list means nothing.
    pub unordered: bool,
    /// What Spark calls the type of the result.
    pub kind: String,
    /// One value for each row; `None` where Spark refuses.
    pub result: Option<Vec<Value>>,
    /// Why it refuses.
    pub error: String,
}

/// The whole table.
pub fn read() -> (BTreeMap<String, Table>, Vec<Case>) {
    let (mut tables, mut cases) = (BTreeMap::new(), Vec::new());
    for line in include_str!("cases.jsonl").lines().skip(1) {
        let line: Value = serde_json::from_str(line).expect("a line of the table is JSON");
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_string();
        if line["table"].is_string() {
            tables.insert(text("table"), table(&line));
            continue;
        }
        let (aggregate, unordered) = (line["kind"] == "aggregate", line["unordered"] == true);
        let result = line.get("result").map(|result| match result {
            Value::Array(rows) if !aggregate => rows.clone(),
            value => vec![value.clone()],
        });
        let (topic, on, expr, kind, error) = (text("topic"), text("on"), text("expr"), text("type"), text("error"));
        cases.push(Case { topic, on, expr, aggregate, unordered, kind, result, error });
    }
    assert!(cases.len() > 900, "the table is here");
    (tables, cases)
}

fn table(line: &Value) -> Table {
    let cell = |value: &Value| value.as_str().map(String::from);
    let array = |value: &Value| value.as_array().expect("an array").clone();
    Table {
        columns: array(&line["columns"]).iter().filter_map(cell).collect(),
        rows: array(&line["rows"]).iter().map(|row| array(row).iter().map(cell).collect()).collect(),
    }
}
