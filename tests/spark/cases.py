"""What Spark SQL answers: the table that streamer's expressions are held against.

To run (a development tool, nothing that is built or tested needs it; Java 17 or 21; two minutes):

    python3 -m venv /tmp/spark && /tmp/spark/bin/pip install pyspark==4.3.0
    /tmp/spark/bin/python tests/spark/cases.py        # writes tests/spark/cases.jsonl, the same bytes on every run

Every expression below is run in PySpark with `spark.sql.ansi.enabled=false`, `spark.sql.parser.escapedStringLiterals=true` and
the session time zone UTC, in one partition, rows in the order written. `cases.jsonl` (UTF-8) has one JSON object a line:

    {"spark": "4.3.0", "settings": {…}}                      the first line
    {"table": "pairs", "columns": ["a", "b"],                an input; stands before the first case that uses it. Every
     "rows": [["7", "2"], [null, "2"]]}                       column is text (Spark STRING) or null; "" is text, not null
    {"topic": "arithmetic", "on": "pairs", "kind": "row",    a case: the expression on each row of the table, in order:
     "expr": "a + b", "type": "double",                      the type that Spark gives it, and
     "result": ["9.0", null]}                                one value for each row

`"kind": "aggregate"` has one value in `result` for the whole table (which may be without rows). A value is null, a string (what
`CAST(… AS STRING)` gives: `2.0`, `1.0E10`, `NaN`, `true`, `2020-01-01 00:00:00`), or for Spark's arrays a list of values. With
`"unordered": true` the order of that list means nothing in Spark; it stands sorted here. A case that Spark refuses has `error`
in place of `type` and `result`: Spark's error condition, or the class of the Java exception; `"when": "run"` says that it was
refused for a value (of some row, or a constant), not for its syntax and types. No two cases have the same `on` and `expr`.
Doubles of `exp`, `ln`, `log` and `pow` are Java's, which may be an ulp from another library's.
"""

import json
import logging
import os
import sys
from itertools import product
from pathlib import Path

SETTINGS = {
    "spark.sql.ansi.enabled": "false",
    "spark.sql.parser.escapedStringLiterals": "true",
    "spark.sql.session.timeZone": "UTC",
}
TABLES, CASES = {}, []


def table(name, columns, rows):
    rows = [row if isinstance(row, tuple) else (row,) for row in rows]
    assert name not in TABLES and all(len(row) == len(columns.split()) for row in rows), name
    TABLES[name] = (columns.split(), rows)


def add(kind, topic, on, exprs):
    CASES.extend({"topic": topic, "on": on, "kind": kind, "expr": expr} for expr in exprs)


def each(topic, on, *exprs):
    add("row", topic, on, exprs)


def over(topic, on, *exprs):
    add("aggregate", topic, on, exprs)


def forms(template, **choices):
    """The template with every combination of the choices: forms('{f}(a)', f=['ln', 'exp'])."""
    return [template.format(**dict(zip(choices, values))) for values in product(*choices.values())]


# ---------------------------------------------------------------------------------------------------------------- inputs
N = None
table("one", "a", ["1"])
table("pairs", "a b", [
    ("7", "2"), ("-7", "2"), ("7", "-2"), ("-7", "-2"), ("0", "5"), ("5", "0"), ("0", "0"), ("2.5", "0.5"), ("-2.5", "2"),
    ("1e3", "10"), (" 8 ", "2"), ("+3", "1"), (".5", "1."), ("abc", "2"), ("7", "abc"), ("", "2"), (N, "2"), ("7", N), (N, N),
    ("07", "7"), ("7.0", "7"), ("10", "9"), ("-0", "0"), ("5.5", "5"), ("abc", "ABC"), ("abc", "abc"), ("", ""), ("é", "z")])
table("large", "a b", [
    ("2147483647", "1"), ("-2147483648", "-1"), ("2147483648", "2"), ("9223372036854775807", "1"), ("9223372036854775807", "2"),
    ("-9223372036854775808", "-1"), ("9223372036854775808", "1"), ("9007199254740993", "1"), ("1e308", "10"), ("1e-320", "10"),
    ("1e400", "1"), ("123456789012345678901234567890", "1")])
table("texts", "a", [
    "5", "-5", "+5", "05", "5.0", "5.9", "-5.9", ".5", "5.", "1e3", "1E+3", "1.5e-3", " 5", "5 ", "\t5\n", "5 5", "", " ",
    "abc",
    "0x1F", "1_000", "1,000", "1d", "1f", "1L", "NaN", "nan", "Infinity", "-inf", "inf", "-0", "-0.0", "--5", "+", ".", "e5",
    "٣",
    "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "1e400", "true", "TRUE", "t", "T",
    "yes", "y", "Y", "1", "on", "false", "f", "no", "n", "0", "off", "null", N])
