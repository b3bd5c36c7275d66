//! What is read: names in any alphabet, lists and assignments, and every form of expression, which reads back from its print.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::expr::ast::{Call, Form, Interval, Is, Like, Operator, Path, Place, Step, Tree, Type};
use crate::expr::{Named, aggregate, parse_assignments, parse_list};

fn names(expression: &str) -> Vec<String> {
    Expr::parse(expression).expect(expression).columns().into_iter().collect()
}

fn print(expression: &str) -> String {
    match Expr::parse(expression) {
        Ok(expr) => expr.to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn names_are_in_any_alphabet() {
    for name in [
        "用户",
        "café",
        "имя",
        "नाम",
        "naïve_1",
        "cafe\u{301}",
        "trim",
        "interval",
        "date",
        "user",
        "end",
        "day",
        "exists",
    ] {
        assert_eq!(names(&format!("{name} = 1")), [name]);
        assert_eq!(names(&format!("upper({name})")), [name]);
    }
    assert_eq!(names("`odd name` + `a``b` + `and`"), ["a`b", "and", "odd name"]);
    assert_eq!(names("$1 = $22 AND $NF > 1"), ["$1", "$22", "$NF"]);
    assert_eq!(names("a.b[0].c + x.`odd y` + z['k']"), ["a.b[0].c", "x.odd y", "z.k"]);
    assert_eq!(names("a.in + b.end"), ["a.in", "b.end"]);
}

#[test]
fn texts_are_what_stands_between_the_quotes() {
    for (written, text) in
        [(r"'a\d'", r"a\d"), ("'it''s'", "it's"), (r#""a""b""#, "a\"b"), ("''", ""), (r"'\'", r"\"), ("'用'", "用")]
    {
        assert_eq!(Expr::parse(written).unwrap().tree.form, Form::Text(text.into()), "{written}");
    }
}

#[test]
fn operators_bind_as_in_spark() {
    for (written, meant) in [
        ("a + b * c", "(a + (b * c))"),
        ("a - b - c", "((a - b) - c)"),
        ("a || b + c", "((a || b) + c)"),
        ("NOT a = b AND c OR d", "(((NOT (a = b)) AND c) OR d)"),
        ("a = b AND c BETWEEN 1 AND 2 AND d", "(((a = b) AND (c BETWEEN 1 AND 2)) AND d)"),
        ("a div b % c", "((a div b) % c)"),
        ("-a * b", "(-(a) * b)"),
        ("-2 + -x", "(-2 + -(x))"),
        ("a == b", "(a = b)"),
        ("a != b", "(a <> b)"),
        ("! a", "(NOT a)"),
        ("a <=> b", "(a <=> b)"),
        ("a IS NOT DISTINCT FROM b", "(a <=> b)"),
        ("a NOT IN (1)", "(a NOT IN (1))"),
        ("a NOT RLIKE 'x'", "(a NOT RLIKE 'x')"),
        ("a REGEXP 'x'", "(a RLIKE 'x')"),
        ("a RLIKE NULL", "(a RLIKE NULL)"),
        ("a NOT RLIKE NULL AND b", "((a NOT RLIKE NULL) AND b)"),
        ("a LIKE 'x!%' ESCAPE '!'", "(a LIKE 'x!%' ESCAPE '!')"),
        ("a::int", "CAST(a AS INT)"),
        ("try_cast(a AS decimal(5,2))", "CAST(a AS DECIMAL(5, 2))"),
        ("trim(BOTH 'x' FROM a)", "btrim(a, 'x')"),
        ("trim(BOTH FROM a)", "btrim(a, ' ')"),
        ("trim(TRAILING FROM a)", "rtrim(' ', a)"),
        ("trim(LEADING 'x' FROM a)", "ltrim('x', a)"),
        ("substring(a FROM 2 FOR 3)", "substring(a, 2, 3)"),
        ("substr(a, 2)", "substring(a, 2)"),
        ("extract(YEAR FROM a)", "year(a)"),
        ("position('x' IN a)", "position('x', a)"),
        ("ceil(a)", "ceil(a)"),
        ("floor(a / 10) * 10", "(floor((a / 10)) * 10)"),
        ("COUNT(*) FILTER (WHERE a > 1)", "count(*) FILTER (WHERE (a > 1))"),
        ("count(DISTINCT a)", "count(DISTINCT a)"),
        ("a IS UNKNOWN", "(a IS NULL)"),
        ("f(x)[0]", "(f(x))[0]"),
        ("a[i + 1]", "(a)[(i + 1)]"),
        ("DATE '2026-01-01'", "DATE '2026-01-01'"),
        ("a - INTERVAL 5 MINUTES", "(a - INTERVAL '0 months 0 days 300000000 microseconds')"),
        ("if(a, left(b, 1), right(b, 1))", "if(a, left(b, 1), right(b, 1))"),
        ("date_trunc('HOUR', timestamp)", "date_trunc('HOUR', `timestamp`)"),
        ("case when a then 1 else 2 end", "CASE WHEN a THEN 1 ELSE 2 END"),
        ("9223372036854775808", "9.223372036854776e18"),
        ("1.50", "1.5e0"),
    ] {
        assert_eq!(print(written), meant);
    }
}

fn named(list: crate::error::Result<Vec<Named>>) -> Vec<(String, String, bool)> {
    list.unwrap().into_iter().map(|named| (named.name, named.expr.to_string(), named.alias)).collect()
}

#[test]
fn lists_give_names() {
    let list = named(parse_list("user, upper( country\n)  AS c, a.b[0], (x  + 1), $1, sum(x) AS `the sum`, 用户"));
    let expected = [
        ("user", "`user`", false),
        ("c", "upper(country)", true),
        ("a.b[0]", "a.b[0]", false),
        ("(x + 1)", "(x + 1)", false),
        ("$1", "$1", false),
        ("the sum", "sum(x)", true),
        ("用户", "`用户`", false),
    ];
    assert_eq!(list, expected.map(|(name, expr, alias)| (name.to_string(), expr.to_string(), alias)));
}

#[test]
fn assignments_name_columns_of_any_name() {
    let list =
        named(parse_assignments("rate = a / sum(a), `odd name` = 1, 用户 = $1 = 2, $2 = 3, a.b[0] = 4, end = 5"));
    let names: Vec<&str> = list.iter().map(|named| named.0.as_str()).collect();
    assert_eq!(names, ["rate", "odd name", "用户", "$2", "a.b[0]", "end"]);
    assert_eq!(list[2].1, "($1 = 2)");
}

#[test]
fn aggregates_are_taken_out() {
    let expr = Expr::parse("sum(a) / count(*) + p99(b) FILTER (WHERE c > 1) - abs(d)").unwrap();
    assert!(expr.has_aggregate() && !Expr::parse("abs(a) + b").unwrap().has_aggregate());
    let mut seen = Vec::new();
    let rest = expr.without_aggregates(|aggregate| {
        seen.push(aggregate);
        Ok(format!("__{}", seen.len() - 1))
    });
    assert_eq!(rest.unwrap().to_string(), "(((__0 / __1) + __2) - abs(d))");
    assert_eq!(seen.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["sum", "count", "p99"]);
    assert_eq!(seen[0].args, [Expr::column("a")]);
    assert!(seen[1].star && seen[1].args.is_empty());
    assert_eq!(seen[2].filter.as_ref().map(Expr::to_string).as_deref(), Some("(c > 1)"));
    let error = Expr::parse("sum(1 + max(a))").unwrap().without_aggregates(|_| Ok(String::new())).unwrap_err();
    assert!(error.to_string().starts_with("max(…) stands in the argument of sum(…)"), "{error}");
    assert_eq!(
        [Some(0.5), Some(0.05), Some(0.999), None, None],
        ["p50", "P5", "p999", "p0", "p100"].map(aggregate::percentile_of)
    );
    assert!(aggregate::is_one("COUNT_IF") && !aggregate::is_one("path") && !aggregate::is_one("p"));
}

#[test]
fn a_way_into_a_column_is_a_name() {
    let expr = Expr::parse("a[0] = 'x' AND b.c[1] = 'y'").unwrap();
    assert_eq!(expr.columns(), ["a[0]", "b.c[1]"].map(String::from).into_iter().collect::<BTreeSet<_>>());
}

fn tree(form: Form) -> Tree {
    Tree { form, place: Place::default() }
}

fn leaf() -> impl Strategy<Value = Form> {
    let name = prop_oneof!["[a-z]{1,6}", "[a-zé用 `.]{1,4}", "and|end|case|date|in|sum|interval|trim|from"];
    let step = prop_oneof![name.clone().prop_map(Step::Key), (0u64..9).prop_map(Step::Index)];
    let path = (name, prop::collection::vec(step, 0..3)).prop_map(|(base, steps)| Path { base, steps });
    prop_oneof![
        path.prop_map(Form::Column),
        "\\$[0-9]{1,2}".prop_map(|name| Form::Column(Path::plain(name))),
        "[ -~é用]{0,6}".prop_map(Form::Text),
        any::<i64>().prop_map(Form::Int),
        any::<f64>().prop_filter("is written", |f| f.is_finite()).prop_map(Form::Float),
        any::<bool>().prop_map(Form::Bool),
        Just(Form::Null),
        (-9i32..9, -9i32..9, any::<i64>()).prop_map(|(months, days, micros)| Form::Interval(Interval {
            months,
            days,
            micros
        })),
        (any::<bool>(), "[0-9-]{1,5}").prop_map(|(date, text)| Form::Cast {
            of: Box::new(tree(Form::Text(text))),
            to: if date { Type::Date } else { Type::Time },
            literal: true,
        }),
    ]
}

fn operator() -> impl Strategy<Value = Operator> {
    use Operator as O;
    prop::sample::select(vec![
        O::Add,
        O::Subtract,
        O::Multiply,
        O::Divide,
        O::Remainder,
        O::WholeDivide,
        O::Equal,
        O::NotEqual,
        O::Less,
        O::LessOrEqual,
        O::Greater,
        O::GreaterOrEqual,
        O::Same,
        O::And,
        O::Or,
        O::Concat,
    ])
}

fn any_tree() -> impl Strategy<Value = Tree> {
    leaf().prop_map(tree).prop_recursive(4, 24, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let list = prop::collection::vec(inner.clone(), 1..4);
        let is = prop::sample::select(vec![Is::Null, Is::True, Is::False]);
        let like = prop_oneof![
            Just(Like::Regex),
            (any::<bool>(), prop::sample::select(vec!['\\', '!', '\'', 'é']))
                .prop_map(|(any_case, escape)| Like::Wildcards { any_case, escape }),
        ];
        let types = vec![
            Type::Int(8),
            Type::Int(32),
            Type::Int(64),
            Type::Double,
            Type::Decimal(9, 2),
            Type::Text,
            Type::Bool,
            Type::Time,
        ];
        prop_oneof![
            boxed.clone().prop_map(Form::Not),
            boxed.clone().prop_map(Form::Minus),
            boxed.clone().prop_map(Form::Plus),
            (operator(), boxed.clone(), boxed.clone()).prop_map(|(o, a, b)| Form::Binary(o, a, b)),
            (boxed.clone(), is, any::<bool>()).prop_map(|(of, is, negated)| Form::Is(of, is, negated)),
            (boxed.clone(), list.clone(), any::<bool>()).prop_map(|(of, list, negated)| Form::In { of, list, negated }),
            (boxed.clone(), boxed.clone(), boxed.clone(), any::<bool>())
                .prop_map(|(of, low, high, negated)| Form::Between { of, low, high, negated }),
            (boxed.clone(), "[a-c%_]{0,3}", like, any::<bool>()).prop_map(|(of, pattern, how, negated)| {
                Form::Like { of, pattern: Box::new(tree(Form::Text(pattern))), how, negated }
            }),
            (
                prop::option::of(boxed.clone()),
                prop::collection::vec((inner.clone(), inner.clone()), 1..3),
                prop::option::of(boxed.clone())
            )
                .prop_map(|(of, arms, otherwise)| Form::Case { of, arms, otherwise }),
            (boxed.clone(), prop::sample::select(types)).prop_map(|(of, to)| Form::Cast { of, to, literal: false }),
            ("[a-z]{2,5}_x", list, any::<bool>(), prop::option::of(boxed)).prop_map(
                |(name, args, distinct, filter)| { Form::Call(Call { name, args, star: false, distinct, filter }) }
            ),
        ]
        .prop_map(tree)
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_as_the_same(tree in any_tree()) {
        let expr = Expr { text: "".into(), tree };
        let printed = expr.to_string();
        let read = Expr::parse(&printed);
        prop_assert_eq!(read.as_ref().map_err(|e| e.to_string()), Ok(&expr), "{}", printed);
        // Each part stands where it says, inside of the whole.
        let read = read.unwrap();
        let text = &read.text;
        prop_assert!(text.get(read.tree.place.start as usize..read.tree.place.end as usize).is_some());
    }

    #[test]
    fn anything_is_read_or_refused(text in "[a-c0-9 ()\\[\\]+*/=<>!'\"`,.:$é用%|&~-]{0,40}|(a|b|1|'x'| |\\(|\\)|,|AND|NOT|IN|CASE|WHEN|THEN|END|LIKE|IS|NULL|BETWEEN|\\[|\\]|DATE|INTERVAL|FILTER|WHERE|trim|FROM|AS|\\.|::|=|\\+|-|\\*){0,20}") {
        for result in [Expr::parse(&text).map(|_| ()), parse_list(&text).map(|_| ()), parse_assignments(&text).map(|_| ())] {
            if let Err(error) = result {
                prop_assert_eq!(error.exit_status(), 2);
                let lines = if text.trim().is_empty() { 1 } else { 3 };
                prop_assert_eq!(error.to_string().lines().count(), lines, "{}", error);
            }
        }
    }
}
