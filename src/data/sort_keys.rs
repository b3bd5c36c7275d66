//! KEYs as a person writes them behind `sort` and `top` (`count:desc,word`), and how many rows are asked for.

use super::order::SortKey;
use super::schema::Schema;
use crate::error::{Error, Result};

/// One KEY: a column, and which way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The column.
    pub column: String,
    /// Greatest first.
    pub descending: bool,
}

/// Reads `KEY[:asc|:desc]`, separated by commas; `descending` is the way of a key without either. `operator` is named in
/// errors.
pub fn parse(operator: &str, list: &str, descending: bool) -> Result<Vec<Named>> {
    let key = |text: &str| {
        let (column, descending) = match text.rsplit_once(':') {
            Some((column, "asc")) => (column, false),
            Some((column, "desc")) => (column, true),
            Some((_, way)) if ["asc", "desc"].contains(&way.to_lowercase().as_str()) => {
                return Err(Error::usage(format!("{operator}: `:{way}` is written `:{}`", way.to_lowercase())));
            }
            _ => (text, descending),
        };
        if column.is_empty() {
            return Err(Error::usage(format!(
                "{operator} needs a column in each place of `{list}`: write names with a comma between them, and quote $1: \
                 '$1:desc'"
            )));
        }
        Ok(Named { column: column.to_string(), descending })
    };
    list.split(',').map(|text| key(text.trim())).collect()
}

/// Settles names to columns.
pub fn bind(keys: &[Named], schema: &Schema) -> Result<Vec<SortKey>> {
    keys.iter()
        .map(|key| Ok(SortKey { column: schema.index(&key.column)?, descending: key.descending, bytes: false }))
        .collect()
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

    fn named(column: &str, descending: bool) -> Named {
        Named { column: column.into(), descending }
    }

    #[test]
    fn keys_have_a_direction() {
        let keys = parse("sort", "a, b:desc,c:asc,d:e,$1:desc", false).unwrap();
        assert_eq!(
            keys,
            [named("a", false), named("b", true), named("c", false), named("d:e", false), named("$1", true)]
        );
        assert_eq!(parse("top", "a,b:asc", true).unwrap(), [named("a", true), named("b", false)]);
    }

    #[test]
    fn a_key_without_a_column_is_a_usage_error() {
        for wrong in ["", "a,,b", ":desc", ","] {
            assert_eq!(parse("sort", wrong, false).unwrap_err().exit_status(), 2, "{wrong}");
        }
    }

    #[test]
    fn an_unknown_column_is_named_with_the_nearest() {
        let schema = Schema { fields: vec![Field::shown("word"), Field::shown("count")], ..Schema::default() };
        assert_eq!(
            bind(&[named("count", true)], &schema).unwrap(),
            [SortKey { column: 1, descending: true, bytes: false }]
        );
        let error = bind(&[named("cuont", true)], &schema).unwrap_err();
        assert!(error.to_string().contains("did you mean count?"), "{error}");
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