table("logic", "p q", list(product(["true", "false", N], repeat=2)))
table("strings", "s", [
    "", " ", "a", "Hello World", "  trim me  ", "\t tab\n", "xxhixx", "é", "e\u0301", "ÉCOLE", "straße", "İstanbul", "ΑΣ",
    "用户登录",
    "😀 ok", "👨‍👩‍👧", "naïve café", "a,b,,c,", ",", "a.b.c", "a|b", "it's", 'say "hi"', "back\\slash", "100%", "a_b",
    "GET /api/v1/users?id=42&x=7",
    "ERROR: disk 12 full", "line1\nline2", "aaa", "\u00a0nbsp\u00a0", N])
table("halves", "a", [
    "0.5", "1.5", "2.5", "-0.5", "-1.5", "-2.5", "0.4999999999999999", "2.675", "1.005", "0.125", "-0.125", "1234.5678", "1250",
    "-1250",
    "15", "25", "0", "-0.0", "1e15", "1e20", "1e300", "-1e300", "NaN", "Infinity", "-Infinity", "9007199254740993", "abc", N])
table("reals", "a", [
    "0", "-0.0", "1", "-1", "2", "-2", "0.5", "4", "8", "10", "100", "1e-10", "1e10", "1e300", "709", "710", "-745", "-746",
    "NaN", "Infinity",
    "-Infinity", "abc", "", N])
table("triples", "a b c", [
    ("1", "2", "3"), ("3", "2", "1"), ("10", "9", "8"), ("b", "a", "c"), ("2", N, "1"), (N, N, "1"), (N, N, N), ("", "a", N),
    ("-1", "-2", "abc"),
    ("NaN", "1", "2"), ("é", "z", "用"), ("0", "-0.0", "0.0"), ("5", "5", "5.0")])
table("times", "t", [
    "2024-02-29 12:34:56", "2024-02-29T12:34:56", "2024-02-29T12:34:56Z", "2024-02-29T12:34:56.789Z",
    "2024-02-29 12:34:56.123456",
    "2024-02-29 12:34:56.123456789", "2024-02-29T12:34:56+02:00", "2024-02-29T12:34:56-0530", "2024-02-29 12:34:56 UTC",
    "2024-02-29 12:34:56 Europe/Berlin", "2024-02-29 12:34", "2024-02-29 12", "2024-02-29", "2024-02", "2024", "2024-2-9 1:2:3",
    "2023-02-29 00:00:00", "2024-13-01 00:00:00", "2024-12-31 23:59:59.999999", "2024-12-31 24:00:00", "2024-06-30 23:59:60",
    "1970-01-01 00:00:00", "1969-12-31 23:59:59", "1969-12-31 23:59:59.5", "1900-01-01 00:00:00", "0001-01-01 00:00:00",
    "1582-10-10 00:00:00", "9999-12-31 23:59:59", "10000-01-01 00:00:00", " 2024-01-01 00:00:00 ", "2024/01/01 00:00:00",
    "01-02-2024",
    "20240229", "1709210096", "29/Feb/2024:12:34:56 +0000", "Thu, 29 Feb 2024 12:34:56 GMT", "abc", "", N])
table("stamps", "t", [
    "2024-02-29 12:34:56.789123", "2023-01-01 00:00:00", "2020-12-31 23:59:59.999999", "2021-01-03 01:02:03",
    "2024-05-15 13:00:00.5",
    "1970-01-01 00:00:00", "1969-12-31 23:59:59.999", "1900-03-01 00:30:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59", N])
table("parsed", "t f", [
    ("29/Feb/2024:12:34:56 +0100", "dd/MMM/yyyy:HH:mm:ss Z"), ("2024-02-29", "yyyy-MM-dd"), ("2023-02-29", "yyyy-MM-dd"),
    ("2024-02-29 01:02 PM", "yyyy-MM-dd hh:mm a"), ("24-2-9", "yy-M-d"), ("2024-02-29 12:34:56.7", "yyyy-MM-dd HH:mm:ss.SSS"),
    ("2024-02-29 12:34:56.789", "yyyy-MM-dd HH:mm:ss.SSS"), ("2024-02-29 12:34:56.789", "yyyy-MM-dd HH:mm:ss"),
    ("2024-02-29T12:34:56Z", "yyyy-MM-dd'T'HH:mm:ssXXX"), ("2024-02-29T12:34:56+02:00", "yyyy-MM-dd'T'HH:mm:ssXXX"),
    ("2024-060", "yyyy-DDD"), ("12:34", "HH:mm"), ("2024-02-29 24:00", "yyyy-MM-dd HH:mm"), ("Feb 2024", "MMM yyyy"),
    ("feb 2024", "MMM yyyy"), ("February 2024", "MMMM yyyy"), ("2024-02-29", "yyyy-MM-dd[ HH:mm]"), ("2024-02-29 12:34",
    "yyyy-MM-dd[ HH:mm]"),
    ("2024-2-9", "yyyy-MM-dd"), (" 2024-02-29", "yyyy-MM-dd"), ("2024", "yyyy"), ("20240229", "yyyyMMdd"), ("", "yyyy"), (N,
    "yyyy"), ("2024", N)])
