//! `regexp_replace(text, regex, replacement)`. The replacement is Java's: `$1` and `${name}` are groups, a backslash takes
//! what follows it as it is.

use std::ops::Range;

use regex::bytes::Regex;

use crate::data::column::Cell;
use crate::data::schema::Kind;
use crate::expr::{Context, Node};

use super::super::text::args::{self, Given, computed, written};
use super::pattern::Matches;
use super::patterns::Patterns;

/// A piece of a replacement.
enum Part {
    /// Bytes of it.
    Text(Range<usize>),
    /// What a group matched.
    Group(usize),
}

/// `regexp_replace(text, regex, replacement)`
pub fn replace(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 3..=3)?;
    let args = args::texts(args, context)?;
    let patterns = Patterns::new(&args[1])?;
    let (mut fixed, mut is_fixed) = (Vec::new(), false);
    if let (Some(pattern), Some(Cell::Text(replacement))) = (patterns.one(), args[2].value()) {
        parts(replacement, &pattern.own(), &mut fixed)?;
        is_fixed = true;
    }
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let (texts, replacements) = (given[0].texts(), given[2].texts());
        let mut regexes = patterns.rows(given[1].texts());
        let mut places = patterns.one().map(|pattern| pattern.own().capture_locations());
        let mut varying = Vec::new();
        written(rows, |row, out| {
            let (text, replacement, regex) = (texts.get(row)?, replacements.get(row)?, regexes.get(row)?);
            let mut matches = Matches::new(regex, text);
            if !is_fixed {
                varying.clear();
                parts(replacement, regex, &mut varying).ok()?;
            }
            let parts = if is_fixed { &fixed } else { &varying };
            let groups = parts.iter().any(|part| matches!(part, Part::Group(_)));
            if groups && patterns.one().is_none() {
                places = Some(regex.capture_locations());
            }
            let mut from = 0;
            while let Some((start, end)) = matches.next(places.as_mut().filter(|_| groups)) {
                out.extend_from_slice(&text[from..start]);
                for part in parts {
                    match part {
                        Part::Text(range) => out.extend_from_slice(&replacement[range.clone()]),
                        Part::Group(group) => {
                            let place = places.as_ref().and_then(|places| places.get(*group));
                            place.into_iter().for_each(|(start, end)| out.extend_from_slice(&text[start..end]));
                        }
                    }
                }
                from = end;
            }
            out.extend_from_slice(&text[from..]);
            Some(())
        })
    };
    Ok(computed(Kind::Text, args, kernel))
}

/// Takes a replacement apart.
fn parts(replacement: &[u8], regex: &Regex, parts: &mut Vec<Part>) -> Result<(), String> {
    let (mut from, mut at) = (0, 0);
    while let Some(found) = memchr::memchr2(b'$', b'\\', &replacement[at..]) {
        let sign = at + found;
        let Some(&next) = replacement.get(sign + 1) else {
            let sign = char::from(replacement[sign]);
            return Err(format!("the replacement ends in `{sign}`: `\\{sign}` is that character"));
        };
        if from < sign {
            parts.push(Part::Text(from..sign));
        }
        if replacement[sign] == b'\\' {
            (from, at) = (sign + 1, sign + 2);
            continue;
        }
        let rest = &replacement[sign + 1..];
        let (group, len) = if next == b'{' { named(rest, regex)? } else { numbered(rest, regex)? };
        parts.push(Part::Group(group));
        (from, at) = (sign + 1 + len, sign + 1 + len);
    }
    if from < replacement.len() {
        parts.push(Part::Text(from..replacement.len()));
    }
    Ok(())
}

/// `{name}`: the group, and how many bytes say it.
fn named(rest: &[u8], regex: &Regex) -> Result<(usize, usize), String> {
    let end = memchr::memchr(b'}', rest).ok_or("a `${` in the replacement is not closed")?;
    let name = String::from_utf8_lossy(&rest[1..end]);
    let group = regex.capture_names().position(|known| known == Some(&*name));
    group.map(|group| (group, end + 1)).ok_or_else(|| format!("the regex has no group called `{name}`"))
}

