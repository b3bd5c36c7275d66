//! What is refused, and how: the exact messages, with the text and the caret.

use super::*;
use crate::expr::{parse_assignments, parse_list};

/// The message, and below it the text and the carets.
fn told(result: crate::error::Result<()>) -> Vec<String> {
    let error = result.expect_err("it is wrong");
    assert_eq!(error.exit_status(), 2);
    error.to_string().lines().map(String::from).collect()
}

fn wrong(expression: &str) -> Vec<String> {
    let fields = vec![Field::shown("user"), Field::shown("clicks")];
    let schema = Schema { fields, ..Schema::default() };
    told(Expr::parse(expression).and_then(|expr| expr.bind(&schema, &Context::default())).map(|_| ()))
}

#[test]
fn mistakes_are_shown_with_what_to_write() {
    for (expression, message, carets) in [
        ("usr > 5", "there is no column `usr` here, the columns are: user, clicks; did you mean user?", "^^^"),
        ("1 + uper(user)", "there is no function `uper`; did you mean upper or power?", "    ^^^^^^^^^^"),
        ("user =~ 'a'", "`=~` is written RLIKE: x RLIKE '\\d+'", "     ^^"),
        ("user && clicks", "`&&` is written AND", "     ^^"),
        (
            "user > 1 || clicks > 2",
            "`||` joins texts: either of two conditions is written OR",
            "^^^^^^^^^^^^^^^^^^^^^^",
        ),
        (
            "(user > 1) || (clicks > 2)",
            "`||` joins texts, and this is a condition: either of two conditions is written OR",
            " ^^^^^^^^",
        ),
        ("1 < clicks < 3", "comparisons are not chained: write a < b AND b < c", "^^^^^^^^^^^^^^"),
        (
            "clicks >",
            "the expression ends where an operand is missing: did the shell take a `>`? quote the expression: 'a > 5'",
            "        ^",
        ),
        (
            "user = 1 AND ",
            "the expression ends where an operand is missing: did the shell take a `>`? quote the expression: 'a > 5'",
            "            ^",
        ),
        (
            " > 5",
            "an operand is missing before >: did the shell replace a `$1` by nothing? write it in single quotes: '$1 > 5'",
            " ^",
        ),
        ("clicks > AND user", "an operand is missing before `AND`", "         ^^^"),
        (
            "clicks > 5m",
            "`5m` is neither a number nor a name: a name that begins with a digit stands in backticks",
            "         ^^",
        ),
        ("1_000 < clicks", "`1_000` is no number: write 1000", "^^^^^"),
        (
            "clicks--1",
            "a comment has no place in an expression; to take away what is negative write a - (-b)",
            "      ^^^",
        ),
        ("clicks /* x */", "a comment has no place in an expression", "       ^^^^^^^"),
        ("user clicks", "an operator is missing before `clicks`", "     ^^^^^^"),
        ("user DESC", "a direction stands behind a colon: KEY:desc", "     ^^^^"),
        ("user trim", "an operator is missing before `trim`", "     ^^^^"),
        ("user, clicks", "one expression is wanted, not a list", "    ^"),
        ("abs((clicks)", "this bracket is not closed", "   ^"),
        ("clicks)", "this ) closes nothing", "      ^"),
        ("user = 'a", "this text is not closed: its quote is missing (a quote inside of it is doubled)", "       ^"),
        (
            "r'\\d'",
            "a text has no letter before its quote: a backslash in it is always itself, so '\\d' is enough",
            "^^^^^",
        ),
        ("CASE WHEN user THEN 1", "this CASE has no END", "^^^^"),
        ("CASE user THEN 1 END", "expected WHEN, found `THEN`", "          ^^^^"),
        ("user IS 5", "IS asks for NULL, TRUE, FALSE or DISTINCT FROM, found `5`", "        ^"),
        ("user IN (SELECT 1)", "a query has no place in an expression", "         ^^^^^^"),
        ("user RLIKE '('", "cannot read the regex `(`: unclosed group, at `(`", "           ^^^"),
        (
            "substring(user)",
            "substring: takes 2 or 3 arguments, not 1; it is written substring(text, start[, length])",
            "          ^^^^",
        ),
        (
            "1 < sum(clicks)",
            "sum(…) combines rows: it stands in agg or set, and not where each row is looked at",
            "    ^^^^^^^^^^^",
        ),
        ("upper(DISTINCT user)", "DISTINCT belongs to aggregates, and upper is none", "^^^^^^^^^^^^^^^^^^^^"),
        ("clicks + (clicks = 1)", "+ computes with numbers, and this is a condition", "          ^^^^^^^^^^"),
        ("NOT clicks + 1", "NOT wants a condition, and a number is no condition: compare it, x <> 0", "    ^^^^^^^^^^"),
        (
            "CAST(user AS FOO)",
            "there is no type FOO here, the types are: INT, BIGINT, DOUBLE, DECIMAL(10, 2), STRING, BOOLEAN, TIMESTAMP, DATE",
            "     ^^^^",
        ),
        ("user[0]", "items are taken of lists, and this is text", "^^^^^^^"),
        ("to_timestamp(user) = 'x'", "`x` is no time: write '2026-11-20 09:00:00'", "^^^^^^^^^^^^^^^^^^^^^^^^"),
        ("user ≥ 1", "`≥` is written >=", "     ^"),
        (
            "sum(clicks) OVER (user)",
            "window functions (OVER) are not known here: `set` gives an aggregate of the batch to each of its rows",
            "            ^^^^",
        ),
    ] {
        let expected = [message.to_string(), format!("  {}", expression.trim_end()), format!("  {carets}")];
        assert_eq!(wrong(expression), expected);
    }
}