table("events", "name clicks ms ts", [
    ("ann", "3", "12.5", "2024-01-01 00:00:00"), ("bob", "5", "7", "2024-01-01 00:00:10"), ("ann", N, "100.25",
    "2024-01-01 00:00:05"),
    (N, "2", "7", N), ("cid", "5", N, "2023-12-31 23:59:59"), ("", "10", "-3", "2024-01-02 00:00:00"), ("bob", "-1", "0",
    "2024-01-01 00:00:10")])
table("single", "name clicks ms ts", [("ann", "3", "12.5", "2024-01-01 00:00:00")])
table("nothing", "name clicks ms ts", [])
table("nulls", "name clicks ms ts", [(N, N, N, N)] * 3)
table("tenths", "x", ["0.1"] * 10)
table("cancel", "x", ["1e16", "1", "-1e16", "1"])
table("top_of_int", "x", ["9223372036854775807", "1", "9223372036854775807"])
table("mixed", "x", ["10", "9", "abc", "", N, "7.5", " 8 ", "NaN", "1e2"])
table("hundred", "x", [str(n) for n in range(1, 101)])

# ------------------------------------------------------------------------------------------------- operators and literals
INT, LONG, REAL = "CAST({} AS INT)", "CAST({} AS BIGINT)", "CAST({} AS DOUBLE)"
TYPED = [("a", "b")] + [(cast.format("a"), cast.format("b")) for cast in (INT, LONG, REAL)]
for left, right in TYPED:
    each("arithmetic", "pairs", *(f"{left} {op} {right}" for op in "+-*/%"), f"-{left}")
    each("comparison", "pairs", *(f"{left} {op} {right}" for op in ["=", "<", ">=", "<=>"]))
for left, right in TYPED[1:3]:
    each("arithmetic", "pairs", f"{left} div {right}")
    each("overflow", "large", *(f"{left} {op} {right}" for op in ["+", "-", "*", "/", "%", "div"]), f"-{left}")
each("overflow", "large", "a + b", "a * b", "a % b")
each("arithmetic", "pairs", "a div b", "+a", "a + 1", "1 + a", "a * 2.5", "a * 2.5e0", "a / 2", "a % 3", "CAST(a AS INT) + 1.5",
     "CAST(a AS INT) / 2", "CAST(a AS INT) + CAST(b AS DOUBLE)", "CAST(a AS INT) * b", "a + NULL")
each("literals", "one", "1", "2147483648", "9223372036854775808", "1.5", "1e3", ".5", "- -1", "1 + 2 * 3", "(1 + 2) * 3",
     "7 - 2 - 1",
     "8 / 4 / 2", "-7 % 3", "-7 div 2", "5.7 div 2", "0.1 + 0.2", "0.1e0 + 0.2e0", "1.0 / 3", "1 / 3", "1.50", "100 * 1.10",
     "1 / 0", "0 / 0",
     "1e0 / 0", "1 % 0", "1 div 0", "1e308 * 10", "2147483647 + 1", "9223372036854775807 + 1", "-9223372036854775808", "NULL",
     "true",
     "'5' + 1", "'5' + '6'", "'5' * 1.5", "'a' + 1", "-'5'", "true + 1", "NOT 1", "'it''s'", "\"double\"", "\"it's\"",
     "'say \"hi\"'",
     r"'a\tb'", r"'\\'", r"'a\'", "'' = \"\"", "'é用户😀'", "`a`")
each("comparison", "pairs", "a == b", "a <> b", "a != b", "a <= b", "a > b", "a = 7", "a = '7'", "a > 5", "a > '5'", "a < 10.5",
     "a <> 7",
     "a <=> 7", "a <=> NULL", "a = NULL", "a = 7.0", "CAST(a AS INT) = b", "CAST(a AS DOUBLE) = b", "CAST(a AS INT) = '7.0'",
     "a = true",
     "a IS NULL", "a IS NOT NULL", "a IS DISTINCT FROM b", "NOT a = b", "NOT (a > 5 AND b < 5)", "a > 5 OR b > 5",
     "a = b = true")
each("comparison", "one", "'a' < 'B'", "'10' < '9'", "'10' < 9", "'abc' = 0", "'' = 0", "'' < 'a'", "'é' > 'z'",
     "'\uffee' < '😀'",
     "CAST('NaN' AS DOUBLE) = CAST('NaN' AS DOUBLE)", "CAST('NaN' AS DOUBLE) > CAST('Infinity' AS DOUBLE)",
     "CAST('-0.0' AS DOUBLE) = 0",
     "1 = true", "'5.5' = 5", "' 5' = 5", "'5.5' > 5", "'9223372036854775808' > 1", "NULL = NULL", "NULL <=> NULL",
     "'a' = 'a '")