/// A number: as many digits as are one of a group; the first must be.
fn numbered(rest: &[u8], regex: &Regex) -> Result<(usize, usize), String> {
    let mut group = None;
    let mut len = 0;
    for digit in rest.iter().take_while(|byte| byte.is_ascii_digit()) {
        let next = group.unwrap_or(0) * 10 + usize::from(digit - b'0');
        if next >= regex.captures_len() {
            if group.is_none() {
                return Err(format!("the replacement has `${next}`, but the regex has no group {next}"));
            }
            break;
        }
        (group, len) = (Some(next), len + 1);
    }
    let group = group.ok_or("a `$` in the replacement is followed by no group: `\\$` is that character")?;
    Ok((group, len))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::text::testing::{bytes, call, computed, refused, texts};
    use super::*;

    /// As Spark 4.0 answers.
    #[test]
    fn texts_are_replaced_as_in_spark() {
        for (expression, result) in [
            (r"regexp_replace('100-200', '(\d+)', 'num')", "num-num"),
            (r"regexp_replace('100-200', '(\d+)-(\d+)', '$2-$1')", "200-100"),
            (r"regexp_replace('abc', 'b', '\$')", "a$c"),
            (r"regexp_replace('abc', 'b', '\\')", r"a\c"),
            (r"regexp_replace('abc', 'b', '\n')", "anc"),
            (r"regexp_replace('abc', 'b', 'x\é$0')", "axébc"),
            ("regexp_replace('abc', 'b', '$0$0')", "abbc"),
            ("regexp_replace('abc', '(b)', '$12')", "ab2c"),
            ("regexp_replace('abc', '(?<x>b)', '<${x}>')", "a<b>c"),
            ("regexp_replace('abc', '', '-')", "-a-b-c-"),
            ("regexp_replace('abc', 'x*', '-')", "-a-b-c-"),
            ("regexp_replace('baaac', 'a*', '-')", "-b--c-"),
            ("regexp_replace('aé用', '', '-')", "-a-é-用-"),
            (r"regexp_replace('é用', '\B', '-')", "-é-用-"),
            ("regexp_replace('abc', '(x)?b', '[$1]')", "a[]c"),
            (r"regexp_replace('a b', '\s', '')", "ab"),
            ("regexp_replace('', '^$', 'x')", "x"),
            ("regexp_replace('a', 'a', NULL)", "NULL"),
            ("regexp_replace('a', NULL, 'a')", "NULL"),
            ("regexp_replace(NULL, 'a', 'a')", "NULL"),
        ] {
            assert_eq!(call(expression), result, "{expression}");
        }
    }

    /// What Java would refuse at the first match is refused at once.
    #[test]
    fn wrong_replacements_are_refused() {
        for (expression, message) in [
            ("regexp_replace('abc', 'b', '$1')", "the replacement has `$1`, but the regex has no group 1"),
            ("regexp_replace('abc', 'b', '$')", r"the replacement ends in `$`: `\$` is that character"),
            (r"regexp_replace('abc', 'b', 'x\')", r"the replacement ends in `\`: `\\` is that character"),
            (
                "regexp_replace('abc', 'b', '$x')",
                r"a `$` in the replacement is followed by no group: `\$` is that character",
            ),
            ("regexp_replace('abc', 'b', '${x}')", "the regex has no group called `x`"),
            ("regexp_replace('abc', 'b', '${x')", "a `${` in the replacement is not closed"),
        ] {
            assert_eq!(refused(expression), message, "{expression}");
        }
        let replacements: &[Option<&[u8]>] = &[Some(b"$1"), Some(b"$0$0"), Some(b"\\")];
        let made =
            texts(&computed("regexp_replace", &[&[Some(&b"b"[..]); 3], &[Some(&b"b"[..]); 3], replacements], vec![]));
        assert_eq!(made, [None, Some(b"bb".to_vec()), None]);
    }

    /// A byte that is no UTF-8 is no character for a regex: it is matched by nothing, and stays.
    #[test]
    fn bytes_that_are_no_text_stay() {
        for regex in [".", "[^a]", r"\W", "(?s).", r"\P{L}"] {
            let more = vec![Node::text(regex.as_bytes()), Node::text(b"-")];
            let made = texts(&computed("regexp_replace", &[&[Some(b"\xff!\xe7\x94")]], more));
            assert_eq!(made, [Some(b"\xff-\xe7\x94".to_vec())], "{regex}");
        }
    }

    proptest! {
        /// Matches that are not empty are replaced as the crate itself does it; what matches itself stays, byte for byte.
        #[test]
        fn texts_are_replaced_as_the_crate_does(text in bytes()) {
            let regex = Regex::new("(a|é|.b)+(B| )?").unwrap();
            let expected = regex.replace_all(&text, &b"<$2-$1>"[..]).into_owned();
            let arguments = |by: &[u8]| vec![Node::text(b"(a|\xc3\xa9|.b)+(B| )?"), Node::text(by)];
            let column = computed("regexp_replace", &[&[Some(&text)]], arguments(b"<$2-$1>"));
            prop_assert_eq!(texts(&column), vec![Some(expected)]);
            let column = computed("regexp_replace", &[&[Some(&text)]], arguments(b"$0"));
            prop_assert_eq!(texts(&column), vec![Some(text)]);
        }
    }
}
