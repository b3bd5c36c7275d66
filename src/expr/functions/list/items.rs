//! Functions that make other lists, or one item, of the items of a list.

use std::borrow::Cow;

use crate::data::order::compare_cells;

use super::*;

/// The most items that a sequence may have.
const LONGEST: u64 = 10_000;

pub(super) const ARRAY_DISTINCT: Function = Function {
    name: "array_distinct",
    aliases: &[],
    form: "array_distinct(list)",
    about: "The items without those that stood before.",
    examples: &[("array_distinct(array(2, 1, 2))", "[2,1]")],
    bind: |args, _| {
        let [list] = exactly(args)?;
        arranged(vec![list.into_list()?], |_, items, rows| {
            let compare = |a: &u32, b: &u32| {
                compare_cells(items.cell(*a as usize), items.cell(*b as usize), true).then_with(|| a.cmp(b))
            };
            rows.sort_unstable_by(compare);
            rows.dedup_by(|a, b| compare_cells(items.cell(*a as usize), items.cell(*b as usize), true).is_eq());
            rows.sort_unstable();
        })
    },
};

pub(super) const ARRAY_MAX: Function = Function {
    name: "array_max",
    aliases: &[],
    form: "array_max(list)",
    about: "The greatest item in the order of sort.",
    examples: &[("array_max(array(2, 10, NULL))", "10")],
    bind: |args, _| best(args, std::cmp::Ordering::Greater),
};

pub(super) const ARRAY_MIN: Function = Function {
    name: "array_min",
    aliases: &[],
    form: "array_min(list)",
    about: "The least item that is not NULL, in the order of sort.",
    examples: &[("array_min(array(2, 10, NULL))", "2")],
    bind: |args, _| best(args, std::cmp::Ordering::Less),
};

pub(super) const ARRAY_SORT: Function = Function {
    name: "array_sort",
    aliases: &[],
    form: "array_sort(list)",
    about: "The items in ascending order, NULL last.",
    examples: &[("array_sort(array(10, NULL, 2))", "[2,10,null]")],
    bind: |args, _| {
        let [list] = exactly(args)?;
        arranged(vec![list.into_list()?], |_, items, rows| {
            rows.sort_by(|a, b| {
                let (a, b) = (items.cell(*a as usize), items.cell(*b as usize));
                (a == Cell::Null).cmp(&(b == Cell::Null)).then_with(|| compare_cells(a, b, true))
            });
        })
    },
};

pub(super) const SORT_ARRAY: Function = Function {
    name: "sort_array",
    aliases: &[],
    form: "sort_array(list[, ascending])",
    about: "The items in ascending order, NULL first; with false in descending order, NULL last.",
    examples: &[("sort_array(array(10, NULL, 2))", "[null,2,10]"), ("sort_array(array(1, 2), false)", "[2,1]")],
    bind: |args, _| {
        let (list, ascending) = super::super::args::one_or_two(args)?;
        let ascending = match ascending.map(Node::into_condition).transpose()? {
            None => true,
            Some(node) => match node.value() {
                Some(Cell::Bool(ascending)) => ascending,
                _ => return Err("whether to sort in ascending order has to be true or false".to_string()),
            },
        };
        arranged(vec![list.into_list()?], move |_, items, rows| {
            rows.sort_by(|a, b| {
                let order = compare_cells(items.cell(*a as usize), items.cell(*b as usize), true);
                if ascending { order } else { order.reverse() }
            });
        })
    },
};

pub(super) const SLICE: Function = Function {
    name: "slice",
    aliases: &[],
    form: "slice(list, start, length)",
    about: "So many items from number start on, counted from 1, or from the end if it is negative.",
    examples: &[("slice(array(1, 2, 3), 2, 2)", "[2,3]"), ("slice(array(1, 2, 3), -1, 5)", "[3]")],
    bind: |args, _| {
        let [list, start, length] = exactly(args)?;
        let (list, start, length) = (list.into_list()?, start.into_number()?, length.into_number()?);
        if start.value() == Some(Cell::Int(0)) {
            return Err("items are counted from 1: there is no item 0".to_string());
        }
        if matches!(length.value(), Some(Cell::Int(..0))) {
            return Err("a length cannot be negative".to_string());
        }
        Ok(computed(list.kind.clone(), vec![list, start, length], |columns, _| {
            let Some(lists) = lists_of(&columns[0]) else { return columns[0].clone().into_owned() };
            let part = |row: usize| {
                let (span, count) = (lists.spans[row], i64::from(lists.spans[row].len));
                let (start, length) = (whole(number_at(&columns[1], row))?, whole(number_at(&columns[2], row))?);
                if span.is_null() || start == 0 || length < 0 {
                    return None;
                }
                let from = if start > 0 { start - 1 } else { count.saturating_add(start) };
                if from < 0 || from >= count {
                    return Some(Span { start: span.start, len: 0 });
                }
                Some(Span { start: span.start + from as u32, len: length.min(count - from) as u32 })
            };
            let spans = (0..lists.spans.len()).map(|row| part(row).unwrap_or(Span::NULL)).collect();
            Column::List(Lists { items: lists.items.clone(), spans })
        }))
    },
};

