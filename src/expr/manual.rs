//! What the help says of expressions beside their functions, which say it themselves: operators, rules (SPEC 3), aggregates.

/// A way to write something, and what it gives.
pub struct Syntax {
    /// How it is written: `a BETWEEN b AND c`.
    pub form: &'static str,
    /// What it gives, in a sentence.
    pub about: &'static str,
    /// Expressions without columns and what they give, as those of [`Function`](super::functions::Function): run as tests.
    pub examples: &'static [(&'static str, &'static str)],
}

/// What the help says of an aggregate.
pub struct Described {
    /// Its name, in lower case; `p50` stands for all of its kind.
    pub name: &'static str,
    /// Other names of the same.
    pub aliases: &'static [&'static str],
    /// How it is written: `percentile(x, fraction)`.
    pub form: &'static str,
    /// What it gives, in a sentence.
    pub about: &'static str,
}

const fn syntax(form: &'static str, about: &'static str, examples: &'static [(&'static str, &'static str)]) -> Syntax {
    Syntax { form, about, examples }
}

const fn described(
    name: &'static str,
    aliases: &'static [&'static str],
    form: &'static str,
    about: &'static str,
) -> Described {
    Described { name, aliases, form, about }
}

/// The operators, those that bind more tightly first.
pub static OPERATORS: &[Syntax] = &[
    syntax(
        "a[i]",
        "Item i of a list, counted from 0; NULL if there is none. Of a JSON column the member of an array, as part of the \
         name: a.b[0].c.",
        &[("split('a b', ' ')[1]", "b"), ("array(1, 2)[5]", "NULL")],
    ),
    syntax(
        "a::TYPE, CAST(a AS TYPE)",
        "The value as another type: INT, BIGINT, DOUBLE, DECIMAL(p, s), STRING, BOOLEAN, TIMESTAMP, DATE. NULL where it \
         does not fit.",
        &[("CAST('7.9' AS INT)", "7"), ("'12'::INT + 1", "13"), ("CAST('seven' AS INT)", "NULL")],
    ),
    syntax("-a, +a", "The number with the other sign, or as it is.", &[("-(2 - 5)", "3")]),
    syntax(
        "a * b, a / b",
        "Product and quotient; `/` never cuts off a fraction, and a division by zero is NULL.",
        &[("7 / 2", "3.5"), ("6 / 3", "2"), ("1 / 0", "NULL")],
    ),
    syntax(
        "a % b, a div b",
        "What remains of a division, with the sign of a; the quotient without its fraction.",
        &[("-7 % 3", "-1"), ("7 div 2", "3")],
    ),
    syntax(
        "a + b, a - b",
        "Sum and difference; also of a time and an INTERVAL.",
        &[("'1' + 2", "3"), ("TIMESTAMP '2026-11-20T09:00:00Z' + INTERVAL 5 MINUTES", "2026-11-20T09:05:00.000Z")],
    ),
    syntax("a || b", "Both as one text.", &[("'a' || 'b'", "ab")]),
    syntax(
        "a = b, a <> b, a < b, a <= b, a > b, a >= b",
        "Comparisons; `==` and `!=` are understood as well. NULL if a side is NULL.",
        &[("'10' > 9", "true"), ("'10' > '9'", "false"), ("1 = NULL", "NULL")],
    ),
    syntax(
        "a <=> b",
        "The same as `=`, but two NULL are equal, and NULL and a value are not; also: a IS NOT DISTINCT FROM b.",
        &[("NULL <=> NULL", "true"), ("1 <=> NULL", "false")],
    ),
    syntax(
        "a IS [NOT] NULL",
        "Whether a value is missing; also IS [NOT] TRUE and IS [NOT] FALSE.",
        &[("NULL IS NULL", "true"), ("(1 > NULL) IS TRUE", "false")],
    ),
    syntax(
        "a [NOT] IN (b, c)",
        "Whether a equals one of them; NULL if none does, but one is NULL.",
        &[("2 IN (1, 2)", "true"), ("3 IN (1, NULL)", "NULL")],
    ),
    syntax("a [NOT] BETWEEN b AND c", "Whether b <= a and a <= c.", &[("5 BETWEEN 1 AND 9", "true")]),
    syntax(
        "a [NOT] LIKE b",
        "Whether all of the text fits a pattern: % is any text, _ one character, \\ takes the next one as it is (another one: \
         ESCAPE '!'). ILIKE takes no account of case.",
        &[("'/api/users' LIKE '/api/%'", "true"), ("'50%' LIKE '50\\%'", "true"), ("'GET' ILIKE 'get'", "true")],
    ),
    syntax(
        "a [NOT] RLIKE b",
        "Whether the regular expression matches somewhere in the text; also REGEXP. Backslashes are not doubled.",
        &[("'status 503' RLIKE '5\\d\\d'", "true"), ("'503' RLIKE '^3'", "false")],
    ),
    syntax("NOT a, !a", "The contrary; NULL of NULL.", &[("NOT 1 > 2", "true")]),
    syntax(
        "a AND b",
        "Whether both are true; false if one is false, whatever the other.",
        &[("NULL AND FALSE", "false")],
    ),
    syntax("a OR b", "Whether either is true; true if one is, whatever the other.", &[("NULL OR TRUE", "true")]),
    syntax(
        "CASE WHEN a THEN b … ELSE c END",
        "The value behind the first condition that is true, else that of ELSE, else NULL. CASE x WHEN a … compares x with \
         each a.",
        &[("CASE WHEN 7 > 5 THEN 'slow' ELSE 'fast' END", "slow"), ("CASE 2 WHEN 1 THEN 'one' END", "NULL")],
    ),
    syntax(
        "INTERVAL n UNIT",
        "A length of time: YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND, MILLISECOND, MICROSECOND, also in the \
         plural; several in quotes: INTERVAL '1 day 2 hours'.",
        &[("TIMESTAMP '2026-01-31T00:00:00Z' + INTERVAL 1 MONTH", "2026-02-28T00:00:00.000Z")],
    ),
];

