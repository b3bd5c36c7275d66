//! When a value of Spark's and one of ours are the same: numbers by value, times by instant, lists item by item, text by bytes.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use serde_json::Value;

use super::ours::Given;
use super::table::Case;

/// Whether Spark's value of a row is ours.
pub fn equal(case: &Case, spark: &Value, ours: &Given) -> bool {
    // Java's library and ours may round these differently in the last place.
    let ulps = u64::from(case.topic == "mathematics");
    if let (true, Value::Array(items), Given::List(list)) = (case.unordered, spark, ours) {
        let kind = case.kind.trim_start_matches("array<");
        let mut rest: Vec<&Given> = list.iter().collect();
        let mut taken = |item| rest.iter().position(|ours| same(kind, 0, item, ours)).map(|at| rest.remove(at));
        return items.len() == list.len() && items.iter().all(|item| taken(item).is_some());
    }
    same(case.kind.as_str(), ulps, spark, ours)
}

fn same(kind: &str, ulps: u64, spark: &Value, ours: &Given) -> bool {
    match (spark, ours) {
        (Value::Null, Given::Null) => true,
        (Value::Array(items), Given::List(list)) => {
            let kind = kind.trim_start_matches("array<");
            items.len() == list.len() && items.iter().zip(list).all(|(item, ours)| same(kind, ulps, item, ours))
        }
        (Value::String(text), Given::Int(value)) => match text.parse::<i64>() {
            Ok(whole) => whole == *value,
            Err(_) => float(text).is_some_and(|float| near(float, *value as f64, ulps)),
        },
        (Value::String(text), Given::Float(value)) => float(text).is_some_and(|float| near(float, *value, ulps)),
        (Value::String(text), Given::Text(ours)) => text == ours || is_numeric(kind) && by_value(text, ours),
        (Value::String(text), Given::Bool(value)) => *text == value.to_string(),
        (Value::String(text), Given::Time(micros)) => instant(text) == Some(*micros),
        _ => false,
    }
}

/// Whether a type of Spark's is one of numbers.
fn is_numeric(kind: &str) -> bool {
    ["int", "bigint", "double", "decimal"].iter().any(|name| kind.starts_with(name))
}

fn by_value(spark: &str, ours: &str) -> bool {
    matches!((float(spark), float(ours)), (Some(spark), Some(ours)) if near(spark, ours, 0))
}

/// A number as Spark prints it.
fn float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => text.parse().ok(),
        _ => None,
    }
}

fn near(a: f64, b: f64, ulps: u64) -> bool {
    a == b || a.is_nan() && b.is_nan() || a.is_finite() && b.is_finite() && a.to_bits().abs_diff(b.to_bits()) <= ulps
}

/// A time as Spark prints it in UTC, in microseconds since the epoch. Of the years with five digits there is the first.
fn instant(text: &str) -> Option<i64> {
    let (text, later) = match text.strip_prefix("+10000-01-01") {
        Some(clock) => (format!("9999-12-31{clock}"), SignedDuration::from_hours(24)),
        None => (text.to_string(), SignedDuration::ZERO),
    };
    let time = if text.contains(' ') { text.parse().ok()? } else { text.parse::<Date>().ok()?.to_datetime(Time::MIN) };
    let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)) + later;
    i64::try_from(since.as_micros()).ok()
}