P, Q = "CAST(p AS BOOLEAN)", "CAST(q AS BOOLEAN)"
each("logic", "logic", f"{P} AND {Q}", f"{P} OR {Q}", f"NOT {P}", f"{P} = {Q}", f"{P} <=> {Q}", f"{P} < {Q}",
     f"NOT {P} AND {Q}",
     f"{P} OR {Q} AND NOT {P}", f"{P} IS TRUE", f"{P} IS NOT TRUE", f"{P} IS FALSE", f"{P} AND NULL", f"{P} OR NULL", "p AND q",
     "NOT p",
     f"if({P}, 'yes', 'no')", f"CASE WHEN {P} THEN 1 WHEN {Q} THEN 2 ELSE 3 END", "p = true", f"{P} = 'true'")
each("membership", "pairs", "a IN ('7', '10')", "a IN (7, 10)", "a IN (7, '10')", "a IN (7, NULL)", "a NOT IN (7, NULL)",
     "a NOT IN (7, 10)", "a NOT IN ('7', '10')", "a IN (NULL)", "a IN (b, 7)", "a IN (5.5, 7)", "CAST(a AS INT) IN (7, 5)",
     "CAST(a AS DOUBLE) IN (7, 5.5)", "NOT a IN (7)", "a BETWEEN 1 AND 7", "a BETWEEN '1' AND '7'", "a NOT BETWEEN 1 AND 7",
     "a BETWEEN 7 AND 1", "a BETWEEN b AND 10", "a BETWEEN NULL AND 7", "CAST(a AS DOUBLE) BETWEEN 2.5 AND 7")
each("like", "strings", *(f"s LIKE '{pattern}'" for pattern in [
    "", "%", "_", "__", "a%", "%a", "%a%", "%o W%", "a_b", r"a\_b", r"100\%", r"%\\%", "%用%", "_ ok", "hello%", "line1_line2",
    "a%a",
    "%.%", r"a\b"]), "s LIKE 'a#_b' ESCAPE '#'", "s LIKE '100/%' ESCAPE '/'", "s NOT LIKE '%a%'", "s LIKE NULL", "s LIKE s")
each("rlike", "strings", *(f"s RLIKE '{pattern}'" for pattern in [
    "", "^$", "a", "^a", "a$", r"\d+", r"\s", r"\w+", "^.$", "^..$", "用户", "(?i)hello", "(?i)É", r"a\.b", r"\\", "(a|é)",
    r"\bok\b",
    r"^(\w+):\s", r"\p{L}+$", "tab$", "line1.line2", "(?s)line1.line2", "(?m)line1$", "(?=x)x", r"(a)\1", "[[:alpha:]]",
    r"\p{Lu}", "a{2}",
    "a{2", "("]), "s NOT RLIKE 'a'", "s RLIKE NULL")

# ----------------------------------------------------------------------------------------------------------- CASE, CAST, ||
each("case", "pairs", "CASE WHEN a > 5 THEN 'high' WHEN a > 0 THEN 'low' END", "CASE WHEN a > 5 THEN 'high' ELSE 'low' END",
     "CASE a WHEN '7' THEN 'seven' WHEN '0' THEN 'zero' ELSE 'other' END", "CASE a WHEN 7 THEN 'seven' ELSE 'other' END",
     "CASE a WHEN NULL THEN 'null' ELSE 'other' END", "CASE a WHEN b THEN 'same' END", "CASE WHEN a = b THEN 1 ELSE 2.5 END",
     "CASE WHEN a = b THEN 1 ELSE 'x' END", "CASE WHEN a IS NULL THEN 0 ELSE a END", "if(a > 5, 'high', 'low')",
     "if(a > 5, a, 0)",
     "if(a > 5, 1, NULL)", "if(NULL, 1, 2)", "if(a IS NULL, b, a)", "if(a = 7, 1, 2.5)", "if(a, 1, 2)", "if(1, 1, 2)")
each("cast", "texts", *forms("CAST(a AS {t})", t=["INT", "BIGINT", "DOUBLE", "BOOLEAN", "STRING"]),
     *forms("CAST(CAST(a AS DOUBLE) AS {t})", t=["INT", "BIGINT", "STRING", "BOOLEAN"]), "CAST(CAST(a AS BIGINT) AS INT)",
     "CAST(CAST(a AS BOOLEAN) AS INT)", "CAST(CAST(a AS BOOLEAN) AS STRING)", "a::INT")
each("cast", "one", "CAST(-2.9 AS INT)", "CAST(2.9e0 AS INT)", "CAST(1e10 AS INT)", "CAST(1e19 AS BIGINT)",
     "CAST(3000000000 AS INT)",
     "CAST(0 AS BOOLEAN)", "CAST(-1 AS BOOLEAN)", "CAST(true AS INT)", "CAST(true AS DOUBLE)", "CAST(1.0 AS STRING)",
     "CAST(1e0 AS STRING)",
     "CAST(1e7 AS STRING)", "CAST(1e-4 AS STRING)", "CAST(123456789e0 AS STRING)", "CAST(0.1e0 + 0.2e0 AS STRING)",
     "CAST(NULL AS INT)",
     "CAST(1 AS TIMESTAMP)", "CAST(1.5e0 AS TIMESTAMP)", "CAST(-1 AS TIMESTAMP)", "CAST(1709210096 AS TIMESTAMP)",
     "CAST(1 AS DATE)",
     "CAST(array(1, 2) AS STRING)", "CAST(array('a', NULL) AS STRING)", "CAST(array(1.5e0) AS STRING)", "CAST(a AS NOSUCH)")
