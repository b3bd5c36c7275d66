//! What comes out: SPEC 3's numbers and nulls, operator by operator.

use proptest::prelude::*;

use super::*;
use crate::data::column::{NO_TIME, Number, Numbers};

#[test]
fn arithmetic_is_that_of_the_manual() {
    for (expression, result) in [
        ("7 / 2", "3.5"),
        ("4 / 2", "2"),
        ("7 div 2", "3"),
        ("-7 div 2", "-3"),
        ("7.5 div 2", "3"),
        ("-7 % 3", "-1"),
        ("7 % -3", "1"),
        ("5.5 % 2", "1.5"),
        ("1 / 0", "NULL"),
        ("1 % 0", "NULL"),
        ("1 div 0", "NULL"),
        ("1.5 / 0.0", "NULL"),
        ("1 + NULL", "NULL"),
        ("2 * 3 + 1", "7"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("9223372036854775807 + 1", "9.223372036854776e18"),
        ("-9223372036854775808 - 1", "-9.223372036854776e18"),
        ("4611686018427387904 * 2", "9.223372036854776e18"),
        ("-9223372036854775808 div -1", "9.223372036854776e18"),
        ("-9223372036854775808 % -1", "0"),
        ("-(-9223372036854775808)", "9.223372036854776e18"),
        ("'5' + 1", "6"),
        ("'x' + 1", "NULL"),
        ("+'5'", "5"),
        ("- '5'", "-5"),
        ("1e3", "1000"),
        ("1.0", "1"),
        ("10L", "10"),
        ("'a' || 1 || 'b'", "a1b"),
        ("'a' || NULL", "NULL"),
    ] {
        assert_eq!(value(expression), result, "{expression}");
    }
}

#[test]
fn columns_compute_as_constants_do() {
    let ints = |values: &[i64]| Column::ints(values.to_vec());
    let floats = |values: &[f64]| Column::Number(Numbers::Floats(values.to_vec()));
    let mixed = Column::Number(Numbers::Mixed(vec![Number::Null, Number::Int(2), Number::Float(0.5)]));
    let table = Table::new(3)
        .column("i", Kind::Number, ints(&[7, -7, i64::MAX]))
        .column("j", Kind::Number, ints(&[2, 0, 1]))
        .column("f", Kind::Number, floats(&[0.5, 0.0, -2.0]))
        .column("m", Kind::Number, mixed)
        .input("a", &[Some("5"), None, Some("x")]);
    for (expression, results) in [
        ("i + j", ["9", "-7", "9.223372036854776e18"]),
        ("j - 1", ["1", "-1", "0"]),
        ("1 - j", ["-1", "1", "0"]),
        ("i / j", ["3.5", "NULL", "9.223372036854776e18"]),
        ("j / 2", ["1", "0", "0.5"]),
        ("2 / j", ["1", "NULL", "2"]),
        ("i % j", ["1", "NULL", "0"]),
        ("i div j", ["3", "NULL", "9223372036854775807"]),
        ("j * f", ["1", "0", "-2"]),
        ("f * j", ["1", "0", "-2"]),
        ("f + f", ["1", "0", "-4"]),
        ("f / f", ["1", "NULL", "1"]),
        ("f * 2", ["1", "0", "-4"]),
        ("0.5 - j", ["-1.5", "0.5", "-0.5"]),
        ("m + 1", ["NULL", "3", "1.5"]),
        ("a * j", ["10", "NULL", "NULL"]),
        ("-m", ["NULL", "-2", "-0.5"]),
        ("f + NULL", ["NULL", "NULL", "NULL"]),
    ] {
        assert_eq!(table.values(expression), results, "{expression}");
    }
}

#[test]
fn logic_has_three_values() {
    let words = ["TRUE", "FALSE", "NULL"];
    let shown = ["true", "false", "NULL"];
    let and = [[0, 1, 2], [1, 1, 1], [2, 1, 2]];
    let or = [[0, 0, 0], [0, 1, 2], [0, 2, 2]];
    let column = |which: usize| text(&[Some("true"), Some("false"), None][which..=which]);
    for (a, left) in words.iter().enumerate() {
        assert_eq!(value(&format!("NOT {left}")), shown[[1, 0, 2][a]]);
        for (b, right) in words.iter().enumerate() {
            let (all, one) = (shown[and[a][b]], shown[or[a][b]]);
            assert_eq!(value(&format!("{left} AND {right}")), all, "{left} AND {right}");
            assert_eq!(value(&format!("{left} OR {right}")), one, "{left} OR {right}");
            let table = Table::new(1).column("a", Kind::Input, column(a)).column("b", Kind::Input, column(b));
            assert_eq!(table.values("a AND b"), [all]);
            assert_eq!(table.values("a OR b"), [one]);
            assert_eq!(table.values("NOT (NOT a OR NOT b)"), [all]);
        }
    }
    for (expression, result) in [
        ("NULL IS NULL", "true"),
        ("1 IS NOT NULL", "true"),
        ("NULL IS TRUE", "false"),
        ("NULL IS NOT TRUE", "true"),
        ("FALSE IS FALSE", "true"),
        ("(1 = NULL) IS UNKNOWN", "true"),
        ("NULL <=> NULL", "true"),
        ("1 <=> NULL", "false"),
        ("1 = NULL", "NULL"),
        ("NULL IN (1)", "NULL"),
        ("2 IN (1, NULL)", "NULL"),
        ("1 IN (1, NULL)", "true"),
        ("2 NOT IN (1, NULL)", "NULL"),
        ("2 BETWEEN NULL AND 1", "false"),
        ("1 BETWEEN NULL AND 2", "NULL"),
        ("1 NOT BETWEEN 1 AND 2", "false"),
    ] {
        assert_eq!(value(expression), result, "{expression}");
    }
}

#[test]
fn text_of_the_input_is_a_number_beside_numbers() {
    for (a, expression, result) in [
        ("500", "a >= 500", "true"),
        ("0500", "a = 500", "true"),
        ("5e2", "a = 500", "true"),
        ("abc", "a >= 500", "NULL"),
        ("", "a = 0", "NULL"),
        ("9", "a > 10", "false"),
        ("9", "a > '10'", "true"),
        ("07", "a = '7'", "false"),
        ("07", "a = 7", "true"),
        ("07", "7 = a", "true"),
        ("07", "8 > a", "true"),
        ("9007199254740993", "a > 9007199254740992.0", "true"),
        ("9223372036854775808", "a > 9223372036854775807", "true"),
        ("-5", "a < -4.5", "true"),
        ("07", "upper(a) = 7", "true"),
        ("07", "upper(a) = '7'", "false"),
        ("07", "a IN (7)", "true"),
        ("07", "a IN ('7')", "false"),
        ("07", "a IN ('x', 7)", "true"),
        ("x", "a IN ('x', 7)", "true"),
        ("y", "a IN ('x', 7)", "NULL"),
        ("5", "a BETWEEN 1 AND 9", "true"),
        ("50", "a BETWEEN 1 AND 9", "false"),
        ("5", "a BETWEEN '1' AND '9'", "true"),
        ("50", "a BETWEEN '1' AND '9'", "true"),
        ("true", "a = TRUE", "true"),
        ("x", "a = TRUE", "NULL"),
    ] {
        assert_eq!(one(a, expression), result, "{a}: {expression}");
    }
}

#[test]
fn two_columns_of_the_input_are_numbers_if_both_are() {
    let table = Table::new(5)
        .input("a", &[Some("7"), Some("10"), Some("10"), Some("x"), None])
        .input("b", &[Some("07.0"), Some("9"), Some("9x"), Some("x"), Some("1")]);
    assert_eq!(table.values("a = b"), ["true", "false", "false", "true", "NULL"]);
    assert_eq!(table.values("a > b"), ["false", "true", "false", "false", "NULL"]);
    assert_eq!(table.values("a <=> b"), ["true", "false", "false", "true", "false"]);
    assert_eq!(table.values("upper(a) > b"), ["true", "false", "false", "false", "NULL"]);
    assert_eq!(table.values("a IN (b, 'x')"), ["true", "false", "false", "true", "NULL"]);
    assert_eq!(
        table.values("CASE a WHEN b THEN 'same' WHEN 10 THEN 'ten' END"),
        ["same", "ten", "ten", "same", "NULL"]
    );
}

#[test]
fn not_a_number_is_equal_to_itself_and_the_greatest() {
    for (expression, result) in [
        ("sqrt(-1) = sqrt(-1)", "true"),
        ("sqrt(-1) > 1e308", "true"),
        ("sqrt(-1) IN (1, sqrt(-1))", "true"),
        ("0.0 = -0.0", "true"),
        ("9223372036854775807 < 9223372036854775808.0", "true"),
        ("-9223372036854775808 = -9223372036854775808.0", "true"),
        ("3 > 2.5 AND -3 < -2.5 AND -3 > -3.5", "true"),
    ] {
        assert_eq!(value(expression), result, "{expression}");
    }
}

#[test]
fn conversions_are_those_of_spark() {
    for (expression, result) in [
        ("CAST('7.9' AS INT)", "7"),
        ("CAST(' 7 ' AS INT)", "7"),
        ("CAST('abc' AS INT)", "NULL"),
        ("CAST('3000000000' AS INT)", "NULL"),
        ("CAST('3000000000' AS BIGINT)", "3000000000"),
        ("CAST(-7.9 AS INT)", "-7"),
        ("CAST('128' AS TINYINT)", "NULL"),
        ("'-128'::tinyint", "-128"),
        ("CAST('1e3' AS DOUBLE)", "1000"),
        ("CAST(2.345 AS DECIMAL(10, 2))", "2.35"),
        ("CAST('7.5' AS DECIMAL)", "8"),
        ("CAST('12345' AS DECIMAL(4, 0))", "NULL"),
        ("CAST(2.0 AS STRING)", "2"),
        ("CAST('t' AS BOOLEAN)", "true"),
        ("CAST(0 AS BOOLEAN)", "false"),
        ("CAST(TRUE AS INT)", "1"),
        ("CAST(TIMESTAMP '1970-01-01 00:00:01.5Z' AS BIGINT)", "1"),
        ("CAST(TIMESTAMP '1970-01-01 00:00:01.5Z' AS DOUBLE)", "1.5"),
        ("CAST(90 AS TIMESTAMP)", "1970-01-01T00:01:30.000Z"),
        ("CAST('2026-11-20 09:00:00' AS TIMESTAMP)", "2026-11-20T09:00:00.000Z"),
        ("DATE '2026-11-20'", "2026-11-20T00:00:00.000Z"),
        ("CAST(TIMESTAMP '2026-11-20 09:00:00' AS DATE)", "2026-11-20T00:00:00.000Z"),
        ("CAST('x' AS TIMESTAMP)", "NULL"),
    ] {
        assert_eq!(value(expression), result, "{expression}");
    }
}

#[test]
fn times_are_compared_and_moved() {
    let times = Column::Time(vec![0, 3_600_000_000, NO_TIME]);
    let table = Table::new(3).column("t", Kind::Time, times).input("a", &[Some("1970-01-01"), Some("x"), None]);
    for (expression, results) in [
        ("t > '1970-01-01 00:30:00'", ["false", "true", "NULL"]),
        ("'1970-01-01 00:30:00Z' > t", ["true", "false", "NULL"]),
        ("t = a", ["true", "NULL", "NULL"]),
        ("t BETWEEN '1970-01-01' AND TIMESTAMP '1970-01-01 01:00:00'", ["true", "true", "NULL"]),
        ("t IN ('1970-01-01', TIMESTAMP '1999-01-01')", ["true", "false", "NULL"]),
        ("t + INTERVAL 90 MINUTES = '1970-01-01 01:30'", ["true", "false", "NULL"]),
        ("CAST(t - INTERVAL '1 month' AS STRING)", ["1969-12-01T00:00:00.000Z", "1969-12-01T01:00:00.000Z", "NULL"]),
        ("a + INTERVAL 1 DAY", ["1970-01-02T00:00:00.000Z", "NULL", "NULL"]),
    ] {
        assert_eq!(table.values(expression), results, "{expression}");
    }
}

#[test]
fn branches_are_taken_row_by_row() {
    let table = Table::new(4).input("a", &[Some("1"), Some("20"), Some("x"), None]);
    for (expression, results) in [
        ("CASE WHEN a > 10 THEN 'big' WHEN a > 0 THEN 'small' ELSE 'none' END", ["small", "big", "none", "none"]),
        ("CASE a WHEN 1 THEN 10 WHEN '20' THEN 0.5 END", ["10", "0.5", "NULL", "NULL"]),
        ("CASE a WHEN NULL THEN 1 ELSE 2 END", ["2", "2", "2", "2"]),
        ("CASE WHEN a IS NULL THEN 'null' ELSE a END", ["1", "20", "x", "null"]),
        ("CASE WHEN FALSE THEN 1 / 0 ELSE 1 END", ["1", "1", "1", "1"]),
    ] {
        assert_eq!(table.values(expression), results, "{expression}");
    }
    assert_eq!(value("CASE 1 + 1 WHEN 2 THEN 'two' END"), "two");
}

#[test]
fn items_are_taken_of_lists_where_no_column_has_the_name() {
    let list = lists(&[&["a", "b"], &[]]);
    let kind = Kind::List(Box::new(Kind::Text));
    let table =
        Table::new(2).column("l", kind, list).input("n", &[Some("1"), Some("0")]).input("l[1]", &[Some("own"), None]);
    assert_eq!(table.values("l[0]"), ["a", "NULL"]);
    assert_eq!(table.values("l[1]"), ["own", "NULL"]);
    assert_eq!(table.values("l[n]"), ["b", "NULL"]);
    assert_eq!(table.values("l[-1]"), ["NULL", "NULL"]);
    assert_eq!(table.values("split('x y', ' ')[1]"), ["y", "y"]);
    assert_eq!(table.values("l = split('a b', ' ')"), ["true", "false"]);
}

#[test]
fn patterns_look_at_text() {
    let table =
        Table::new(3).input("a", &[Some("/api/x"), Some("12"), None]).input("p", &[Some("%x"), Some("1_"), Some("%")]);
    for (expression, results) in [
        ("a LIKE '/api/%'", ["true", "false", "NULL"]),
        ("a NOT LIKE '/api/%'", ["false", "true", "NULL"]),
        ("a LIKE p", ["true", "true", "NULL"]),
        ("a ILIKE '/API/X'", ["true", "false", "NULL"]),
        ("a RLIKE '\\d+'", ["false", "true", "NULL"]),
        ("a NOT RLIKE '^\\d+$'", ["true", "false", "NULL"]),
        ("a + 0 LIKE '1%'", ["NULL", "true", "NULL"]),
        ("'abc' LIKE p", ["false", "false", "true"]),
    ] {
        assert_eq!(table.values(expression), results, "{expression}");
    }
    let odd = pieces(b"a\xffb", vec![Span::range(0, 3), Span::range(1, 2)]);
    assert_eq!(Table::new(2).column("a", Kind::Input, odd).values("a LIKE 'a_b'"), ["true", "false"]);
}

#[test]
fn constants_are_computed_once() {
    let schema = Schema::default();
    for expression in
        ["1 + 2 * 3", "'a' || 'b'", "1 IN (1, 2)", "CASE WHEN 1 > 2 THEN 1 END", "'x' LIKE 'y'", "NOT TRUE"]
    {
        let node = Expr::parse(expression).unwrap().bind(&schema, &Context::default()).unwrap();
        assert!(node.constant.is_some(), "{expression}");
    }
}

/// An operator, and what it means.
type Test<T> = (&'static str, fn(T, T) -> bool);

/// A number or another text, as it may stand in an input.
fn field() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        6 => "[+-]?[0-9]{1,3}(\\.[0-9]{1,2})?".prop_map(Some),
        2 => "[a-c0-9.-]{0,4}".prop_map(Some),
        1 => prop::sample::select(vec!["9223372036854775807", "9223372036854775808", "1e3", "007"]).prop_map(|s| Some(s.into())),
        1 => Just(None),
    ]
}

