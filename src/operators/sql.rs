//! `sql 'SELECT … FROM input …'`: a macro: one SELECT, as the chain of operators that does the same.

use clap::{Arg, ArgMatches, Command};

use super::support::select::{Clause, Select, items};
use super::{Built, Entry, Example};
use crate::error::{Error, Result};
use crate::expr::{Expr, Named, parse_list};

/// `sql QUERY`.
pub const ENTRY: Entry = Entry { name: "sql", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "the busiest paths of a csv",
        command: "streamer --in csv --batch all sql 'SELECT path, count(*) AS n FROM input GROUP BY path ORDER BY n DESC LIMIT 2'",
        input: "path,ms\n/a,5\n/b,7\n/a,9\n/c,1\n/b,2\n/a,3\n",
        output: "/a\t3\n/b\t2\n",
    },
    Example {
        what: "a condition, and columns that are computed",
        command: "streamer --in csv sql 'SELECT path, ms / 1000 AS s FROM input WHERE ms > 500'",
        input: "path,ms\n/a,1500\n/b,7\n",
        output: "/a\t1.5\n",
    },
];

fn command() -> Command {
    Command::new("sql")
        .about("one SELECT for each batch, as a chain of the other operators")
        .long_about(
            "Compiles one SELECT [DISTINCT] … FROM input [WHERE …] [GROUP BY …] [HAVING …] [ORDER BY …] [LIMIT n] to the other \
             operators; --explain shows which. The columns are those of the input, or of the operator before. Rows that are \
             equal under ORDER BY keep the order of the input; without ORDER BY groups come in the order of their keys. For \
             joins: join.",
        )
        .arg(
            Arg::new("query")
                .value_name("SELECT")
                .required(true)
                .help("The query, in one argument: 'SELECT a, count(*) FROM input GROUP BY a'"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let query = args.get_one::<String>("query").map_or("", String::as_str);
    let select = Select::parse(query)?;
    Ok(Built::Chain(chain(&select)?))
}

/// The words of the chain.
fn chain(select: &Select<'_>) -> Result<Vec<String>> {
    let mut steps: Vec<Vec<String>> = Vec::new();
    let mut step = |words: &[&str]| steps.push(words.iter().map(ToString::to_string).collect());
    if let Some(condition) = select.clause(Clause::Where) {
        step(&["filter", condition]);
    }
    let list = if select.all() { Vec::new() } else { parse_list(select.items)? };
    let having = select.clause(Clause::Having);
    let mut order = order_of(select, &list)?;
    let mut keys = Vec::new();
    let combines = select.combines(&list);
    if combines {
        if select.all() {
            return Err(Error::usage("sql: SELECT * has no place beside GROUP BY: name the columns"));
        }
        keys = keys_of(select, &list)?;
        let mut groups = Groups { keys: &keys, list: &list, hidden: Vec::new() };
        let mut aggregates: Vec<String> = Vec::new();
        for named in list.iter().filter(|named| !keys.iter().any(|(key, _)| *key == named.expr)) {
            aggregates.push(format!("{} AS {}", groups.item(named)?, quoted(&named.name)));
        }
        let having = having.map(|text| groups.take(text)).transpose()?;
        for key in order.iter_mut().filter(|key| !key.named) {
            key.text = groups.take(&key.text)?;
        }
        aggregates.extend(groups.hidden);
        let by: Vec<String> = keys.iter().map(|(key, name)| format!("{} AS {}", key.written(), quoted(name))).collect();
        let aggregates = aggregates.join(", ");
        match (aggregates.is_empty(), by.is_empty()) {
            (false, false) => step(&["agg", &aggregates, "--by", &by.join(", ")]),
            (false, true) => step(&["agg", &aggregates]),
            (true, _) => step(&["agg", "count(*) AS `(rows)`", "--by", &by.join(", ")]),
        }
        if let Some(condition) = &having {
            step(&["filter", condition]);
        }
    }
    let columns = |named: &Named| {
        let name = quoted(&named.name);
        match keys.iter().find(|(key, _)| *key == named.expr) {
            Some((_, key)) if *key != named.name => format!("{} AS {name}", quoted(key)),
            // What was computed with the groups has its name already.
            _ if combines => name,
            _ => format!("{} AS {name}", named.expr.written()),
        }
    };
    let map = list.iter().map(columns).collect::<Vec<_>>().join(", ");
    let distinct = select.distinct;
    if distinct && !select.all() {
        step(&["map", &map]);
    }
    if distinct {
        step(&["distinct"]);
    }
    let way = |key: &OrderKey| format!("{}:{}", key.text, if key.descending { "desc" } else { "asc" });
    let order = order.iter().map(way).collect::<Vec<_>>().join(",");
    match (order.is_empty(), select.limit()?) {
        (true, None) => {}
        (true, Some(limit)) => step(&["head", limit]),
        (false, None) => step(&["sort", &order]),
        (false, Some(limit)) => step(&["top", limit, &order]),
    }
    if !distinct && !select.all() {
        step(&["map", &map]);
    }
    if steps.is_empty() {
        return Err(Error::usage("sql: this query gives the rows as they are: leave it out"));
    }
    Ok(steps.join(&"then".to_string()))
}

/// The keys of the groups: each an expression and its name. An ordinal and an alias stand for what SELECT has there.
fn keys_of(select: &Select<'_>, list: &[Named]) -> Result<Vec<(Expr, String)>> {
    let Some(text) = select.clause(Clause::GroupBy) else { return Ok(Vec::new()) };
    let mut keys = Vec::new();
    for named in parse_list(text)? {
        let ordinal = item(list, named.expr.written())?;
        if ordinal.is_some_and(|item| item.expr.has_aggregate()) {
            return Err(named.expr.wrong("GROUP BY cannot name an aggregate: groups are made before"));
        }
        // An aggregate's alias that a column has as well means the column.
        let same = |item: &&Named| {
            item.expr == named.expr || (item.alias && item.name == named.name && !item.expr.has_aggregate())
        };
        match ordinal.or_else(|| list.iter().find(same)) {
            Some(item) => keys.push((item.expr.clone(), item.name.clone())),
            None => keys.push((named.expr, named.name)),
        }
    }
    Ok(keys)
}

/// What SELECT has at the place that an ordinal names.
fn item<'a>(list: &'a [Named], text: &str) -> Result<Option<&'a Named>> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    let found = text.parse::<usize>().ok().and_then(|at| list.get(at.checked_sub(1)?));
    let wrong = || match list.len() {
        0 => format!("sql: {text} stands for a column of SELECT, but * names none"),
        names => format!("sql: {text} stands for a column of SELECT, which names {names}, counted from 1"),
    };
    found.map(Some).ok_or_else(|| Error::usage(wrong()))
}