each("concat", "pairs", "a || b", "a || '-' || b", "a || NULL", "a || 1", "a || CAST(b AS DOUBLE)", "concat(a, b)", "concat(a)",
     "concat(a, '-', b)", "concat(a, 1, true, 1.50, 2e0)", "concat_ws('-', a, b)", "concat_ws(NULL, a, b)",
     "concat_ws('-', a, array(b, 'x', NULL))", "concat(array(a), array(b))")
each("concat", "one", "1 || 2", "concat()", "concat_ws('-')", "concat_ws(',', array())", "concat('é', '用', '😀')")

# ------------------------------------------------------------------------------------------------------------------ text
each("text", "strings", *forms("{f}(s)", f=["lower", "upper", "length", "trim", "ltrim", "rtrim"]), "trim(BOTH 'x' FROM s)",
     "trim(LEADING 'x' FROM s)", "trim(TRAILING 'x' FROM s)", "trim(BOTH FROM s)", "trim('xi', s)", "ltrim('x', s)",
     "rtrim('xe', s)",
     "trim(BOTH '' FROM s)", "trim(BOTH NULL FROM s)", "trim(BOTH '😀 ' FROM s)")
each("text", "strings", *forms("substring(s, {n})", n=[-100, -3, -1, 0, 1, 2, 100, 2147483647]),
     *forms("substring(s, {nm})", nm=["0, 2", "1, 0", "1, 3", "2, 2", "-3, 2", "-3, 100", "-100, 3", "-100, 101", "-5, 4",
     "1, -1", "100, 1",
                                      "2, 2147483647", "-1, 2147483647", "NULL, 1", "1, NULL", "'2', '1'", "1.9, 2.9"]),
     "substr(s, 2, 3)", "substr(s, -2)", "substring(s FROM 2 FOR 3)", "substring(s, length(s))")
each("text", "strings", "replace(s, 'a', 'b')", "replace(s, 'a', '')", "replace(s, 'a')", "replace(s, '', 'x')",
     "replace(s, 'aa', 'b')",
     "replace(s, ' ', NULL)", "replace(s, NULL, 'x')", "replace(s, '用户', 'user')", "replace(s, '.', '')",
     "replace(s, s, 'all')")
each("text", "one", "length(12.50)", "lower(NULL)", "upper(true)", "substring(12345, 2, 3)", "replace(12.5, '.', ',')",
     "trim(5)")
each("split", "strings", *forms("split(s, '{p}')", p=[",", "", " ", r"\.", ".", r"\|", "|", "a", r"\s+", "[,.]", "(b)", "用",
     "x*", "(?=b)"]),
     *forms("split(s, ',', {n})", n=[-1, 0, 1, 2, 3]), "split(s, '', 2)", "split(s, NULL)", *forms("split(s, ',')[{n}]", n=[0,
     1, -1, 9]),
     "size(split(s, ','))", "element_at(split(s, ','), 2)", "element_at(split(s, ','), -1)", "split(s, '(')")
each("regexp", "strings", *forms("regexp_extract(s, {p})", p=[
    r"'(\d+)', 1", r"'(\d+)', 0", r"'\d+', 0", r"'(\w+)\s(\w+)', 2", r"'id=(\d+)&x=(\d+)', 2", r"'^(\w+): (.*)$', 2",
    "'(z)?a', 1", "'(.)', 1",
    "'', 0", "'(?<n>a)', 1", "'(a)|(b)', 2", "'(?i)(hello)', 1", "'(.*)', 1", r"'(\d+)'", r"'\d+'", r"'(\d+)', 2",
    r"'(\d+)', -1", "'(', 1",
    "NULL, 1", "'(a)', NULL"]))
each("regexp", "strings", *forms("regexp_replace(s, {p})", p=[
    r"'\d+', '#'", r"'\s+', ' '", r"'(\w+) (\w+)', '$2 $1'", "'a', ''", "'', '-'", "'a*', '-'", r"'(\d)(\d)', '$2$1'",
    "'(?<n>a)', '<${n}>'",
    "'a', '$0$0'", r"'a', '\$'", r"'a', '\\'", "'a', '$1'", "'a', '$'", "'(a)', '$11'", "'用户', 'user'", "'.', '.'", "'^', '>'",
    "'$', '<'",
    r"'[^\w]', '_'", "'(', 'x'", "'a', NULL", "NULL, 'x'", "'a', 'x', 2", "'a'"]))

# --------------------------------------------------------------------------------------------------------- nulls, numbers
each("nulls", "triples", "coalesce(a, b, c)", "coalesce(a, 0)", "coalesce(CAST(a AS INT), 0)", "coalesce(CAST(a AS INT), 0.5)",
     "coalesce(CAST(a AS INT), b)", "coalesce(a)", "nullif(a, b)", "nullif(a, '5')", "nullif(a, 5)", "nullif(a, '')",
     "nullif(a, NULL)",
     "nullif(CAST(a AS INT), 0)", "nvl(a, b)", "ifnull(a, b)", "nvl(CAST(a AS INT), 0)")
