//! KEYs as a person writes them behind `sort` and `top` (`count:desc,word`, `clicks / views:desc`), and how many rows are
//! asked for.

use super::computed;
use super::select::items;
use crate::data::order::SortKey;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::expr::{Context, Expr};
use crate::operators::Work;

/// One KEY: a column or an expression, and which way.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// What is compared.
    pub expr: Expr,
    /// Greatest first.
    pub descending: bool,
}

/// Reads `KEY[:asc|:desc]`, separated by commas; `descending` is the way of a key without either. `operator` is named in
/// errors.
pub fn parse(operator: &str, list: &str, descending: bool) -> Result<Vec<Key>> {
    let key = |text: &str| {
        let (text, descending) = match text.rsplit_once(':') {
            Some((text, "asc")) => (text, false),
            Some((text, "desc")) => (text, true),
            Some((_, way)) if ["asc", "desc"].contains(&way.to_lowercase().as_str()) => {
                return Err(Error::usage(format!("{operator}: `:{way}` is written `:{}`", way.to_lowercase())));
            }
            _ => (text, descending),
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::usage(format!(
                "{operator} needs a column in each place of `{list}`: write names with a comma between them, and quote $1: \
                 '$1:desc'"
            )));
        }
        Ok(Key { expr: expression(text)?, descending })
    };
    items(list).into_iter().map(key).collect()
}

/// A key is mostly a column, also one whose name is an aggregate as it was written: `top 10 'sum(clicks)'`.
fn expression(text: &str) -> Result<Expr> {
    let plain = !text.contains(|c: char| c.is_whitespace() || "()'\"`+*/%<>=".contains(c));
    match Expr::parse(text) {
        Ok(expr) if expr.has_aggregate() => Ok(Expr::column(text)),
        Err(_) if plain => Ok(Expr::column(text)),
        parsed => parsed,
    }
}

/// The columns that keys need.
pub fn live(keys: &[Key], output: &Live) -> Live {
    output.clone().and(keys.iter().flat_map(|key| key.expr.columns()))
}

/// Settles keys to columns. What is more than a column becomes one behind the others of `schema`, made by the work that is
/// given.
pub fn bind(keys: &[Key], schema: &mut Schema, context: &Context) -> Result<(Vec<SortKey>, Option<Work>)> {
    let (columns, work) = computed::columns(keys.iter().map(|key| &key.expr), schema, context)?;
    let bound = |(key, column): (&Key, usize)| SortKey { column, descending: key.descending, bytes: false };
    Ok((keys.iter().zip(columns).map(bound).collect(), work))
}

/// How many rows `written` asks for. `usage`: how the operator is written.
pub fn count(operator: &str, written: &str, usage: &str) -> Result<usize> {
    let wrong = || format!("{operator} needs a whole number of rows first, not `{written}`: `{usage}`");
    let digits = written.bytes().all(|b| b.is_ascii_digit());
    written.parse().ok().filter(|_| digits).ok_or_else(|| Error::usage(wrong()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::schema::Field;

    #[test]
    fn keys_have_a_direction() {
        let shown = |list: &str, descending| {
            let keys = parse("sort", list, descending).unwrap();
            keys.iter().map(|k| (k.expr.written().to_string(), k.descending)).collect::<Vec<_>>()
        };
        let expected = [("a", false), ("b", true), ("c", false), ("d:e", false), ("$1", true), ("f(a, b)", true)];
        let keys = shown("a, b:desc,c:asc,d:e,$1:desc,f(a, b):desc", false);
        assert_eq!(keys, expected.map(|(text, way)| (text.to_string(), way)));
        assert_eq!(shown("a,sum(b):asc", true), [("a".to_string(), true), ("sum(b)".to_string(), false)]);
    }

    #[test]
    fn a_key_without_a_column_is_a_usage_error() {
        for wrong in ["", "a,,b", ":desc", ",", "a +"] {
            assert_eq!(parse("sort", wrong, false).unwrap_err().exit_status(), 2, "{wrong}");
        }
    }

    #[test]
    fn expressions_become_hidden_columns_and_unknown_names_are_errors() {
        let mut schema = Schema { fields: vec![Field::shown("word"), Field::shown("count")], ..Schema::default() };
        let keys = parse("top", "count,count * 2:asc", true).unwrap();
        let (bound, work) = bind(&keys, &mut schema, &Context::default()).unwrap();
        assert_eq!(bound.iter().map(|k| (k.column, k.descending)).collect::<Vec<_>>(), [(1, true), (2, false)]);
        assert!(work.is_some() && schema.fields[2].hidden);
        let error = bind(&parse("sort", "cuont", false).unwrap(), &mut schema, &Context::default()).err().unwrap();
        assert!(error.to_string().contains("did you mean count"), "{error}");
    }

    #[test]
    fn a_number_of_rows_is_a_whole_number() {
        assert_eq!(count("head", "10", "head 10").unwrap(), 10);
        for wrong in ["ten", "-1", "1.5", "", "99999999999999999999"] {
            let error = count("head", wrong, "head 10").unwrap_err();
            assert!(error.exit_status() == 2 && error.to_string().contains("`head 10`"), "{error}");
        }
    }
}