/// A key of ORDER BY.
struct OrderKey {
    text: String,
    /// It is the name of a column of SELECT.
    named: bool,
    /// The greatest comes first.
    descending: bool,
}

/// The keys of ORDER BY.
fn order_of(select: &Select<'_>, list: &[Named]) -> Result<Vec<OrderKey>> {
    let Some(text) = select.clause(Clause::OrderBy) else { return Ok(Vec::new()) };
    let combined = select.combines(list);
    let mut keys = Vec::new();
    for key in items(text) {
        let (key, descending) = match key.rsplit_once(char::is_whitespace) {
            Some((key, way)) if way.eq_ignore_ascii_case("desc") => (key.trim(), true),
            Some((key, way)) if way.eq_ignore_ascii_case("asc") => (key.trim(), false),
            Some((_, way)) if ["first", "last"].contains(&way.to_lowercase().as_str()) => {
                return Err(Error::usage(format!(
                    "sql: ORDER BY {key}: nulls are less than all else, first in ascending and last in descending order; \
                     leave NULLS {} out",
                    way.to_uppercase()
                )));
            }
            _ => (key, false),
        };
        let expr = Expr::parse(key)?;
        let aliased = |named: &&Named| named.alias && expr.as_column().is_some_and(|name| name == named.name);
        let meant = item(list, key)?.or_else(|| list.iter().find(aliased));
        let meant = meant.or_else(|| list.iter().find(|named| select.distinct && named.expr == expr));
        if meant.is_none() && expr.has_aggregate() && !combined {
            return Err(expr.wrong("ORDER BY names an aggregate, but no rows are combined: with GROUP BY they are"));
        }
        let others = || expr.columns().into_iter().any(|name| !list.iter().any(|named| named.name == name));
        if meant.is_none() && select.distinct && !select.all() && (expr.has_aggregate() || others()) {
            return Err(expr.wrong("with DISTINCT, ORDER BY can look at the columns of SELECT only: add it to them"));
        }
        // Once groups are made it is a column of this name; before, it has to be computed.
        let named = meant.is_some() && (combined || select.distinct);
        let text = match meant {
            Some(item) if named => quoted(&item.name),
            Some(item) => item.expr.written().to_string(),
            None => key.to_string(),
        };
        keys.push(OrderKey { text, named, descending });
    }
    Ok(keys)
}