each("nulls", "one", "coalesce(NULL, NULL)", "coalesce()", "nullif(NULL, 1)")
for f in ["greatest", "least"]:
    each("greatest and least", "triples", f"{f}(a, b, c)", f"{f}(CAST(a AS INT), CAST(b AS INT))", f"{f}(a, 5)",
    f"{f}(a, NULL)", f"{f}(a)",
         f"{f}(CAST(a AS DOUBLE), CAST(b AS DOUBLE), CAST(c AS DOUBLE))", f"{f}(CAST(a AS INT), CAST(b AS DOUBLE))",
         f"{f}(a, '5')")
    each("greatest and least", "one", f"{f}(1, 2.5)", f"{f}('10', '9')", f"{f}('10', 9)", f"{f}(true, false)")
each("rounding", "halves", *forms("round(CAST(a AS DOUBLE){n})", n=["", ", 0", ", 1", ", 2", ", 3", ", -1", ", -2", ", 400",
     ", NULL"]),
     "round(a)", "round(a, 1)", "round(CAST(a AS BIGINT), -2)", *forms("{f}(a)", f=["floor", "ceil", "abs"]),
     *forms("{f}(CAST(a AS DOUBLE))", f=["floor", "ceil", "ceiling", "abs"]), "floor(CAST(a AS BIGINT))",
     "floor(CAST(a AS DOUBLE) / 10) * 10")
each("rounding", "one", "round(2.5)", "round(-2.5)", "round(2.675, 2)", "round(2.675e0, 2)", "round(15, -1)", "round(-15, -1)",
     "round(5, 2)",
     "round(2147483647, -1)", "round(9223372036854775807, -1)", "round(1.5, 5)", "round(NULL)", "floor(-1.5)", "ceil(-0.5e0)",
     "floor(5)",
     "floor(1e300)", "ceil('1.2')", "abs(CAST(-2147483648 AS INT))", "abs(CAST('-9223372036854775808' AS BIGINT))", "abs('-5')",
     "floor(12.345, 2)")
each("mathematics", "reals", *forms("{f}(CAST(a AS DOUBLE))", f=["sqrt", "ln", "exp", "log"]), "sqrt(a)",
     "log(2, CAST(a AS DOUBLE))",
     *forms("pow(CAST(a AS DOUBLE), {n})", n=["0", "2", "-1", "0.5", "1.0 / 3", "NULL", "CAST('NaN' AS DOUBLE)"]),
     "power(a, 2)",
     "pow(2, CAST(a AS DOUBLE))", "pow(1, CAST(a AS DOUBLE))")
each("hash", "triples", "hash(a)", "hash(a, b)", "hash(a, b, c)", "hash(array(a, b))", "hash(a, NULL)", "hash(a) % 8",
     *forms("hash(CAST(a AS {t}))", t=["INT", "BIGINT", "DOUBLE", "BOOLEAN"]))
each("hash", "one", "hash()", "hash('')", "hash(0)", "hash(NULL)", "hash(1.5)", "hash('用户')", "hash('abcdefghijk')",
     "hash(2147483648)",
     "hash(CAST(0 AS TIMESTAMP))", "hash(CAST('-0.0' AS DOUBLE))", "hash(CAST('NaN' AS DOUBLE))", "hash(array())")
each("lists", "triples", "array(a, b, c)", "array(a, 1)", "array(CAST(a AS INT), CAST(b AS DOUBLE))", "size(array(a, b, c))",
     *forms("element_at(array(a, b, c), {n})", n=[1, 3, 4, -1, -3, -4]), *forms("array(a, b, c)[{n}]", n=[0, 2, 3, -1]),
     "array(a, b) = array(b, a)", "array(a, b) < array(b, a)", "array(a, CAST(b AS BOOLEAN))",
     "element_at(array(a), CAST(b AS INT))",
     "array(array(a), array(b))")
each("lists", "one", "array()", "array(NULL)", "size(array())", "size(NULL)", "size(array(NULL))", "size('abc')",
     "element_at(array(1, 2), 0)",
     "element_at(array(), 1)", "array(1, 2.5, 3e0)", "array(1, 'a')", "array(1, true)", "array(1, NULL)", "array(1, 2)[0.5]",
     "array(1, NULL) = array(1, NULL)", "array(1, 2) || array(3)")

