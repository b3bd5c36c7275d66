//! Random records of every format with the same four columns: a key `k`, numbers `x` and `y`, text `s`; among them records
//! that do not fit, quotes with line ends in them, CRLF and byte-order marks.

use proptest::collection::vec;
use proptest::prelude::*;

/// A format to write records in, and how the command line reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Csv,
    /// Without a header line.
    Headless,
    Tsv,
    Json,
    Logfmt,
    Combined,
    Regex,
}

pub const FORMS: &[Form] =
    &[Form::Csv, Form::Headless, Form::Tsv, Form::Json, Form::Logfmt, Form::Combined, Form::Regex];

impl Form {
    /// The global options that read it.
    pub fn globals(self) -> &'static [&'static str] {
        match self {
            Form::Csv => &["--in", "csv"],
            Form::Headless => &["--in", "csv", "--header", "k,x,y,s"],
            Form::Tsv => &["--in", "tsv"],
            Form::Json => &["--in", "json"],
            Form::Logfmt => &["--in", "logfmt"],
            Form::Combined => &["--in", "combined"],
            Form::Regex => &["--in", r"regex:^(?<k>[^|]*)\|(?<x>[^|]*)\|(?<y>[^|]*)\|(?<s>.*)$"],
        }
    }

    /// How its key, its two numbers and its text are called.
    pub fn names(self) -> [&'static str; 4] {
        match self {
            Form::Combined => ["host", "status", "bytes", "path"],
            _ => ["k", "x", "y", "s"],
        }
    }
}

/// The values of a record; `None` is null.
pub type Record = [Option<&'static str>; 4];

/// Keys that are easily taken for one another.
const KEYS: &[&str] = &["a", "b", "7", "07", "7.0", "-0", "0", "\u{e9}", "a-key-that-is-longer-than-a-slot", "A"];
/// Numbers whose naive sum depends on the order; each is a multiple of 2^-62 below 2^54, so that a sum of them fits `i128`.
pub const NUMBERS: &[&str] =
    &["0.1", "0.2", "0.3", "1e16", "-1e16", "1e-3", "-0", "007", "3", "-3", "1", "2.5", "9007199254740993", "1.0"];
/// What is no number, or one that no float holds.
const ODD: &[&str] = &["1e400", "-1e400", "1e-5", "x", "9223372036854775807", "1e-400", "NaN", "-"];
/// Texts of all that formats trip over.
const TEXTS: &[&str] = &[
    "/a b",
    "",
    "quote\"s",
    "com,ma",
    "tab\tbed",
    "li\nne",
    "cr\r",
    "back\\slash",
    "[1,2,\"z\"]",
    "{\"q\":1}",
    "a=b c",
    "TICK",
    "\u{1F600}",
    " pad ",
    "\"",
    "\r\n",
    "x|y",
    "null",
    "12",
];

fn record() -> impl Strategy<Value = Record> {
    let number = || {
        prop_oneof![
            8 => prop::sample::select(NUMBERS).prop_map(Some),
            2 => prop::sample::select(ODD).prop_map(Some),
            1 => Just(None),
        ]
    };
    let key = prop_oneof![9 => prop::sample::select(KEYS).prop_map(Some), 1 => Just(None)];
    (key, number(), number(), prop::sample::select(TEXTS)).prop_map(|(k, x, y, s)| [k, x, y, Some(s)])
}

/// Up to `most` records.
pub fn records(most: usize) -> impl Strategy<Value = Vec<Record>> {
    vec(record(), 0..=most)
}

/// How the records of an input are written.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    pub form: Form,
    pub crlf: bool,
    pub mark: bool,
    /// The last record lacks its end.
    pub open: bool,
    /// Some records do not fit.
    pub spoilt: bool,
    pub seed: u64,
}

pub fn manner() -> impl Strategy<Value = Manner> {
    (prop::sample::select(FORMS), any::<[bool; 4]>(), any::<u64>())
        .prop_map(|(form, [crlf, mark, open, spoilt], seed)| Manner { form, crlf, mark, open, spoilt, seed })
}