/// Heading and text of each rule, as SPEC 3 has them.
pub static RULES: &[(&str, &str)] = &[
    (
        "Names",
        "A column is written as it is called, in any alphabet: user, größe. Others stand in backticks: `user id`. $1, $2, … are \
         the fields of the record, `line` is all of it; members of JSON are paths: a.b[0].c. Function names and words as AND \
         may be in any case, columns may not. Put the whole expression into single quotes: the shell takes an unquoted `>` \
         for a file, and empties a $1 in double quotes.",
    ),
    (
        "Texts",
        "stand in single or double quotes. A backslash is itself, so '\\d+' is enough; a quote is doubled: 'it''s'. Only texts \
         are written so: \"user\" is the text, never the column.",
    ),
    (
        "Numbers",
        "A text is a number if all of it is [+-]digits[.digits][e[+-]digits]. Beside a number in a comparison or in arithmetic \
         it is taken as one, and is NULL if it is none. Whole numbers that overflow become floats; floats are printed in \
         their shortest form, and 2.0 as 2. A value that no expression changes is printed byte for byte.",
    ),
    (
        "Comparing",
        "A text beside a quoted text is compared by its bytes, beside a number as a number. Two columns of the input are \
         compared as numbers if both are, else by their bytes. Keys (--by, join, distinct) are equal by their bytes alone: \
         7 is not 07.",
    ),
    ("Order", "Nulls are first, then numbers by their value, then texts by their bytes."),
    (
        "Null",
        "is a missing or empty field ($N, csv, tsv, logfmt, regex) or JSON null; `line` and an empty text in JSON are texts. What \
         is computed from NULL, or compared with it, is NULL; a filter drops the row, an aggregate leaves the value out. \
         Nulls are one group of --by and never join.",
    ),
    (
        "Aggregates",
        "combine the rows of a batch or of a group (agg, set, HAVING of sql). Any may have FILTER (WHERE condition) behind it: \
         count(*) FILTER (WHERE status >= 500). Around and between them stand other expressions: sum(clicks) / count(*) AS \
         rate. One inside of another is an error.",
    ),
    (
        "Lists",
        "of expressions are separated by commas, each with a name if it has to have one: 'user, clicks / n AS rate'. Where \
         columns are set the name stands first: 'rate = clicks / n'.",
    ),
];

/// The aggregates, in the order of the help.
pub static AGGREGATES: &[Described] = &[
    described("count", &[], "count(*), count(a, …)", "How many rows; of them those in which no value is NULL."),
    described("count_if", &[], "count_if(condition)", "For how many rows the condition is true."),
    described("sum", &[], "sum(x)", "The sum, exact whatever the order, of floats too; NULL without a number."),
    described("min", &[], "min(a)", "The least value: numbers by value go before texts by bytes."),
    described("max", &[], "max(a)", "The greatest value, in the same order."),
    described("avg", &["mean"], "avg(x)", "The mean of the numbers."),
    described("stddev", &["stddev_samp"], "stddev(x)", "The standard deviation of a sample."),
    described("stddev_pop", &[], "stddev_pop(x)", "The standard deviation of all there is."),
    described("variance", &["var_samp"], "variance(x)", "The variance of a sample."),
    described("var_pop", &[], "var_pop(x)", "The variance of all there is."),
    described("first", &["any_value"], "first(a)", "The first value that is not NULL, in the order of the records."),
    described("last", &[], "last(a)", "The last value that is not NULL."),
    described("median", &[], "median(x)", "The value in the middle, or the mean of the two there."),
    described(
        "percentile",
        &[],
        "percentile(x, fraction)",
        "Below which so much of the numbers lies (0 to 1), exact, between two of them by their distance.",
    ),
    described(
        "p50",
        &[],
        "p50(x), p90(x), p99(x), p999(x)",
        "The same for a percentage, p1 to p99; further nines are decimals: p999 is 99.9 %.",
    ),
    described(
        "approx_percentile",
        &["percentile_approx"],
        "approx_percentile(x, fraction)",
        "About the same, in little memory however many numbers there are.",
    ),
    described(
        "approx_count_distinct",
        &[],
        "approx_count_distinct(a)",
        "About how many different values there are, in little memory; exact: count(DISTINCT a).",
    ),
    described("collect_list", &[], "collect_list(a)", "The list of the values, in the order of the records."),
    described("collect_set", &[], "collect_set(a)", "The list of the different values, as they first appeared."),
    described("bool_and", &["every"], "bool_and(condition)", "Whether the condition is true for all rows."),
    described("bool_or", &["some"], "bool_or(condition)", "Whether the condition is true for a row."),
];

/// The aggregate of this name, in any case.
pub fn aggregate(name: &str) -> Option<&'static Described> {
    let named =
        |d: &&Described| d.name.eq_ignore_ascii_case(name) || d.aliases.iter().any(|a| a.eq_ignore_ascii_case(name));
    let percentile = super::aggregate::percentile_of(name).map(|_| "p50");
    AGGREGATES.iter().find(named).or_else(|| AGGREGATES.iter().find(|d| Some(d.name) == percentile))
}