/// Expressions over the rows of groups: what was a key before is a column now, and so is each aggregate.
struct Groups<'a> {
    keys: &'a [(Expr, String)],
    list: &'a [Named],
    /// Aggregates that HAVING and ORDER BY name: columns of their own, which no one sees.
    hidden: Vec<String>,
}

impl Groups<'_> {
    /// The column that a key becomes.
    fn key(&self, expr: &Expr) -> Option<String> {
        let (_, name) = self.keys.iter().find(|(key, _)| key == expr)?;
        Some(quoted(name))
    }

    /// What SELECT computes of each group, for `agg`.
    fn item(&self, named: &Named) -> Result<String> {
        let text = named.expr.replaced(&mut |part| match part.is_aggregate() {
            true => Some(part.written().to_string()),
            false => self.key(part),
        });
        let rest = Expr::parse(&text)?.without_aggregates(|_| Ok(String::new()))?.columns();
        let known = |name: &String| name.is_empty() || self.keys.iter().any(|(_, key)| key == name);
        if !rest.iter().all(known) {
            let hint = "stands neither in GROUP BY nor in an aggregate: first(…) gives one of its values";
            return Err(named.expr.wrong(&format!("{} {hint}", named.expr.written())));
        }
        Ok(text)
    }

    /// The text with each key and each aggregate replaced by the column that it becomes.
    fn take(&mut self, text: &str) -> Result<String> {
        let expr = Expr::parse(text)?;
        // Aggregates inside of one another are refused there.
        expr.without_aggregates(|_| Ok(String::new()))?;
        let alias = |name: String| self.list.iter().any(|named| named.alias && named.name == name);
        let mut hidden = std::mem::take(&mut self.hidden);
        let text = expr.replaced(&mut |part| {
            if part.is_aggregate() {
                let column = format!("{} AS ", part.written());
                let at = hidden.iter().position(|known| known.starts_with(&column)).unwrap_or(hidden.len());
                if at == hidden.len() {
                    hidden.push(format!("{column}`({at})`"));
                }
                return Some(format!("`({at})`"));
            }
            // A name that SELECT gives means what it was given to.
            if part.as_column().is_some_and(alias) { None } else { self.key(part) }
        });
        self.hidden = hidden;
        Ok(text)
    }
}

