//! A pattern with less to do: only the groups that are asked for still take part in the search. The match is found in the
//! same place, and the groups that are left have the same values.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Capture, Class, ClassBytes, ClassBytesRange, Hir, HirKind, Repetition};

use crate::error::{Error, Result};

/// What a pattern is made of, as it was parsed.
pub struct Pattern {
    hir: Hir,
    whole: Regex,
}

impl Pattern {
    /// Reads it; `asked` begins the message if it does not compile.
    pub fn new(pattern: &str, asked: &str) -> Result<Self> {
        let cannot = |error: String| Error::usage(format!("{asked} cannot read the pattern: {error}"));
        let parsed = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern);
        let hir = parsed.map_err(|error| cannot(error.to_string()))?;
        let whole = Regex::new(pattern).map_err(|error| match error {
            regex::Error::CompiledTooBig(limit) => {
                cannot(format!("`{}` takes more than {limit} bytes when compiled; write it simpler", short(pattern)))
            }
            other => cannot(other.to_string()),
        })?;
        Ok(Pattern { hir, whole })
    }

    /// The names of its groups, in order.
    pub fn names(&self) -> Vec<String> {
        self.whole.capture_names().flatten().map(String::from).collect()
    }

    /// With just the groups of these names.
    pub fn only(&self, names: &[String]) -> Regex {
        compile(&trimmed(rebuilt(&self.hir, names, false))).unwrap_or_else(|| self.whole.clone())
    }

    /// The same for text that is not UTF-8: whatever matches all characters beyond ASCII (`.`, `\S`, `[^:]`) matches any byte
    /// beyond ASCII too. `None` if the pattern has nothing of the kind.
    pub fn only_of_bytes(&self, names: &[String]) -> Option<Regex> {
        if !is_wide(&self.hir) {
            return None;
        }
        compile(&trimmed(rebuilt(&self.hir, names, true)))
    }
}

fn compile(hir: &Hir) -> Option<Regex> {
    RegexBuilder::new(&hir.to_string()).build().ok()
}

/// What a message shows of a long pattern.
fn short(pattern: &str) -> String {
    const SHOWN: usize = 60;
    let mut text: String = pattern.chars().take(SHOWN).collect();
    if text.len() < pattern.len() {
        text.push('…');
    }
    text
}

/// Whether a class of characters has all those that are far beyond ASCII.
fn takes_any(class: &Class) -> bool {
    matches!(class, Class::Unicode(class) if class.ranges().last().is_some_and(|range| range.end() == char::MAX))
}

fn is_wide(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(class) => takes_any(class),
        HirKind::Repetition(repetition) => is_wide(&repetition.sub),
        HirKind::Capture(capture) => is_wide(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(is_wide),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) => false,
    }
}

/// Without the groups of other names, and for bytes if `bytes`. The parser bounds how deep patterns nest.
fn rebuilt(hir: &Hir, names: &[String], bytes: bool) -> Hir {
    let again = |hir: &Hir| rebuilt(hir, names, bytes);
    match hir.kind() {
        HirKind::Class(class) if bytes && takes_any(class) => {
            let high = Class::Bytes(ClassBytes::new([ClassBytesRange::new(0x80, 0xFF)]));
            Hir::alternation(vec![hir.clone(), Hir::class(high)])
        }
        HirKind::Repetition(repetition) => {
            Hir::repetition(Repetition { sub: Box::new(again(&repetition.sub)), ..repetition.clone() })
        }
        HirKind::Capture(capture) => {
            let sub = again(&capture.sub);
            if capture.name.as_ref().is_some_and(|name| names.iter().any(|n| **n == **name)) {
                Hir::capture(Capture { sub: Box::new(sub), ..capture.clone() })
            } else {
                sub
            }
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(again).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(again).collect()),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Look(_) | HirKind::Class(_) => hir.clone(),
    }
}

