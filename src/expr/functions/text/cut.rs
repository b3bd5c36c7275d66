//! Pieces of a text, none of which is copied. Positions count characters, from 1; negative ones count from the end.

use memchr::memmem;

use crate::data::column::Cell;
use crate::data::schema::Kind;
use crate::expr::{Context, Node};

use super::args::{self, Given, computed};
use super::chars;

/// The text, then numbers.
fn numbered(args: Vec<Node>, context: &Context) -> Result<Vec<Node>, String> {
    let mut args = args.into_iter();
    let mut bound: Vec<Node> = args.next().map(|node| args::text(node, context)).transpose()?.into_iter().collect();
    for node in args {
        bound.push(node.into_number()?);
    }
    Ok(bound)
}

/// `substring(text, start[, length])`
pub fn substring(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=3)?;
    let kernel = |given: &[Given<'_>], rows: usize| {
        let (texts, starts) = (given[0].texts(), given[1].ints());
        let lengths = given.get(2).map(Given::ints);
        texts.pieces(rows, |row, text| match &lengths {
            Some(lengths) => Some(range(text, starts.get(row)?, lengths.get(row)?)),
            None => Some((range(text, starts.get(row)?, 0).0, text.len())),
        })
    };
    Ok(computed(Kind::Text, numbered(args, context)?, kernel))
}

/// So many characters from a position. What stands before the first one counts, but is not there.
fn range(text: &[u8], start: i64, length: i64) -> (usize, usize) {
    let chars = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
    let (at, length) = if start < 0 {
        let (at, passed) = chars::back(text, chars(start.saturating_neg()));
        (at, length.saturating_add(start.saturating_add(passed as i64)))
    } else {
        (chars::offset(text, chars(start.max(1) - 1)), length)
    };
    (at, at + chars::offset(&text[at..], chars(length.max(0))))
}

/// `left(text, length)`
pub fn left(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=2)?;
    let kernel = |given: &[Given<'_>], rows: usize| {
        let (texts, lengths) = (given[0].texts(), given[1].ints());
        texts.pieces(rows, |row, text| Some(range(text, 1, lengths.get(row)?)))
    };
    Ok(computed(Kind::Text, numbered(args, context)?, kernel))
}

/// `right(text, length)`
pub fn right(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=2)?;
    let kernel = |given: &[Given<'_>], rows: usize| {
        let (texts, lengths) = (given[0].texts(), given[1].ints());
        texts.pieces(rows, |row, text| {
            let length = usize::try_from(lengths.get(row)?).unwrap_or(0);
            Some((chars::back(text, length).0, text.len()))
        })
    };
    Ok(computed(Kind::Text, numbered(args, context)?, kernel))
}

/// `trim(text)`, `trim(characters, text)`
pub fn trim(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    trimmed(reversed(args), context, true, true)
}

/// `ltrim(text)`, `ltrim(characters, text)`
pub fn ltrim(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    trimmed(reversed(args), context, true, false)
}

/// `rtrim(text)`, `rtrim(characters, text)`
pub fn rtrim(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    trimmed(reversed(args), context, false, true)
}

/// `btrim(text[, characters])`
pub fn btrim(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    trimmed(args, context, true, true)
}

fn reversed(mut args: Vec<Node>) -> Vec<Node> {
    args.reverse();
    args
}

fn trimmed(args: Vec<Node>, context: &Context, at_start: bool, at_end: bool) -> Result<Node, String> {
    args::count(&args, 1..=2)?;
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let (texts, sets) = (given[0].texts(), given.get(1).map(Given::texts));
        texts.pieces(rows, |row, text| {
            let set = match &sets {
                Some(sets) => sets.get(row)?,
                None => b" ",
            };
            let (mut start, mut end) = (0, text.len());
            while at_start && start < end && has(set, &text[start..start + chars::width(&text[start..])]) {
                start += chars::width(&text[start..]);
            }
            while at_end && start < end && has(set, &text[end - chars::last_width(&text[start..end])..end]) {
                end -= chars::last_width(&text[start..end]);
            }
            Some((start, end))
        })
    };
    Ok(computed(Kind::Text, args::texts(args, context)?, kernel))
}

/// Whether a character is one of these.
#[inline]
fn has(set: &[u8], char: &[u8]) -> bool {
    match (set, char) {
        ([one], [byte]) => one == byte,
        _ => chars::each(set).any(|c| c == char),
    }
}

/// `split_part(text, delimiter, n)`
pub fn split_part(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 3..=3)?;
    let mut args = args.into_iter();
    let mut bound = args::texts(args.by_ref().take(2).collect(), context)?;
    for number in args {
        bound.push(number.into_number()?);
    }
    if let Some(column) = &bound[2].constant
        && column.cell(0) == Cell::Int(0)
    {
        return Err("parts are counted from 1, or from -1 at the end: there is no part 0".into());
    }
    let kernel = |given: &[Given<'_>], rows: usize| {
        let (texts, delimiters, parts) = (given[0].texts(), given[1].texts(), given[2].ints());
        texts.pieces(rows, |row, text| part(text, delimiters.get(row)?, parts.get(row)?))
    };
    Ok(computed(Kind::Text, bound, kernel))
}

/// Where a part stands. One that there is not is empty.
fn part(text: &[u8], delimiter: &[u8], n: i64) -> Option<(usize, usize)> {
    let mut ends = (!delimiter.is_empty()).then(|| memmem::find_iter(text, delimiter)).into_iter().flatten();
    let before = usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX).checked_sub(1)?;
    if n < 0 {
        // Delimiters are found from the start, also where they could overlap: `aaa` has but one `aa`.
        let parts = ends.count() + 1;
        return if before < parts { part(text, delimiter, (parts - before) as i64) } else { Some((0, 0)) };
    }
    let start = match before {
        0 => 0,
        _ => match ends.nth(before - 1) {
            Some(end) => end + delimiter.len(),
            None => return Some((0, 0)),
        },
    };
    Some((start, ends.next().unwrap_or(text.len())))
}

#[cfg(test)]
#[path = "cut/tests.rs"]
mod tests;
