//! What people bring along from other tools: names of operators, columns of awk and jq, expressions without quotes.

use std::ffi::OsString;
use std::path::Path;

use clap::Command;

use super::chain::Segment;
use super::hints::{alternatives, quoted, wrong};
use super::words::{Options, Piece};
use super::{globals, help, manual};
use crate::error::Error;
use crate::expr::manual::aggregate;
use crate::expr::{Expr, functions, parse_assignments, parse_list};
use crate::operators::Entry;

/// What other tools call an operator, and what it is here; those that the registry lacks are not offered.
const NAMES: &[(&[&str], &[&str])] = &[
    (&["wc", "nl"], &["count"]),
    (&["uniq", "dedup", "dropDuplicates", "unique"], &["distinct", "count --by COLUMN"]),
    (&["take", "limit", "first"], &["head"]),
    (&["last"], &["tail"]),
    (&["countByValue", "freq", "value_counts"], &["count --by COLUMN"]),
    (&["xargs", "mapPartitions"], &["pipe"]),
    (&["where", "having"], &["filter"]),
    (&["select", "SELECT"], &["map", "sql"]),
    (&["cut", "jq", "project", "fields"], &["map"]),
    (&["awk"], &["filter", "map"]),
    (&["put", "mutate", "eval", "extend", "withColumn", "sed"], &["set", "map"]),
    (
        &["group", "groupby", "group_by", "group-by", "groupBy", "groupByKey", "stats", "stats1"],
        &["agg 'EXPR AS NAME' --by KEY", "count --by KEY"],
    ),
    (&["reduceByKey", "fold"], &["reduce"]),
    (&["order", "orderby", "order_by", "order-by", "orderBy", "sortBy"], &["sort"]),
    (&["flatMap", "explode", "unnest", "nest"], &["flatmap"]),
    (&["egrep", "fgrep", "rg"], &["grep"]),
];

/// What a word that is no operator was meant to be; `words` stand behind it.
pub fn operator(name: &str, words: &[OsString], registry: &[Entry]) -> Option<String> {
    let known = |form: &&&str| registry.iter().any(|e| form.split(' ').next() == Some(e.name));
    if let Some((_, forms)) = NAMES.iter().find(|(names, _)| names.contains(&name)) {
        let forms: Vec<&str> = forms.iter().filter(known).copied().collect();
        return (!forms.is_empty()).then(|| format!("did you mean {}?", alternatives(&forms)));
    }
    // `sum x --by y`
    let column = words.first().and_then(|word| word.to_str()).filter(|word| !word.starts_with('-')).unwrap_or("x");
    let (what, user) = if aggregate(name).is_some() {
        ("an aggregate", "agg")
    } else if functions::find(name).is_some() {
        ("a function", "map")
    } else {
        return None;
    };
    let by = words.iter().position(|word| word == "--by").and_then(|at| words.get(at + 1)?.to_str());
    let by = by.filter(|_| user == "agg").map(|keys| format!(" --by {}", quoted(keys))).unwrap_or_default();
    let call = format!("{user} '{name}({column})'{by}");
    known(&&user).then(|| format!("it is {what}: {call}"))
}

/// What is wrong with an operator's words because another tool has it so.
pub fn of(entry: &Entry, pieces: &[Piece<'_>], words: &[OsString]) -> Option<Error> {
    number(entry, words).or_else(|| foreign_column(entry, pieces))
}

/// `head -5`, `tail -n 5`.
fn number(entry: &Entry, words: &[OsString]) -> Option<Error> {
    if !["head", "tail"].contains(&entry.name) {
        return None;
    }
    let words: Vec<&str> = words.iter().filter_map(|w| w.to_str()).collect();
    let first = *words.first()?;
    let number = match first.strip_prefix("-n") {
        Some("") => *words.get(1)?,
        Some(attached) => attached,
        None => first.strip_prefix('-')?,
    };
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| wrong(Some(entry), format!("the number stands alone here, write: {} {number}", entry.name)))
}