/// Without a tail that may match nothing and has no group: it always matches, so it decides nothing.
fn trimmed(hir: Hir) -> Hir {
    let idle = |hir: &Hir| match hir.kind() {
        HirKind::Repetition(repetition) => repetition.min == 0 && hir.properties().explicit_captures_len() == 0,
        _ => false,
    };
    if idle(&hir) {
        return Hir::empty();
    }
    match hir.kind() {
        HirKind::Concat(parts) => {
            let kept = parts.iter().rposition(|part| !idle(part)).map_or(0, |last| last + 1);
            Hir::concat(parts[..kept].to_vec())
        }
        _ => hir,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the groups of these names match.
    fn groups(regex: &Regex, names: &[String], text: &[u8]) -> Option<Vec<Option<Vec<u8>>>> {
        let found = regex.captures(text)?;
        let value = |name: &String| found.name(name).map(|group| group.as_bytes().to_vec());
        Some(names.iter().map(value).collect())
    }

    #[test]
    fn a_tail_that_decides_nothing_is_left_out() {
        let text = |pattern: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|n| n.to_string()).collect();
            Pattern::new(pattern, "").unwrap().only(&names).to_string()
        };
        assert_eq!(text("(?<a>x): (?<b>[a-z]*)", &["a"]), text("(?<a>x): ", &["a"]));
        assert_eq!(text("(?<b>x*)", &[]), text("", &[]));
        assert_ne!(text("(?<a>x): (?<b>[a-z]*)", &["a", "b"]), text("(?<a>x): ", &["a"]));
        assert_ne!(text("(?<a>x): [a-z]*$", &["a"]), text("(?<a>x): ", &["a"]), "an anchor may fail");
        assert_ne!(text("(?<a>x): [a-z]+", &["a"]), text("(?<a>x): ", &["a"]));
    }

    #[test]
    fn bytes_that_are_no_text_are_taken_where_anything_is() {
        let names = ["a".to_string()];
        let pattern = Pattern::new("^(?<a>.*)=[^x]$", "").unwrap();
        let found = groups(&pattern.only_of_bytes(&names).unwrap(), &names, b"\xff\xc3\xa9\xfe=\xfd");
        assert_eq!(found, Some(vec![Some(b"\xff\xc3\xa9\xfe".to_vec())]));
        assert!(Pattern::new("(?<a>[a-z]+) é", "").unwrap().only_of_bytes(&names).is_none());
    }

    proptest! {
        /// Whichever groups are left, they have the values that they have in the whole pattern; the pattern for bytes agrees
        /// with it on ASCII.
        #[test]
        fn fewer_groups_have_the_same_values(
            parts in proptest::collection::vec(
                (r"(a|b|\.|\[\^a\]|\\w|\\d|(a|ab)|ab|\\b|\^|(a\|b)|a\|ab)", r"(\*|\+|\?|\*\?|\+\?|\{0,2\}|)", any::<bool>()), 1..6),
            nested: bool, shown: [bool; 6], text in "[ab1. ]{0,20}",
        ) {
            let mut pattern = String::new();
            for (number, (part, times, group)) in parts.iter().enumerate() {
                pattern += &if *group { format!("(?<g{number}>(?:{part}){times})") } else { format!("(?:{part}){times}") };
            }
            if nested {
                pattern = format!("(?:{pattern}|(?P<z>b))*");
            }
            let Ok(whole) = Pattern::new(&pattern, "") else { return Ok(()) };
            let names: Vec<String> = whole.names();
            let names: Vec<String> = names.into_iter().zip(shown).filter(|n| n.1).map(|n| n.0).collect();
            let expected = groups(&whole.whole, &names, text.as_bytes());
            prop_assert_eq!(&groups(&whole.only(&names), &names, text.as_bytes()), &expected, "{}", pattern);
            if let Some(regex) = whole.only_of_bytes(&names) {
                prop_assert_eq!(&groups(&regex, &names, text.as_bytes()), &expected, "{} of bytes", pattern);
            }
        }
    }
}
