//! What passes, of many records at once and of rows one by one.

use super::*;
use crate::data::buffer::PAD;
use crate::data::rows::block_of;
use crate::data::schema::Field;
use crate::operators::testing::BATCH;
use proptest::prelude::*;

fn search(args: &[&str]) -> Box<dyn Filter> {
    let args = command().try_get_matches_from(std::iter::once(&"grep").chain(args)).unwrap();
    let Ok(Built::Operator(grep)) = build(&args) else { panic!("no operator") };
    let schema = Schema { fields: vec![Field::shown("line")], records: true, ..Schema::default() };
    match grep.bind(&schema, &Live::all(), &Context::default()).unwrap().work.remove(0) {
        Work::Filter(filter) => filter,
        _ => panic!("no filter"),
    }
}

/// What passes of a text at the head of a chain. Other records stand before and behind it in the buffer.
fn pass_records(args: &[&str], text: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
    let mut padded = b"before error\n".to_vec();
    padded[12] = delimiter;
    let start = padded.len();
    padded.extend_from_slice(text);
    let end = padded.len();
    padded.extend_from_slice(&[b'x'; PAD]);
    let mut passed = Vec::new();
    let seen = search(args).select_records(&Raw { padded: &padded, start, end, delimiter }, &mut passed).unwrap();
    let last = usize::from(text.last().is_some_and(|&byte| byte != delimiter));
    let ends = text.iter().filter(|&&byte| byte == delimiter).count();
    assert!(seen.is_none_or(|records| records == (ends + last) as u64), "{seen:?} records");
    passed.iter().map(|span| span.of(&padded).unwrap().to_vec()).collect()
}

/// What passes of the same records, one by one.
fn pass_rows(args: &[&str], text: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
    let lines = text.strip_suffix(&[delimiter]).unwrap_or(text);
    let lines: Vec<Option<&[u8]>> =
        if text.is_empty() { Vec::new() } else { lines.split(|&b| b == delimiter).map(Some).collect() };
    let mut passed = Vec::new();
    search(args).select(&block_of(std::slice::from_ref(&lines)), &BATCH, &mut passed).unwrap();
    passed.iter().map(|&row| lines[row as usize].unwrap().to_vec()).collect()
}

fn pass(args: &[&str], text: &str) -> Vec<String> {
    let found = pass_records(args, text.as_bytes(), b'\n');
    assert_eq!(found, pass_rows(args, text.as_bytes(), b'\n'), "the two ways differ");
    found.into_iter().map(|line| String::from_utf8_lossy(&line).into_owned()).collect()
}

#[test]
fn lines_around_the_hits_pass() {
    assert_eq!(pass(&["b"], "abc\nx\n\nb\nxyz\ncb"), ["abc", "b", "cb"]);
    assert_eq!(pass(&["-v", "b"], "abc\nx\n\nb\nxyz\ncb"), ["x", "", "xyz"]);
    assert_eq!(pass(&["-v", "b"], "b\nb\n"), [""; 0]);
    assert_eq!(pass(&["-i", "ERROR"], "Error\nerr\n"), ["Error"]);
}

#[test]
fn the_empty_pattern_passes_everything() {
    assert_eq!(pass(&[""], "a\n\n\nb\r\n\0\nlast"), ["a", "", "", "b\r", "\0", "last"]);
    assert_eq!(pass(&["-v", ""], "a\n\nb"), [""; 0]);
    assert_eq!(pass(&[""], ""), [""; 0]);
}

#[test]
fn anchors_mean_the_line() {
    assert_eq!(pass(&["^b"], "ab\nb\nbc"), ["b", "bc"]);
    assert_eq!(pass(&["^$"], "a\n\nb\n\n"), ["", ""]);
    assert_eq!(pass(&[r"\Ab\z"], "ab\nb\nbc"), ["b"]);
    assert_eq!(pass(&["(?-m)^b"], "ab\nb\nbc"), ["b", "bc"]);
    assert_eq!(pass(&["c$"], "c\r\nc\n"), ["c"], "the carriage return is part of the line");
}