/// `$NF` of awk and `.a.b` of jq, in what an operator takes for an expression or a list of keys.
fn foreign_column(entry: &Entry, pieces: &[Piece<'_>]) -> Option<Error> {
    let command = (entry.command)();
    let holds = |id: &str| command.get_arguments().any(|arg| arg.get_id() == id && manual::is_expression(arg));
    let mut positionals = command.get_positionals();
    let texts = pieces.iter().filter_map(|piece| match piece {
        Piece::Plain(word) => positionals.next().filter(|arg| manual::is_expression(arg)).and_then(|_| word.to_str()),
        Piece::Option { ids, words } if ids.iter().any(|id| holds(id)) => {
            let word = words.last()?.to_str()?;
            Some(word.split_once('=').filter(|_| words.len() == 1).map_or(word, |option| option.1))
        }
        _ => None,
    });
    let hint = texts.filter_map(foreign).next()?;
    Some(wrong(Some(entry), hint))
}

/// The first name in a text, outside of quotes, that is another language's.
fn foreign(text: &str) -> Option<String> {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        let end = |behind: &str| !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        match quote {
            Some(open) if open == c => quote = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"' | '`') => quote = Some(c),
            None if rest.strip_prefix("$NF").is_some_and(end) => {
                return Some("`$NF` is awk's; the last field is element_at(split(trim(line), '\\s+'), -1)".to_string());
            }
            None if c == '.' && (before.is_whitespace() || "(,=<>+-*/%|!".contains(before)) => {
                let path = |c: char| !(c.is_alphanumeric() || "._[]".contains(c));
                let name = &rest[1..rest[1..].find(path).map_or(rest.len(), |length| length + 1)];
                if name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                    return Some(format!("`.{name}` is written without the first point: {name}"));
                }
            }
            None => {}
        }
        before = c;
    }
    None
}

/// The hint for `filter status = 500`: several words where one argument holds the expression.
pub fn unquoted(entry: &Entry, segment: &Segment) -> Option<String> {
    let command = help::operator(entry, &globals::options(), true);
    let form = expression(&command)?;
    let options = Options::of(&command);
    let words = options.pieces(&segment.words).into_iter().filter_map(|piece| match piece {
        Piece::Plain(word) => word.to_str(),
        _ => None,
    });
    let words: Vec<&str> = words.skip_while(|word| *word != entry.name).skip(1).collect();
    let last = *words.last()?;
    let is_number = last.parse::<f64>().is_ok();
    let is_path = !is_number && (last.contains(['/', '.']) || Path::new(last).is_file());
    // An expression in quotes, and then a file, or a command that should stand behind `--`.
    let takes_command = command.get_positionals().any(|arg| arg.is_last_set());
    if (words.len() == 2 && is_path) || (takes_command && words[0].contains(' ')) {
        return None;
    }
    let whole = words.join(" ");
    let reads = match form.as_str() {
        list if list.starts_with("NAME =") => parse_assignments(&whole).is_ok(),
        list if list.contains(',') => parse_list(&whole).is_ok(),
        _ => Expr::parse(&whole).is_ok(),
    };
    Some(if reads {
        format!("the expression is one argument: quote it: {} {}", entry.name, quoted(&whole))
    } else {
        format!(
            "the expression is one argument: quote it, as in {} '{}' (unquoted, the shell takes a `>` or `<` for a file)",
            entry.name,
            if form.starts_with("NAME =") { "rate = clicks / n" } else { "status >= 500" }
        )
    })
}

/// The hint for `sort ms desc` and `--by user, country`: what should be one word was typed as two.
pub fn split_list(entry: &Entry, word: &str, segment: &Segment) -> Option<String> {
    let at = segment.words.iter().rposition(|w| w == word)?;
    let before = segment.words[..at].last()?.to_str()?;
    let option = segment.words[..at].iter().rev().nth(1).and_then(|w| w.to_str());
    let way = word.to_lowercase();
    let ordered =
        (entry.command)().get_arguments().any(|a| a.get_value_names().is_some_and(|n| n[0].contains(":desc")));
    if ordered && ["asc", "desc"].contains(&way.as_str()) {
        return Some(format!("the direction stands behind the key: {}", quoted(&format!("{before}:{way}"))));
    }
    let listed = before.strip_suffix(',');
    if option == Some("--by") && (listed.is_some() || !(word.contains(['/', '.']) || Path::new(word).is_file())) {
        return Some(format!(
            "several keys are one list: --by {}",
            quoted(&format!("{},{word}", listed.unwrap_or(before)))
        ));
    }
    None
}

/// The name of the value of an operator's one argument, if that is an expression.
fn expression(command: &Command) -> Option<String> {
    let mut positionals = command.get_positionals().filter(|arg| !arg.is_last_set());
    let name = positionals.next()?.get_value_names()?.first()?.to_string();
    (positionals.next().is_none() && name.contains("EXPR")).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of awk and jq are found where a column may stand, and nowhere else.
    #[test]
    fn foreign_names_are_found_outside_of_quotes() {
        for (text, says) in [
            ("$NF > 3", "awk's; the last field"),
            (".user.name = 'x'", "point: user.name"),
            ("length(.a[0].b)", "point: a[0].b"),
            ("x,.b:desc", "point: b"),
        ] {
            assert!(foreign(text).is_some_and(|hint| hint.contains(says)), "{text}: {:?}", foreign(text));
        }
        for text in ["a.b > .5", "a + $0", "'$NF .a'", "`$NF`", "$10", "$NFS", "x = \" .a\"", "a .5", "größe.x", ""] {
            assert_eq!(foreign(text), None, "{text}");
        }
    }
}
