//! `split(text, regex[, limit])`: the items point into the text. Plain text is searched for without a regex.

use std::sync::Arc;

use memchr::memmem::Finder;
use regex::bytes::Regex;

use crate::data::column::{Column, Lists, Number, Span};
use crate::data::schema::Kind;
use crate::expr::{Context, Node};

use super::super::text::args::{self, Given, computed, piece};
use super::super::text::chars;
use super::pattern::{Matches, Run};
use super::patterns::Patterns;

/// How the items of a text are found.
enum How<'a> {
    Byte(u8),
    Literal(&'a Finder<'static>),
    Run(&'a Run),
    Regex,
}

/// `split(text, regex[, limit])`
pub fn split(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=3)?;
    let mut args = args.into_iter();
    let mut bound = args::texts(args.by_ref().take(2).collect(), context)?;
    bound.push(args.next().map_or(Ok(Node::number(Number::Int(-1))), Node::into_number)?);
    let patterns = Patterns::new(&bound[1])?;
    let literal = patterns.one().and_then(|pattern| pattern.literal()).map(|text| Finder::new(text).into_owned());
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let how = match &literal {
            Some(finder) if finder.needle().len() == 1 => How::Byte(finder.needle()[0]),
            Some(finder) => How::Literal(finder),
            None => patterns.one().and_then(|pattern| pattern.run()).map_or(How::Regex, How::Run),
        };
        columns(&how, &patterns, given, rows)
    };
    Ok(computed(Kind::List(Box::new(Kind::Text)), bound, kernel))
}

fn columns(how: &How<'_>, patterns: &Patterns, given: &[Given<'_>], rows: usize) -> Column {
    let (texts, regex_texts, limits) = (given[0].texts(), given[1].texts(), given[2].ints());
    let mut regexes = patterns.rows(regex_texts);
    let (mut items, mut spans) = (Vec::new(), Vec::with_capacity(rows));
    for row in 0..rows {
        let start = items.len();
        let mut cut = || {
            let (text, limit) = (texts.get(row)?, limits.get(row)?);
            let most = usize::try_from(limit).ok().filter(|most| *most > 0).unwrap_or(usize::MAX);
            let of = Items { span: texts.span(row), text, most, items: &mut items };
            match how {
                How::Byte(byte) => of.at(memchr::memchr_iter(*byte, text).map(|at| (at, at + 1))),
                How::Literal(finder) => {
                    let len = finder.needle().len();
                    of.at(finder.find_iter(text).map(|at| (at, at + len)));
                }
                How::Run(run) => of.at(run.matches(text)),
                How::Regex if regex_texts.get(row)?.is_empty() => of.characters(),
                How::Regex => of.matches(regexes.get(row)?),
            }
            Some(())
        };
        let known = cut().is_some();
        spans.push(if known { Span::range(start, items.len()) } else { Span::NULL });
    }
    Column::List(Lists { items: Arc::new(texts.at(items)), spans })
}

/// The items of one text.
struct Items<'a> {
    span: Span,
    text: &'a [u8],
    /// How many there may be; the last one is the rest.
    most: usize,
    items: &'a mut Vec<Span>,
}

