//! `combined`: the access logs of Apache and nginx, and the common log format, which has no referer and no agent. Cut by hand,
//! from one landmark of the line to the next, and no further than the columns that are asked for. Called on the shards.

use std::sync::Arc;

use memchr::memchr;

use super::support::closed::{Closed, Unfit};
use super::{Cut, Input, Reading};
use crate::data::block::Span;
use crate::data::buffer::Buffer;
use crate::data::framing::Framing;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};

/// The columns that are shown, in the order of the line.
const SHOWN: [&str; 11] =
    ["host", "ident", "user", "time", "method", "path", "protocol", "status", "bytes", "referer", "agent"];
/// ... and those that are not: the whole request line, and `host` under its other name.
const HIDDEN: [&str; 2] = ["request", "ip"];
const COLUMNS: usize = SHOWN.len() + HIDDEN.len();

const HOST: usize = 0;
const IDENT: usize = 1;
const USER: usize = 2;
const TIME: usize = 3;
const METHOD: usize = 4;
const PATH: usize = 5;
const PROTOCOL: usize = 6;
const STATUS: usize = 7;
const BYTES: usize = 8;
const REFERER: usize = 9;
const AGENT: usize = 10;
const REQUEST: usize = 11;
const IP: usize = 12;

/// Makes the format.
pub fn make(reading: &Reading) -> Result<Arc<dyn Input>> {
    if let Some(argument) = &reading.argument {
        return Err(Error::usage(format!(
            "combined is given `{argument}`, but takes nothing; a log of another layout: regex:PATTERN"
        )));
    }
    let shown = SHOWN.iter().map(|name| name.to_string()).collect();
    Ok(Arc::new(Combined {
        columns: Closed::new(shown, &HIDDEN, reading.delimiter),
        framing: Framing::plain(reading.delimiter),
    }))
}

struct Combined {
    columns: Closed,
    framing: Framing,
}

/// Which groups of columns are asked for: what need not be looked at.
#[derive(Clone, Copy)]
struct Asked {
    head: bool,
    request: bool,
    bytes: bool,
    referer: bool,
}

/// Cuts a line (`bytes[from..to]`) into `parts`, or says what is missing.
#[inline]
fn cut(bytes: &[u8], from: usize, to: usize, asked: Asked, parts: &mut [Span; COLUMNS]) -> Option<&'static str> {
    // A carriage return is no part of the last value.
    let to = if to > from && bytes[to - 1] == b'\r' { to - 1 } else { to };
    let line = &bytes[..to];
    let Some(open) = bracket(line, from) else { return Some("no [time]") };
    let Some(close) = memchr(b']', &line[open..]).map(|at| open + at) else { return Some("no [time]") };
    if line.get(close + 1..close + 3) != Some(b" \"") {
        return Some("no quoted request");
    }
    let start = close + 3;
    let Some(end) = closing(line, start) else { return Some("no quoted request") };
    let rest = end + 2;
    let Some(status) = status(line, end + 1) else { return Some("no status") };
    parts[TIME] = value(line, open + 1, close);
    parts[STATUS] = value(line, rest, status);
    if asked.head {
        let head = &line[..open - 1];
        let word = |at: usize| memchr(b' ', &head[at.min(head.len())..]).map_or(head.len(), |n| at + n);
        let host = word(from);
        let ident = word(host + 1);
        (parts[HOST], parts[IP]) = (value(line, from, host), value(line, from, host));
        parts[IDENT] = value(line, host + 1, ident);
        parts[USER] = value(line, ident + 1, head.len());
    }
    if asked.request {
        request(line, start, end, parts);
    }
    if asked.bytes {
        let size = (status + 1).min(to);
        let end = memchr(b' ', &line[size..]).map_or(to, |at| size + at);
        parts[BYTES] = value(line, size, end);
        if asked.referer {
            let (referer, end) = quoted(line, end);
            let (agent, _) = quoted(line, end);
            (parts[REFERER], parts[AGENT]) = (referer, agent);
        }
    }
    None
}

/// Where the time opens: at the first bracket behind a blank (an address may begin with one).
#[inline]
fn bracket(line: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr(b'[', &line[at..])?;
        if at > from && line[at - 1] == b' ' {
            return Some(at);
        }
        at += 1;
    }
}

/// Where the quote that opened before `start` closes: at one with an even number of backslashes before it.
#[inline]
fn closing(line: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr(b'"', &line[at..])?;
        if line[at - 1] != b'\\' {
            return Some(at);
        }
        let slashes = line[start..at].iter().rev().take_while(|b| **b == b'\\').count();
        if slashes % 2 == 0 {
            return Some(at);
        }
        at += 1;
    }
}

