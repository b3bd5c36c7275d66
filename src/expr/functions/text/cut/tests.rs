//! Pieces of texts, against Spark's answers and against lists of characters.

use proptest::prelude::*;

use crate::data::column::{Column, Number};
use crate::expr::Node;
use crate::expr::functions::text::testing::{bytes, call, characters, computed, refused, texts};

/// As Spark 4.0 answers, but for `3000000000`, which is no smaller number here.
#[test]
fn pieces_are_those_of_spark() {
    for (expression, result) in [
        ("substring('hello', 0)", "hello"),
        ("substring('hello', 1)", "hello"),
        ("substring('hello', -3)", "llo"),
        ("substring('hello', -3, 2)", "ll"),
        ("substring('hello', -7, 3)", "h"),
        ("substring('hello', -7, 2)", ""),
        ("substring('hello', 0, 2)", "he"),
        ("substring('hello', 2, -1)", ""),
        ("substring('hello', 2, 0)", ""),
        ("substring('hello', 9, 2)", ""),
        ("substring('hello', -2147483648, 2147483647)", "hell"),
        ("substring('hello', 2, 2147483647)", "ello"),
        ("substring('hello', 3000000000, 2)", ""),
        ("substring('hello', -9223372036854775808)", "hello"),
        ("substring('hello', -9223372036854775808, 9223372036854775807)", "hell"),
        ("substring('hello', 1.7, 2.9)", "he"),
        ("substr('hello', '2', '3')", "ell"),
        ("substr('hello', 'x')", "NULL"),
        ("substring('é用😀x', 2, 2)", "用😀"),
        ("substring('hello', NULL)", "NULL"),
        ("left('hello', 2)", "he"),
        ("left('hello', -1)", ""),
        ("left('hello', 99)", "hello"),
        ("right('hello', 2)", "lo"),
        ("right('hello', -1)", ""),
        ("right('hello', 0)", ""),
        ("right('hello', 99)", "hello"),
        ("right('é用😀', 1)", "😀"),
        ("trim('  a b ')", "a b"),
        ("trim('\t a')", "\t a"),
        ("trim('xyx', 'xaxyxbx')", "axyxb"),
        ("ltrim('xy', 'xyyxaxy')", "axy"),
        ("rtrim('xy', 'axyyx')", "a"),
        ("rtrim('é用', 'xé用é')", "x"),
        ("btrim('xyaxy', 'xy')", "a"),
        ("trim('', ' a ')", " a "),
        ("trim('abc', '')", ""),
        ("ltrim(NULL, 'a')", "NULL"),
        ("split_part('11.12.13', '.', 3)", "13"),
        ("split_part('11.12.13', '.', -1)", "13"),
        ("split_part('11.12.13', '.', -3)", "11"),
        ("split_part('11.12.13', '.', 4)", ""),
        ("split_part('11.12.13', '.', -4)", ""),
        ("split_part('11.12.13', '', 1)", "11.12.13"),
        ("split_part('11.12.13', '', 2)", ""),
        ("split_part('11.12.13', '', -1)", "11.12.13"),
        ("split_part('', '.', 1)", ""),
        ("split_part('aaa', 'aa', 1)", ""),
        ("split_part('aaa', 'aa', 2)", "a"),
        ("split_part('aaa', 'aa', -1)", "a"),
        ("split_part('a', NULL, 1)", "NULL"),
        ("split_part('a.b', '.', '2')", "b"),
    ] {
        assert_eq!(call(expression), result, "{expression}");
    }
}

/// What cannot be is said when the chain is read.
#[test]
fn wrong_arguments_are_refused() {
    assert!(refused("split_part('a', '.', 0)").contains("no part 0"));
    assert_eq!(refused("substring('a')"), "takes 2 or 3 arguments, not 1");
    assert_eq!(refused("trim()"), "takes 1 or 2 arguments, not 0");
    assert!(refused("left(split('a', 'b'), 1)").starts_with("a list is no text"));
}

/// A piece points into the buffer that its text stands in.
#[test]
fn nothing_is_copied() {
    let column = computed("substring", &[&[Some("xé用y".as_bytes())]], vec![Node::number(Number::Int(2))]);
    let Column::Text(text) = column else { panic!("text") };
    assert!(text.data.bytes().starts_with(b"not at the start of the buffer"));
}

proptest! {
    /// `substring` by the definition: the characters whose position is in the range, positions before the first counted.
    #[test]
    fn a_piece_is_a_range_of_characters(text in bytes(), start in -14i64..14, length in -2i64..14) {
        let all = characters(&text);
        let first = match start { 0 => 0, 1.. => start - 1, _ => all.len() as i64 + start };
        let taken = |at: usize| (first..first.saturating_add(length)).contains(&(at as i64));
        let expected: Vec<u8> = (0..all.len()).filter(|at| taken(*at)).flat_map(|at| all[at].to_vec()).collect();
        let numbers = [start, length].map(|n| Node::number(Number::Int(n)));
        let column = computed("substring", &[&[None, Some(&text)]], numbers.into());
        prop_assert_eq!(texts(&column), vec![None, Some(expected)]);
    }

    /// `trim` by the definition: characters of the set are taken away while there are any at an end.
    #[test]
    fn what_is_trimmed_is_in_the_set(text in bytes(), set in bytes()) {
        let (all, set_of) = (characters(&text), characters(&set));
        let kept = all.iter().position(|c| !set_of.contains(c)).unwrap_or(all.len());
        let behind = all.iter().rposition(|c| !set_of.contains(c)).map_or(kept, |at| at + 1);
        for (name, range) in [("trim", kept..behind), ("ltrim", kept..all.len()), ("rtrim", 0..behind.max(1) )] {
            let expected = match name {
                "rtrim" if kept == all.len() => Vec::new(),
                _ => all[range].concat(),
            };
            prop_assert_eq!(texts(&computed(name, &[&[Some(&set)], &[Some(&text)]], vec![])), vec![Some(expected)]);
        }
    }

    /// `split_part` by splitting all of the text.
    #[test]
    fn parts_are_those_of_a_split(text in "[ab,é]{0,9}", delimiter in "[ab,é]{1,2}", n in -6i64..6) {
        prop_assume!(n != 0);
        let parts: Vec<&str> = text.split(&delimiter).collect();
        let at = if n > 0 { n - 1 } else { parts.len() as i64 + n };
        let expected = usize::try_from(at).ok().and_then(|at| parts.get(at)).copied().unwrap_or("");
        let column = computed("split_part", &[&[Some(text.as_bytes())], &[Some(delimiter.as_bytes())]],
            vec![Node::number(Number::Int(n))]);
        prop_assert_eq!(texts(&column), vec![Some(expected.as_bytes().to_vec())]);
    }
}