# ------------------------------------------------------------------------------------------------------------------ times
TS = "CAST(t AS TIMESTAMP)"
each("times", "times", TS, "CAST(t AS DATE)", "to_timestamp(t)", f"CAST({TS} AS BIGINT)", f"CAST({TS} AS DOUBLE)",
     f"CAST({TS} AS DATE)",
     "CAST(CAST(t AS DATE) AS TIMESTAMP)", "unix_timestamp(t)", f"unix_timestamp({TS})", f"{TS} > '2024-01-01'",
     "t > '2024-01-01'",
     f"{TS} < CAST('2000-01-01' AS DATE)", "date_trunc('HOUR', t)", "date_format(t, 'yyyy')",
     *forms("to_timestamp(t, {p})", p=["'yyyy-MM-dd HH:mm:ss'", "'yyyy-M-d H:m:s'", "'yyyy'", "'dd/MMM/yyyy:HH:mm:ss Z'",
                                       "'EEE, dd MMM yyyy HH:mm:ss z'", "\"yyyy-MM-dd'T'HH:mm:ssXXX\""]),
     "unix_timestamp(t, 'yyyy-MM-dd')", "unix_timestamp(t, 'dd/MMM/yyyy:HH:mm:ss Z')")
each("times", "parsed", "to_timestamp(t, f)", "unix_timestamp(t, f)")
each("times", "stamps", *forms("date_trunc('{u}', CAST(t AS TIMESTAMP))", u=[
    "YEAR", "YYYY", "YY", "QUARTER", "MONTH", "MM", "MON", "WEEK", "DAY", "DD", "HOUR", "MINUTE", "SECOND", "MILLISECOND",
    "MICROSECOND",
    "hour", "", "DECADE", "HOURS"]), f"date_trunc(NULL, {TS})", "date_trunc('DAY', t)", "date_trunc('MONTH', CAST(t AS DATE))",
     f"unix_timestamp({TS})", f"CAST({TS} AS BIGINT)", f"CAST({TS} AS DOUBLE)", f"CAST({TS} AS INT)", f"CAST({TS} AS STRING)",
     f"{TS} + 1",
     f"{TS} = t", f"greatest({TS}, CAST('2000-01-01' AS TIMESTAMP))", "unix_timestamp(CAST(t AS DATE))", f"concat({TS}, '')",
     f"hash({TS})")
each("date_format", "stamps", *forms("date_format(CAST(t AS TIMESTAMP), '{p}')", p=[
    "y", "yy", "yyy", "yyyy", "yyyyyy", "M", "MM", "MMM", "MMMM", "MMMMM", "LLL", "LLLL", "d", "dd", "ddd", "D", "DDD", "E",
    "EEE", "EEEE",
    "F", "a", "h", "hh", "H", "HH", "k", "kk", "K", "KK", "m", "mm", "s", "ss", "S", "SSS", "SSSSSS", "SSSSSSSSS", "Q", "QQ",
    "QQQ", "QQQQ",
    "G", "VV", "z", "zzzz", "O", "OOOO", "X", "XX", "XXX", "x", "xxx", "Z", "ZZZZ", "ZZZZZ", "Y", "w", "u", "e", "n",
    "yyyy-MM-dd HH:mm:ss.SSS",
    "dd/MMM/yyyy:HH:mm:ss Z", "EEE, d MMM yyyy h:mm a", "yyyyMMdd", "[HH]", "", "abc!", "yyyy年", "#", "T"]),
     f"date_format({TS}, \"yyyy-MM-dd'T'HH:mm:ssXXX\")", f"date_format({TS}, \"HH'h'''\")", f"date_format({TS}, NULL)",
     "date_format(t, 'HH:mm')", "date_format(CAST(t AS DATE), 'yyyy-MM-dd HH')")

# ------------------------------------------------------------------------------------------------------------- aggregates
ALL = ["count", "sum", "min", "max", "avg", "stddev", "stddev_pop", "variance", "var_pop", "first", "last", "median",
       "approx_count_distinct", "collect_list", "collect_set"]
MORE = ["count(*)", "count(DISTINCT name)", "count_if(clicks > 3)", "percentile(CAST(ms AS DOUBLE), 0.5)",
    "sum(clicks) / count(*)",
        "percentile(CAST(ms AS DOUBLE), array(0.25, 0.5, 0.99))", "approx_percentile(CAST(ms AS DOUBLE), 0.5)",
        "count(*) FILTER (WHERE clicks > 3)", "sum(clicks) FILTER (WHERE name = 'bob')"]
for on in ["events", "nothing", "nulls"]:
    over("aggregates", on, *forms("{f}(CAST(ms AS DOUBLE))", f=ALL), *MORE)
