//! JSON (RFC 8259): values as it writes them, and what its escapes stand for; `walk.rs` reads records.

mod lex;
mod paths;
mod walk;

pub use lex::{Fault, What};
pub use paths::Paths;
pub use walk::{DEPTH, Value, Walk};

use jiff::tz::TimeZone;

use super::column::{Cell, Span};
use super::{scan, write};

/// Appends a value: numbers, and text that is one, bare only where they are valid JSON; lists as arrays; times as strings.
pub fn value(cell: Cell<'_>, zone: &TimeZone, out: &mut Vec<u8>) {
    match cell {
        Cell::Null => out.extend_from_slice(b"null"),
        Cell::Text(value) if is_number(value) => out.extend_from_slice(value),
        Cell::Text(value) => string(value, out),
        Cell::Float(value) if !value.is_finite() => {
            out.push(b'"');
            write::float(value, out);
            out.push(b'"');
        }
        Cell::Int(_) | Cell::Float(_) | Cell::Bool(_) => write::cell(cell, zone, out),
        Cell::Time(_) => {
            out.push(b'"');
            write::cell(cell, zone, out);
            out.push(b'"');
        }
        Cell::List(list) => {
            out.push(b'[');
            for (at, item) in list.cells().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                value(item, zone, out);
            }
            out.push(b']');
        }
    }
}

/// Appends the value of a piece of a buffer, of which the padding is given too.
#[inline]
pub fn piece(padded: &[u8], span: Span, out: &mut Vec<u8>) {
    let (start, len) = (span.start as usize, span.len as usize);
    let other = |b| (b < 0x20) | (b == b'"') | (b == b'\\') | (b >= 0x80);
    let text = &padded[start..start + len];
    if is_number(text) {
        write::piece(padded, span, out);
    } else if len <= scan::TOGETHER
        && let Some(chunk) = padded[start..].first_chunk()
        && !scan::holds(chunk, len, other)
    {
        out.push(b'"');
        write::piece(padded, span, out);
        out.push(b'"');
    } else {
        string(text, out);
    }
}

/// Appends a string with its quotes. What is no UTF-8 becomes U+FFFD.
pub fn string(value: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    if let Ok(text) = std::str::from_utf8(value) {
        escape(text.as_bytes(), out);
    } else {
        for chunk in value.utf8_chunks() {
            escape(chunk.valid().as_bytes(), out);
            if !chunk.invalid().is_empty() {
                out.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
    }
    out.push(b'"');
}

fn escape(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = scan::position(text, |b| (b < 0x20) | (b == b'"') | (b == b'\\')) {
        out.extend_from_slice(&text[..at]);
        match text[at] {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b @ (b'"' | b'\\') => out.extend_from_slice(&[b'\\', b]),
            b => {
                let digit = |half: u8| b"0123456789abcdef"[half as usize];
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(b >> 4), digit(b & 15)]);
            }
        }
        text = &text[at + 1..];
    }
    out.extend_from_slice(text);
}

/// Appends the content of a string without its escapes. What is no escape is kept as it is; half of a surrogate pair becomes
/// U+FFFD.
pub fn unescape(mut text: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = memchr::memchr(b'\\', text) {
        out.extend_from_slice(&text[..at]);
        let escape = &text[at..];
        let plain = match escape.get(1) {
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(&b @ (b'"' | b'\\' | b'/')) => b,
            Some(b'u') if unit(escape).is_some() => {
                let (char, len) = character(escape);
                out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                text = &escape[len..];
                continue;
            }
            _ => {
                out.push(b'\\');
                text = &escape[1..];
                continue;
            }
        };
        out.push(plain);
        text = &escape[2..];
    }
    out.extend_from_slice(text);
}

/// The number in `\uXXXX`.
fn unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |number, &digit| Some(number << 4 | char::from(digit).to_digit(16)?))
}

