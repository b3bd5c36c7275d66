//! Functions on lists. Text that is a JSON array, as a field of JSON input may be, is taken as the list of its items.

mod items;

use crate::data::column::{Cell, Column, Lists, Number, Span};
use crate::data::schema::Kind;

use super::super::node::TextBuilder;
use super::super::unify::{gather, unify};
use super::args::{Bound, computed, counted, exactly, number_at, whole};
use super::logic::{Alike, truth};
use super::{Context, Family, Function, Node};
use crate::data::write;

/// The family.
pub const FAMILY: Family = Family { name: "lists", functions: FUNCTIONS };

const FUNCTIONS: &[Function] = &[
    Function {
        name: "array",
        aliases: &[],
        form: "array(a, …)",
        about: "The list of the values, which are of one kind, or become text.",
        examples: &[("array(1, 2)", "[1,2]"), ("array('a', NULL)", "[\"a\",null]"), ("array()", "[]")],
        bind: array,
    },
    Function {
        name: "size",
        aliases: &["cardinality"],
        form: "size(list)",
        about: "How many items there are; -1 for NULL, as in Spark.",
        examples: &[("size(array(1, 2))", "2"), ("size('[1,2]')", "2"), ("size(NULL)", "-1")],
        bind: |args, _| size(args, Number::Int(-1)),
    },
    Function {
        name: "array_size",
        aliases: &[],
        form: "array_size(list)",
        about: "How many items there are; NULL for NULL.",
        examples: &[("array_size(array(1, 2))", "2"), ("array_size(NULL)", "NULL")],
        bind: |args, _| size(args, Number::Null),
    },
    Function {
        name: "element_at",
        aliases: &[],
        form: "element_at(list, n)",
        about: "Item number n, counted from 1, or from the end if n is negative; NULL if there is none.",
        examples: &[("element_at(array('a', 'b'), 1)", "a"), ("element_at(array('a', 'b'), -1)", "b")],
        bind: |args, _| {
            let [list, at] = exactly(args)?;
            let at = at.into_number()?;
            if at.value() == Some(Cell::Int(0)) {
                return Err("items are counted from 1: there is no item 0".to_string());
            }
            item(list, at, |at, length| match at {
                1.. => usize::try_from(at - 1).ok(),
                0 => None,
                _ => usize::try_from(at.unsigned_abs()).ok().and_then(|at| length.checked_sub(at)),
            })
        },
    },
    Function {
        name: "get",
        aliases: &[],
        form: "get(list, n)",
        about: "Item number n, counted from 0: the same as list[n]; NULL if there is none.",
        examples: &[("get(array('a', 'b'), 1)", "b"), ("get(array('a', 'b'), -1)", "NULL")],
        bind: |args, _| {
            let [list, at] = exactly(args)?;
            item(list, at.into_number()?, |at, _| usize::try_from(at).ok())
        },
    },
    Function {
        name: "array_contains",
        aliases: &[],
        form: "array_contains(list, value)",
        about: "Whether an item equals the value; NULL if none does, but one is NULL.",
        examples: &[("array_contains(array(1, 2), 2)", "true"), ("array_contains(array('a'), 'b')", "false")],
        bind: |args, context| {
            search(args, context, Kind::Bool, |found, alike, rows| {
                Column::Bool((0..rows).map(|row| truth(found(row, alike).map(|(at, _)| at.is_some()))).collect())
            })
        },
    },
    Function {
        name: "array_position",
        aliases: &[],
        form: "array_position(list, value)",
        about: "The number of the first item that equals the value, counted from 1; 0 if none does.",
        examples: &[("array_position(array('a', 'b'), 'b')", "2"), ("array_position(array(1), 7)", "0")],
        bind: |args, context| {
            search(args, context, Kind::Number, |found, alike, rows| {
                let number = |row| match found(row, alike) {
                    Some((at, _)) => Number::Int(at.map_or(0, |at| at as i64 + 1)),
                    None => Number::Null,
                };
                Column::Number((0..rows).map(number).collect())
            })
        },
    },
    Function {
        name: "array_join",
        aliases: &[],
        form: "array_join(list, separator[, null])",
        about: "The items as one text, with the separator between them; without those that are NULL, or with a text for them.",
        examples: &[("array_join(array(1, NULL, 2), '-')", "1-2"), ("array_join(array(1, NULL), '-', '?')", "1-?")],
        bind: join,
    },
    items::ARRAY_DISTINCT,
    items::ARRAY_MAX,
    items::ARRAY_MIN,
    items::ARRAY_SORT,
    items::SORT_ARRAY,
    items::SLICE,
    items::FLATTEN,
    items::SEQUENCE,
    Function {
        name: "explode",
        aliases: &[],
        form: "explode(list)",
        about: "Is an operator here, as it makes rows of one: flatmap.",
        examples: &[],
        bind: |_, _| Err("one row cannot become several in an expression: use the operator flatmap".to_string()),
    },
];

/// The lists of a column.
fn lists_of(column: &Column) -> Option<&Lists> {
    match column {
        Column::List(lists) => Some(lists),
        _ => None,
    }
}

/// The kind of a list's items.
fn items_of(node: &Node) -> Kind {
    match &node.kind {
        Kind::List(items) => (**items).clone(),
        _ => Kind::Input,
    }
}

