//! Random chains of the operators that compute: expressions of every family, every aggregate, joins with a table.

use std::path::Path;

use proptest::prelude::*;

use super::records::Form;

/// Conditions on two columns.
const CONDITIONS: &[&str] = &[
    "A > 1",
    "A = B",
    "A <= B OR A IS NULL",
    "A LIKE '%a%'",
    "A RLIKE '[0-9]+'",
    "A IN ('a', '7', '0.1')",
    "A IN (1, 7, 1e16)",
    "NOT (A < B)",
    "length(A) BETWEEN 1 AND 3",
    "A IS NOT NULL AND B <> 'x'",
    "true",
];

/// Values made of two columns.
const VALUES: &[&str] = &[
    "A + B",
    "A / B",
    "-A * 2 - B",
    "A % 3",
    "concat(A, '-', B)",
    "coalesce(A, B, 'z')",
    "if(A > B, A, B)",
    "CASE WHEN A > 1 THEN 'hi' WHEN B IS NULL THEN A ELSE 'lo' END",
    "round(A, 1)",
    "floor(A / 10) * 10",
    "upper(A)",
    "hash(A, B)",
    "greatest(A, B)",
    "least(A, 2)",
    "CAST(A AS INT)",
    "CAST(A AS DOUBLE) + 0.1",
    "regexp_replace(A, '[0-9]', '#')",
    "regexp_extract(A, '([a-z]+)', 1)",
    "substring(A, 2, 2)",
    "size(split(A, ' '))",
    "nullif(A, '7')",
    "A",
];

/// Aggregates of two columns; those of the second list make lists.
const AGGREGATES: &[&str] = &[
    "count(*)",
    "count(A)",
    "count(DISTINCT A, B)",
    "count_if(A > 1)",
    "sum(A)",
    "sum(DISTINCT A)",
    "sum(A * 0.1)",
    "sum(A) / count(*)",
    "min(A)",
    "max(A)",
    "avg(A)",
    "stddev(A)",
    "variance(A)",
    "var_pop(A)",
    "stddev_pop(A)",
    "first(A)",
    "last(A)",
    "median(A)",
    "percentile(A, 0.3)",
    "p99(A)",
    "approx_percentile(A, 0.5)",
    "approx_count_distinct(A)",
    "sum(A) FILTER (WHERE B > 1)",
    "if(bool_and(A > 1), 'y', 'n')",
];
const LISTS: &[&str] = &["collect_list(A)", "collect_set(A)"];

const LISTED: &[&str] = &["split(A, '[ ,1]')", "array(A, B)", "array_distinct(array(A, B, A))"];
const FOLDS: &[&str] = &["a + b", "greatest(a, b)", "least(a, b)", "a * b", "if(a < b, a, b)"];
const KEYS: &[&str] = &["A", "length(A)", "A % 2", "floor(A)", "upper(B)", "if(A IS NULL, 1, 0)", "coalesce(A, B)"];
const ORDERS: &[&str] = &["A", "length(A)", "-A", "A + B", "upper(A)", "A * 0.1"];

/// A stream of choices, made of random bytes, so that shrinking the bytes shrinks the chain.
struct Choices {
    bytes: std::vec::IntoIter<u8>,
    /// The columns that may be named, none of them a list.
    names: Vec<String>,
    joined: bool,
}

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.bytes.next().unwrap_or(0)) % limit
    }

    fn name(&mut self) -> String {
        let at = self.below(self.names.len());
        self.names[at].clone()
    }

    /// One of these, over columns that there are.
    fn over(&mut self, templates: &[&str]) -> String {
        let template = templates[self.below(templates.len())];
        let (a, b) = (self.name(), self.name());
        let named = |word: &str| match word {
            "A" => a.clone(),
            "B" => b.clone(),
            word => word.to_string(),
        };
        // A and B stand alone; no other word is one capital letter.
        let mut out = String::new();
        let mut word = String::new();
        for c in template.chars().chain([' ']) {
            if c.is_alphanumeric() || c == '_' {
                word.push(c);
            } else {
                out += &named(&word);
                word.clear();
                out.push(c);
            }
        }
        out.trim_end().to_string()
    }

    /// `--by` with one or two expressions, which are given names.
    fn by(&mut self, at: usize) -> (Vec<String>, Vec<String>) {
        let names: Vec<String> = (0..=self.below(2)).map(|n| format!("k{at}_{n}")).collect();
        let list: Vec<String> = names.iter().map(|name| format!("{} AS {name}", self.over(KEYS))).collect();
        (vec!["--by".into(), list.join(", ")], names)
    }
}