pub(super) const FLATTEN: Function = Function {
    name: "flatten",
    aliases: &[],
    form: "flatten(list)",
    about: "The items of the lists in a list, one after the other; NULL if one of them is.",
    examples: &[("flatten(array(array(1), array(2, 3)))", "[1,2,3]")],
    bind: |args, _| {
        let [list] = exactly(args)?;
        let list = list.into_list()?;
        let kind = items_of(&list);
        let Kind::List(items) = kind.clone() else { return Err("there are no lists in the list".to_string()) };
        Ok(computed(kind.clone(), vec![list], move |columns, rows| {
            let outer = lists_of(&columns[0]);
            let Some((outer, inner)) = outer.and_then(|outer| Some((outer, lists_of(&outer.items)?))) else {
                return Column::nulls(&kind, rows);
            };
            let mut places: Vec<(u32, u32)> = Vec::new();
            let flat = |span: &Span| {
                let start = places.len();
                let parts = inner.spans.get(span.start as usize..span.start as usize + span.len as usize);
                let parts = parts.filter(|parts| !span.is_null() && !parts.iter().any(|part| part.is_null()));
                let Some(parts) = parts else { return Span::NULL };
                places.extend(parts.iter().flat_map(|part| part.start..part.start + part.len).map(|at| (0, at)));
                if places.len() >= u32::MAX as usize {
                    places.truncate(start);
                    return Span::NULL;
                }
                Span::range(start, places.len())
            };
            let spans = outer.spans.iter().map(flat).collect();
            let items = gather(places.iter().copied(), &[&*inner.items], &items);
            Column::List(Lists { items: items.into(), spans })
        }))
    },
};

pub(super) const SEQUENCE: Function = Function {
    name: "sequence",
    aliases: &[],
    form: "sequence(from, to[, step])",
    about: "The whole numbers from one to another, at most 10000; downwards, if the first is the greater one.",
    examples: &[("sequence(1, 3)", "[1,2,3]"), ("sequence(9, 1, -4)", "[9,5,1]")],
    bind: |args, _| {
        counted(&args, 2..=3)?;
        let args = args.into_iter().map(Node::into_number).collect::<Result<Vec<_>, _>>()?;
        if args.iter().all(|arg| arg.constant.is_some()) {
            let columns: Vec<Cow<'_, Column>> =
                args.iter().filter_map(|arg| arg.constant.as_ref()).map(Cow::Borrowed).collect();
            if let Some(Err(error)) = steps(&columns, 0) {
                return Err(error.to_string());
            }
        }
        let kind = Kind::List(Box::new(Kind::Number));
        Ok(computed(kind, args, |columns, rows| {
            let mut items: Vec<i64> = Vec::new();
            let mut list = |row| match steps(columns, row) {
                Some(Ok((from, step, count))) if items.len() + (count as usize) < u32::MAX as usize => {
                    let start = items.len();
                    items.extend((0..count as i64).map(|at| from.wrapping_add(at.wrapping_mul(step))));
                    Span::range(start, items.len())
                }
                _ => Span::NULL,
            };
            let spans = (0..rows).map(&mut list).collect();
            Column::List(Lists { items: Column::ints(items).into(), spans })
        }))
    },
};

/// Where a sequence begins, its step, and how many items it has; what is wrong with it; or null.
#[allow(clippy::type_complexity)]
fn steps(columns: &[Cow<'_, Column>], row: usize) -> Option<Result<(i64, i64, u64), &'static str>> {
    let (from, to) = (whole(number_at(&columns[0], row))?, whole(number_at(&columns[1], row))?);
    let step = match columns.get(2) {
        Some(step) => whole(number_at(step, row))?,
        None if from > to => -1,
        None => 1,
    };
    if from == to {
        return Some(Ok((from, 1, 1)));
    }
    if step == 0 || (from < to) != (step > 0) {
        return Some(Err("the step does not lead from the first number to the second"));
    }
    let steps = from.abs_diff(to) / step.unsigned_abs();
    Some(if steps < LONGEST { Ok((from, step, steps + 1)) } else { Err("a sequence has at most 10000 items") })
}

/// The items of each list put in another order, or fewer of them: `arrange` is given the rows of the items.
fn arranged<F>(args: Vec<Node>, arrange: F) -> Bound
where
    F: Fn(&[Cow<'_, Column>], &Column, &mut Vec<u32>) + Send + Sync + 'static,
{
    let kind = args.first().map(items_of).unwrap_or_default();
    Ok(computed(Kind::List(Box::new(kind.clone())), args, move |columns, rows| {
        let Some(lists) = lists_of(&columns[0]) else {
            return Column::nulls(&Kind::List(Box::new(kind.clone())), rows);
        };
        let mut places: Vec<(u32, u32)> = Vec::new();
        let mut list: Vec<u32> = Vec::new();
        let mut part = |span: &Span| {
            if span.is_null() || places.len() + span.len as usize >= u32::MAX as usize {
                return Span::NULL;
            }
            list.clear();
            list.extend(span.start..span.start + span.len);
            arrange(columns, &lists.items, &mut list);
            let start = places.len();
            places.extend(list.iter().map(|&row| (0, row)));
            Span::range(start, places.len())
        };
        let spans = lists.spans.iter().map(&mut part).collect();
        Column::List(Lists { items: gather(places.iter().copied(), &[&*lists.items], &kind).into(), spans })
    }))
}

/// Of each list the item that is `wanted` compared to all before it.
fn best(args: Vec<Node>, wanted: std::cmp::Ordering) -> Bound {
    let [list] = exactly(args)?;
    let list = list.into_list()?;
    let kind = items_of(&list);
    Ok(computed(kind.clone(), vec![list], move |columns, rows| {
        let Some(lists) = lists_of(&columns[0]) else { return Column::nulls(&kind, rows) };
        let place = |span: &Span| {
            // A column that there is not: null.
            let mut best = (1, 0);
            let rows = if span.is_null() { 0..0 } else { span.start..span.start + span.len };
            for row in rows {
                let cell = lists.items.cell(row as usize);
                let better = best.0 == 1 || compare_cells(cell, lists.items.cell(best.1 as usize), true) == wanted;
                if cell != Cell::Null && better {
                    best = (0, row);
                }
            }
            best
        };
        gather(lists.spans.iter().map(place), &[&*lists.items], &kind)
    }))
}
