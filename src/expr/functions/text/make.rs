//! Texts made of other texts: replaced, filled up, repeated, turned around.

use crate::data::column::{Cell, Column, Lists, Span};
use crate::data::schema::Kind;
use crate::expr::{Context, Node};

use super::args::{self, Given, computed, written};
use super::case::push;
use super::chars;
use super::find::Needle;

/// How many bytes the values that one call makes for a block may have together: a number that was mistaken for a length
/// must not take all memory. Beyond it they are null.
const MOST: usize = 1 << 30;

/// `replace(text, search[, replacement])`
pub fn replace(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=3)?;
    let args = args::texts(args, context)?;
    let needle = Needle::new(&args[1]);
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let (texts, searches) = (given[0].texts(), given[1].texts());
        let replacements = given.get(2).map(Given::texts);
        written(rows, |row, out| {
            let (mut text, search) = (texts.get(row)?, searches.get(row)?);
            let replacement = match &replacements {
                Some(replacements) => replacements.get(row)?,
                None => b"",
            };
            while !search.is_empty()
                && let Some(at) = needle.find(text, search)
            {
                out.extend_from_slice(&text[..at]);
                out.extend_from_slice(replacement);
                text = &text[at + search.len()..];
            }
            out.extend_from_slice(text);
            Some(())
        })
    };
    Ok(computed(Kind::Text, args, kernel))
}

/// `lpad(text, length[, fill])`
pub fn lpad(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    padded(args, context, true)
}

/// `rpad(text, length[, fill])`
pub fn rpad(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    padded(args, context, false)
}

fn padded(args: Vec<Node>, context: &Context, before: bool) -> Result<Node, String> {
    args::count(&args, 2..=3)?;
    let mut args = args.into_iter();
    let mut bound = Vec::with_capacity(3);
    if let (Some(text), Some(length)) = (args.next(), args.next()) {
        bound.extend([args::text(text, context)?, length.into_number()?]);
    }
    bound.push(args.next().map_or(Ok(Node::text(b" ")), |fill| args::text(fill, context))?);
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let (texts, lengths, fills) = (given[0].texts(), given[1].ints(), given[2].texts());
        written(rows, |row, out| {
            let (text, fill) = (texts.get(row)?, fills.get(row)?);
            let length = usize::try_from(lengths.get(row)?).unwrap_or(0);
            let text = &text[..chars::offset(text, length)];
            let missing = length - chars::count(text);
            if missing == 0 || fill.is_empty() {
                out.extend_from_slice(text);
                return Some(());
            }
            let each = chars::count(fill);
            let rest = &fill[..chars::offset(fill, missing % each)];
            if !before {
                out.extend_from_slice(text);
            }
            repeated(fill, missing / each, out)?;
            out.extend_from_slice(rest);
            if before {
                out.extend_from_slice(text);
            }
            Some(())
        })
    };
    Ok(computed(Kind::Text, bound, kernel))
}

/// Appends a text so many times, `None` if that is more than there may be.
fn repeated(text: &[u8], times: usize, out: &mut Vec<u8>) -> Option<()> {
    let bytes = text.len().checked_mul(times)?;
    if bytes > MOST.saturating_sub(out.len()) {
        return None;
    }
    match text {
        [byte] => out.resize(out.len() + times, *byte),
        _ => (0..if text.is_empty() { 0 } else { times }).for_each(|_| out.extend_from_slice(text)),
    }
    Some(())
}

/// `repeat(text, times)`
pub fn repeat(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=2)?;
    let mut args = args.into_iter();
    let text = args::texts(args.by_ref().take(1).collect(), context)?;
    let bound = text.into_iter().chain(args.map(Node::into_number).collect::<Result<Vec<_>, _>>()?).collect();
    let kernel = |given: &[Given<'_>], rows: usize| {
        let (texts, times) = (given[0].texts(), given[1].ints());
        written(rows, |row, out| repeated(texts.get(row)?, usize::try_from(times.get(row)?).unwrap_or(0), out))
    };
    Ok(computed(Kind::Text, bound, kernel))
}

