//! Expressions agree with Spark SQL, but where SPEC 3 says otherwise: the table `spark/cases.jsonl`, made by `spark/cases.py`
//! with PySpark, is computed here.
//!
//! * [`table`]: the cases, and Spark's answer to each.
//! * [`ours`]: what streamer answers, row by row.
//! * [`equal`]: when two answers are the same value, however it is written.
//! * [`deviations`]: `spark/deviations.jsonl`, the rows on which the two are known to differ, under the reason of each.

mod deviations;
mod equal;
mod ours;
mod table;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use deviations::{Deviation, Deviations};
use equal::equal;
use ours::Answer;
use table::{Case, Table};

/// A value of ours that is not Spark's.
struct Difference {
    deviation: Deviation,
    /// Input, expression, Spark's value and ours, for people.
    shown: String,
}

/// Every case of the table is as Spark has it, or listed with what we give instead; nothing is listed that is not so.
#[test]
fn expressions_agree_with_spark() {
    let (tables, cases) = table::read();
    let mut listed = Deviations::read();
    let (mut agree, mut unknown) = (BTreeMap::new(), Vec::new());
    for case in &cases {
        let table = &tables[&case.on];
        let answer = match case.aggregate {
            true => ours::aggregate(table, &case.expr, &case.kind),
            false => ours::rows(table, &case.expr),
        };
        match difference(case, table, &answer) {
            None => {
                let how = match (&case.result, &answer) {
                    (Some(_), _) => "the same values",
                    (None, Answer::Refused(_)) => "refused by both",
                    (None, Answer::Values(_)) => "refused by Spark, null here",
                };
                *agree.entry(how).or_insert(0) += 1;
            }
            Some(found) if listed.take(&found.deviation) => {}
            Some(found) => unknown.push(found),
        }
    }
    let shown: String = unknown.iter().map(|found| format!("{}  {}\n", found.shown, found.deviation.line())).collect();
    let gone = listed.rest();
    assert!(unknown.is_empty(), "{} expressions are neither as Spark has them nor listed:\n{shown}", unknown.len());
    assert!(gone.is_empty(), "listed, but we do not give this (any more):\n{gone}");
    let known = [("refused by Spark, null here", 1), ("refused by both", 41), ("the same values", 736)];
    assert_eq!(agree, known.into(), "expressions and values by reason:\n{}", listed.summary());
}

/// How our answer to a case is not Spark's.
fn difference(case: &Case, table: &Table, answer: &Answer) -> Option<Difference> {
    let spark = case.result.as_deref();
    let mut shown = format!("{} on {}\n", case.expr, case.on);
    let ours = match answer {
        Answer::Refused(_) if spark.is_none() => return None,
        Answer::Refused(message) => {
            shown += &format!("    Spark: {}\n    ours: {message}\n", json!(spark));
            Value::Null
        }
        Answer::Values(values) => {
            let mut rows = serde_json::Map::new();
            for (row, value) in values.iter().enumerate() {
                let expected = spark.map_or(&Value::Null, |spark| &spark[row]);
                if !equal(case, expected, value) {
                    let theirs = spark.map_or(case.error.clone(), |_| expected.to_string());
                    let input = if case.aggregate { "all".to_string() } else { table.row(row) };
                    shown += &format!("    {:>3} {input}: Spark {theirs}, ours {value}\n", row + 1);
                    rows.insert((row + 1).to_string(), value.json());
                }
            }
            if rows.is_empty() {
                return None;
            }
            Value::Object(rows)
        }
    };
    Some(Difference { deviation: Deviation { on: case.on.clone(), expr: case.expr.clone(), ours }, shown })
}