#[test]
fn an_empty_expression_asks_for_the_shell() {
    for expression in ["", " \t"] {
        let hint =
            "the expression is empty: did the shell replace a `$1` by nothing? write it in single quotes: '$1 > 5'";
        assert_eq!(wrong(expression), [hint]);
    }
}

#[test]
fn a_bare_name_is_not_shown_again() {
    let message = "there is no column `usr` here, the columns are: user, clicks; did you mean user?";
    assert_eq!(wrong("usr"), [message]);
    assert_eq!(wrong("-usr").len(), 3);
}

#[test]
fn lists_and_assignments_are_refused_at_their_place() {
    for (list, message, carets) in [
        ("user, *", "`*` is not known here: name the columns; `set` keeps all and adds to them", "      ^"),
        ("user total", "an operator or a comma is missing before `total`; for a name write AS total", "     ^^^^^"),
        ("user AS 'x'", "a name stands in backticks, not in quotes: AS `x`", "        ^^^"),
        ("user,", "an expression is missing behind the comma", "    ^"),
        ("user,,x", "an operand is missing before `,`", "     ^"),
        ("user AS", "AS wants a name, found the end", "     ^^"),
    ] {
        let expected = [message.to_string(), format!("  {list}"), format!("  {carets}")];
        assert_eq!(told(parse_list(list).map(|_| ())), expected);
    }
    for (list, message, carets) in [
        ("a == 1", "`==` compares: a column is set by NAME = EXPRESSION", "  ^^"),
        ("a + 1 AS b", "a column is set by NAME = EXPRESSION", "  ^"),
        ("'a' = 1", "a name stands in backticks, not in quotes: `a` = …", "^^^"),
        ("a = 1 AS b", "a column is set by NAME = EXPRESSION, without AS", "      ^^"),
        ("a = 1,", "an assignment is missing behind the comma", "     ^"),
        ("a", "a column is set by NAME = EXPRESSION", "^"),
    ] {
        let expected = [message.to_string(), format!("  {list}"), format!("  {carets}")];
        assert_eq!(told(parse_assignments(list).map(|_| ())), expected);
    }
}
