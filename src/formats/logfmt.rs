//! `logfmt`: `key=value key2="a \"quoted\" value" flag`, as Heroku and Go programs write it. Runs on the shards.
//!
//! White space and control characters separate pairs. A key without a value, or with an empty one, is null. What stands
//! directly behind a closing quote is the next key.

use std::sync::Arc;

use super::support::open::{self, Open, Record};
use super::{Cut, Input, Reading};
use crate::data::block::Span;
use crate::data::buffer::Buffer;
use crate::data::framing::Framing;
use crate::data::json::unescape;
use crate::data::schema::{Live, Schema};
use crate::error::Result;

/// Records of pairs.
struct Logfmt {
    delimiter: u8,
    open: Open,
}

/// The input format `logfmt`.
pub(super) fn input(reading: &Reading) -> Result<Arc<dyn Input>> {
    Ok(Arc::new(Logfmt { delimiter: reading.delimiter, open: Open::default() }))
}

/// A key and its value.
struct Pair<'a> {
    key: &'a [u8],
    /// Where the value is; null where there is none.
    value: Span,
    escaped: bool,
}

/// Why a record does not fit.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    NoKey(usize),
    Unended(usize),
}

/// Gives the pairs of a record, in order.
#[inline]
fn pairs<'a>(bytes: &'a [u8], record: Span, mut give: impl FnMut(Pair<'a>)) -> std::result::Result<(), Fault> {
    let end = record.start as usize + record.len as usize;
    let text = &bytes[..end];
    let mut at = record.start as usize;
    loop {
        while at < end && text[at] <= b' ' {
            at += 1;
        }
        if at == end {
            return Ok(());
        }
        let start = at;
        while at < end && text[at] > b' ' && text[at] != b'=' {
            at += 1;
        }
        let key = &text[start..at];
        if key.is_empty() {
            return Err(Fault::NoKey(at));
        }
        let (mut value, mut escaped) = (Span::NULL, false);
        if text.get(at) == Some(&b'=') {
            at += 1;
            let quoted = text.get(at) == Some(&b'"');
            at += usize::from(quoted);
            let from = at;
            if quoted {
                loop {
                    at += memchr::memchr2(b'"', b'\\', &text[at..]).ok_or(Fault::Unended(from - 1))?;
                    if text[at] == b'"' {
                        break;
                    }
                    escaped = true;
                    at = (at + 2).min(end);
                }
            } else {
                while at < end && text[at] > b' ' {
                    at += 1;
                }
            }
            if from < at {
                value = Span::range(from, at);
            }
            at += usize::from(quoted);
        }
        give(Pair { key, value, escaped });
    }
}

impl Input for Logfmt {
    fn framing(&self) -> Framing {
        Framing::plain(self.delimiter)
    }

    fn schema(&self, live: &Live) -> Result<Schema> {
        self.open.schema(live, false)
    }

    fn head(&self, bytes: &[u8]) -> Result<Option<Arc<dyn Input>>> {
        let mut names = None;
        self.framing().each(bytes, open::mark(bytes), bytes.len(), |record| {
            let mut keys = Vec::new();
            let add = |pair: Pair<'_>| keys.push(String::from_utf8_lossy(pair.key).into_owned());
            if names.is_none() && pairs(bytes, record, add).is_ok() && !keys.is_empty() {
                names = Some(keys);
            }
        });
        Ok(names.map(|names| {
            let open = Open::showing(names);
            Arc::new(Logfmt { delimiter: self.delimiter, open }) as Arc<dyn Input>
        }))
    }

    fn begin(&self, bytes: &[u8]) -> Result<(usize, Option<Arc<dyn Input>>)> {
        Ok((open::mark(bytes), None))
    }

