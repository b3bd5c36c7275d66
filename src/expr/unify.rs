//! Branches of one kind: what `CASE`, `if`, `coalesce`, `greatest` and `array` choose from. Their kinds are settled here, and
//! the chosen values are gathered into one column.

use std::borrow::Borrow;
use std::sync::Arc;

use crate::data::buffer::Buffer;
use crate::data::column::{Cell, Column, Lists, NO_TIME, Number, Numbers, Span, Text, UNKNOWN};
use crate::data::schema::Kind;

use super::node::TextBuilder;
use super::{Context, Node};

/// The nodes converted to one kind, and that kind. `NULL` is of every kind. Text of the input stays such where all text is;
/// with text that was computed it is computed text. A number beside text becomes text as it is printed: beside text of the
/// input it is [`Kind::Input`], so that it is still a number where one is wanted. Other kinds do not mix.
pub fn unify(nodes: Vec<Node>, context: &Context) -> Result<(Kind, Vec<Node>), String> {
    let mut kind: Option<Kind> = None;
    for node in nodes.iter().filter(|node| !node.is_null() && !is_empty(node)) {
        kind = Some(match kind {
            None => node.kind.clone(),
            Some(kind) => common(&kind, &node.kind)
                .ok_or_else(|| format!("{} and {} do not mix: convert one with CAST", kind.name(), node.kind.name()))?,
        });
    }
    // All are null: text or a kind that one of them has.
    let kind = kind.or_else(|| nodes.iter().map(|node| node.kind.clone()).find(|kind| *kind != Kind::Input));
    let kind = kind.unwrap_or_default();
    if let Some(list) = nodes.iter().find(|node| is_empty(node) && !matches!(kind, Kind::List(_))) {
        return Err(format!("{} and {} do not mix: convert one with CAST", kind.name(), list.kind.name()));
    }
    let nodes = nodes.into_iter().map(|node| into_kind(node, &kind, context)).collect();
    Ok((kind, nodes))
}

/// Whether it is `array()`, which is a list of any kind.
fn is_empty(node: &Node) -> bool {
    matches!(node.value(), Some(Cell::List(list)) if list.is_empty())
}

/// The kind that both can be converted to.
fn common(a: &Kind, b: &Kind) -> Option<Kind> {
    match (a, b) {
        (a, b) if a == b => Some(a.clone()),
        (Kind::Text, Kind::Input | Kind::Number) | (Kind::Input | Kind::Number, Kind::Text) => Some(Kind::Text),
        (Kind::Input, Kind::Number) | (Kind::Number, Kind::Input) => Some(Kind::Input),
        (Kind::List(a), Kind::List(b)) => match (&**a, &**b) {
            (Kind::Text | Kind::Input, Kind::Text | Kind::Input) => Some(Kind::List(Box::new(Kind::Text))),
            (Kind::List(_), Kind::List(_)) => common(a, b).map(|items| Kind::List(Box::new(items))),
            _ => None,
        },
        _ => None,
    }
}

fn into_kind(node: Node, kind: &Kind, context: &Context) -> Node {
    if node.kind == *kind {
        return node;
    }
    if node.is_null() {
        return Node::constant(kind.clone(), Column::nulls(kind, 1));
    }
    if let (Kind::List(items), true) = (kind, is_empty(&node)) {
        let (items, spans) = (Arc::new(Column::nulls(items, 0)), vec![Span { start: 0, len: 0 }]);
        return Node::constant(kind.clone(), Column::List(Lists { items, spans }));
    }
    let mut node = if node.kind == Kind::Number { node.into_text(&context.zone) } else { node };
    // What is left differs by name only: columns of input and of computed text are alike.
    node.kind = kind.clone();
    node
}

/// Of each row the value of the branch that `which` names. A number beyond the branches is null.
pub fn pick<B: Copy + Into<u32>, C: Borrow<Column>>(which: &[B], branches: &[C], kind: &Kind) -> Column {
    gather(which.iter().enumerate().map(|(row, &branch)| (branch.into(), row as u32)), branches, kind)
}

/// One value after the other: each from a column, by its number, and a row of it. A number beyond the columns is null. The
/// columns are of `kind`.
pub fn gather<C, P>(places: P, columns: &[C], kind: &Kind) -> Column
where
    C: Borrow<Column>,
    P: Iterator<Item = (u32, u32)> + Clone,
{
    let column = |at: u32| columns.get(at as usize).map(Borrow::borrow);
    match kind {
        Kind::Input | Kind::Text => gather_text(places, columns),
        Kind::Number => gather_numbers(places, columns),
        Kind::Bool => Column::Bool(
            places
                .map(|(at, row)| match column(at) {
                    Some(Column::Bool(values)) => values[row as usize],
                    _ => UNKNOWN,
                })
                .collect(),
        ),
        Kind::Time => Column::Time(
            places
                .map(|(at, row)| match column(at) {
                    Some(Column::Time(values)) => values[row as usize],
                    _ => NO_TIME,
                })
                .collect(),
        ),
        Kind::List(items) => gather_lists(places, columns, items),
    }
}

