//! How long a text is, and where in it another one stands. Positions count characters, from 1; 0 is nowhere.

use memchr::memmem::{self, Finder};

use crate::data::column::Cell;
use crate::data::schema::Kind;
use crate::expr::{Context, Node};

use super::args::{self, Given, computed, ints, truths};
use super::chars;

fn measured(args: Vec<Node>, context: &Context, measure: fn(&[u8]) -> usize) -> Result<Node, String> {
    args::count(&args, 1..=1)?;
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let texts = given[0].texts();
        ints(rows, |row| texts.get(row).map(|text| measure(text) as i64))
    };
    Ok(computed(Kind::Number, args::texts(args, context)?, kernel))
}

/// `length(text)`
pub fn length(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    measured(args, context, chars::count)
}

/// `octet_length(text)`
pub fn octet_length(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    measured(args, context, <[u8]>::len)
}

/// `ascii(text)`
pub fn ascii(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    measured(args, context, |text| {
        let Some(&byte) = text.first() else { return 0 };
        let first = std::str::from_utf8(&text[..chars::width(text)]).ok().and_then(|text| text.chars().next());
        first.map_or(byte as usize, |c| c as usize)
    })
}

/// What a text is searched for: prepared once, if it is a constant.
#[derive(Clone)]
pub struct Needle(Option<Finder<'static>>);

impl Needle {
    /// The values of a bound argument.
    pub fn new(node: &Node) -> Self {
        match node.value() {
            Some(Cell::Text(needle)) => Needle(Some(Finder::new(needle).into_owned())),
            _ => Needle(None),
        }
    }

    /// Where `needle`, its value in this row, stands first.
    #[inline]
    pub fn find(&self, text: &[u8], needle: &[u8]) -> Option<usize> {
        match &self.0 {
            Some(finder) => finder.find(text),
            None => memmem::find(text, needle),
        }
    }
}

fn compared(
    args: Vec<Node>,
    context: &Context,
    is: impl Fn(&Needle, &[u8], &[u8]) -> bool + Send + Sync + 'static,
) -> Result<Node, String> {
    args::count(&args, 2..=2)?;
    let args = args::texts(args, context)?;
    let needle = Needle::new(&args[1]);
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let (texts, others) = (given[0].texts(), given[1].texts());
        truths(rows, |row| Some(is(&needle, texts.get(row)?, others.get(row)?)))
    };
    Ok(computed(Kind::Bool, args, kernel))
}

/// `contains(text, part)`
pub fn contains(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    compared(args, context, |needle, text, part| needle.find(text, part).is_some())
}

/// `startswith(text, part)`
pub fn startswith(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    compared(args, context, |_, text, part| text.starts_with(part))
}

/// `endswith(text, part)`
pub fn endswith(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    compared(args, context, |_, text, part| text.ends_with(part))
}

/// `instr(text, part)`
pub fn instr(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=2)?;
    let mut args = args;
    args.reverse();
    locate(args, context)
}

/// `locate(part, text[, start])`
pub fn locate(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    args::count(&args, 2..=3)?;
    let mut args = args.into_iter();
    let mut bound = args::texts(args.by_ref().take(2).collect(), context)?;
    for start in args {
        bound.push(start.into_number()?);
    }
    let needle = Needle::new(&bound[0]);
    let kernel = move |given: &[Given<'_>], rows: usize| {
        let (parts, texts) = (given[0].texts(), given[1].texts());
        let starts = given.get(2).map(Given::ints);
        ints(rows, |row| {
            let (part, text) = (parts.get(row)?, texts.get(row)?);
            // As in Spark, an unknown start finds nothing, and what is empty stands at the very start.
            let start = starts.as_ref().map_or(Some(1), |starts| starts.get(row)).unwrap_or(0);
            Some(match start {
                ..1 => 0,
                _ if part.is_empty() => 1,
                1 => needle.find(text, part).map_or(0, |at| chars::count(&text[..at]) as i64 + 1),
                _ => {
                    let from = chars::offset(text, usize::try_from(start - 1).unwrap_or(usize::MAX));
                    let found = needle.find(&text[from..], part);
                    found.map_or(0, |at| chars::count(&text[from..from + at]) as i64 + start)
                }
            })
        })
    };
    Ok(computed(Kind::Number, bound, kernel))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::data::column::{Cell, Number};
    use crate::expr::Node;
    use crate::expr::functions::text::testing::{bytes, call, characters, computed, refused};

    /// As Spark 4.0 answers.
    #[test]
    fn texts_are_found_as_in_spark() {
        for (expression, result) in [
            ("length('é用😀')", "3"),
            ("octet_length('é用😀')", "9"),
            ("length(12)", "2"),
            ("len(true)", "4"),
            ("char_length('')", "0"),
            ("character_length(NULL)", "NULL"),
            ("ascii('é')", "233"),
            ("ascii('')", "0"),
            ("ascii('😀')", "128512"),
            ("ascii(234)", "50"),
            ("contains('abc', 'b')", "true"),
            ("contains('abc', '')", "true"),
            ("contains('abc', NULL)", "NULL"),
            ("contains(12, 2)", "true"),
            ("startswith('abc', 'a')", "true"),
            ("startswith('abc', 'abcd')", "false"),
            ("endswith('abc', 'bc')", "true"),
            ("instr('abcabc', 'c')", "3"),
            ("instr('abc', '')", "1"),
            ("instr('', '')", "1"),
            ("instr('é用😀', '😀')", "3"),
            ("instr('abc', 'x')", "0"),
            ("locate('c', 'abcabc')", "3"),
            ("locate('c', 'abcabc', 4)", "6"),
            ("locate('c', 'abcabc', 0)", "0"),
            ("locate('c', 'abcabc', -1)", "0"),
            ("locate('c', 'abcabc', NULL)", "0"),
            ("locate('', 'abc', 9)", "1"),
            ("locate('c', 'abcabc', 99)", "0"),
            ("locate('c', 'abcabc', 9223372036854775807)", "0"),
            ("position('用', 'é用é用', 3)", "4"),
        ] {
            assert_eq!(call(expression), result, "{expression}");
        }
        assert_eq!(refused("length('a', 'b')"), "takes 1 argument, not 2");
        assert!(refused("locate('a', 'b', true)").contains("is no number"));
    }

    proptest! {
        /// By the definition, on lists of characters. A part that begins inside a character is found where only bytes are
        /// alike: parts are taken from between characters.
        #[test]
        fn a_position_counts_characters(text in bytes(), from in 0usize..9, len in 1usize..4, start in 1i64..9) {
            let all = characters(&text);
            let part = all.iter().skip(from).take(len).copied().collect::<Vec<_>>();
            prop_assume!(!part.is_empty() && part.iter().all(|c| std::str::from_utf8(c).is_ok()));
            let bytes = part.concat();
            let found = (start as usize - 1..all.len()).find(|at| all[*at..].starts_with(&part));
            let number = vec![Node::number(Number::Int(start))];
            let column = computed("locate", &[&[Some(&bytes)], &[Some(&text)]], number);
            prop_assert_eq!(column.cell(0), Cell::Int(found.map_or(0, |at| at as i64 + 1)));
            let column = computed("length", &[&[Some(&text)]], vec![]);
            prop_assert_eq!(column.cell(0), Cell::Int(all.len() as i64));
        }
    }
}
