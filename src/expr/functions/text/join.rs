//! Texts and lists put one behind the other.

use std::sync::Arc;

use crate::data::buffer::Buffer;
use crate::data::column::{Cell, Column, List, Lists, NO_TIME, Number, Numbers, Span, Text, UNKNOWN};
use crate::data::schema::Kind;
use crate::data::write;
use crate::expr::{Context, Node};

use super::args::{self, Given, computed, written};

/// `concat(value, …)`
pub fn concat(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    if args.iter().any(|node| matches!(node.kind, Kind::List(_))) {
        return lists(args);
    }
    if args.is_empty() {
        return Ok(Node::text(b""));
    }
    let kernel = |given: &[Given<'_>], rows: usize| {
        let texts: Vec<_> = given.iter().map(Given::texts).collect();
        written(rows, |row, out| {
            for texts in &texts {
                out.extend_from_slice(texts.get(row)?);
            }
            Some(())
        })
    };
    Ok(computed(Kind::Text, args::texts(args, context)?, kernel))
}

/// The items of several lists as one list.
fn lists(args: Vec<Node>) -> Result<Node, String> {
    let items = |node: &Node| match &node.kind {
        Kind::List(kind) if **kind == Kind::Input => Some(Kind::Text),
        Kind::List(kind) => Some((**kind).clone()),
        _ => None,
    };
    let Some(kind) = items(&args[0]).filter(|kind| !matches!(kind, Kind::List(_))) else {
        return Err("lists are joined with lists, of text, numbers, conditions or times".into());
    };
    if args.iter().any(|node| items(node).as_ref() != Some(&kind)) {
        return Err("all of the lists must have items of one kind".into());
    }
    let made = Kind::List(Box::new(kind.clone()));
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let (mut items, mut spans) = (Items::of(&kind), Vec::with_capacity(rows));
        let columns: Vec<_> = given.iter().map(Given::column).collect();
        for row in 0..rows {
            let start = items.len();
            let null = columns.iter().any(|(column, at)| column.cell(at(row)) == Cell::Null);
            for (column, at) in columns.iter().filter(|_| !null) {
                if let Cell::List(list) = column.cell(at(row)) {
                    list.cells().for_each(|cell| items.push(cell));
                }
            }
            spans.push(if null { Span::NULL } else { Span::range(start, items.len()) });
        }
        Column::List(Lists { items: Arc::new(items.column()), spans })
    };
    Ok(computed(made, args, kernel))
}

/// Items of a list that is being made.
enum Items {
    Text(Vec<u8>, Vec<Span>),
    Number(Numbers),
    Bool(Vec<u8>),
    Time(Vec<i64>),
}

impl Items {
    fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Number => Items::Number(Numbers::default()),
            Kind::Bool => Items::Bool(Vec::new()),
            Kind::Time => Items::Time(Vec::new()),
            _ => Items::Text(Vec::new(), Vec::new()),
        }
    }

    fn len(&self) -> usize {
        match self {
            Items::Text(_, spans) => spans.len(),
            Items::Number(values) => values.len(),
            Items::Bool(values) => values.len(),
            Items::Time(values) => values.len(),
        }
    }

    fn push(&mut self, cell: Cell<'_>) {
        match (self, cell) {
            (Items::Text(data, spans), Cell::Text(text)) if data.len() + text.len() < Span::NULL_LEN as usize => {
                data.extend_from_slice(text);
                spans.push(Span::range(data.len() - text.len(), data.len()));
            }
            (Items::Text(_, spans), _) => spans.push(Span::NULL),
            (Items::Number(values), Cell::Int(value)) => values.push(Number::Int(value)),
            (Items::Number(values), Cell::Float(value)) => values.push(Number::Float(value)),
            (Items::Number(values), _) => values.push(Number::Null),
            (Items::Bool(values), Cell::Bool(value)) => values.push(value.into()),
            (Items::Bool(values), _) => values.push(UNKNOWN),
            (Items::Time(values), Cell::Time(value)) => values.push(value),
            (Items::Time(values), _) => values.push(NO_TIME),
        }
    }

    fn column(self) -> Column {
        match self {
            Items::Text(data, spans) => Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans }),
            Items::Number(values) => Column::Number(values),
            Items::Bool(values) => Column::Bool(values),
            Items::Time(values) => Column::Time(values),
        }
    }
}

/// `concat_ws(separator, value, …)`
pub fn concat_ws(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 1..=usize::MAX)?;
    let mut bound = Vec::with_capacity(args.len());
    for (at, node) in args.into_iter().enumerate() {
        let list = at > 0 && matches!(node.kind, Kind::List(_));
        bound.push(if list { node } else { args::text(node, context)? });
    }
    let zone = context.zone.clone();
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let separators = given[0].texts();
        let columns: Vec<_> = given[1..].iter().map(Given::column).collect();
        written(rows, |row, out| {
            let separator = separators.get(row)?;
            let mut first = true;
            let mut add = |cell: Cell<'_>, out: &mut Vec<u8>| {
                if cell != Cell::Null {
                    out.extend_from_slice(if first { b"" } else { separator });
                    write::cell(cell, &zone, out);
                    first = false;
                }
            };
            for (column, at) in &columns {
                match column.cell(at(row)) {
                    Cell::List(list) => List::cells(list).for_each(|cell| add(cell, out)),
                    cell => add(cell, out),
                }
            }
            Some(())
        })
    };
    Ok(computed(Kind::Text, bound, kernel))
}

#[cfg(test)]
mod tests {
    use crate::expr::functions::text::testing::{call, computed, refused, texts};

    /// As Spark 4.0 answers.
    #[test]
    fn values_are_joined_as_in_spark() {
        for (expression, result) in [
            ("concat()", ""),
            ("concat('a')", "a"),
            ("concat('a', 1, true)", "a1true"),
            ("concat('a', NULL)", "NULL"),
            ("concat(split('a b', ' '), split('c', ' '))", r#"["a","b","c"]"#),
            ("concat(split('a b', ' '), split(NULL, ' '))", "NULL"),
            ("concat_ws(',')", ""),
            ("concat_ws(',', 'a', NULL, 'b')", "a,b"),
            ("concat_ws(',', split('a b', ' '), 'c', '')", "a,b,c,"),
            ("concat_ws(NULL, 'a')", "NULL"),
            ("concat_ws(',', 1, 2)", "1,2"),
            ("concat_ws(',', NULL)", ""),
            ("concat_ws('', 'a', 'b')", "ab"),
        ] {
            assert_eq!(call(expression), result, "{expression}");
        }
        assert_eq!(refused("concat_ws()"), "takes at least 1 argument, not 0");
        assert!(refused("concat(split('a', 'b'), 'c')").contains("one kind"));
        assert!(refused("concat('c', split('a', 'b'))").contains("lists are joined with lists"));
    }

    /// Row by row: a null makes its row null and no other, and bytes that are no UTF-8 are joined like others.
    #[test]
    fn rows_are_joined_by_themselves() {
        let left: &[Option<&[u8]>] = &[Some(b"\xff"), None, Some(b"")];
        let right: &[Option<&[u8]>] = &[Some("é".as_bytes()), Some(b"x"), Some(b"y")];
        let joined = texts(&computed("concat", &[left, right], vec![]));
        assert_eq!(joined, [Some(b"\xff\xc3\xa9".to_vec()), None, Some(b"y".to_vec())]);
    }
}
