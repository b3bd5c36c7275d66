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
             joins: join; for windows: window.",
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
    let combines = select.clause(Clause::GroupBy).is_some()
        || having.is_some()
        || list.iter().any(|named| named.expr.has_aggregate());
    if combines {
        if select.all() {
            return Err(Error::usage("sql: SELECT * has no place beside GROUP BY: name the columns"));
        }
        let mut hidden = Hidden::default();
        let keys = keys_of(select, &list)?;
        let mut aggregates: Vec<String> = Vec::new();
        for named in &list {
            if named.expr.has_aggregate() {
                aggregates.push(format!("{} AS {}", named.expr.written(), quoted(&named.name)));
            } else if !keys.iter().any(|(key, name)| *key == named.expr || *name == named.name) {
                named.expr.check_calls()?;
                let hint = "stands neither in GROUP BY nor in an aggregate: first(…) gives one of its values";
                return Err(named.expr.wrong(&format!("{} {hint}", named.expr.written())));
            }
        }
        let having = having.map(|text| hidden.take(text)).transpose()?;
        for key in &mut order {
            key.0 = hidden.take(&key.0)?;
        }
        aggregates.extend(hidden.columns);
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
    let columns = |named: &Named| match (combines, named.name.as_str()) {
        // What was computed with the groups has its name already.
        (true, name) => quoted(name),
        (false, name) => format!("{} AS {}", named.expr.written(), quoted(name)),
    };
    let map = list.iter().map(columns).collect::<Vec<_>>().join(", ");
    let distinct = select.distinct;
    if distinct && !select.all() {
        step(&["map", &map]);
    }
    if distinct {
        step(&["distinct"]);
    }
    let keys: Vec<String> =
        order.iter().map(|(key, descending)| format!("{key}:{}", if *descending { "desc" } else { "asc" })).collect();
    let keys = keys.join(",");
    match (keys.is_empty(), select.limit()?) {
        (true, None) => {}
        (true, Some(limit)) => step(&["head", limit]),
        (false, None) => step(&["sort", &keys]),
        (false, Some(limit)) => step(&["top", limit, &keys]),
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
        let meant = item(list, named.expr.written(), "GROUP BY")?.or_else(|| {
            let same = |item: &&Named| item.expr == named.expr || (item.alias && item.name == named.name);
            list.iter().find(same)
        });
        match meant {
            Some(item) if item.expr.has_aggregate() => {
                return Err(named.expr.wrong("GROUP BY cannot name an aggregate: groups are made before"));
            }
            Some(item) => keys.push((item.expr.clone(), item.name.clone())),
            None => keys.push((named.expr, named.name)),
        }
    }
    Ok(keys)
}

/// What SELECT has at the place that an ordinal names; nothing if the text is no ordinal.
fn item<'a>(list: &'a [Named], text: &str, clause: &str) -> Result<Option<&'a Named>> {
    let Ok(at) = text.parse::<usize>() else { return Ok(None) };
    let columns = list.len();
    match at.checked_sub(1).and_then(|at| list.get(at)) {
        Some(item) => Ok(Some(item)),
        None if columns == 0 => {
            Err(Error::usage(format!("sql: {clause} {text}: SELECT * has no numbered columns, name one")))
        }
        None => Err(Error::usage(format!("sql: {clause} {text}: SELECT has the columns 1 to {columns}"))),
    }
}

/// The keys of ORDER BY: text, and whether the greatest comes first.
fn order_of(select: &Select<'_>, list: &[Named]) -> Result<Vec<(String, bool)>> {
    let Some(text) = select.clause(Clause::OrderBy) else { return Ok(Vec::new()) };
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
        let meant = item(list, key, "ORDER BY")?.or_else(|| list.iter().find(aliased));
        let combined = select.combines(list);
        keys.push((
            match meant {
                // Once groups are made it is a column of this name; before, it has to be computed.
                Some(item) if combined || select.distinct => quoted(&item.name),
                Some(item) => item.expr.written().to_string(),
                None => key.to_string(),
            },
            descending,
        ));
    }
    Ok(keys)
}

/// Aggregates that HAVING and ORDER BY name: columns of their own, which no one sees.
#[derive(Default)]
struct Hidden {
    columns: Vec<String>,
}

impl Hidden {
    /// The text with each aggregate replaced by the column that it becomes.
    fn take(&mut self, text: &str) -> Result<String> {
        let expr = Expr::parse(text)?;
        let mut places = Vec::new();
        expr.without_aggregates(|aggregate| {
            let written = aggregate.call.written().to_string();
            let known = self.columns.iter().position(|column| column.starts_with(&format!("{written} AS ")));
            let at = known.unwrap_or(self.columns.len());
            if known.is_none() {
                self.columns.push(format!("{written} AS `({at})`"));
            }
            let place = aggregate.call.tree().place;
            places.push((place.start as usize..place.end as usize, format!("`({at})`")));
            Ok(format!("({at})"))
        })?;
        let mut text = text.to_string();
        places.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
        for (place, name) in places {
            text.replace_range(place, &name);
        }
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
        assert!(refused("SELECT a, b FROM input ORDER BY 3").contains("ORDER BY 3: SELECT has the columns 1 to 2"));
        assert!(refused("SELECT a FROM input GROUP BY 0").contains("GROUP BY 0: SELECT has the columns 1 to 1"));
        assert!(refused("SELECT * FROM input ORDER BY 1").contains("name one"));
        assert!(refused("SELECT mode(a) FROM input GROUP BY b").contains("there is no function `mode`"));
    }
}