/// Where the status ends, three digits or `-` between blanks, the first of which is at `at`.
#[inline]
fn status(line: &[u8], at: usize) -> Option<usize> {
    let end = match line.get(at..)? {
        [b' ', b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', ..] => at + 4,
        [b' ', b'-', ..] => at + 2,
        _ => return None,
    };
    matches!(line.get(end), None | Some(b' ')).then_some(end)
}

/// A value; null if it is empty or `-`.
#[inline]
fn value(line: &[u8], from: usize, to: usize) -> Span {
    if to <= from || (to == from + 1 && line[from] == b'-') { Span::NULL } else { Span::range(from, to) }
}

/// The quoted value behind the blank at `at`, and where to look for the next one.
#[inline]
fn quoted(line: &[u8], at: usize) -> (Span, usize) {
    if line.get(at..at + 2) != Some(b" \"") {
        return (Span::NULL, line.len());
    }
    match closing(line, at + 2) {
        Some(end) => (value(line, at + 2, end), end + 1),
        None => (Span::NULL, line.len()),
    }
}

/// The request line and what it is made of. A method is of letters, `-` and `_`; without one and a blank behind it, nothing is known.
/// HTTP/0.9 names no protocol.
fn request(line: &[u8], start: usize, end: usize, parts: &mut [Span; COLUMNS]) {
    parts[REQUEST] = value(line, start, end);
    (parts[METHOD], parts[PATH], parts[PROTOCOL]) = (Span::NULL, Span::NULL, Span::NULL);
    let Some(blank) = memchr(b' ', &line[start..end]).map(|at| start + at) else { return };
    let is_token = |b: &u8| b.is_ascii_alphabetic() || matches!(b, b'-' | b'_');
    if blank == start || !line[start].is_ascii_alphabetic() || !line[start..blank].iter().all(is_token) {
        return;
    }
    parts[METHOD] = Span::range(start, blank);
    let last = line[blank..end].iter().rposition(|b| *b == b' ').map_or(blank, |at| blank + at);
    let protocol = line[last + 1..end].starts_with(b"HTTP/");
    if protocol {
        parts[PROTOCOL] = Span::range(last + 1, end);
    }
    parts[PATH] = value(line, blank + 1, if protocol { last } else { end });
}

impl Input for Combined {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn schema(&self, live: &Live) -> Result<Schema> {
        self.columns.schema(live)
    }

    fn cut(&self, data: &Arc<Buffer>, mut records: Vec<Span>, schema: &Schema) -> Cut {
        let bytes = data.bytes();
        let places = self.columns.places(schema);
        let has = |range: std::ops::RangeInclusive<usize>| places.iter().flatten().any(|place| range.contains(place));
        let referer = has(REFERER..=AGENT);
        let asked = Asked {
            head: has(HOST..=USER) || has(IP..=IP),
            request: has(METHOD..=PROTOCOL) || has(REQUEST..=REQUEST),
            bytes: has(BYTES..=BYTES) || referer,
            referer,
        };
        let spans = |place: &Option<usize>| Vec::with_capacity(if place.is_some() { records.len() } else { 0 });
        let mut own: Vec<Vec<Span>> = places.iter().map(spans).collect();
        let wanted: Vec<(usize, usize)> =
            places.iter().enumerate().filter_map(|(column, place)| place.map(|place| (column, place))).collect();
        let mut parts = [Span::NULL; COLUMNS];
        let mut unfit = Unfit::default();
        for (at, record) in records.iter().enumerate() {
            let (from, to) = (record.start as usize, record.start as usize + record.len as usize);
            if let Some(what) = cut(bytes, from, to, asked, &mut parts) {
                unfit.push(at, *record, what);
                continue;
            }
            for &(column, place) in &wanted {
                own[column].push(parts[place]);
            }
        }
        unfit.drop_from(&mut records);
        self.columns.finish(data, records, schema, own, unfit.bad)
    }

    fn is_costly(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::Regex;

    use super::*;
    use crate::data::block::Cell;

    type Row = Vec<Option<Vec<u8>>>;

    /// Cuts these columns out of lines: the rows that fit, and the numbers and reasons of the others.
    fn rows(lines: &[Vec<u8>], names: &[&str]) -> (Vec<Row>, Vec<(usize, String)>) {
        let reading = Reading { delimiter: b'\n', header: None, argument: None };
        let format = make(&reading).unwrap();
        let schema = format.schema(&Live::only(names)).unwrap();
        let data = Arc::new(Buffer::from_vec(lines.join(&b'\n')));
        let mut records = Vec::new();
        format.framing().each(data.bytes(), 0, data.len(), |span| records.push(span));
        records.resize(lines.len(), Span::range(data.len(), data.len()));
        let cut = format.cut(&data, records, &schema);
        assert_eq!(cut.records.len(), cut.rows);
        let at = |name: &&str| schema.fields.iter().position(|field| field.name == **name).unwrap();
        let value = |row: usize, name: &&str| match cut.columns[at(name)].cell(row) {
            Cell::Text(bytes) => Some(bytes.to_vec()),
            _ => None,
        };
        let made = (0..cut.rows).map(|row| names.iter().map(|name| value(row, name)).collect()).collect();
        (made, cut.bad.into_iter().map(|bad| (bad.at, bad.what)).collect())
    }

    fn one(line: &str, names: &[&str]) -> Vec<String> {
        let (rows, bad) = rows(&[line.into()], names);
        let text = |value: &Option<Vec<u8>>| {
            value.as_ref().map_or("null".to_string(), |bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        rows.first().map_or_else(|| vec![format!("bad: {}", bad[0].1)], |row| row.iter().map(text).collect())
    }

    /// The same by regexes, for all columns; `None` for a bad line.
    fn read_naively(line: &[u8]) -> Option<Row> {
        let regex = |text: &str| Regex::new(&format!("(?s-u){text}")).unwrap();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let open = regex(r" \[").find(line)?.start();
        let quoted = r#""((?:[^"\\]|\\.)*)""#;
        let parts =
            regex(&format!(r"^\[([^\]]*)\] {quoted} ([0-9]{{3}}|-)(?: ([^ ]*)(.*))?$")).captures(&line[open + 1..])?;
        let part = |number: usize| parts.get(number).map_or(&b""[..], |part| part.as_bytes());
        let mut head = line[..open].splitn(3, |b| *b == b' ');
        let mut row: Vec<&[u8]> = (0..3).map(|_| head.next().unwrap_or_default()).collect();
        row.push(part(1));
        let method = "^([A-Za-z][A-Za-z_-]*)";
        let whole = regex(&format!("{method}(?: (.*))? (HTTP/[^ ]*)$")).captures(part(2));
        let request = whole.or_else(|| regex(&format!("{method} (.*)()$")).captures(part(2)));
        for number in 1..=3 {
            row.push(request.as_ref().and_then(|r| r.get(number)).map_or(&b""[..], |part| part.as_bytes()));
        }
        row.extend([part(3), part(4)]);
        let next = regex(&format!("^ {quoted}(.*)$"));
        let referer = next.captures(part(5));
        let agent = referer.as_ref().and_then(|referer| next.captures(referer.get(2)?.as_bytes()));
        row.extend(
            [referer, agent].iter().map(|found| found.as_ref().map_or(&b""[..], |f| f.get(1).unwrap().as_bytes())),
        );
        row.extend([part(2), row[HOST]]);
        Some(row.iter().map(|value| (!value.is_empty() && *value != b"-").then(|| value.to_vec())).collect())
    }

    const LINE: &str =
        r#"::1 - bob [01/Oct/2026:00:00:01 +0000] "GET /a?b=c HTTP/1.1" 200 73 "http://x/" "A \"b\" c" 0.12 "z""#;

    #[test]
    fn every_column_is_cut() {
        let all: Vec<&str> = SHOWN.into_iter().chain(HIDDEN).collect();
        let agent = r#"A \"b\" c"#;
        let time = "01/Oct/2026:00:00:01 +0000";
        let request = "GET /a?b=c HTTP/1.1";
        let expected =
            ["::1", "null", "bob", time, "GET", "/a?b=c", "HTTP/1.1", "200", "73", "http://x/", agent, request, "::1"];
        assert_eq!(one(LINE, &all), expected);
        assert_eq!(one(LINE, &["$1", "line", "$7", "status"]), ["::1", LINE, "/a?b=c", "200"]);
    }

    #[test]
    fn the_common_format_and_the_end_of_a_line_are_taken_as_they_come() {
        let names = ["status", "bytes", "referer", "agent"];
        assert_eq!(one("h - - [t] \"GET / HTTP/1.0\" 304 -\r", &names), ["304", "null", "null", "null"]);
        assert_eq!(one("h - - [t] \"GET / HTTP/1.0\" 200 5\r", &names), ["200", "5", "null", "null"]);
        assert_eq!(one("h - - [t] \"GET / HTTP/1.0\" 200", &names), ["200", "null", "null", "null"]);
        assert_eq!(one("h - - [t] \"\" - 5 \"r\" \"not closed", &names), ["null", "5", "r", "null"]);
        assert_eq!(one("[::1] - a b [t] \"-\" 200", &["host", "user"]), ["[::1]", "a b"]);
    }

    #[test]
    fn a_request_line_that_is_none_leaves_the_record_good() {
        let request = |line: &str| one(&format!("h - - [t] \"{line}\" 400 0"), &["method", "path", "protocol"]);
        assert_eq!(request("-"), ["null"; 3]);
        assert_eq!(request(r"\x16\x03\x01 \x02"), ["null"; 3]);
        assert_eq!(request("quit"), ["null"; 3]);
        assert_eq!(request("GET /old"), ["GET", "/old", "null"]);
        assert_eq!(request("M-SEARCH /a b HTTP/1.1"), ["M-SEARCH", "/a b", "HTTP/1.1"]);
        assert_eq!(request(r#"GET /\" \\"#), ["GET", r#"/\" \\"#, "null"]);
    }

    #[test]
    fn what_is_missing_is_said() {
        for (line, what) in [
            ("", "no [time]"),
            ("h - - \"GET / HTTP/1.0\" 200", "no [time]"),
            ("[t] \"GET / HTTP/1.0\" 200", "no [time]"),
            ("h - - [t \"GET / HTTP/1.0\" 200", "no [time]"),
            ("h - - [t] GET / 200", "no quoted request"),
            ("h - - [t] \"GET / 200", "no quoted request"),
            ("h - - [t] \"GET /\\\" 200", "no quoted request"),
            ("h - - [t] \"GET /\"", "no status"),
            ("h - - [t] \"GET /\" 20", "no status"),
            ("h - - [t] \"GET /\" 2000 1", "no status"),
            ("h - - [t] \"GET /\" x 1", "no status"),
        ] {
            assert_eq!(one(line, &["host"]), [format!("bad: {what}")], "{line}");
            assert_eq!(rows(&[line.into()], &[]).1.len(), 1, "also where no column is asked for: {line}");
        }
        let reading = Reading { delimiter: b'\n', header: None, argument: Some("x".into()) };
        assert!(make(&reading).is_err_and(|error| error.to_string().contains("regex:PATTERN")));
    }

    /// Lines as servers write them, and with some bytes changed.
    fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let word = r#"-|[a-z0-9.:/ ]{0,6}|(\\"|\\\\|\\|[a-c \[\]]){0,5}"#;
        let request = prop_oneof![3 => r"(GET|POST|M-X|get|-|) (/[a-c ]{0,4}|-|)( HTTP/1\.[01])?", 1 => word];
        let tail = prop_oneof![Just(String::new()), "( [0-9]{1,4}| -)", r#" [0-9]{1,2} "-" "[a-z]{0,3}"( x)?"#];
        let parts = (word, word, "[0-9:/ +]{0,9}", request, "[0-9]{3}|-|[0-9]{0,4}", tail, word, any::<bool>());
        let line = parts.prop_map(|(host, user, time, request, status, tail, agent, with)| {
            let agent = if with { format!(" \"{agent}\" \"{agent}\"") } else { String::new() };
            format!("{host} - {user} [{time}] \"{request}\" {status}{tail}{agent}").into_bytes()
        });
        let change = (any::<prop::sample::Index>(), prop::sample::select(b"[]\" \\-a1\r\xff".to_vec()), 0..3u8);
        let changed = (line, proptest::collection::vec(change, 0..3)).prop_map(|(mut line, changes)| {
            for (at, byte, how) in changes {
                let at = at.index(line.len());
                match how {
                    0 => line[at] = byte,
                    1 => line.insert(at, byte),
                    _ if line.len() > 1 => drop(line.remove(at)),
                    _ => {}
                }
            }
            line
        });
        proptest::collection::vec(changed, 1..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        /// Whatever the lines: the same are bad as for regexes, and the others have the same values, whichever columns are
        /// asked for.
        #[test]
        fn lines_are_read_as_by_regexes(lines in lines(), asked: [bool; COLUMNS]) {
            let all: Vec<&str> = SHOWN.into_iter().chain(HIDDEN).collect();
            let expected: Vec<Option<Row>> = lines.iter().map(|line| read_naively(line)).collect();
            let bad: Vec<usize> = (0..lines.len()).filter(|&at| expected[at].is_none()).collect();
            let good: Vec<Row> = expected.into_iter().flatten().collect();
            let (made, unfit) = rows(&lines, &all);
            prop_assert_eq!(unfit.iter().map(|bad| bad.0).collect::<Vec<_>>(), bad);
            prop_assert_eq!(&made, &good);
            let chosen: Vec<usize> = (0..COLUMNS).filter(|&at| asked[at]).collect();
            let names: Vec<&str> = chosen.iter().map(|&at| all[at]).collect();
            let some: Vec<Row> = good.iter().map(|row| chosen.iter().map(|&at| row[at].clone()).collect()).collect();
            prop_assert_eq!(rows(&lines, &names).0, some);
        }
    }
}