    fn cut(&self, data: &Arc<Buffer>, records: Vec<Span>, schema: &Schema) -> Cut {
        let names: Vec<&[u8]> = open::members_of(schema).map(|field| field.name.as_bytes()).collect();
        let mut found = vec![(Span::NULL, false, false); names.len()];
        let each = |record: Span, members: &mut [open::Values]| {
            found.fill((Span::NULL, false, false));
            let mut any = false;
            let read = pairs(data.bytes(), record, |pair| {
                any = true;
                if let Some(at) = names.iter().position(|name| *name == pair.key) {
                    found[at] = (pair.value, pair.escaped, true);
                }
            });
            match read {
                Err(_) => return Record::Bad,
                Ok(()) if !any => return Record::Blank,
                Ok(()) => {}
            }
            for (member, &(span, escaped, there)) in members.iter_mut().zip(&found) {
                member.push(span, escaped, there);
            }
            Record::Row
        };
        let why = |record: Span| match pairs(data.bytes(), record, |_| {}) {
            Err(Fault::NoKey(at)) => {
                format!("not logfmt: a value without a key at byte {}", at + 1 - record.start as usize)
            }
            Err(Fault::Unended(at)) => {
                format!("not logfmt: the quote at byte {} is not closed", at + 1 - record.start as usize)
            }
            Ok(()) => String::new(),
        };
        open::cut(&self.open, data, records, schema, unescape, each, why)
    }

    fn is_costly(&self) -> bool {
        true
    }

    fn unseen(&self) -> Vec<String> {
        self.open.unseen()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The pairs as `key=value`, null as `-`.
    fn read(record: &str) -> std::result::Result<Vec<String>, Fault> {
        let (bytes, mut found) = (record.as_bytes(), Vec::new());
        pairs(bytes, Span::range(0, bytes.len()), |pair| {
            let mut value = Vec::new();
            match pair.value.of(bytes) {
                Some(raw) if pair.escaped => unescape(raw, &mut value),
                Some(raw) => value.extend_from_slice(raw),
                None => value.push(b'-'),
            }
            found.push(format!("{}={}", String::from_utf8_lossy(pair.key), String::from_utf8_lossy(&value)));
        })?;
        Ok(found)
    }

    #[test]
    fn pairs_are_read_as_go_reads_them() {
        let record =
            r#"  at=info	path=/a?b=c&d="x" msg="he said \"hi\"\n" flag none= empty="" é=\u00e9 q="\u00e9\x" a="1"b=2 "#;
        let expected = [
            "at=info",
            "path=/a?b=c&d=\"x\"",
            "msg=he said \"hi\"\n",
            "flag=-",
            "none=-",
            "empty=-",
            "é=\\u00e9",
            "q=é\\x",
            "a=1",
            "b=2",
        ];
        assert_eq!(read(record).unwrap(), expected);
        assert!(read(" \r").unwrap().is_empty());
    }

    #[test]
    fn a_quote_that_is_not_closed_and_a_value_without_a_key_do_not_fit() {
        assert_eq!(read(r#"a=1 b="x"#), Err(Fault::Unended(6)));
        assert_eq!(read(r#"b="x\"#), Err(Fault::Unended(2)));
        assert_eq!(read(r#"b="x\""#), Err(Fault::Unended(2)));
        assert_eq!(read(r#"b=""#), Err(Fault::Unended(2)));
        assert_eq!(read("a =1"), Err(Fault::NoKey(2)));
    }

    proptest! {
        /// What is written as logfmt reads back; any bytes at all are read without harm.
        #[test]
        fn what_is_written_reads_back(pairs in prop::collection::vec(("[a-z.\"]{1,4}", any::<String>()), 0..5), junk: String) {
            let quoted = |text: &String| serde_json::to_string(text).expect("a string");
            let record: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={}", quoted(value))).collect();
            let shown = |value: &String| if value.is_empty() { "-".to_string() } else { value.clone() };
            let expected: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={}", shown(value))).collect();
            prop_assert_eq!(read(&record.join(" ")), Ok(expected));
            let _ = read(&junk);
        }
    }
}
