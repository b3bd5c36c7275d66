//! A SELECT, cut at its clauses; what stands in them is read by others.

use std::ops::Range;

use crate::error::{Error, Result};

/// What may follow the columns, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Clause {
    /// `FROM input`.
    From,
    /// `WHERE condition`.
    Where,
    /// `GROUP BY list`.
    GroupBy,
    /// `HAVING condition`.
    Having,
    /// `ORDER BY keys`.
    OrderBy,
    /// `LIMIT n`.
    Limit,
}

impl Clause {
    /// As it is written.
    fn name(self) -> String {
        let words = CLAUSES.iter().find(|(_, clause)| *clause == self).map_or(&[][..], |(words, _)| words);
        words.join(" ").to_uppercase()
    }
}

const CLAUSES: [(&[&str], Clause); 6] = [
    (&["from"], Clause::From),
    (&["where"], Clause::Where),
    (&["group", "by"], Clause::GroupBy),
    (&["having"], Clause::Having),
    (&["order", "by"], Clause::OrderBy),
    (&["limit"], Clause::Limit),
];

/// What other queries have, and what there is instead.
const OTHERS: [(&str, &str); 8] = [
    ("join", "for a join: join FILE --on key"),
    ("union", "for a union: several --from"),
    ("over", "for a sum beside each row: set 'x = a / sum(a)' --by key"),
    ("with", "one operator after the other: then"),
    ("offset", "rows cannot be skipped"),
    ("except", "only one SELECT is known"),
    ("intersect", "only one SELECT is known"),
    ("qualify", "for the first rows of each group: top N key --by group"),
];

/// A query.
pub struct Select<'a> {
    /// `SELECT DISTINCT`.
    pub distinct: bool,
    /// What stands between SELECT and FROM.
    pub items: &'a str,
    clauses: Vec<(Clause, &'a str)>,
}

impl<'a> Select<'a> {
    /// Cuts a query.
    pub fn parse(query: &'a str) -> Result<Self> {
        let query = query.trim().trim_end_matches(';');
        let words = words(query);
        let is = |at: usize, word: &str| words.get(at).is_some_and(|w| query[w.clone()].eq_ignore_ascii_case(word));
        if !is(0, "select") {
            return Err(Error::usage("sql wants one query: SELECT … FROM input …"));
        }
        let distinct = is(1, "distinct");
        let mut marks: Vec<(Clause, Range<usize>)> = Vec::new();
        for at in 1 + usize::from(distinct)..words.len() {
            if let Some((_, hint)) = OTHERS.iter().find(|(word, _)| is(at, word)) {
                let word = query[words[at].clone()].to_uppercase();
                return Err(Error::usage(format!(
                    "sql: {word} is not known here; {hint}; a column of that name stands in backticks"
                )));
            }
            if is(at, "select") {
                return Err(Error::usage(
                    "sql: a query inside of a query is not known: one operator after the other, with then",
                ));
            }
            let found = CLAUSES.iter().find(|(names, _)| names.iter().enumerate().all(|(n, name)| is(at + n, name)));
            let Some((names, clause)) = found else { continue };
            let text = &query[words[at].start..words[at + names.len() - 1].end];
            if let Some((last, _)) = marks.last()
                && last >= clause
            {
                return Err(Error::usage(format!(
                    "sql: {} stands at the wrong place or twice; the order is SELECT, FROM, WHERE, GROUP BY, HAVING, ORDER \
                     BY, LIMIT",
                    text.to_uppercase()
                )));
            }
            marks.push((*clause, words[at].start..words[at + names.len() - 1].end));
        }
        let end = |at: usize| marks.get(at).map_or(query.len(), |mark| mark.1.start);
        let start = words[usize::from(distinct)].end;
        let clauses: Vec<_> =
            marks.iter().enumerate().map(|(at, mark)| (mark.0, query[mark.1.end..end(at + 1)].trim())).collect();
        let select = Select { distinct, items: query[start..end(0)].trim(), clauses };
        if !select.clause(Clause::From).is_some_and(|name| name.trim_matches('`').eq_ignore_ascii_case("input")) {
            return Err(Error::usage(format!("sql: the rows are called input: SELECT {} FROM input", select.items)));
        }
        if let Some((clause, _)) = select.clauses.iter().find(|clause| clause.1.is_empty()) {
            return Err(Error::usage(format!("sql: nothing stands behind {}", clause.name())));
        }
        Ok(select)
    }

    /// What stands in a clause, if it is there.
    pub fn clause(&self, clause: Clause) -> Option<&'a str> {
        self.clauses.iter().find(|c| c.0 == clause).map(|c| c.1)
    }

    /// `SELECT *`.
    pub fn all(&self) -> bool {
        self.items == "*"
    }

    /// Whether rows are combined.
    pub fn combines(&self, list: &[crate::expr::Named]) -> bool {
        self.clause(Clause::GroupBy).is_some()
            || self.clause(Clause::Having).is_some()
            || list.iter().any(|named| named.expr.has_aggregate())
    }

    /// The number of rows, if it is limited.
    pub fn limit(&self) -> Result<Option<&'a str>> {
        let Some(limit) = self.clause(Clause::Limit) else { return Ok(None) };
        match limit.bytes().all(|b| b.is_ascii_digit()) {
            true => Ok(Some(limit)),
            false => Err(Error::usage(format!("sql: LIMIT wants a whole number, not `{limit}`"))),
        }
    }
}

/// Where the words stand that are in no brackets and no quotes.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    outside(text, |at, c| {
        if !(c.is_alphanumeric() || matches!(c, '_' | '$' | '.')) {
            return;
        }
        match words.last_mut() {
            Some(word) if word.end == at => word.end += c.len_utf8(),
            _ => words.push(at..at + c.len_utf8()),
        }
    });
    words
}

/// A list, cut at the commas that are in no brackets and no quotes.
pub fn items(text: &str) -> Vec<&str> {
    let mut commas = Vec::new();
    outside(text, |at, c| {
        if c == ',' {
            commas.push(at);
        }
    });
    let starts = std::iter::once(0).chain(commas.iter().map(|at| at + 1));
    let ends = commas.iter().copied().chain([text.len()]);
    starts.zip(ends).map(|(start, end)| text[start..end].trim()).collect()
}

/// Shows each character that is in no brackets and no quotes.
fn outside(text: &str, mut see: impl FnMut(usize, char)) {
    let (mut depth, mut quote) = (0usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, _) if depth == 0 => see(at, c),
            (None, _) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_are_found_outside_of_brackets_and_quotes() {
        let select =
            Select::parse("select 'from', f(a, \"where\"), `limit` from INPUT where (a from) = 1 order  by b").unwrap();
        assert_eq!(select.items, "'from', f(a, \"where\"), `limit`");
        assert_eq!(select.clause(Clause::Where), Some("(a from) = 1"));
        assert_eq!(select.clause(Clause::OrderBy), Some("b"));
        assert_eq!(items("a, f(b, c) , 'x,y'"), ["a", "f(b, c)", "'x,y'"]);
    }

    #[test]
    fn clauses_have_their_order() {
        let refused = |query| Select::parse(query).err().unwrap().to_string();
        assert!(refused("select a from input limit 1 where b").contains("wrong place"));
        assert!(refused("select a from input where").contains("nothing stands behind WHERE"));
        assert!(refused("select a from input order by").contains("nothing stands behind ORDER BY"));
    }
}