/// A name as it is written in an expression.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(query: &str) -> Result<String> {
        let words = chain(&Select::parse(query)?)?;
        Ok(words.join(" ").replace(" then ", " | "))
    }

    #[test]
    fn a_query_becomes_the_chain_that_does_the_same() {
        let chain = |query| words(query).unwrap();
        assert_eq!(chain("SELECT a FROM input"), "map a AS `a`");
        assert_eq!(chain("select * from input where a > 1 limit 5"), "filter a > 1 | head 5");
        assert_eq!(
            chain("SELECT a, upper(b) AS u FROM input ORDER BY u DESC, c"),
            "sort upper(b):desc,c:asc | map a AS `a`, upper(b) AS `u`"
        );
        assert_eq!(chain("SELECT DISTINCT a FROM input ORDER BY 1"), "map a AS `a` | distinct | sort `a`:asc");
        assert_eq!(
            chain(
                "SELECT count(*) AS n, a FROM input WHERE b = 'FROM' GROUP BY a HAVING sum(b) > 3 ORDER BY n DESC LIMIT 3"
            ),
            "filter b = 'FROM' | agg count(*) AS `n`, sum(b) AS `(0)` --by a AS `a` | filter `(0)` > 3 | top 3 `n`:desc | \
             map `n`, `a`"
        );
        assert_eq!(
            chain("SELECT floor(a) AS f, max(b) FROM input GROUP BY f"),
            "agg max(b) AS `max(b)` --by floor(a) AS `f` | map `f`, `max(b)`"
        );
    }

    #[test]
    fn keys_and_aggregates_are_columns_once_groups_are_made() {
        let chain = |query| words(query).unwrap();
        assert_eq!(
            chain(
                "SELECT upper(s) AS u, (upper(s)) AS v, length(upper(s)) AS n FROM input GROUP BY UPPER(s) ORDER BY upper(s), n"
            ),
            "agg length(`u`) AS `n` --by upper(s) AS `u` | sort `u`:asc,`n`:asc | map `u`, `u` AS `v`, `n`"
        );
        assert_eq!(
            chain(
                "SELECT s FROM input GROUP BY s HAVING count(*) FILTER (WHERE (a > 1)) > 1 ORDER BY count(*) FILTER (WHERE (a > 1))"
            ),
            "agg count(*) FILTER (WHERE (a > 1)) AS `(0)` --by s AS `s` | filter `(0)` > 1 | sort `(0)`:asc | map `s`"
        );
        // A name that SELECT gives comes before a key; an aggregate cannot be one.
        assert_eq!(
            chain("SELECT a AS b, sum(b) AS a FROM input GROUP BY a HAVING a > 1 ORDER BY a"),
            "agg sum(b) AS `a` --by a AS `b` | filter a > 1 | sort `a`:asc | map `b`, `a`"
        );
    }

    #[test]
    fn ordinals_and_keys_that_mean_nothing_are_refused() {
        let refused = |query| words(query).err().unwrap().to_string();
        assert!(refused("SELECT a FROM input ORDER BY 2").contains("names 1"));
        assert!(refused("SELECT a FROM input ORDER BY 0").contains("names 1"));
        assert!(refused("SELECT * FROM input ORDER BY 1").contains("* names none"));
        assert!(refused("SELECT a, count(*) FROM input GROUP BY 3").contains("names 2"));
        assert!(refused("SELECT a FROM input ORDER BY sum(a)").contains("no rows are combined"));
        assert!(refused("SELECT DISTINCT a FROM input ORDER BY b").contains("DISTINCT"));
        assert!(refused("SELECT a, sum(b) + c FROM input GROUP BY a").contains("neither in GROUP BY"));
    }

    #[test]
    fn what_is_no_such_query_is_refused_with_what_to_do() {
        let refused = |query| words(query).err().unwrap().to_string();
        assert!(refused("SELECT a FROM x").contains("FROM input"));
        assert!(refused("SELECT a").contains("FROM input"));
        assert!(refused("UPDATE input SET a = 1").contains("SELECT"));
        assert!(refused("SELECT a, count(*) FROM input").contains("GROUP BY"));
        assert!(refused("SELECT a FROM input JOIN b ON c").contains("join"));
        assert!(refused("SELECT a FROM input LIMIT x").contains("LIMIT"));
        assert!(refused("SELECT a FROM input WHERE a = 1 WHERE b = 2").contains("WHERE"));
        assert!(refused("SELECT * FROM input GROUP BY a").contains("name the columns"));
        assert!(refused("SELECT a FROM input ORDER BY a NULLS LAST").contains("NULLS LAST"));
    }
}
