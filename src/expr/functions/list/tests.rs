//! Functions on lists: nulls, the ends of lists and of numbers, JSON arrays as lists, and oracles of the standard library.

use proptest::prelude::*;

use super::super::testing::{call, float, gives, input, int, list, null_of, rows, text, time, truth};
use super::*;

fn ints(values: &[i64]) -> Node {
    call("array", values.iter().map(|value| int(*value)).collect(), &Context::default()).expect("a list")
}

fn abc() -> Node {
    list(&[Some("a"), None, Some("b"), Some("a")])
}

fn no_list() -> Node {
    null_of(Kind::List(Box::new(Kind::Number)))
}

#[test]
fn lists_are_made_of_one_kind() {
    assert_eq!(gives("array", vec![int(1), float(2.5), Node::null()]), "[1,2.5,null]");
    assert_eq!(gives("array", vec![int(1), text("a")]), "[1,\"a\"]");
    assert_eq!(gives("array", vec![ints(&[1, 2]), ints(&[]), no_list()]), "[[1,2],[],null]");
    assert_eq!(gives("array", vec![Node::null()]), "[null]");
    assert!(
        gives("array", vec![int(1), truth(None), truth(Some(true))]).contains("a number and a condition do not mix")
    );
    let (block, column) = input(&[Some("x"), None]);
    let node = call("array", vec![column, text("y")], &Context::default()).unwrap();
    assert_eq!(rows(&node, &block), ["[\"x\",\"y\"]", "[null,\"y\"]"]);
}

#[test]
fn items_are_counted_from_both_ends() {
    for (at, item) in [
        (1, "a"),
        (3, "b"),
        (4, "a"),
        (5, "NULL"),
        (-1, "a"),
        (-4, "a"),
        (-5, "NULL"),
        (i64::MIN, "NULL"),
        (i64::MAX, "NULL"),
    ] {
        assert_eq!(gives("element_at", vec![abc(), int(at)]), item, "{at}");
    }
    for (at, item) in [(0, "a"), (2, "b"), (4, "NULL"), (-1, "NULL")] {
        assert_eq!(gives("get", vec![abc(), int(at)]), item, "{at}");
    }
    assert!(gives("element_at", vec![abc(), int(0)]).contains("counted from 1"));
    assert_eq!(gives("element_at", vec![no_list(), int(1)]), "NULL");
    let (block, column) = input(&[Some("0"), Some("3"), None]);
    let node = call("element_at", vec![abc(), column], &Context::default()).unwrap();
    assert_eq!(rows(&node, &block), ["NULL", "b", "NULL"]);
}

#[test]
fn json_arrays_of_the_input_are_lists() {
    let (block, column) = input(&[Some("[1, \"a\\n\"]"), Some("[]"), Some("x"), None]);
    let of = |name: &str, more: Vec<Node>| {
        let args = std::iter::once(Node::column(0, column.kind.clone())).chain(more).collect();
        rows(&call(name, args, &Context::default()).unwrap(), &block)
    };
    assert_eq!(of("size", vec![]), ["2", "0", "-1", "-1"]);
    assert_eq!(of("element_at", vec![int(2)]), ["a\n", "NULL", "NULL", "NULL"]);
    assert_eq!(of("array_contains", vec![int(1)]), ["true", "false", "NULL", "NULL"]);
    assert!(gives("size", vec![int(7)]).contains("a number is no list"));
}

#[test]
fn values_are_looked_for() {
    assert_eq!(gives("array_contains", vec![abc(), text("b")]), "true");
    assert_eq!(gives("array_contains", vec![abc(), text("c")]), "NULL");
    assert_eq!(gives("array_contains", vec![ints(&[1]), Node::null()]), "NULL");
    assert_eq!(gives("array_contains", vec![ints(&[1]), text("1.0")]), "true");
    assert_eq!(gives("array_position", vec![abc(), text("b")]), "3");
    assert_eq!(gives("array_position", vec![abc(), text("c")]), "0");
    assert_eq!(gives("array_position", vec![no_list(), int(1)]), "NULL");
    assert!(gives("array_contains", vec![ints(&[1]), time(0)]).contains("cannot be compared"));
}