/// `reverse(text)`, `reverse(list)`
pub fn reverse(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 1..=1)?;
    if let Kind::List(_) = args[0].kind {
        let kind = args[0].kind.clone();
        return Ok(computed(kind.clone(), args, move |given, rows| turned(&given[0], &kind, rows)));
    }
    let kernel = |given: &[Given<'_>], rows: usize| {
        let texts = given[0].texts();
        written(rows, |row, out| {
            let text = texts.get(row)?;
            let start = out.len();
            if text.is_ascii() {
                out.extend_from_slice(text);
                out[start..].reverse();
                return Some(());
            }
            let mut end = text.len();
            while end > 0 {
                let at = end - chars::last_width(&text[..end]);
                out.extend_from_slice(&text[at..end]);
                end = at;
            }
            Some(())
        })
    };
    Ok(computed(Kind::Text, args::texts(args, context)?, kernel))
}

/// Lists with their items in reverse.
fn turned(given: &Given<'_>, kind: &Kind, rows: usize) -> Column {
    let (column, at) = given.column();
    let Column::List(lists) = column else { return Column::nulls(kind, rows) };
    let mut order = Vec::new();
    let turn = |row| {
        let span = lists.spans[at(row)];
        if span.is_null() {
            return span;
        }
        let start = order.len();
        order.extend((span.start..span.start + span.len).rev());
        Span::range(start, order.len())
    };
    let spans = (0..rows).map(turn).collect();
    let mut items = (*lists.items).clone();
    items.keep(&order);
    Column::List(Lists { items: items.into(), spans })
}

/// `chr(number)`: a character of Latin-1, as in Spark.
pub fn chr(args: Vec<Node>, _: &Context) -> Result<Node, String> {
    args::count(&args, 1..=1)?;
    let bound = args.into_iter().map(Node::into_number).collect::<Result<_, _>>()?;
    let kernel = |given: &[Given<'_>], rows: usize| {
        let numbers = given[0].ints();
        written(rows, |row, out| {
            let number = numbers.get(row)?;
            if number >= 0 {
                push(char::from(number as u8), out);
            }
            Some(())
        })
    };
    Ok(computed(Kind::Text, bound, kernel))
}

/// `translate(text, from, to)`
pub fn translate(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 3..=3)?;
    let args = args::texts(args, context)?;
    let table = match (args[1].value(), args[2].value()) {
        (Some(Cell::Text(from)), Some(Cell::Text(to))) if from.is_ascii() && to.is_ascii() => Some(table(from, to)),
        _ => None,
    };
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let (texts, froms, tos) = (given[0].texts(), given[1].texts(), given[2].texts());
        written(rows, |row, out| {
            let (text, from, to) = (texts.get(row)?, froms.get(row)?, tos.get(row)?);
            if let Some(table) = &table {
                // Written at once and cut behind: a test for each byte whether it stays costs more than all the rest.
                let mut end = out.len();
                out.resize(end + text.len(), 0);
                for byte in text {
                    let (becomes, stays) = table[*byte as usize];
                    out[end] = becomes;
                    end += usize::from(stays);
                }
                out.truncate(end);
                return Some(());
            }
            for char in chars::each(text) {
                match chars::each(from).position(|c| c == char) {
                    None => out.extend_from_slice(char),
                    Some(at) => chars::each(to).nth(at).into_iter().for_each(|c| out.extend_from_slice(c)),
                }
            }
            Some(())
        })
    };
    Ok(computed(Kind::Text, args, kernel))
}

/// What each byte becomes, and whether it stays at all: ASCII is never part of another character.
fn table(from: &[u8], to: &[u8]) -> [(u8, bool); 256] {
    let mut table = std::array::from_fn(|byte| (byte as u8, true));
    for (at, &byte) in from.iter().enumerate() {
        if memchr::memchr(byte, from) == Some(at) {
            table[byte as usize] = to.get(at).map_or((byte, false), |becomes| (*becomes, true));
        }
    }
    table
}

#[cfg(test)]
#[path = "make/tests.rs"]
mod tests;
