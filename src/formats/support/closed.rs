//! For formats that know all their columns: which of them a chain asks for, and `line` and `$N`, which every record of text has
//! beside them.

use std::sync::Arc;

use crate::data::block::{Column, Span, Text};
use crate::data::buffer::Buffer;
use crate::data::schema::{Field, Live, Schema};
use crate::error::Result;
use crate::formats::{BadRecord, Cut, Input, text_input};

/// The columns of a format.
pub struct Closed {
    /// All names, the shown ones first.
    names: Vec<String>,
    /// How many are shown.
    shown: usize,
    /// Cuts `line` and `$N`.
    text: Arc<dyn Input>,
}

impl Closed {
    /// Columns that are shown, and some that are there for who names them.
    pub fn new(shown: Vec<String>, hidden: &[&str], delimiter: u8) -> Self {
        let (count, mut names) = (shown.len(), shown);
        names.extend(hidden.iter().map(|name| name.to_string()));
        Closed { names, shown: count, text: text_input(delimiter) }
    }

    /// See [`Input::schema`].
    pub fn schema(&self, live: &Live) -> Result<Schema> {
        let (shown, hidden) = self.names.split_at(self.shown);
        let mut schema =
            Schema { fields: shown.iter().map(Field::shown).collect(), records: true, ..Schema::default() };
        for name in live.names.iter().filter(|name| !self.names.contains(name)) {
            if name == "line" || name.starts_with('$') {
                self.text.schema(&Live::only([name]))?;
            } else {
                schema.index(name)?;
            }
        }
        schema.fields.retain(|field| live.shown || live.names.contains(&field.name));
        let rest = live.names.iter().filter(|name| !self.names.contains(name));
        let asked = hidden.iter().filter(|name| live.names.contains(*name)).chain(rest);
        schema.fields.extend(asked.map(Field::hidden));
        Ok(schema)
    }

    /// For each column of the schema its number among the names of the format; `None` for `line` and `$N`.
    pub fn places(&self, schema: &Schema) -> Vec<Option<usize>> {
        schema.fields.iter().map(|field| self.names.iter().position(|name| *name == field.name)).collect()
    }

    /// Adds `line` and `$N` to the columns that were cut, `own`: one for each column of the schema, empty for those.
    /// `records` are those that fit.
    pub fn finish(
        &self,
        data: &Arc<Buffer>,
        records: Vec<Span>,
        schema: &Schema,
        own: Vec<Vec<Span>>,
        bad: Vec<BadRecord>,
    ) -> Cut {
        let rows = records.len();
        let is_rest = |field: &&Field| !self.names.contains(&field.name);
        let fields: Vec<Field> = schema.fields.iter().filter(is_rest).cloned().collect();
        let mut rest = Vec::new();
        if !fields.is_empty() {
            rest = self.text.cut(data, records.clone(), &Schema { fields, ..Schema::default() }).columns;
        }
        let mut rest = rest.into_iter();
        let column = |(field, spans): (&Field, Vec<Span>)| {
            let own = || Column::Text(Text { data: Arc::clone(data), spans });
            if is_rest(&field) { rest.next().unwrap_or_else(|| Column::nulls(&field.kind, rows)) } else { own() }
        };
        let columns = schema.fields.iter().zip(own).map(column).collect();
        Cut { rows, records, columns, bad }
    }
}

/// Records that do not fit, while a format goes over all of them.
#[derive(Default)]
pub struct Unfit {
    /// In order.
    pub bad: Vec<BadRecord>,
}

impl Unfit {
    /// One more.
    #[cold]
    pub fn push(&mut self, at: usize, span: Span, what: &str) {
        let what = if self.bad.len() < Cut::SHOWN { what.to_string() } else { String::new() };
        self.bad.push(BadRecord { at, span, what });
    }

    /// Takes those that do not fit out of all records.
    pub fn drop_from(&self, records: &mut Vec<Span>) {
        if self.bad.is_empty() {
            return;
        }
        let (mut at, mut bad) = (0, self.bad.iter().map(|bad| bad.at).peekable());
        records.retain(|_| {
            at += 1;
            bad.next_if_eq(&(at - 1)).is_none()
        });
    }
}
