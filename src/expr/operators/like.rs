//! `LIKE` and `ILIKE`: `%` is any text, `_` one character, the escape takes either (or itself) as it is. A pattern without `_`
//! is a row of literals to be found one behind the other, most often just one.

use std::borrow::Cow;
use std::cell::RefCell;

use memchr::memmem::Finder;

use crate::data::block::Block;
use crate::data::column::{Cell, Column, FALSE, TRUE, Text, UNKNOWN};
use crate::data::schema::Kind;
use crate::expr::{Context, Eval, Node};

use super::Operand;

/// A pattern, ready to match.
enum Pattern {
    Exact(Vec<u8>),
    /// The text begins with the first, then the others follow, then it ends with the last.
    Literals {
        first: Vec<u8>,
        inner: Vec<Finder<'static>>,
        last: Vec<u8>,
    },
    /// With `_`.
    Parts(Vec<Part>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Byte(u8),
    /// `_`
    One,
    /// `%`
    Any,
}

fn parts(pattern: &[u8], escape: char) -> Vec<Part> {
    let mut buffer = [0; 4];
    let escape = escape.encode_utf8(&mut buffer).as_bytes();
    let mut parts = Vec::with_capacity(pattern.len());
    let mut rest = pattern;
    while let [byte, behind @ ..] = rest {
        if let Some(taken) = rest.strip_prefix(escape)
            && (taken.starts_with(b"%") || taken.starts_with(b"_") || taken.starts_with(escape))
        {
            let length = if taken.starts_with(escape) { escape.len() } else { 1 };
            parts.extend(taken[..length].iter().map(|byte| Part::Byte(*byte)));
            rest = &taken[length..];
            continue;
        }
        match byte {
            b'%' if parts.last() == Some(&Part::Any) => {}
            b'%' => parts.push(Part::Any),
            b'_' => parts.push(Part::One),
            byte => parts.push(Part::Byte(*byte)),
        }
        rest = behind;
    }
    parts
}

impl Pattern {
    fn new(pattern: &[u8], escape: char) -> Self {
        let parts = parts(pattern, escape);
        if parts.contains(&Part::One) {
            return Pattern::Parts(parts);
        }
        let literal = |parts: &[Part]| -> Vec<u8> {
            let byte = |part: &Part| if let Part::Byte(byte) = part { Some(*byte) } else { None };
            parts.iter().filter_map(byte).collect()
        };
        let mut literals: Vec<Vec<u8>> = parts.split(|part| *part == Part::Any).map(literal).collect();
        let last = literals.pop().unwrap_or_default();
        if literals.is_empty() {
            return Pattern::Exact(last);
        }
        let first = literals.remove(0);
        let inner = literals.iter().map(|literal| Finder::new(literal).into_owned()).collect();
        Pattern::Literals { first, inner, last }
    }

