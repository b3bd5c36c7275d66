//! The keys of groups as a person writes them, `--by 'date_trunc("HOUR", ts) AS h, $1'`: a list as after `SELECT`. Bound to
//! columns it makes one column of text of them, by whose bytes groups are told apart, and makes columns of that again.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{Context, Expr, Named, Node, parse_list};
use crate::data::block::Block;
use crate::data::column::{Cell, Column, FALSE, NO_TIME, Number, Numbers, TRUE, Text, UNKNOWN};
use crate::data::keys;
use crate::data::order::SortKey;
use crate::data::schema::{Field, Kind, Schema};
use crate::error::{Error, Result};

use super::convert::number_of;

/// Keys that are not yet bound to columns.
#[derive(Debug, Clone)]
pub struct By {
    keys: Vec<Named>,
}

impl By {
    /// Reads the value of an option such as `--by`. An empty list or the same name twice is a usage error.
    pub fn parse(option: &str, text: &str) -> Result<By> {
        if text.trim().is_empty() {
            return Err(Error::usage(format!(
                "{option} is given no column: if you wrote $1, the shell has replaced it by nothing; quote it: {option} '$1'"
            )));
        }
        if text.split(',').any(|piece| piece.trim().is_empty()) && !text.contains(['\'', '"', '`', '(']) {
            return Err(Error::usage(format!(
                "{option} '{text}' has a comma without a column; write names with a comma between them, and quote $1: '$1'"
            )));
        }
        let plain = |text: &str| !text.contains(|c: char| c.is_whitespace() || "()'\"`+*/%<>=".contains(c));
        let names = || text.split(',').map(str::trim);
        let mut keys = match parse_list(text) {
            // Names that are words of SQL are names here.
            Err(_) if names().all(plain) => names().map(named).collect(),
            Err(Error::Usage(message)) => return Err(Error::Usage(format!("{option}: {message}"))),
            parsed => parsed?,
        };
        // What an aggregate before has called `sum(clicks)` is a column.
        for key in keys.iter_mut().filter(|key| key.expr.has_aggregate()) {
            key.expr = Expr::column(key.expr.written());
        }
        for (at, key) in keys.iter().enumerate() {
            if keys[..at].iter().any(|other| other.name == key.name) {
                let name = &key.name;
                return Err(Error::usage(format!("{option} '{text}' names `{name}` twice; name each column once")));
            }
        }
        Ok(By { keys })
    }

    /// The columns that the keys are made of.
    pub fn live(&self) -> BTreeSet<String> {
        self.keys.iter().flat_map(|key| key.expr.columns()).collect()
    }

    /// What the keys are.
    pub fn exprs(&self) -> impl Iterator<Item = &Expr> {
        self.keys.iter().map(|key| &key.expr)
    }

    /// What the columns of the keys are called.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.name.as_str())
    }

    /// Whether these are the same keys in the same order, whatever they are called.
    pub fn is_like(&self, other: &By) -> bool {
        self.exprs().eq(other.exprs())
    }

    /// The name of the key that this expression is.
    pub fn name_of(&self, expr: &Expr) -> Option<&str> {
        self.keys.iter().find(|key| key.expr == *expr).map(|key| key.name.as_str())
    }

    /// Settles names to columns.
    pub fn bind(&self, schema: &Schema, context: &Context) -> Result<BoundBy> {
        let bind = |key: &Named| {
            let plain = key.expr.as_column().and_then(|name| schema.fields.iter().position(|field| field.name == name));
            let node = match plain {
                Some(at) => Node::column(at, schema.fields[at].kind.clone()),
                None => key.expr.bind(schema, context)?,
            };
            // A list is told apart by what is written of it.
            let kind = if matches!(node.kind, Kind::List(_)) { Kind::Text } else { node.kind.clone() };
            let field = key.expr.field(&key.name, kind, schema);
            Ok(Key { field, node, plain })
        };
        Ok(BoundBy { keys: self.keys.iter().map(bind).collect::<Result<_>>()? })
    }
}

/// The column of this name.
fn named(name: &str) -> Named {
    Named { expr: Expr::column(name), name: name.to_string(), alias: false }
}

/// One key, bound.
struct Key {
    /// Its column in a result.
    field: Field,
    node: Node,
    /// The column that it is, if it is no more than that.
    plain: Option<usize>,
}

/// Keys that know their columns.
pub struct BoundBy {
    keys: Vec<Key>,
}

impl BoundBy {
    /// With one more key, a column of whole numbers that stands at this place.
    #[must_use]
    pub fn with(mut self, field: Field, at: usize) -> Self {
        self.keys.push(Key { node: Node::column(at, field.kind.clone()), field, plain: Some(at) });
        self
    }

    /// How many columns the keys have.
    pub fn width(&self) -> usize {
        self.keys.len()
    }

