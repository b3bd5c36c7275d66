//! Texts of which one stands in every match, somewhere behind its begin: where none of them is, the pattern need not be tried.

use aho_corasick::AhoCorasick;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Hir, HirKind};

/// More texts than this are not looked for at once.
const TEXTS: usize = 16;
/// They pay if one is met in so many bytes or more ...
const RARE: f64 = 200.0;
/// ... and so many times as rarely as what matches begin with, which the pattern itself looks for first.
const BETTER: f64 = 4.0;

/// What finds such texts, if the pattern has them and they are rare enough.
pub fn finder(pattern: &str, any_case: bool) -> Option<AhoCorasick> {
    let parser = ParserBuilder::new().utf8(false).case_insensitive(any_case).build().parse(pattern);
    let HirKind::Concat(parts) = parser.ok()?.into_kind() else { return None };
    let begin = texts(&parts).map_or(0.0, |texts| bytes_to_a_hit(&texts));
    let behind = (1..parts.len()).filter_map(|at| texts(&parts[at..])).map(|texts| (bytes_to_a_hit(&texts), texts));
    let (rare, texts) = behind.max_by(|one, other| one.0.total_cmp(&other.0))?;
    if rare < RARE || rare < begin * BETTER {
        return None;
    }
    AhoCorasick::new(texts).ok()
}

/// What a match of these parts, one behind the other, begins with: a few texts, none of them empty, without ends of records.
fn texts(parts: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let mut extractor = Extractor::new();
    extractor.limit_total(TEXTS);
    let found = extractor.extract(&Hir::concat(parts.to_vec()));
    let texts: Vec<Vec<u8>> = found.literals()?.iter().map(|text| text.as_bytes().to_vec()).collect();
    let fit = |text: &Vec<u8>| !text.is_empty() && !text.contains(&b'\n') && !text.contains(&0);
    (!texts.is_empty() && texts.iter().all(fit)).then_some(texts)
}

/// In how many bytes of text one of these is met, roughly.
fn bytes_to_a_hit(texts: &[Vec<u8>]) -> f64 {
    let one_in = |byte: &u8| match byte {
        b' ' | b'e' | b'a' | b'i' | b'o' | b't' | b'n' | b'r' | b's' => 12.0,
        b'a'..=b'z' | b'0'..=b'9' | b',' | b'.' | b'"' | b'/' | b'-' => 30.0,
        _ => 100.0,
    };
    let share: f64 = texts.iter().map(|text| 1.0 / text.iter().map(one_in).product::<f64>()).sum();
    1.0 / share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_texts_behind_the_begin_are_found() {
        let place = |pattern: &str, line: &str| finder(pattern, false)?.find(line).map(|hit| hit.start());
        assert_eq!(place("[aeiou]{3}[a-z]*x[.!]", "a box. aaax!"), Some(4));
        assert_eq!(place("[0-9]+ ERROR [a-z]+", "12 ERROR in"), Some(2));
        assert_eq!(place("[aeiou]{3}[a-z]*x[.!]", "aaax?"), None);
        assert!(finder("(?i)[0-9]+ error", false).is_some_and(|finder| finder.is_match("1 ErRoR")));
        assert!(finder("[0-9]+ error", true).is_some_and(|finder| finder.is_match("1 ErRoR")));
    }

    #[test]
    fn where_nothing_rare_is_sure_there_is_no_finder() {
        for pattern in ["error [0-9]+", "a.*b", "[0-9]+( error)?", "[a-z]+|x{9}", "x", "", "[a-z]+\\n12345", "a$|^$"] {
            assert!(finder(pattern, false).is_none(), "{pattern}");
        }
    }
}