/// Chains of one to four operators over records of a form, as words; `DIR` stands for the place of files. Only row-wise ones
/// if nothing is to be `combined`.
pub fn chain(form: Form, combined: bool) -> impl Strategy<Value = Vec<Vec<String>>> {
    (1..=4usize, prop::collection::vec(any::<u8>(), 60)).prop_map(move |(length, bytes)| {
        let names = form.names().map(String::from).to_vec();
        let mut choices = Choices { bytes: bytes.into_iter(), names, joined: false };
        (0..length).map(|at| operator(&mut choices, at, combined)).collect()
    })
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn operator(choices: &mut Choices, at: usize, combined: bool) -> Vec<String> {
    let new = format!("v{at}");
    match choices.below(if combined { 16 } else { 6 }) {
        0 => words(&["filter", &choices.over(CONDITIONS)]),
        1 => {
            // Added, or instead of one that there is.
            let name = if choices.below(3) == 0 { choices.name() } else { new };
            let value = choices.over(VALUES);
            if !choices.names.contains(&name) {
                choices.names.push(name.clone());
            }
            words(&["set", &format!("{name} = {value}")])
        }
        2 => {
            let (kept, value) = (choices.name(), choices.over(VALUES));
            choices.names = vec![kept.clone(), new.clone()];
            words(&["map", &format!("{kept}, {value} AS {new}")])
        }
        3 => {
            let mut flatmap = words(&["flatmap", &choices.over(LISTED), "--as", &new]);
            if choices.below(2) == 0 {
                flatmap.push("--keep".into());
                choices.names.push(new);
            } else {
                choices.names = vec![new];
            }
            flatmap
        }
        4 => {
            let parse = words(&["parse", &format!("regex:(?<{new}>[a-z0-9]+)"), &choices.name()]);
            choices.names.push(new);
            parse
        }
        5 => words(&["tee", &format!("DIR/tee-{at}"), "--if", &choices.over(CONDITIONS)]),
        6 => {
            let mut set = words(&["set", &format!("{new} = {}", choices.over(AGGREGATES))]);
            if choices.below(2) == 0 {
                set.extend(choices.by(at).0);
            }
            choices.names.push(new);
            set
        }
        7..=9 => {
            let names: Vec<String> = (0..=choices.below(3)).map(|n| format!("{new}_{n}")).collect();
            let mut list: Vec<String> =
                names.iter().map(|name| format!("{} AS {name}", choices.over(AGGREGATES))).collect();
            if choices.below(4) == 0 {
                list.push(format!("{} AS {new}_list", choices.over(LISTS)));
            }
            let mut agg = words(&["agg", &list.join(", ")]);
            let (by, keys) = if choices.below(3) == 0 { (vec![], vec![]) } else { choices.by(at) };
            let fill = !by.is_empty() && choices.below(4) == 0;
            agg.extend(by);
            agg.extend(fill.then(|| "--fill".to_string()));
            choices.names = keys.into_iter().chain(names).collect();
            agg
        }
        10 => {
            let column = choices.name();
            let mut reduce = words(&["reduce", &column, FOLDS[choices.below(FOLDS.len())]]);
            choices.names = vec![column];
            if choices.below(2) == 0 {
                // The names that may be grouped by are those before.
                reduce.extend(words(&["--by", &format!("upper({}) AS k{at}", choices.names[0])]));
                choices.names.push(format!("k{at}"));
            }
            reduce
        }
        11 => {
            let (by, keys) = choices.by(at);
            let fill = choices.below(4) == 0;
            choices.names = keys.into_iter().chain(["count".to_string()]).collect();
            words(&["count"]).into_iter().chain(by).chain(fill.then(|| "--fill".to_string())).collect()
        }
        12 => {
            let way = [":desc", ":asc", ""][choices.below(3)];
            words(&["sort", &format!("{}{way},{}", choices.over(ORDERS), choices.over(ORDERS))])
        }
        13 => {
            let mut top = words(&["top", &choices.below(6).to_string(), &choices.over(ORDERS)]);
            if choices.below(2) == 0 {
                top.extend(words(&["--by", &choices.over(KEYS)]));
            }
            top
        }
        14 => words(&["distinct", "--by", &choices.over(KEYS)]),
        _ if choices.joined => words(&["tail", &choices.below(9).to_string()]),
        _ => {
            choices.joined = true;
            let kind = ["inner", "left", "right", "full"][choices.below(4)];
            let join = words(&["join", "DIR/table.csv", "--on", &format!("{}=id", choices.name()), "--kind", kind]);
            choices.names.push("name".into());
            join
        }
    }
}

/// The table that chains join with.
pub const TABLE: &str = "id,name\na,Ann\n7,seven\n07,\"sev\nen\"\na,Anna\n0.1,\n3,drei\n";

/// The command of a chain whose files lie in `dir`.
pub fn command(chain: &[Vec<String>], globals: &[&str], dir: &Path) -> Vec<String> {
    std::fs::write(dir.join("table.csv"), TABLE).unwrap();
    let place = dir.display().to_string();
    let operators: Vec<Vec<String>> =
        chain.iter().map(|words| words.iter().map(|word| word.replace("DIR", &place)).collect()).collect();
    let first = ["streamer"].iter().chain(globals).map(ToString::to_string);
    first.chain(operators.join(&"then".to_string())).collect()
}