fn gather_numbers<C, P>(places: P, columns: &[C]) -> Column
where
    C: Borrow<Column>,
    P: Iterator<Item = (u32, u32)>,
{
    let number = |(at, row): (u32, u32)| match columns.get(at as usize).map(Borrow::borrow) {
        Some(Column::Number(numbers)) => numbers.get(row as usize),
        _ => Number::Null,
    };
    Column::Number(places.map(number).collect::<Numbers>())
}

fn gather_text<C, P>(places: P, columns: &[C]) -> Column
where
    C: Borrow<Column>,
    P: Iterator<Item = (u32, u32)> + Clone,
{
    let texts: Vec<Option<&Text>> = columns
        .iter()
        .map(|column| match column.borrow() {
            Column::Text(text) => Some(text),
            _ => None,
        })
        .collect();
    let span =
        |(at, row): (u32, u32)| texts.get(at as usize).copied().flatten().map(|text| (text, text.spans[row as usize]));
    // A column without values needs no bytes.
    let mut with_bytes = texts.iter().flatten().filter(|text| !text.data.is_empty());
    let first = with_bytes.next();
    if with_bytes.all(|text| first.is_some_and(|first| Arc::ptr_eq(&first.data, &text.data))) {
        let data = first.or(texts.iter().flatten().next()).map(|text| Arc::clone(&text.data));
        let spans = places.map(|place| span(place).map_or(Span::NULL, |(_, span)| span)).collect();
        return Column::Text(Text { data: data.unwrap_or_else(|| Arc::new(Buffer::from_vec(Vec::new()))), spans });
    }
    let mut made = TextBuilder::with_capacity(places.size_hint().0);
    places.for_each(|place| made.push(span(place).and_then(|(text, span)| span.of(text.data.bytes()))));
    made.finish()
}

