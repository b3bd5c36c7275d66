//! Whether, how often and what a regex finds in a text. What is extracted points into the text, nothing is copied.

use crate::data::column::{Cell, Column, Number};
use crate::data::schema::Kind;
use crate::expr::{Context, Node};

use super::super::text::args::{self, Given, computed, ints, truths};
use super::pattern::Matches;
use super::patterns::Patterns;

/// `regexp_like(text, regex)`
pub fn like(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=2)?;
    let args = args::texts(args, context)?;
    let patterns = Patterns::new(&args[1])?;
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let texts = given[0].texts();
        let mut regexes = patterns.rows(given[1].texts());
        truths(rows, |row| Some(regexes.get(row)?.is_match(texts.get(row)?)))
    };
    Ok(computed(Kind::Bool, args, kernel))
}

/// `regexp_count(text, regex)`
pub fn count(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=2)?;
    let args = args::texts(args, context)?;
    let patterns = Patterns::new(&args[1])?;
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let texts = given[0].texts();
        let mut regexes = patterns.rows(given[1].texts());
        ints(rows, |row| {
            let mut matches = Matches::new(regexes.get(row)?, texts.get(row)?);
            let mut count = 0;
            while matches.next(None).is_some() {
                count += 1;
            }
            Some(count)
        })
    };
    Ok(computed(Kind::Number, args, kernel))
}

/// `regexp_extract(text, regex[, group])`
pub fn extract(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=3)?;
    let mut args = args.into_iter();
    let mut bound = args::texts(args.by_ref().take(2).collect(), context)?;
    bound.push(args.next().map_or(Ok(Node::number(Number::Int(1))), Node::into_number)?);
    let patterns = Patterns::new(&bound[1])?;
    if let (Some(pattern), Some(Cell::Int(group))) = (patterns.one(), bound[2].value())
        && usize::try_from(group).map_or(true, |group| group > pattern.groups())
    {
        return Err(match pattern.groups() {
            0 => format!("the regex has no group {group}: 0 is the whole match"),
            most => format!("the regex has no group {group}, only 0 (the whole match) to {most}"),
        });
    }
    let kernel = move |given: &[Given<'_>], rows: usize| extracted(&patterns, given, rows);
    Ok(computed(Kind::Text, bound, kernel))
}

fn extracted(patterns: &Patterns, given: &[Given<'_>], rows: usize) -> Column {
    let (texts, groups) = (given[0].texts(), given[2].ints());
    let mut regexes = patterns.rows(given[1].texts());
    let mut places = patterns.one().map(|pattern| pattern.own().capture_locations());
    texts.pieces(rows, |row, text| {
        let regex = regexes.get(row)?;
        let group = usize::try_from(groups.get(row)?).ok().filter(|group| *group < regex.captures_len())?;
        if group == 0 {
            return Some(regex.find(text).map_or((0, 0), |found| (found.start(), found.end())));
        }
        if patterns.one().is_none() {
            places = Some(regex.capture_locations());
        }
        let places = places.as_mut()?;
        // No match gives what a group without a part in it gives.
        let found = regex.captures_read(places, text);
        Some(found.and_then(|_| places.get(group)).unwrap_or((0, 0)))
    })
}

#[cfg(test)]
mod tests {
    use crate::data::column::{Cell, Column, Number};
    use crate::expr::Node;
    use crate::expr::functions::text::testing::{call, computed, refused, texts};

    /// As Spark 4.0 answers.
    #[test]
    fn regexes_find_as_in_spark() {
        for (expression, result) in [
            (r"regexp_extract('100-200', '(\d+)-(\d+)', 1)", "100"),
            (r"regexp_extract('100-200', '(\d+)-(\d+)')", "100"),
            (r"regexp_extract('100-200', '(\d+)-(\d+)', 0)", "100-200"),
            (r"regexp_extract('foo', '(\d+)', 1)", ""),
            ("regexp_extract('foo', '(f)(x)?', 2)", ""),
            ("regexp_extract('foo', 'x', 0)", ""),
            ("regexp_extract('foo', 'f', NULL)", "NULL"),
            ("regexp_extract(NULL, 'f', 0)", "NULL"),
            ("regexp_extract('foo', NULL, 0)", "NULL"),
            ("regexp_extract('é', '(.)', 1)", "é"),
            (r"regexp_extract('é', '\w', 0)", ""),
            (r"regexp_extract('a=1, b=2', 'b=(?<v>\d)', 1)", "2"),
            ("regexp_like('abc', 'b')", "true"),
            ("regexp_like('abc', '^b')", "false"),
            ("rlike('abc', 'B')", "false"),
            (r"regexp('a b', '\s')", "true"),
            ("regexp_like(12, 1)", "true"),
            ("regexp_count('abcabc', 'b')", "2"),
            ("regexp_count('abc', '')", "4"),
            ("regexp_count('é用', '')", "3"),
            ("regexp_count('aaa', 'aa')", "1"),
            ("regexp_count(NULL, 'aa')", "NULL"),
        ] {
            assert_eq!(call(expression), result, "{expression}");
        }
    }

    /// A constant that cannot be meant is refused; the same in a row makes the row null.
    #[test]
    fn wrong_arguments_are_refused() {
        assert!(refused("regexp_extract('foo', 'f')").contains("no group 1: 0 is the whole match"));
        assert!(refused("regexp_extract('foo', '(f)', 2)").contains("no group 2, only 0 (the whole match) to 1"));
        assert!(refused("regexp_extract('foo', '(f)', -1)").contains("no group -1"));
        assert!(refused("regexp_like('foo', '(')").contains("unclosed group"));
        let regexes: &[Option<&[u8]>] = &[Some(b"("), Some(b"o"), None, Some(b"\xff"), Some(b"o"), Some(b"(o)")];
        let values: &[Option<&[u8]>] = &[Some(&b"foo"[..]); 6];
        let found = computed("regexp_like", &[values, regexes], vec![]);
        let expected = [Cell::Null, Cell::Bool(true), Cell::Null, Cell::Null, Cell::Bool(true), Cell::Bool(true)];
        assert_eq!((0..6).map(|row| found.cell(row)).collect::<Vec<_>>(), expected);
        let found = texts(&computed("regexp_extract", &[values, regexes], vec![]));
        assert_eq!(found, [None, None, None, None, None, Some(b"o".to_vec())]);
    }

    /// More regexes than are kept are found as well, each its own.
    #[test]
    fn a_column_may_have_many_regexes() {
        let all: Vec<String> = (0..400).map(|n| format!("^{}$", n % 150)).collect();
        let regexes: Vec<Option<&[u8]>> = all.iter().map(|text| Some(text.as_bytes())).collect();
        let found = computed("regexp_like", &[&vec![Some(&b"7"[..]); 400], &regexes], vec![]);
        let hits: Vec<usize> = (0..400).filter(|row| found.cell(*row) == Cell::Bool(true)).collect();
        assert_eq!(hits, [7, 157, 307]);
    }

    /// What is extracted points into the text, also where that is no UTF-8.
    #[test]
    fn nothing_is_copied() {
        let values: &[Option<&[u8]>] = &[Some(b"\xffx\xff y1"), Some(b"none")];
        let more = vec![Node::text(r"([a-z])(\d)".as_bytes()), Node::number(Number::Int(2))];
        let found = computed("regexp_extract", &[values], more);
        assert_eq!(texts(&found), [Some(b"1".to_vec()), Some(vec![])]);
        let Column::Text(text) = found else { panic!("text") };
        assert!(text.data.bytes().starts_with(b"not at the start of the buffer"));
    }
}