fn number(text: &Option<String>) -> Option<f64> {
    let text = text.as_ref()?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let decent = digits.starts_with(|c: char| c.is_ascii_digit()) && digits.ends_with(|c: char| c.is_ascii_digit());
    if decent && !digits.contains(['-', '+']) { text.parse().ok() } else { None }
}

proptest! {
    /// Against floats, which hold all of these numbers but the longest.
    #[test]
    fn comparisons_with_a_number_are_those_of_the_values(
        fields in prop::collection::vec(field(), 1..20), with in -20i32..20, quarter in 0u8..4,
    ) {
        let input: Vec<Option<&str>> = fields.iter().map(|f| f.as_deref()).collect();
        let table = Table::new(fields.len()).input("a", &input);
        let constant = f64::from(with) + f64::from(quarter) / 4.0;
        let tests: [Test<f64>; 6] = [
            ("=", |a, b| a == b), ("<>", |a, b| a != b), ("<", |a, b| a < b),
            ("<=", |a, b| a <= b), (">", |a, b| a > b), (">=", |a, b| a >= b),
        ];
        for (operator, test) in tests {
            let expected: Vec<String> =
                fields.iter().map(|f| number(f).map_or("NULL".into(), |n| test(n, constant).to_string())).collect();
            prop_assert_eq!(&table.values(&format!("a {operator} {constant:?}")), &expected);
            // The same by the slow ways: with a column of numbers, and with the sides exchanged.
            prop_assert_eq!(&table.values(&format!("a + 0 {operator} {constant:?}")), &expected);
            prop_assert_eq!(&table.values(&format!("NOT (NOT ({constant:?} + 0 * a {operator} a))")).len(), &expected.len());
        }
        let many: String = (-20..20).map(|n| format!(", {n}")).collect();
        let found: Vec<String> = fields.iter()
            .map(|f| number(f).map_or("NULL".into(), |n| (n.fract() == 0.0 && (-20.0..20.0).contains(&n)).to_string())).collect();
        prop_assert_eq!(&table.values(&format!("a IN (-1{many})")), &found);
    }

    #[test]
    fn text_is_compared_by_its_bytes(fields in prop::collection::vec(field(), 1..20), with in "[a-c0-9]{0,3}") {
        let input: Vec<Option<&str>> = fields.iter().map(|f| f.as_deref()).collect();
        let table = Table::new(fields.len()).input("a", &input);
        let tests: [Test<&str>; 4] =
            [("=", |a, b| a == b), ("<>", |a, b| a != b), ("<", |a, b| a < b), (">=", |a, b| a >= b)];
        for (operator, test) in tests {
            let expected: Vec<String> =
                fields.iter().map(|f| f.as_ref().map_or("NULL".into(), |f| test(f, &with).to_string())).collect();
            prop_assert_eq!(&table.values(&format!("a {operator} '{with}'")), &expected);
        }
        let list: String = (0..20).map(|n| format!(", '{n}'")).collect();
        let found: Vec<String> = fields.iter().map(|f| f.as_ref().map_or("NULL".into(), |f| {
            (*f == with || (0..20).any(|n| n.to_string() == *f)).to_string()
        })).collect();
        prop_assert_eq!(&table.values(&format!("a IN ('{with}'{list})")), &found);
    }

    #[test]
    fn whole_numbers_become_floats_where_they_overflow(a: i64, b: i64) {
        for (operator, exact, float) in [
            ("+", a.checked_add(b), a as f64 + b as f64),
            ("-", a.checked_sub(b), a as f64 - b as f64),
            ("*", a.checked_mul(b), a as f64 * b as f64),
        ] {
            let table = Table::new(1).column("a", Kind::Number, Column::ints(vec![a])).column("b", Kind::Number, Column::ints(vec![b]));
            let mut expected = Vec::new();
            match exact {
                Some(value) => write::int(value, &mut expected),
                None => write::float(float, &mut expected),
            }
            prop_assert_eq!(table.values(&format!("a {operator} b")), [String::from_utf8(expected).unwrap()]);
        }
    }
}
