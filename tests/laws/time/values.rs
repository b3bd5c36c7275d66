//! The values of the model: how they compare, add up and are written as JSON.

use std::cmp::Ordering;

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Text(String),
    Int(i64),
    Float(f64),
    /// Milliseconds since the epoch.
    Time(i64),
    List(Vec<Value>),
}

/// Whether all of a text is `[+-]digits[.digits][e[+-]digits]`.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).to_string();
    let body = unsigned(text);
    let (mantissa, exponent) = body.split_once(['e', 'E']).unwrap_or((&body, "0"));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    digits(integer) && digits(fraction) && digits(&unsigned(exponent))
}

impl Value {
    /// A field of a csv record.
    pub fn field(text: &str) -> Value {
        if text.is_empty() { Value::Null } else { Value::Text(text.to_string()) }
    }

    /// The number that it is, or that its text is.
    pub fn number(&self) -> Option<Value> {
        match self {
            Value::Text(text) if is_number(text) => {
                Some(text.parse().map_or_else(|_| Value::Float(text.parse().unwrap()), Value::Int))
            }
            Value::Int(_) | Value::Float(_) => Some(self.clone()),
            _ => None,
        }
    }

    /// A number as a float.
    pub fn float(&self) -> f64 {
        match self.number() {
            Some(Value::Int(value)) => value as f64,
            Some(Value::Float(value)) => value,
            _ => panic!("no number: {self:?}"),
        }
    }

    /// What it is as a key: equal by bytes.
    pub fn key(&self) -> String {
        self.json()
    }

    /// As JSON: a text that is a JSON number is bare.
    pub fn json(&self) -> String {
        match self {
            Value::Null => "null".to_string(),
            Value::Text(text) => {
                if is_number(text) && serde_json::from_str::<serde_json::Value>(text).is_ok() {
                    text.clone()
                } else {
                    serde_json::Value::from(text.as_str()).to_string()
                }
            }
            Value::Int(value) => value.to_string(),
            Value::Float(value) => {
                let text = format!("{value:?}");
                text.strip_suffix(".0").unwrap_or(&text).to_string()
            }
            Value::Time(millis) => format!("\"{}\"", time(*millis)),
            Value::List(items) => format!("[{}]", items.iter().map(Value::json).collect::<Vec<_>>().join(",")),
        }
    }

    fn class(&self) -> u8 {
        match self {
            Value::Null => 0,
            _ if self.number().is_some() => 1,
            _ => 2,
        }
    }
}

/// `1970-01-01T00:00:01.000Z` for 1000.
pub fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).unwrap().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// Nulls, then numbers by value, then text by bytes; numbers of one value by bytes if they are keys of groups.
pub fn compare(a: &Value, b: &Value, bytes: bool) -> Ordering {
    a.class().cmp(&b.class()).then_with(|| match (a.number(), b.number()) {
        (Some(x), Some(y)) => {
            let order = match (&x, &y) {
                (Value::Int(x), Value::Int(y)) => x.cmp(y),
                _ => x.float().partial_cmp(&y.float()).unwrap(),
            };
            match (a, b) {
                (Value::Text(a), Value::Text(b)) if bytes => order.then_with(|| a.cmp(b)),
                _ => order,
            }
        }
        _ => match (a, b) {
            (Value::Text(a), Value::Text(b)) => a.cmp(b),
            (Value::Time(a), Value::Time(b)) => a.cmp(b),
            _ => Ordering::Equal,
        },
    })
}

/// The exact sum of floats, rounded once (Shewchuk, as Python's `math.fsum`).
pub fn exact_sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut partials: Vec<f64> = Vec::new();
    for mut x in values {
        let mut kept = Vec::new();
        for mut y in partials {
            if x.abs() < y.abs() {
                (x, y) = (y, x);
            }
            let high = x + y;
            let low = y - (high - x);
            if low != 0.0 {
                kept.push(low);
            }
            x = high;
        }
        kept.push(x);
        partials = kept;
    }
    let Some(mut high) = partials.pop() else { return 0.0 };
    let mut low = 0.0;
    while let Some(y) = partials.pop() {
        let x = high;
        high = x + y;
        low = y - (high - x);
        if low != 0.0 {
            break;
        }
    }
    // Half way between two floats: what is still smaller decides.
    if let Some(next) = partials.last()
        && ((low < 0.0 && *next < 0.0) || (low > 0.0 && *next > 0.0))
    {
        let doubled = low * 2.0;
        let x = high + doubled;
        if doubled == x - high {
            high = x;
        }
    }
    high
}

/// The sum of whole numbers is whole; null without any number.
pub fn sum(values: &[Value]) -> Value {
    let whole = |value: &Value| if let Value::Int(value) = value { Some(i128::from(*value)) } else { None };
    if values.is_empty() {
        return Value::Null;
    }
    match values.iter().map(whole).sum::<Option<i128>>() {
        Some(sum) => i64::try_from(sum).map_or(Value::Float(sum as f64), Value::Int),
        None => Value::Float(exact_sum(values.iter().map(Value::float))),
    }
}

/// The mean of numbers: what is nearest to their exact sum divided by how many they are.
pub fn mean(numbers: &[Value]) -> Value {
    let Value::Float(_) = sum(numbers) else {
        return match sum(numbers) {
            Value::Int(sum) => Value::Float(sum as f64 / numbers.len() as f64),
            other => other,
        };
    };
    let about = sum(numbers).float() / numbers.len() as f64;
    let off =
        |mean: f64| exact_sum(numbers.iter().map(|value| value.float()).chain(numbers.iter().map(|_| -mean))).abs();
    let near = [about, about.next_down(), about.next_up()];
    Value::Float(near.into_iter().min_by(|a, b| off(*a).total_cmp(&off(*b))).unwrap_or(about))
}