#[test]
fn lists_are_arranged() {
    assert_eq!(gives("array_distinct", vec![abc()]), "[\"a\",null,\"b\"]");
    assert_eq!(gives("array_sort", vec![abc()]), "[\"a\",\"a\",\"b\",null]");
    assert_eq!(gives("sort_array", vec![abc()]), "[null,\"a\",\"a\",\"b\"]");
    assert_eq!(gives("sort_array", vec![abc(), truth(Some(false))]), "[\"b\",\"a\",\"a\",null]");
    assert_eq!(gives("array_max", vec![abc()]), "b");
    assert_eq!(gives("array_min", vec![ints(&[])]), "NULL");
    assert_eq!(gives("array_sort", vec![no_list()]), "NULL");
    assert_eq!(gives("array_join", vec![abc(), text(", ")]), "a, b, a");
    assert_eq!(gives("array_join", vec![abc(), text(""), text("?")]), "a?ba");
    assert_eq!(gives("array_join", vec![abc(), Node::null()]), "NULL");
    assert_eq!(
        gives("flatten", vec![call("array", vec![ints(&[1]), no_list()], &Context::default()).unwrap()]),
        "NULL"
    );
    assert!(gives("flatten", vec![abc()]).contains("no lists"));
    assert!(gives("explode", vec![abc()]).contains("flatmap"));
}

#[test]
fn slices_stay_inside() {
    for (start, length, part) in [
        (1, 2, "[1,2]"),
        (3, 9, "[3]"),
        (4, 1, "[]"),
        (-2, 1, "[2]"),
        (-4, 2, "[]"),
        (i64::MIN, i64::MAX, "[]"),
        (i64::MAX, 1, "[]"),
        (1, 0, "[]"),
    ] {
        assert_eq!(gives("slice", vec![ints(&[1, 2, 3]), int(start), int(length)]), part, "{start} {length}");
    }
    assert!(gives("slice", vec![abc(), int(1), int(-1)]).contains("negative"));
}

#[test]
fn sequences_have_an_end() {
    assert_eq!(gives("sequence", vec![int(3), int(1)]), "[3,2,1]");
    assert_eq!(gives("sequence", vec![int(i64::MAX - 1), int(i64::MAX)]), "[9223372036854775806,9223372036854775807]");
    assert_eq!(
        gives("sequence", vec![int(i64::MIN), int(i64::MAX), int(i64::MAX)]),
        "[-9223372036854775808,-1,9223372036854775806]"
    );
    assert_eq!(gives("sequence", vec![int(1), int(1), int(0)]), "[1]");
    assert!(gives("sequence", vec![int(1), int(1_000_000)]).contains("at most 10000"));
    assert!(gives("sequence", vec![int(i64::MIN), int(i64::MAX)]).contains("at most 10000"));
    assert!(gives("sequence", vec![int(1), int(2), int(-1)]).contains("does not lead"));
    assert_eq!(gives("sequence", vec![int(1), Node::null()]), "NULL");
}

proptest! {
    #[test]
    fn lists_of_numbers_are_as_those_of_the_library(values in prop::collection::vec(-5i64..5, 0..12), start in 1usize..14, length in 0usize..14) {
        let shown = |values: &[i64]| format!("[{}]", values.iter().map(i64::to_string).collect::<Vec<_>>().join(","));
        let mut sorted = values.clone();
        sorted.sort_unstable();
        prop_assert_eq!(gives("array_sort", vec![ints(&values)]), if values.is_empty() { "[]".to_string() } else { shown(&sorted) });
        let mut distinct = Vec::new();
        values.iter().for_each(|value| if !distinct.contains(value) { distinct.push(*value) });
        prop_assert_eq!(gives("array_distinct", vec![ints(&values)]), shown(&distinct));
        let part: Vec<i64> = values.iter().copied().skip(start - 1).take(length).collect();
        prop_assert_eq!(gives("slice", vec![ints(&values), int(start as i64), int(length as i64)]), shown(&part));
        let greatest = values.iter().max().map_or("NULL".to_string(), i64::to_string);
        prop_assert_eq!(gives("array_max", vec![ints(&values)]), greatest);
    }
}