over("aggregates", "single", *forms("{f}(CAST(ms AS DOUBLE))", f=ALL[4:9] + ["median"]))
over("aggregates", "events", *forms("{f}(clicks)", f=ALL), "stddev_samp(clicks)", "var_samp(clicks)", "count(1)",
     "count(name, clicks)",
     *forms("{f}(CAST(clicks AS INT))", f=["sum", "avg", "min", "max", "median"]), *forms("{f}(name)", f=["min", "max", "sum",
     "collect_set"]),
     *forms("{f}(CAST(ts AS TIMESTAMP))", f=["min", "max"]), "count(DISTINCT name, clicks)", "count(DISTINCT clicks)",
     "sum(DISTINCT clicks)",
     "first(name)", "last(name)", "first(name, true)", "first(clicks) IGNORE NULLS", "count_if(clicks)", "count_if(NULL)",
     "sum(NULL)",
     "count(NULL)", "collect_list(name)", "collect_list(NULL)", "sum(clicks) * 2 + 1", "round(avg(CAST(ms AS DOUBLE)), 2)",
     "max(CAST(ms AS DOUBLE)) - min(CAST(ms AS DOUBLE))", "if(count(*) > 5, 'many', 'few')",
     "coalesce(sum(clicks) FILTER (WHERE false), 0)",
     "count(DISTINCT name) FILTER (WHERE clicks > 0)", "collect_list(name) FILTER (WHERE clicks >= 5)",
     "collect_list(DISTINCT name)",
     "size(collect_list(clicks))", "sum(if(name = 'bob', 1, 0))", "sum(CASE WHEN clicks > 3 THEN clicks END)",
     "sum(clicks > 3)",
     "max(name || '!')", "sum(sum(clicks))", "sum(clicks) + clicks", "count()", "percentile(clicks, 0.5)",
     "percentile(name, 0.5)",
     "percentile(CAST(ms AS DOUBLE), 1.1)", "percentile(CAST(ms AS DOUBLE), NULL)", "sum(1)", "sum(1.5)",
     "approx_percentile(CAST(clicks AS INT), array(0.5, 0.9), 100)")
over("aggregates", "hundred", *forms("percentile(CAST(x AS INT), {q})", q=[0, 0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 1]),
     *forms("approx_percentile(CAST(x AS INT), {q})", q=[0, 0.5, 0.99, 1, "0.5, 1", "0.5, 0"]), "median(CAST(x AS INT))",
     "approx_count_distinct(x)", "approx_count_distinct(x, 0.01)", "stddev(CAST(x AS INT))", "min(x)", "max(x)")
for on in ["tenths", "cancel", "top_of_int", "mixed"]:
    over("sums", on, "sum(x)", "avg(x)", "sum(CAST(x AS BIGINT))", "avg(CAST(x AS BIGINT))", "min(x)", "max(x)",
    "max(CAST(x AS DOUBLE))",
         "stddev(x)", "median(CAST(x AS DOUBLE))")


# ---------------------------------------------------------------------------------------------------------------- running
def as_text(column, kind):
    """The column as what is written: text, or lists of it."""
    from pyspark.sql import functions, types
    if isinstance(kind, types.ArrayType):
        return functions.transform(column, lambda item: as_text(item, kind.elementType))
    return column.cast("string")


def condition(error):
    """The name that Spark has for what went wrong."""
    name = getattr(error, "getCondition", lambda: None)()
    if name:
        return name
    cause = getattr(error, "java_exception", None)
    if cause is None:
        raise error  # not Spark's answer: Spark itself is broken or gone
    while cause.getCause() is not None:
        cause = cause.getCause()
    return cause.getClass().getSimpleName()


def answer(spark, case):
    when = "analysis"
    try:
        frame = spark.sql(f"SELECT {case['expr']} AS r FROM {case['on']}")
        kind = frame.schema["r"].dataType
        when = "run"
        values = [row[0] for row in frame.select(as_text(frame["r"], kind).alias("r")).collect()]
    except Exception as error:  # what Spark refuses is an answer too
        return {"error": condition(error)} | ({"when": "run"} if when == "run" else {})
    found = {"type": kind.simpleString()}
    if case["kind"] == "row":
        assert len(values) == len(TABLES[case["on"]][1]), case
        return found | {"result": values}
    assert len(values) == 1, case
    if case["expr"].startswith(("collect_set", "collect_list(DISTINCT")):
        return found | {"unordered": True, "result": sorted(values[0])}
    return found | {"result": values[0]}


def main():
    from pyspark.sql import SparkSession
    os.environ["TZ"] = "UTC"
    logging.disable(logging.CRITICAL)  # each refusal would be said with its stack
    options = SETTINGS | {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.driver.extraJavaOptions": "-Duser.timezone=UTC -Duser.language=en -Duser.country=US -Dfile.encoding=UTF-8",
    }
    builder = SparkSession.builder.master("local[1]")
    for name, value in options.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    for name, (columns, rows) in TABLES.items():
        frame = spark.createDataFrame(rows, ", ".join(f"{column} string" for column in columns))
        frame.coalesce(1).createOrReplaceTempView(name)

    lines, seen, refused = [{"spark": spark.version, "settings": SETTINGS}], set(), 0
    for case in CASES:
        key = (case["on"], case["expr"])
        if key in seen:
            sys.exit(f"twice: {key}")
        if case["on"] not in {on for on, _ in seen}:
            columns, rows = TABLES[case["on"]]
            lines.append({"table": case["on"], "columns": columns, "rows": rows})
        seen.add(key)
        found = answer(spark, case)
        refused += "error" in found
        lines.append(case | found)
    unused = set(TABLES) - {on for on, _ in seen}
    assert not unused, unused
    path = Path(__file__).with_name("cases.jsonl")
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    print(f"{path}: {len(CASES)} cases, {refused} of them refused by Spark", file=sys.stderr)


if __name__ == "__main__":
    main()