fn gather_lists<C, P>(places: P, columns: &[C], kind: &Kind) -> Column
where
    C: Borrow<Column>,
    P: Iterator<Item = (u32, u32)>,
{
    let lists: Vec<Option<&Lists>> = columns
        .iter()
        .map(|column| match column.borrow() {
            Column::List(lists) => Some(lists),
            _ => None,
        })
        .collect();
    let mut parts: Vec<&Arc<Column>> = Vec::new();
    let part_of = |lists: &Option<&'_ Lists>, parts: &mut Vec<&Arc<Column>>| -> usize {
        let Some(lists) = lists else { return 0 };
        parts.iter().position(|part| Arc::ptr_eq(part, &lists.items)).unwrap_or(parts.len())
    };
    let mut part = Vec::with_capacity(lists.len());
    for lists in &lists {
        let at = part_of(lists, &mut parts);
        if at == parts.len()
            && let Some(lists) = lists
        {
            parts.push(&lists.items);
        }
        part.push(at);
    }
    let mut starts = vec![0usize];
    parts.iter().for_each(|items| starts.push(starts[starts.len() - 1] + items.len()));
    // Spans count items with 32 bits; beyond that there is no room, and the list is null.
    let moved = |(at, row): (u32, u32)| {
        let Some(lists) = lists.get(at as usize).copied().flatten() else { return Span::NULL };
        let span = lists.spans[row as usize];
        let start = starts[part[at as usize]] + span.start as usize;
        if span.is_null() || start + span.len as usize >= u32::MAX as usize {
            return Span::NULL;
        }
        Span { start: start as u32, len: span.len }
    };
    let spans = places.map(moved).collect();
    let items = match parts.as_slice() {
        [] => Arc::new(Column::nulls(kind, 0)),
        [one] => Arc::clone(one),
        more => {
            let columns: Vec<&Column> = more.iter().map(|items| &***items).collect();
            let places: Vec<(u32, u32)> = (0u32..)
                .zip(&columns)
                .flat_map(|(at, items)| (0..items.len() as u32).map(move |row| (at, row)))
                .collect();
            Arc::new(gather(places.iter().copied(), &columns, kind))
        }
    };
    Column::List(Lists { items, spans })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::block::Block;

    fn of(kind: Kind) -> Node {
        Node::column(0, kind)
    }

    fn list(items: Kind) -> Kind {
        Kind::List(Box::new(items))
    }

    #[test]
    fn kinds_are_settled() {
        for (a, b, kind) in [
            (Kind::Input, Kind::Input, Some(Kind::Input)),
            (Kind::Input, Kind::Text, Some(Kind::Text)),
            (Kind::Number, Kind::Text, Some(Kind::Text)),
            (Kind::Number, Kind::Input, Some(Kind::Input)),
            (Kind::Time, Kind::Time, Some(Kind::Time)),
            (list(Kind::Input), list(Kind::Text), Some(list(Kind::Text))),
            (Kind::Time, Kind::Number, None),
            (Kind::Bool, Kind::Input, None),
            (list(Kind::Number), list(Kind::Bool), None),
            (list(Kind::Input), Kind::Input, None),
        ] {
            for nodes in [vec![of(a.clone()), of(b.clone())], vec![Node::null(), of(b.clone()), of(a.clone())]] {
                match unify(nodes, &Context::default()) {
                    Ok((found, nodes)) => {
                        assert_eq!(Some(&found), kind.as_ref());
                        assert!(nodes.iter().all(|node| node.kind == found));
                    }
                    Err(error) => {
                        assert!(kind.is_none() && error.contains(a.name()) && error.contains(b.name()), "{error}")
                    }
                }
            }
        }
        let (kind, nodes) = unify(vec![Node::null(), Node::null()], &Context::default()).unwrap();
        assert_eq!((kind, nodes.len()), (Kind::Input, 2));
    }

    fn column_of(kind: &Kind, values: &[(Option<i64>, bool)]) -> Column {
        match kind {
            Kind::Input | Kind::Text => {
                let mut made = TextBuilder::with_capacity(values.len());
                values
                    .iter()
                    .for_each(|(value, _)| made.push(value.map(|v| v.to_string()).as_deref().map(str::as_bytes)));
                made.finish()
            }
            Kind::Number => Column::Number(
                values
                    .iter()
                    .map(|(value, float)| match value {
                        None => Number::Null,
                        Some(value) if *float => Number::Float(*value as f64),
                        Some(value) => Number::Int(*value),
                    })
                    .collect(),
            ),
            Kind::Bool => Column::Bool(values.iter().map(|(v, b)| v.map_or(UNKNOWN, |_| u8::from(*b))).collect()),
            Kind::Time => Column::Time(values.iter().map(|(value, _)| value.unwrap_or(NO_TIME)).collect()),
            Kind::List(items) => {
                let span = |(at, (value, some)): (u32, &(Option<i64>, bool))| match value {
                    Some(_) => Span { start: at, len: u32::from(*some) },
                    None => Span::NULL,
                };
                let spans = (0u32..).zip(values).map(span).collect();
                Column::List(Lists { items: Arc::new(column_of(items, values)), spans })
            }
        }
    }

    fn picked_is_as_the_branch_says(kind: &Kind, columns: &[Column], which: &[u8]) -> Result<(), TestCaseError> {
        let made = pick(which, columns, kind);
        prop_assert_eq!(made.len(), which.len());
        for (row, &branch) in which.iter().enumerate() {
            let expected = columns.get(branch as usize).map_or(Cell::Null, |column| column.cell(row));
            prop_assert_eq!(made.cell(row), expected);
        }
        Ok(())
    }

    proptest! {
        /// Also where columns have the same bytes or items below.
        #[test]
        fn each_row_has_the_value_of_its_branch(
            values in prop::collection::vec(prop::collection::vec((prop::option::of(-3i64..3), any::<bool>()), 5..6), 1..4),
            shared: bool,
            which in prop::collection::vec(0u8..4, 5..6),
        ) {
            for kind in [Kind::Input, Kind::Number, Kind::Bool, Kind::Time, list(Kind::Text), list(list(Kind::Number))] {
                let mut columns: Vec<Column> = values.iter().map(|values| column_of(&kind, values)).collect();
                if shared {
                    columns = vec![columns[0].clone(); columns.len()];
                }
                picked_is_as_the_branch_says(&kind, &columns, &which)?;
            }
        }
    }

    /// What is chosen from pieces of one buffer stays there.
    #[test]
    fn shared_bytes_are_not_copied() {
        let data = Arc::new(Buffer::from_vec(b"ab".to_vec()));
        let text = |span| Column::Text(Text { data: Arc::clone(&data), spans: vec![span] });
        let Column::Text(made) = pick(&[1u32], &[text(Span::range(0, 1)), text(Span::range(1, 2))], &Kind::Input)
        else {
            unreachable!("text stays text")
        };
        assert!(Arc::ptr_eq(&made.data, &data));
    }

    #[test]
    fn numbers_beside_text_are_written_out() {
        let (_, nodes) = unify(vec![Node::text(b"a"), Node::number(Number::Float(2.0))], &Context::default()).unwrap();
        let block = Block { rows: 1, ..Block::default() };
        assert_eq!(nodes[1].eval(&block).cell(0), Cell::Text(b"2"));
    }
}