    /// The columns of the keys.
    pub fn fields(&self) -> Vec<Field> {
        self.keys.iter().map(|key| key.field.clone()).collect()
    }

    /// The order of results that begin with the columns of the keys.
    pub fn order(&self) -> Vec<SortKey> {
        (0..self.keys.len()).map(|column| SortKey { column, descending: false, bytes: true }).collect()
    }

    /// Whether a key is one text, which is also its column in a result.
    pub fn is_text(&self) -> bool {
        matches!(&self.keys[..], [key] if matches!(key.field.kind, Kind::Input | Kind::Text | Kind::List(_)))
    }

    /// Where the columns stand in the block, if all keys are just columns.
    pub fn plain(&self) -> Option<Vec<usize>> {
        self.keys.iter().map(|key| key.plain).collect()
    }

    /// The values of the keys, column by column.
    pub fn columns<'a>(&'a self, block: &'a Block) -> impl Iterator<Item = Cow<'a, Column>> {
        self.keys.iter().map(|key| key.node.eval(block))
    }

    /// The key of each row; see [`keys::encode`].
    pub fn keys<'a>(&'a self, block: &'a Block) -> Cow<'a, Text> {
        if let [key] = &self.keys[..] {
            return match key.node.eval(block) {
                Cow::Borrowed(Column::Text(text)) => Cow::Borrowed(text),
                Cow::Owned(Column::Text(text)) => Cow::Owned(text),
                other => Cow::Owned(keys::written(&told_apart(other))),
            };
        }
        // A node may lend its column or give one.
        let columns: Vec<_> = self.columns(block).collect();
        let columns: Vec<_> = columns.iter().map(|column| told_apart(Cow::Borrowed(&**column))).collect();
        Cow::Owned(keys::composite(block.rows, &columns.iter().map(|column| &**column).collect::<Vec<_>>()))
    }

    /// The key of each row of a result, which begins with the columns of the keys: as [`BoundBy::keys`] of the rows that it
    /// came from.
    pub fn keys_of_result(&self, block: &Block) -> Text {
        let columns: Vec<Column> = block.columns[..self.keys.len()]
            .iter()
            .map(|column| told_apart(Cow::Borrowed(column)).into_owned())
            .collect();
        let all: Vec<usize> = (0..columns.len()).collect();
        keys::encode(&Block { rows: block.rows, columns, ..Block::default() }, &all).into_owned()
    }

    /// Columns of text as [`keys::Decoder`] gives them, with values of the keys' own kinds again.
    pub fn decoded(&self, columns: Vec<Column>) -> Vec<Column> {
        columns.into_iter().zip(&self.keys).map(|(column, key)| of_kind(column, &key.field.kind)).collect()
    }
}

/// Values whose text is different exactly if they are: zeros have one sign, and times are whole numbers.
fn told_apart(column: Cow<'_, Column>) -> Cow<'_, Column> {
    match &*column {
        Column::Number(Numbers::Floats(values)) => {
            Cow::Owned(Column::Number(Numbers::Floats(values.iter().map(|value| value + 0.0).collect())))
        }
        Column::Number(Numbers::Mixed(values)) => {
            let number = |value: &Number| match value {
                Number::Float(value) => Number::Float(value + 0.0),
                other => *other,
            };
            Cow::Owned(Column::Number(Numbers::Mixed(values.iter().map(number).collect())))
        }
        Column::Time(values) => {
            let number = |micros: &i64| if *micros == NO_TIME { Number::Null } else { Number::Int(*micros) };
            Cow::Owned(Column::Number(values.iter().map(number).collect()))
        }
        _ => column,
    }
}

/// The values that the texts stand for.
fn of_kind(column: Column, kind: &Kind) -> Column {
    let texts = || (0..column.len()).map(|row| if let Cell::Text(text) = column.cell(row) { Some(text) } else { None });
    match kind {
        Kind::Input | Kind::Text | Kind::List(_) => column,
        Kind::Number => Column::Number(texts().map(|text| text.map_or(Number::Null, number)).collect()),
        Kind::Bool => {
            let truth = |text: Option<&[u8]>| match text {
                Some(b"true") => TRUE,
                Some(_) => FALSE,
                None => UNKNOWN,
            };
            Column::Bool(texts().map(truth).collect())
        }
        Kind::Time => {
            let time = |text: Option<&[u8]>| match text.map(number_of) {
                Some(Number::Int(micros)) => micros,
                _ => NO_TIME,
            };
            Column::Time(texts().map(time).collect())
        }
    }
}

/// The number that was written.
fn number(text: &[u8]) -> Number {
    match text {
        b"NaN" => Number::Float(f64::NAN),
        b"Infinity" => Number::Float(f64::INFINITY),
        b"-Infinity" => Number::Float(f64::NEG_INFINITY),
        text => number_of(text),
    }
}