#[test]
fn a_match_never_reaches_into_the_next_line() {
    assert_eq!(pass(&[r"a\s*b"], "a\nb\na b"), ["a b"]);
    assert_eq!(pass(&["a[^x]b"], "a\nb\nayb"), ["ayb"]);
    assert_eq!(pass(&[r"\w+foo\w+"], "foo\nafoo\nafoob\n"), ["afoob"]);
}

#[test]
fn a_literal_has_no_syntax() {
    assert_eq!(pass(&["-F", "a.b(["], "axb([\na.b([\n"), ["a.b(["]);
    assert_eq!(pass(&["-F", "-i", "A.B"], "axb\na.b\n"), ["a.b"]);
    assert_eq!(pass(&["-5"], "-5\n5\n"), ["-5"]);
}

#[test]
fn bytes_that_are_not_text_pass() {
    let found = pass_records(&["b"], b"\xff\xfeb\n\0b\0\n", b'\n');
    assert_eq!(found, [b"\xff\xfeb".to_vec(), b"\0b\0".to_vec()]);
}

#[test]
fn records_that_end_in_nul_may_hold_lines() {
    let text = b"a\nb\0b\na\0c";
    for (pattern, expected) in
        [("^a", vec![&b"a\nb"[..]]), ("a.b", vec![b"a\nb"]), ("c", vec![b"c"]), ("(?m)^a", vec![b"a\nb", b"b\na"])]
    {
        assert_eq!(pass_records(&[pattern], text, 0), expected, "{pattern}");
        assert_eq!(pass_rows(&[pattern], text, 0), expected, "{pattern}");
    }
}

#[test]
fn wrong_patterns_are_explained() {
    let error = |pattern: &str| Pattern::new(pattern, false, false).err().unwrap().to_string();
    let unclosed = error("a(b");
    assert!(unclosed.contains("    a(b\n     ^\n") && unclosed.contains("grep -F 'a(b'"), "{unclosed}");
    assert!(error("a)|(b").contains("unopened"), "{}", error("a)|(b"));
    assert!(error(r"a\nb").contains("line end"), "{}", error(r"a\nb"));
    assert!(Pattern::new("a\nb", false, true).err().unwrap().to_string().contains("line end"));
}

#[test]
fn rows_without_a_line_are_a_usage_error() {
    let pattern = Arc::new(Pattern::new("x", false, false).unwrap());
    let schema = Schema { fields: vec![Field::shown("word")], ..Schema::default() };
    let error = Grep { pattern, invert: false }.bind(&schema, &Live::all(), &Context::default()).err().unwrap();
    assert_eq!(error.exit_status(), 2);
    assert!(error.to_string().contains("the columns are: word"), "{error}");
}

proptest! {
    #[test]
    fn many_records_at_once_are_records_one_by_one(
        text in "[ab \\n\\x00é]{0,60}",
        pattern in r"(\^|\\b|)(a|b|\.|é|ab|a\||\[\^a\]|\\s|\\w|){1,3}(\*|\+|)(\\B|\$|)",
        invert: bool, any_case: bool, zero: bool,
    ) {
        let mut args = vec!["--", &pattern];
        if invert { args.insert(0, "-v"); }
        if any_case { args.insert(0, "-i"); }
        prop_assume!(Pattern::new(&pattern, any_case, false).is_ok());
        let delimiter = if zero { 0 } else { b'\n' };
        prop_assert_eq!(
            pass_records(&args, text.as_bytes(), delimiter), pass_rows(&args, text.as_bytes(), delimiter)
        );
    }

    /// The same of patterns that are looked for by a text behind their begin.
    #[test]
    fn inner_texts_lead_to_all_records(
        text in "([ab \\n\\x00]|x\\.|x!|X\\.){0,40}",
        pattern in r"(\[ab\]|a|\\s|\.|\^){1,2}(b\*|)x(\\\.|\[\.!\])(a|\$|)",
        invert: bool, any_case: bool, zero: bool,
    ) {
        let mut args = vec!["--", &pattern];
        if invert { args.insert(0, "-v"); }
        if any_case { args.insert(0, "-i"); }
        let delimiter = if zero { 0 } else { b'\n' };
        prop_assert_eq!(
            pass_records(&args, text.as_bytes(), delimiter), pass_rows(&args, text.as_bytes(), delimiter)
        );
    }
}
