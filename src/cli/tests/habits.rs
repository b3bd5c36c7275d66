//! Habits of SQL, awk, jq and the shell are answered with what is written here, by a registry that has such operators.

use super::*;

static EXPRESSIVE: &[Entry] = &[
    entry("filter", || Command::new("filter").about("Rows").arg(expression("EXPR")), NO_EXAMPLES),
    entry("map", || Command::new("map").about("Columns").arg(expression("EXPR [AS NAME], …")), NO_EXAMPLES),
    entry("set", || Command::new("set").about("Columns").arg(expression("NAME = EXPR, …")).arg(by()), NO_EXAMPLES),
    entry("agg", || Command::new("agg").about("Groups").arg(expression("EXPR [AS NAME], …")).arg(by()), NO_EXAMPLES),
    entry("count", || Command::new("count").about("Count").arg(by()), NO_EXAMPLES),
    entry("distinct", || Command::new("distinct").about("Once").arg(by()), NO_EXAMPLES),
    entry("grep", grep, NO_EXAMPLES),
];

fn expression(name: &'static str) -> Arg {
    needed("PATTERN").value_name(name)
}

fn by() -> Arg {
    Arg::new("by").long("by")
}

#[track_caller]
fn says(words: &[&str], hint: &str) {
    let args: Vec<OsString> = std::iter::once(&"streamer").chain(words).map(OsString::from).collect();
    let Err(Error::Usage(text)) = parse_with(EXPRESSIVE, &args, &HashMap::new()) else {
        panic!("{words:?} is no usage error")
    };
    assert!(text.contains(hint), "{words:?}: {text}");
}

#[test]
fn operators_of_other_tools_are_known() {
    says(&["where", "x > 3"], "did you mean `filter`?");
    says(&["having", "x > 3"], "did you mean `filter`?");
    says(&["select", "x"], "did you mean `map`?");
    says(&["group", "x"], "did you mean `agg 'EXPR AS NAME' --by KEY` or `count --by KEY`?");
    says(&["uniq"], "did you mean `distinct` or `count --by COLUMN`?");
    says(&["cut"], "did you mean `map`?");
    says(&["wc"], "did you mean `count`?");
    // There is no `sql` in this registry, and no `pipe`.
    says(&["xargs"], "the operators are filter");
}

#[test]
fn functions_stand_inside_of_operators() {
    says(&["sum", "x", "--by", "$1"], "it is an aggregate: agg 'sum(x)' --by '$1'");
    says(&["p99", "ms"], "it is an aggregate: agg 'p99(ms)'");
    says(&["avg"], "agg 'avg(x)'");
    says(&["upper", "user"], "it is a function: map 'upper(user)'");
    says(&["help", "upper"], "it is a function: streamer help functions upper");
}

#[test]
fn an_expression_is_one_argument() {
    says(&["filter", "status", "=", "500"], "quote it: filter 'status = 500'");
    says(&["filter", "status", "500"], "(unquoted, the shell takes a `>` or `<` for a file)");
    says(&["filter", "a", "AND", "b", "--batch", "1s"], "quote it: filter 'a AND b'");
    says(&["map", "a", "AS", "x,", "b"], "quote it: map 'a AS x, b'");
    says(&["set", "a", "=", "b"], "quote it: set 'a = b'");
    says(&["agg", "sum(x)", "AS", "n", "--by", "y"], "quote it: agg 'sum(x) AS n'");
    says(&["filter", "x > 3", "file.csv"], "to read a file: --from file.csv");
    says(&["filter", "x > 3", "then", "filter", "y", ">=", "2.5"], "quote it: filter 'y >= 2.5'");
    says(&["filter", "x > 3", "count"], "filter then count");
    says(&["grep", "x", "y z"], "to read a file: --from 'y z'");
}

#[test]
fn a_list_is_one_argument() {
    says(&["count", "--by", "user", "country"], "several keys are one list: --by 'user,country'");
    says(&["count", "--by", "user,", "country"], "several keys are one list: --by 'user,country'");
    says(&["count", "--by", "user", "notes.txt"], "to read a file: --from notes.txt");
    says(&["count", "desc"], "to read a file: --from desc");
}

#[test]
fn columns_of_awk_and_jq_are_known() {
    says(&["filter", "$NF > 3"], "filter: `$NF` is awk's");
    says(&["count", "--by=.user.id"], "`.user.id` is written without the first point: user.id");
    says(&["map", "upper(.name)"], "point: name");
    // Only what is an expression is looked at.
    assert_eq!(operators(&["grep", "$NF .a"]), ["PATTERN=$NF .a"]);
    let args: Vec<OsString> = ["streamer", "tee", "/tmp/.copy"].iter().map(OsString::from).collect();
    assert!(parse_with(crate::operators::REGISTRY, &args, &HashMap::new()).is_ok(), "a sink is no expression");
}