    #[inline]
    fn matches(&self, text: &[u8]) -> bool {
        match self {
            Pattern::Exact(literal) => text == literal.as_slice(),
            Pattern::Literals { first, inner, last } => {
                let Some(rest) = text.strip_prefix(first.as_slice()) else { return false };
                let Some(mut rest) = rest.strip_suffix(last.as_slice()) else { return false };
                for finder in inner {
                    match finder.find(rest) {
                        Some(at) => rest = &rest[at + finder.needle().len()..],
                        None => return false,
                    }
                }
                true
            }
            Pattern::Parts(parts) => matches_parts(parts, text),
        }
    }
}

/// From the left; where it fails the last `%` takes one byte more.
fn matches_parts(parts: &[Part], text: &[u8]) -> bool {
    let (mut part, mut at) = (0, 0);
    let mut again = None;
    loop {
        match parts.get(part) {
            None if at == text.len() => return true,
            Some(Part::Any) => {
                part += 1;
                again = Some((part, at));
                continue;
            }
            Some(Part::Byte(byte)) if text.get(at) == Some(byte) => {
                part += 1;
                at += 1;
                continue;
            }
            Some(Part::One) if at < text.len() => {
                part += 1;
                at += character(&text[at..]);
                continue;
            }
            _ => {}
        }
        match &mut again {
            Some((after, from)) if *from < text.len() => {
                *from += character(&text[*from..]);
                (part, at) = (*after, *from);
            }
            _ => return false,
        }
    }
}

/// How many bytes the first character has; a byte that is no UTF-8 is one.
fn character(text: &[u8]) -> usize {
    let length = match text[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return 1,
    };
    match text.get(..length) {
        Some(bytes) if std::str::from_utf8(bytes).is_ok() => length,
        _ => 1,
    }
}

/// Appends the text in lower case; what is no UTF-8 stays.
fn lower(text: &[u8], out: &mut Vec<u8>) {
    out.clear();
    if text.is_ascii() {
        out.extend_from_slice(text);
        out.make_ascii_lowercase();
        return;
    }
    for chunk in text.utf8_chunks() {
        let mut buffer = [0; 4];
        for c in chunk.valid().chars().flat_map(char::to_lowercase) {
            out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
        out.extend_from_slice(chunk.invalid());
    }
}

struct Like {
    of: Node,
    pattern: Node,
    /// Of a pattern that is the same for all rows.
    compiled: Option<Pattern>,
    any_case: bool,
    escape: char,
    negated: bool,
}

impl Like {
    fn compile(&self, pattern: &[u8]) -> Pattern {
        compile(pattern, self.escape, self.any_case)
    }
}

fn compile(pattern: &[u8], escape: char, any_case: bool) -> Pattern {
    if !any_case {
        return Pattern::new(pattern, escape);
    }
    let mut lowered = Vec::new();
    lower(pattern, &mut lowered);
    Pattern::new(&lowered, escape.to_lowercase().next().unwrap_or(escape))
}

impl Eval for Like {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let of = Operand::of(&self.of, block);
        let scratch = RefCell::new(Vec::new());
        let truth = |pattern: &Pattern, text: &[u8]| {
            let found = if self.any_case {
                let mut lowered = scratch.borrow_mut();
                lower(text, &mut lowered);
                pattern.matches(&lowered)
            } else {
                pattern.matches(text)
            };
            if found != self.negated { TRUE } else { FALSE }
        };
        let truths = match (&self.compiled, of.column()) {
            (Some(pattern), Column::Text(text)) if text.spans.len() == block.rows => {
                each(text, |text| truth(pattern, text))
            }
            _ => {
                let patterns = self.pattern.eval(block);
                let mut last: Option<(Vec<u8>, Pattern)> = None;
                let truth = |row| match (of.cell(row), patterns.cell(row)) {
                    (Cell::Text(text), Cell::Text(pattern)) => {
                        if last.as_ref().is_none_or(|last| last.0 != pattern) {
                            last = Some((pattern.to_vec(), self.compile(pattern)));
                        }
                        last.as_ref().map_or(UNKNOWN, |last| truth(&last.1, text))
                    }
                    _ => UNKNOWN,
                };
                (0..block.rows).map(truth).collect()
            }
        };
        Cow::Owned(Column::Bool(truths))
    }
}

fn each(text: &Text, truth: impl Fn(&[u8]) -> u8) -> Vec<u8> {
    let bytes = text.data.bytes();
    text.spans.iter().map(|span| span.of(bytes).map_or(UNKNOWN, &truth)).collect()
}

/// `a LIKE b`; what is no text is taken as it is printed.
pub fn bind(
    of: Node,
    pattern: Node,
    (any_case, escape): (bool, char),
    negated: bool,
    context: &Context,
) -> Result<Node, String> {
    for node in [&of, &pattern] {
        if matches!(node.kind, Kind::List(_)) {
            return Err("LIKE looks at text, and this is a list".into());
        }
    }
    let (of, pattern) = (of.into_text(&context.zone), pattern.into_text(&context.zone));
    let compiled = match pattern.value() {
        Some(Cell::Text(text)) => Some(compile(text, escape, any_case)),
        _ => None,
    };
    let constant = of.constant.is_some() && pattern.constant.is_some();
    Ok(Node::new(Kind::Bool, Like { of, pattern, compiled, any_case, escape, negated }).folded(constant))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(text: &str, pattern: &str) -> bool {
        compile(pattern.as_bytes(), '\\', false).matches(text.as_bytes())
    }

    #[test]
    fn patterns_match_as_in_spark() {
        for (text, pattern) in [
            ("/api/x", "/api/%"),
            ("abc", "%c"),
            ("abc", "%b%"),
            ("abc", "a%c"),
            ("é", "_"),
            ("a用b", "a_b"),
            ("50%", "50\\%"),
            ("a_b", "a\\_b"),
            ("a\\b", "a\\\\b"),
            ("C:\\dir", "C:\\d%"),
            ("a\nb", "a%b"),
            ("", "%"),
            ("", ""),
            ("aab", "%a_"),
        ] {
            assert!(matches(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in
            [("abc", "b"), ("", "_"), ("ab", "ab_"), ("500", "50\\%"), ("axb", "a\\_b"), ("aba", "ab%ba"), ("é", "__")]
        {
            assert!(!matches(text, pattern), "{text} {pattern}");
        }
        assert!(compile("ÄB%".as_bytes(), '\\', true).matches("äbc".as_bytes()));
        assert!(compile(b"a!%", '!', false).matches(b"a%"));
        assert!(compile(b"_", '\\', false).matches(b"\xff"));
    }

    proptest! {
        #[test]
        fn patterns_are_regexes_in_other_words(text in "[ab%_é]{0,8}", pattern in "[ab%_é]{0,6}") {
            let regex: String = pattern.chars().map(|c| match c {
                '%' => "(?s:.*)".to_string(),
                '_' => "(?s:.)".to_string(),
                c => regex::escape(&c.to_string()),
            }).collect();
            let regex = regex::Regex::new(&format!("^{regex}$")).unwrap();
            prop_assert_eq!(matches(&text, &pattern), regex.is_match(&text));
        }
    }
}
