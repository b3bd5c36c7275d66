//! Texts that are made, against Spark's answers and against the plainest ways to make them.

use proptest::prelude::*;

use crate::data::column::Number;
use crate::expr::Node;
use crate::expr::functions::text::testing::{bytes, call, characters, computed, texts};

/// As Spark 4.0 answers.
#[test]
fn texts_are_made_as_in_spark() {
    for (expression, result) in [
        ("replace('abcabc', 'b')", "acac"),
        ("replace('abcabc', 'b', 'XX')", "aXXcaXXc"),
        ("replace('abcabc', '', 'X')", "abcabc"),
        ("replace('', '', 'X')", ""),
        ("replace('abc', NULL)", "NULL"),
        ("replace('aaa', 'aa', 'b')", "ba"),
        ("lpad('hi', 5, '??')", "???hi"),
        ("lpad('hi', 1, '??')", "h"),
        ("lpad('hi', 0, '??')", ""),
        ("lpad('hi', -1, '??')", ""),
        ("lpad('hi', 5)", "   hi"),
        ("lpad('hi', 5, '')", "hi"),
        ("lpad('hi', 1, '')", "h"),
        ("lpad('hi', 6, 'é用😀')", "é用😀éhi"),
        ("lpad(7, 3, 0)", "007"),
        ("lpad('a', 'x', 'b')", "NULL"),
        ("rpad('hi', 5, 'xyz')", "hixyz"),
        ("rpad('hi', 5)", "hi   "),
        ("rpad('é用😀', 2, 'x')", "é用"),
        ("rpad('hi', 5, NULL)", "NULL"),
        ("repeat('ab', 3)", "ababab"),
        ("repeat('ab', 0)", ""),
        ("repeat('ab', -1)", ""),
        ("repeat('ab', NULL)", "NULL"),
        ("repeat(1, 2)", "11"),
        ("reverse('é用😀')", "😀用é"),
        ("reverse(123)", "321"),
        ("reverse(split('a b c', ' '))", r#"["c","b","a"]"#),
        ("chr(65)", "A"),
        ("chr(0)", "\0"),
        ("chr(-1)", ""),
        ("chr(256)", "\0"),
        ("chr(321)", "A"),
        ("chr(233)", "é"),
        ("chr(NULL)", "NULL"),
        ("char('65')", "A"),
        ("translate('AaBbCc', 'abc', '123')", "A1B2C3"),
        ("translate('abc', 'abc', '1')", "1"),
        ("translate('abc', 'aab', '123')", "13c"),
        ("translate('é用😀', '用😀', 'x')", "éx"),
        ("translate('abc', '', 'x')", "abc"),
        ("translate('abc', 'a', NULL)", "NULL"),
    ] {
        assert_eq!(call(expression), result, "{expression}");
    }
}

/// A text that would take all memory is null, whatever the numbers; what is empty may be repeated at will.
#[test]
fn what_is_too_large_is_null() {
    for (expression, result) in [
        ("repeat('ab', 9223372036854775807)", "NULL"),
        ("repeat('', 9223372036854775807)", ""),
        ("lpad('x', 9223372036854775807, 'é')", "NULL"),
        ("rpad('x', 4000000000)", "NULL"),
        ("rpad('x', 4000000000, '')", "x"),
    ] {
        assert_eq!(call(expression), result, "{expression}");
    }
}

proptest! {
    /// Against the same, character by character.
    #[test]
    fn characters_stay_whole(text in bytes(), from in bytes(), to in bytes(), length in -1i64..16) {
        let (all, fill) = (characters(&text), characters(&from));
        let one = |name, args: &[&[u8]], more| {
            let columns: Vec<[Option<&[u8]>; 1]> = args.iter().map(|arg| [Some(*arg)]).collect();
            let columns: Vec<&[Option<&[u8]>]> = columns.iter().map(|column| &column[..]).collect();
            texts(&computed(name, &columns, more)).remove(0)
        };
        let turned: Vec<u8> = all.iter().rev().flat_map(|c| c.to_vec()).collect();
        prop_assert_eq!(one("reverse", &[&text], vec![]), Some(turned));

        let length_of = length.max(0) as usize;
        let missing = if fill.is_empty() { 0 } else { length_of.saturating_sub(all.len()) };
        let filled: Vec<&[u8]> = fill.iter().copied().cycle().take(missing).collect();
        let kept: Vec<&[u8]> = all.iter().copied().take(length_of).collect();
        let more = || vec![Node::number(Number::Int(length)), Node::text(&from)];
        prop_assert_eq!(one("lpad", &[&text], more()), Some([filled.concat(), kept.concat()].concat()));
        prop_assert_eq!(one("rpad", &[&text], more()), Some([kept.concat(), filled.concat()].concat()));

        let becomes = characters(&to);
        let translated = all.iter().flat_map(|c| match fill.iter().position(|f| f == c) {
            None => c.to_vec(),
            Some(at) => becomes.get(at).map_or(Vec::new(), |c| c.to_vec()),
        });
        let translated: Vec<u8> = translated.collect();
        prop_assert_eq!(one("translate", &[&text, &from, &to], vec![]), Some(translated.clone()));
        let constants = vec![Node::text(&from), Node::text(&to)];
        prop_assert_eq!(one("translate", &[&text], constants), Some(translated));
    }

    /// Against the standard library.
    #[test]
    fn replaced_text_is_that_of_the_standard_library(text in "[ab ]{0,9}", part in "[ab]{1,2}", by in "[abé]{0,2}") {
        let columns: [&[Option<&[u8]>]; 3] = [&[Some(text.as_bytes())], &[Some(part.as_bytes())], &[Some(by.as_bytes())]];
        let expected = Some(text.replace(&part, &by).into_bytes());
        prop_assert_eq!(texts(&computed("replace", &columns, vec![])), vec![expected.clone()]);
        let constants = vec![Node::text(part.as_bytes()), Node::text(by.as_bytes())];
        prop_assert_eq!(texts(&computed("replace", &columns[..1], constants)), vec![expected]);
    }
}