/// The character that one or two `\uXXXX` stand for, and their length.
fn character(escape: &[u8]) -> (char, usize) {
    let high = unit(escape).unwrap_or(0xfffd);
    if let 0xd800..0xdc00 = high
        && let Some(low @ 0xdc00..0xe000) = unit(&escape[6..])
        && let Some(char) = char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
    {
        return (char, 12);
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
}

/// Whether the bytes are a JSON number as they stand. One beyond the range of a double is none: common readers refuse it.
pub fn is_number(value: &[u8]) -> bool {
    let unsigned = value.strip_prefix(b"-").unwrap_or(value);
    let mut rest = match unsigned {
        [b'0', rest @ ..] => rest,
        [b'1'..=b'9', ..] => after_digits(unsigned),
        _ => return false,
    };
    if let [b'.', b'0'..=b'9', ..] = rest {
        rest = after_digits(&rest[1..]);
    }
    let exponent = match rest {
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => digits,
        [] => return value.len() < 300 || is_finite(value),
        _ => return false,
    };
    !exponent.is_empty() && after_digits(exponent).is_empty() && is_finite(value)
}

fn after_digits(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|b| b.is_ascii_digit()).count()..]
}

fn is_finite(value: &[u8]) -> bool {
    std::str::from_utf8(value).ok().and_then(|t| t.parse::<f64>().ok()).is_some_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(value: &[u8]) -> String {
        let mut out = Vec::new();
        string(value, &mut out);
        String::from_utf8(out).expect("JSON is UTF-8")
    }

    #[test]
    fn control_characters_and_quotes_are_escaped() {
        assert_eq!(written(b"a\"b\\c\nd\te\r\x00\x1f\x7f"), "\"a\\\"b\\\\c\\nd\\te\\r\\u0000\\u001f\x7f\"");
    }

    #[test]
    fn each_run_of_invalid_bytes_is_replaced() {
        assert_eq!(written(b"a\xffb\xe2\x82"), "\"a\u{fffd}b\u{fffd}\"");
    }

    #[test]
    fn numbers_are_those_of_the_grammar_and_of_a_double() {
        for yes in ["0", "-0", "7", "10", "1.50", "-3.0e+10", "1E5", "2e-7", "123456789012345678901234567890"] {
            assert!(is_number(yes.as_bytes()), "{yes}");
        }
        let no =
            ["", "-", "07", "+1", ".5", "1.", "1e", "1e+", "1 ", " 1", "0x1", "NaN", "inf", "1e999", "1.2.3", "1_0"];
        for no in no {
            assert!(!is_number(no.as_bytes()), "{no}");
        }
        assert!(!is_number(&b"9".repeat(400)));
    }

    proptest! {
        #[test]
        fn a_string_reads_back_as_its_lossy_text(value in any::<Vec<u8>>()) {
            let read: String = serde_json::from_str(&written(&value)).expect("valid JSON");
            prop_assert_eq!(read, String::from_utf8_lossy(&value));
        }

        /// Whatever the UTF-16 behind the escapes: it reads as the standard library reads it.
        #[test]
        fn escapes_are_utf_16(units in prop::collection::vec(prop_oneof![0xd7f0u16..0xe010, any::<u16>()], 0..8)) {
            let text: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let mut out = Vec::new();
            unescape(text.as_bytes(), &mut out);
            prop_assert_eq!(String::from_utf8(out).expect("UTF-8"), String::from_utf16_lossy(&units));
        }

        #[test]
        fn what_is_written_unescapes_to_itself(text: String) {
            let (written, mut out) = (written(text.as_bytes()), Vec::new());
            unescape(&written.as_bytes()[1..written.len() - 1], &mut out);
            prop_assert_eq!(out, text.into_bytes());
        }

        #[test]
        fn what_is_called_a_number_is_read_as_one(text in "-?[0-9.eE+-]{1,8}") {
            let read = serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|v| v.is_number());
            prop_assert_eq!(is_number(text.as_bytes()), read);
        }
    }
}
