//! `words`: a row for each word of a text. Row-wise, on the shards; at the head of a chain it cuts whole buffers of
//! records at once, without looking for the records first.

use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};

use super::{Bound, Built, Entry, Example, Map, Operator, Raw, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column, Span, Text};
use crate::data::schema::{Field, Live, Schema};
use crate::data::{fast, keys};
use crate::error::Result;
use crate::expr::Context;

/// `words [COLUMN]`.
pub const ENTRY: Entry = Entry { name: "words", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "one word a line",
        command: "streamer words",
        input: "to be,  or\nnot to be\n",
        output: "to\nbe,\nor\nnot\nto\nbe\n",
    },
    Example {
        what: "the words of the second field, counted",
        command: "streamer words '$2' then count --by word --batch all",
        input: "1 one\n2 two\n3 one\n",
        output: "one\t2\ntwo\t1\n",
    },
];

fn command() -> Command {
    Command::new("words")
        .about("a row `word` for each word")
        .long_about(
            "A row with the one column `word` for each run of bytes other than ASCII white space (blank, tab, newline, \
             vertical tab, form feed, carriage return).\n\nThe words are those of the column `line` unless another \
             column is named. Bytes are kept as they are: case, punctuation and bytes that are no UTF-8 belong to the \
             word. An empty or missing value has no words.",
        )
        .arg(Arg::new("column").value_name("COLUMN").default_value(LINE).help("The column whose words they are"))
}

const LINE: &str = "line";

fn build(args: &ArgMatches) -> Result<Built> {
    let column = args.get_one::<String>("column").map_or(LINE, String::as_str).to_string();
    Ok(Built::Operator(Box::new(Words { column })))
}

struct Words {
    column: String,
}

impl Operator for Words {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, _output: &Live) -> Live {
        Live::only([&self.column])
    }

    fn bind(&self, input: &Schema, _: &Live, _: &Context) -> Result<Bound> {
        let split = Split { column: input.index(&self.column)?, whole_record: self.column == LINE };
        let schema = Schema { fields: vec![Field::shown("word")], ..Schema::default() };
        Ok(Bound::new(schema, Work::Map(Box::new(split))))
    }
}

struct Split {
    column: usize,
    whole_record: bool,
}

impl Map for Split {
    fn map(&self, mut block: Block, _: &BatchInfo) -> Result<Block> {
        let text = keys::encode(&block, &[self.column]);
        let padded = text.data.padded();
        let mut spans = Vec::with_capacity(text.spans.len());
        let mut rows: Option<Vec<u32>> = (!block.origins.is_empty()).then(Vec::new);
        for (row, span) in text.spans.iter().enumerate().filter(|(_, span)| !span.is_null()) {
            let start = span.start as usize;
            fast::words(padded, start, start + span.len as usize, &mut spans);
            if let Some(rows) = &mut rows {
                rows.resize(spans.len(), row as u32);
            }
        }
        let text = Text { data: Arc::clone(&text.data), spans };
        block.rows = text.spans.len();
        block.columns = vec![Column::Text(text)];
        block.origins = rows.map(|rows| block.origins.pick(&rows)).unwrap_or_default();
        Ok(block)
    }

    fn map_records(&self, raw: &Raw<'_>, made: &mut Vec<Span>) -> Option<()> {
        // A newline is white space, so words never reach over the end of a record; NUL is not.
        if !self.whole_record || raw.delimiter != b'\n' {
            return None;
        }
        fast::words(raw.padded, raw.start, raw.end, made);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::block::Cell;
    use crate::data::block::Origins;
    use crate::data::buffer::{Buffer, PAD};
    use crate::operators::testing::BATCH;

    fn bound(argv: &[&str], fields: &[&str]) -> Result<Bound> {
        let args = command().get_matches_from(std::iter::once("words").chain(argv.iter().copied()));
        let schema =
            Schema { fields: fields.iter().map(|f| Field::shown(*f)).collect(), records: true, ..Schema::default() };
        match build(&args)? {
            Built::Operator(operator) => operator.bind(&schema, &Live::all(), &Context::default()),
            Built::Chain(_) => unreachable!(),
        }
    }

    fn map(argv: &[&str], fields: &[&str]) -> Box<dyn Map> {
        match bound(argv, fields).map(|mut b| b.work.remove(0)) {
            Ok(Work::Map(map)) => map,
            _ => unreachable!(),
        }
    }

    fn block() -> Block {
        let data = Arc::new(Buffer::from_vec(b"a bb\tccc  7".to_vec()));
        let spans = vec![Span::range(0, 8), Span::NULL, Span::range(8, 10), Span::range(9, 11)];
        let columns = vec![Column::Text(Text { data, spans }), Column::ints(vec![12, -3, 4, 5])];
        Block { rows: 4, columns, order: 9, origins: Origins::numbered(vec![20, 21, 22, 23]), ..Block::default() }
    }

    fn column(block: &Block) -> Vec<String> {
        let text = |row| match block.columns[0].cell(row) {
            Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            other => format!("{other:?}"),
        };
        (0..block.rows).map(text).collect()
    }

    #[test]
    fn each_word_is_a_row_with_the_number_of_its_record() {
        let words = map(&[], &["line", "n"]).map(block(), &BATCH).unwrap();
        assert_eq!(column(&words), ["a", "bb", "ccc", "7"]);
        assert_eq!((words.order, words.origins.numbers), (9, Some(vec![20, 20, 20, 23])));
    }

    #[test]
    fn numbers_are_text_too() {
        assert_eq!(column(&map(&["n"], &["line", "n"]).map(block(), &BATCH).unwrap()), ["12", "-3", "4", "5"]);
    }

    #[test]
    fn whole_records_are_cut_at_once_only_where_this_is_the_same() {
        let padded = [b"one two\n".as_slice(), &[b'x'; PAD]].concat();
        let raw = |delimiter| Raw { padded: &padded, start: 0, end: 8, delimiter };
        let mut made = Vec::new();
        assert_eq!(map(&[], &["line"]).map_records(&raw(b'\n'), &mut made), Some(()));
        assert_eq!(made, [Span::range(0, 3), Span::range(4, 7)]);
        assert_eq!(map(&[], &["line"]).map_records(&raw(0), &mut made), None);
        assert_eq!(map(&["$1"], &["$1"]).map_records(&raw(b'\n'), &mut made), None);
    }

    #[test]
    fn an_unknown_column_is_a_usage_error() {
        assert!(matches!(bound(&["lime"], &["line"]), Err(e) if e.to_string().contains("did you mean line?")));
    }
}