impl Items<'_> {
    /// Between separators that stand at these places.
    #[inline]
    fn at(self, separators: impl Iterator<Item = (usize, usize)>) {
        let mut from = 0;
        for (start, end) in separators.take(self.most - 1) {
            self.items.push(piece(self.span, from, start));
            from = end;
        }
        self.items.push(piece(self.span, from, self.text.len()));
    }

    /// As Java does it: what is empty separates too, but not at the start.
    fn matches(self, regex: &Regex) {
        let mut matches = Matches::new(regex, self.text);
        self.at(std::iter::from_fn(move || matches.next(None)).filter(|found| *found != (0, 0)));
    }

    /// As Spark does it for an empty regex: no empty item at the end.
    fn characters(self) {
        let mut at = 0;
        let (last, text) = (self.text.len(), self.text);
        let ends = std::iter::from_fn(move || {
            at += chars::width(text.get(at..).filter(|rest| !rest.is_empty())?);
            (at < last).then_some((at, at))
        });
        self.at(ends);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::text::testing::{bytes, call, characters, computed, refused};
    use super::*;
    use crate::data::column::Cell;

    /// As Spark 4.0 answers.
    #[test]
    fn texts_are_split_as_in_spark() {
        for (expression, result) in [
            ("split('a b  c', ' ')", r#"["a","b","","c"]"#),
            ("split('a b  c  ', ' ', -1)", r#"["a","b","","c","",""]"#),
            ("split('a b  c  ', ' ', 0)", r#"["a","b","","c","",""]"#),
            ("split('a b  c  ', ' ', 2)", r#"["a","b  c  "]"#),
            ("split('a b  c  ', ' ', 1)", r#"["a b  c  "]"#),
            ("split('abc', '')", r#"["a","b","c"]"#),
            ("split('abc', '', 2)", r#"["a","bc"]"#),
            ("split('abc', '', 3)", r#"["a","b","c"]"#),
            ("split('abc', '', 9)", r#"["a","b","c"]"#),
            ("split('', '')", r#"[""]"#),
            ("split('', ' ')", r#"[""]"#),
            ("split('', 'x', 2)", r#"[""]"#),
            ("split(' a', ' ')", r#"["","a"]"#),
            ("split('XaXb', 'X*')", r#"["","","a","","b",""]"#),
            ("split('abc', 'x*')", r#"["a","b","c",""]"#),
            ("split('abc', '$')", r#"["abc",""]"#),
            ("split('a.b.c', '.')", r#"["","","","","",""]"#),
            (r"split('a.b.c', '\.')", r#"["a","b","c"]"#),
            ("split('a|b', '|')", r#"["a","|","b",""]"#),
            (r"split('a|b', '\|')", r#"["a","b"]"#),
            (r"split('a1b22c', '\d+')", r#"["a","b","c"]"#),
            ("split('abc', 'abc')", r#"["",""]"#),
            ("split('é用😀', '')", r#"["é","用","😀"]"#),
            ("split('é用😀', '.')", r#"["","","",""]"#),
            ("split(NULL, 'a')", "NULL"),
            ("split('a', NULL)", "NULL"),
            ("split('a', 'b', NULL)", "NULL"),
            ("split('aab', 'a|b')", r#"["","","",""]"#),
            ("split('oneAtwoBthreeC', '[ABC]', 2)", r#"["one","twoBthreeC"]"#),
            ("split(true, 'r')", r#"["t","ue"]"#),
        ] {
            assert_eq!(call(expression), result, "{expression}");
        }
        assert!(refused("split('a', '[')").contains("unclosed character class"));
    }

    fn items(column: &Column) -> Vec<Vec<u8>> {
        let Cell::List(list) = column.cell(1) else { panic!("a list") };
        let text = |cell| if let Cell::Text(text) = cell { text.to_vec() } else { panic!("text") };
        list.cells().map(text).collect()
    }

    proptest! {
        /// Plain text splits as in the standard library, whether it is a constant, a column, or hidden in a regex, and shares
        /// the buffer; without limit the items and what was between them are the text, byte for byte.
        #[test]
        fn plain_separators_split_alike(text in bytes(), by in "[ab é]{1,2}", limit in -1i64..4) {
            let values: &[Option<&[u8]>] = &[None, Some(&text)];
            let separators: &[Option<&[u8]>] = &[Some(b"x"), Some(by.as_bytes())];
            let number = || Node::number(Number::Int(limit));
            let constant = computed("split", &[values], vec![Node::text(by.as_bytes()), number()]);
            let regex = computed("split", &[values], vec![Node::text(format!("(?:{by})").as_bytes()), number()]);
            let varying = computed("split", &[values, separators], vec![number()]);
            let most = if limit > 0 { limit as usize } else { usize::MAX };
            let (mut expected, mut rest) = (Vec::new(), &text[..]);
            while expected.len() + 1 < most
                && let Some(at) = rest.windows(by.len()).position(|window| window == by.as_bytes())
            {
                expected.push(rest[..at].to_vec());
                rest = &rest[at + by.len()..];
            }
            expected.push(rest.to_vec());
            prop_assert_eq!(items(&constant), expected.clone());
            prop_assert_eq!(items(&regex), expected.clone());
            prop_assert_eq!(items(&varying), expected.clone());
            prop_assert_eq!(constant.cell(0), Cell::Null);
            let Column::List(lists) = &constant else { panic!("lists") };
            let Column::Text(shared) = &*lists.items else { panic!("text") };
            prop_assert!(shared.data.bytes().starts_with(b"not at the start"));
        }

        /// Runs of ASCII are found as by the regex itself, which is used where it may match something else as well.
        #[test]
        fn runs_split_as_their_regex(text in bytes(), class in 0usize..9, many: bool, limit in -1i64..4) {
            let class = [r"\s", "[ab]", "[a-c .]", "b", "(?i)b", "[^a]", r"\W", ".", "[aé]"][class];
            let regex = if many { format!("{class}+") } else { class.to_string() };
            let split = |regex: &str| {
                let more = vec![Node::text(regex.as_bytes()), Node::number(Number::Int(limit))];
                items(&computed("split", &[&[None, Some(&text)]], more))
            };
            prop_assert_eq!(split(&regex), split(&format!("{regex}|zz+y")), "{}", regex);
        }

        /// An empty regex splits between all characters, valid or not.
        #[test]
        fn nothing_splits_characters(text in bytes()) {
            prop_assume!(!text.is_empty());
            let found = computed("split", &[&[None, Some(&text)]], vec![Node::text(b"")]);
            prop_assert_eq!(items(&found), characters(&text));
        }
    }
}