fn array(args: Vec<Node>, context: &Context) -> Bound {
    let (items, args) = unify(args, context)?;
    let kind = Kind::List(Box::new(items.clone()));
    let count = args.len() as u32;
    Ok(computed(kind, args, move |columns, rows| {
        if rows as u64 * u64::from(count) >= u64::from(u32::MAX) {
            return Column::nulls(&Kind::List(Box::new(items.clone())), rows);
        }
        let places = (0..rows as u32).flat_map(|row| (0..count).map(move |at| (at, row)));
        let spans = (0..rows as u32).map(|row| Span { start: row * count, len: count }).collect();
        Column::List(Lists { items: gather(places, columns, &items).into(), spans })
    }))
}

fn size(args: Vec<Node>, missing: Number) -> Bound {
    let [list] = exactly(args)?;
    Ok(computed(Kind::Number, vec![list.into_list()?], move |columns, rows| {
        let Some(lists) = lists_of(&columns[0]) else { return Column::nulls(&Kind::Number, rows) };
        let size = |span: &Span| if span.is_null() { missing } else { Number::Int(i64::from(span.len)) };
        Column::Number(lists.spans.iter().map(size).collect())
    }))
}

/// One item of each list: `place` finds it from the number that was given and the number of items.
fn item(list: Node, at: Node, place: fn(i64, usize) -> Option<usize>) -> Bound {
    let list = list.into_list()?;
    let kind = items_of(&list);
    Ok(computed(kind.clone(), vec![list, at], move |columns, rows| {
        let Some(lists) = lists_of(&columns[0]) else { return Column::nulls(&kind, rows) };
        let place = |row: usize| {
            let span = lists.spans[row];
            let at = whole(number_at(&columns[1], row)).filter(|_| !span.is_null());
            match at.and_then(|at| place(at, span.len as usize)).filter(|&at| at < span.len as usize) {
                Some(at) => (0, span.start + at as u32),
                // A column that there is not: null.
                None => (1, 0),
            }
        };
        gather((0..rows).map(place), &[&*lists.items], &kind)
    }))
}

/// Of a row: where its first item is that equals the value. `None` if that is unknown.
type Found<'a> = &'a dyn Fn(usize, Alike) -> Option<(Option<usize>, bool)>;

/// Looks for a value in lists.
fn search(args: Vec<Node>, context: &Context, kind: Kind, result: fn(Found<'_>, Alike, usize) -> Column) -> Bound {
    let [list, value] = exactly(args)?;
    let list = list.into_list()?;
    let items = Node::constant(items_of(&list), Column::nulls(&items_of(&list), 1));
    // The item stands for any of its kind, so that text beside it is read as it is.
    let alike = if value.is_null() { Alike::any() } else { Alike::of_kinds(&items.kind, &value.kind)? };
    let value = match &items.kind {
        Kind::Time if value.kind != Kind::Time => value.into_time(&context.zone)?,
        Kind::Bool if value.kind != Kind::Bool => value.into_condition()?,
        _ => value,
    };
    let skips_nulls = kind == Kind::Number;
    Ok(computed(kind, vec![list, value], move |columns, rows| {
        let found = |row: usize, alike: Alike| {
            let (Cell::List(list), value) = (columns[0].cell(row), columns[1].cell(row)) else { return None };
            if value == Cell::Null {
                return None;
            }
            let mut unknown = false;
            for (at, item) in list.cells().enumerate() {
                match alike.equal(item, value) {
                    Some(true) => return Some((Some(at), unknown)),
                    Some(false) => {}
                    None => unknown |= item == Cell::Null,
                }
            }
            if unknown && !skips_nulls { None } else { Some((None, unknown)) }
        };
        result(&found, alike, rows)
    }))
}

fn join(args: Vec<Node>, context: &Context) -> Bound {
    counted(&args, 2..=3)?;
    let zone = context.zone.clone();
    let mut args = args.into_iter();
    let list = args.next().ok_or("it takes a list")?.into_list()?;
    let args = std::iter::once(list).chain(args.map(|text| text.into_text(&zone))).collect();
    Ok(computed(Kind::Text, args, move |columns, rows| {
        let text = |at: usize, row: usize| match columns.get(at).map(|column| column.cell(row)) {
            Some(Cell::Text(text)) => Some(text),
            _ => None,
        };
        let mut made = TextBuilder::with_capacity(rows);
        for row in 0..rows {
            let (Cell::List(list), Some(separator)) = (columns[0].cell(row), text(1, row)) else {
                made.push(None);
                continue;
            };
            let missing = text(2, row);
            if columns.len() == 3 && missing.is_none() {
                made.push(None);
                continue;
            }
            made.write(|out| {
                let mut first = true;
                for item in list.cells().filter(|item| missing.is_some() || *item != Cell::Null) {
                    if !std::mem::take(&mut first) {
                        out.extend_from_slice(separator);
                    }
                    match item {
                        Cell::Null => out.extend_from_slice(missing.unwrap_or_default()),
                        item => write::cell(item, &zone, out),
                    }
                }
            });
        }
        made.finish()
    }))
}

#[cfg(test)]
mod tests;