/// The bytes of an input.
pub fn written(manner: Manner, records: &[Record]) -> Vec<u8> {
    let Manner { form, crlf, mark, open, spoilt, mut seed } = manner;
    let end: &[u8] = if crlf { b"\r\n" } else { b"\n" };
    let mut out = Vec::new();
    if mark && matches!(form, Form::Csv | Form::Headless | Form::Tsv) {
        out.extend_from_slice(b"\xef\xbb\xbf");
    }
    let mut lines: Vec<Vec<u8>> = Vec::new();
    match form {
        Form::Csv => lines.push(b"k,\"x\",y,s".to_vec()),
        Form::Tsv => lines.push(b"k\tx\ty\ts".to_vec()),
        _ => {}
    }
    for record in records {
        if spoilt && super::inputs::next(&mut seed).is_multiple_of(6) {
            lines.push(SPOILT[super::inputs::next(&mut seed) as usize % SPOILT.len()].to_vec());
        }
        // By what it holds, so that it is written in the same way wherever it stands.
        let lengths: usize = record.iter().flatten().map(|value| value.len()).sum();
        lines.push(line(form, record, lengths.is_multiple_of(2)));
    }
    out.extend(lines.join(end));
    if !open && !lines.is_empty() {
        out.extend_from_slice(end);
    }
    out
}

/// Records that do not fit some format, or are odd in it.
const SPOILT: &[&[u8]] = &[
    b"",
    b"a",
    b"a,b,c,d,e",
    b"k,x,y,s",
    b"{\"k\":",
    b"[1]",
    b"{\"k\":1}x",
    b"a\tb",
    b"\xff\xfe",
    b"\"open",
    b"a,\"b\"c,d,e",
    b"TICK",
    b" ",
    b"\0",
    b"{\"k\":{\"x\":[1]},\"x\":true,\"x\":\"2\"}",
    b"k=\"a\" k=b x",
    b"h - - [t] \"GET\" - -",
    b"|||",
];

fn line(form: Form, record: &Record, quoted: bool) -> Vec<u8> {
    let [k, x, y, s] = record.map(|value| value.unwrap_or(""));
    let text = match form {
        Form::Csv | Form::Headless => [k, x, y, s].map(|field| in_quotes(field, ',', quoted)).join(","),
        Form::Tsv => [k, x, y, s].map(|field| in_quotes(field, '\t', quoted)).join("\t"),
        Form::Json => {
            let members = ["k", "x", "y", "s"].iter().zip(record).filter_map(|(name, value)| {
                let bare =
                    *name != "s" && *name != "k" && serde_json::from_str::<serde_json::Number>((*value)?).is_ok();
                let value =
                    if bare { value.unwrap_or("").to_string() } else { serde_json::to_string(&(*value)?).unwrap() };
                Some(format!("\"{name}\":{value}"))
            });
            format!("{{{}}}", members.collect::<Vec<_>>().join(if quoted { "," } else { " , " }))
        }
        Form::Logfmt => {
            let value = |text: &str| match text.contains([' ', '"', '=', '\\', '\n', '\r', '\t']) {
                true => serde_json::to_string(text).unwrap(),
                false => text.to_string(),
            };
            let pairs = ["k", "x", "y", "s"].iter().zip([k, x, y, s]).filter(|(_, text)| quoted || !text.is_empty());
            pairs.map(|(name, text)| format!("{name}={}", value(text))).collect::<Vec<_>>().join(" ")
        }
        Form::Combined => {
            let or = |text: &str| if text.is_empty() { "-".to_string() } else { text.to_string() };
            let path: String = s.chars().filter(|c| !c.is_whitespace() && *c != '"' && *c != '\\').collect();
            let agent = if quoted { " \"-\" \"Mozilla \\\"x\\\"\"" } else { "" };
            let time = "10/Oct/2000:13:55:36 -0700";
            let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| or(text));
            let (x, y) = (digits(x).unwrap_or("200".into()), digits(y).unwrap_or("-".into()));
            format!("{} - - [{time}] \"GET {} HTTP/1.1\" {x} {y}{agent}", or(k), or(&path))
        }
        Form::Regex => {
            let s = s.replace(['\n', '\r'], "");
            format!("{k}|{x}|{y}|{s}")
        }
    };
    text.into_bytes()
}

fn in_quotes(field: &str, delimiter: char, quoted: bool) -> String {
    let needed = field.contains([delimiter, '"', '\n', '\r']);
    if needed || quoted && !field.is_empty() {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_string()
    }
}
