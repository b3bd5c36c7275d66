//! `parse FORMAT [COLUMN]`: the text of a column read as a record of a format, whose columns are added to the row. Row-wise, on
//! the shards; what is cut are spans of the column's own buffer.

use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};
use jiff::tz::TimeZone;

use super::{Bound, Built, Entry, Example, Map, Operator, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Cell, Column, Span, Text};
use crate::data::buffer::Buffer;
use crate::data::schema::{Field, Kind, Live, Schema};
use crate::data::{keys, write};
use crate::error::{Error, Result};
use crate::expr::Context;
use crate::formats::{self, Input, Reading, Stamp};

/// `parse`, as the command line knows it.
pub const ENTRY: Entry = Entry { name: "parse", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "how many messages of each level",
        command: "streamer parse 'regex:(?<level>[A-Z]+): (?<msg>.*)' then count --by level",
        input: "ERROR: disk full\nINFO: all is well\nERROR: no such host\n",
        output: "ERROR\t2\nINFO\t1\n",
    },
    Example {
        what: "the statuses of an access log, of which each line has a mark in front",
        command: "streamer parse 'regex:^<\\d+> (?<entry>.*)' then parse combined entry --columns status then count --by status",
        input: "<13> h - - [t] \"GET / HTTP/1.1\" 200 5\n<13> h - - [t] \"GET /x HTTP/1.1\" 404 0\n",
        output: "200\t1\n404\t1\n",
    },
];

const LINE: &str = "line";

fn command() -> Command {
    Command::new("parse")
        .about("text into columns in mid-chain")
        .long_about(
            "Reads the text of COLUMN as a record of FORMAT, an input format (streamer --help lists them), and adds its \
             columns to the row. There is a row for each row: the other columns stay, one of the same name is replaced. \
             Where the text is null or does not fit the format, the added columns are null; this is not counted as a bad \
             record.\n\nAll columns that the format shows are added, or just those of --columns. csv and tsv need \
             --columns: it names all fields, in order. json and logfmt tell their columns only as records come: added \
             are those of --columns or, without it, those that the rest of the chain names and that the row does not \
             have yet.\n\n`line` and $1 ... $N stay those of the record; behind `parse text` they are those of \
             COLUMN.",
        )
        .arg(Arg::new("form").value_name("FORMAT").required(true).help("combined, regex:PATTERN, json, ..."))
        .arg(Arg::new("column").value_name("COLUMN").default_value(LINE).help("The column whose text it is"))
        .arg(Arg::new("columns").long("columns").value_name("NAMES").help("The columns to add: a,b; of csv and tsv: all"))
}

fn build(args: &ArgMatches) -> Result<Built> {
    let text = |name: &str| args.get_one::<String>(name).map(String::as_str);
    let (spelling, column) = (text("form").unwrap_or_default(), text("column").unwrap_or(LINE).to_string());
    let columns = text("columns").map(|list| keys::parse("--columns", list)).transpose().map_err(named)?;
    let reading = Reading { delimiter: b'\n', header: columns.clone(), argument: None };
    let format = formats::input(spelling, &reading).map_err(named)?;
    // Formats with a header line quote their fields.
    if format.framing().quoted.is_some() && columns.is_none() {
        return Err(Error::usage(format!(
            "parse {spelling} has no header line to read: name the columns, such as --columns a,b,c"
        )));
    }
    format.schema(&Live::only(columns.iter().flatten())).map_err(named)?;
    let all = format.schema(&Live::all()).map_err(named)?;
    let fields = all.fields.into_iter().filter(|field| !field.hidden).map(|field| field.name);
    let open = all.open && columns.is_none();
    let shown = columns.clone().unwrap_or_else(|| fields.collect());
    Ok(Built::Operator(Box::new(Parse {
        format,
        spelling: spelling.to_string(),
        column,
        shown,
        open,
        chosen: columns.is_some(),
    })))
}

fn named(error: Error) -> Error {
    match error {
        Error::Usage(text) => Error::Usage(format!("parse: {text}")),
        other => other,
    }
}

struct Parse {
    format: Arc<dyn Input>,
    /// The format as it was written.
    spelling: String,
    column: String,
    /// The columns that it adds.
    shown: Vec<String>,
    /// Whether it adds any other that is named behind it.
    open: bool,
    /// Whether it adds nothing but `shown`.
    chosen: bool,
}

impl Parse {
    /// Whether a column of this name, asked for behind it, comes from here (if `open`: unless the row has it already).
    fn owns(&self, name: &str) -> bool {
        if self.chosen || self.shown.iter().any(|shown| shown == name) {
            return self.shown.iter().any(|shown| shown == name);
        }
        let of_record = name == LINE || (name.starts_with('$') && !self.format.takes_all());
        let of_batch = Stamp::Both.names().contains(&name);
        !of_record && !of_batch && (self.open || self.format.schema(&Live::only([name])).is_ok())
    }
}

impl Operator for Parse {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, output: &Live) -> Live {
        let (own, mut names): (Vec<String>, _) = output.names.iter().cloned().partition(|name| self.owns(name));
        names.push(self.column.clone());
        // Whether the row has such a column shows only once it is there.
        Live { shown: output.shown || (self.open && !own.is_empty()), ..Live::only(names) }
    }

    fn bind(&self, input: &Schema, output: &Live, _: &Context) -> Result<Bound> {
        let column = input.index(&self.column)?;
        let place = |fields: &[Field], name: &str| fields.iter().position(|field| field.name == name);
        let wanted = |name: &&String| output.shown || output.names.contains(*name);
        let mut names: Vec<String> = self.shown.iter().filter(wanted).cloned().collect();
        let more = output.names.iter().filter(|name| self.owns(name) && !self.shown.contains(name));
        names.extend(more.filter(|name| !self.open || place(&input.fields, name).is_none()).cloned());
        if self.open && names.is_empty() && output.shown {
            return Err(Error::usage(format!(
                "records of {0} may have any columns, and nothing names those to add; write parse {0} --columns a,b",
                self.spelling
            )));
        }
        let mut schema = input.clone();
        for name in &names {
            let field = Field { hidden: !self.open && !self.shown.contains(name), ..Field::shown(name) };
            if let Some(changed) = schema.json.as_mut().filter(|changed| !changed.contains(name)) {
                changed.push(name.clone());
            }
            match place(&schema.fields, name) {
                Some(at) => schema.fields[at] = field,
                None => schema.fields.push(field),
            }
        }
        let cut = self.format.schema(&Live::only(&names))?;
        let added = names.iter().filter_map(|name| Some((place(&cut.fields, name)?, place(&schema.fields, name)?)));
        let (added, count) = (added.collect(), schema.fields.len());
        let blank = !self.open && !self.format.is_json();
        let work = Reader { format: Arc::clone(&self.format), cut, column, added, count, blank };
        Ok(Bound::new(schema, Work::Map(Box::new(work))))
    }
}

struct Reader {
    format: Arc<dyn Input>,
    /// What is cut out of the text.
    cut: Schema,
    /// Which column has the text.
    column: usize,
    /// For each column to add: which it is of those that are cut, and of those of the result.
    added: Vec<(usize, usize)>,
    /// How many columns the result has.
    count: usize,
    /// Text of white space alone may be a record.
    blank: bool,
}

impl Reader {
    /// The columns that are cut out of texts, with a row for each; null where it does not fit.
    fn read(&self, text: &Text) -> Vec<Column> {
        let bytes = text.data.bytes();
        let is_record = |span: &&Span| span.of(bytes).is_some_and(|t| self.blank || !t.trim_ascii().is_empty());
        let records: Vec<Span> = text.spans.iter().filter(is_record).copied().collect();
        let count = records.len();
        let cut = self.format.cut(&text.data, records, &self.cut);
        if cut.rows == text.spans.len() {
            return cut.columns;
        }
        if cut.rows + cut.bad.len() != count {
            return self.read_singly(text);
        }
        let (mut record, mut row) = (0, 0);
        let mut bad = cut.bad.iter().map(|bad| bad.at).peekable();
        let place = |span: &Span| {
            is_record(&span).then(|| record += 1)?;
            bad.next_if_eq(&(record - 1)).is_none().then(|| row += 1)?;
            Some(row - 1)
        };
        let places: Vec<Option<usize>> = text.spans.iter().map(place).collect();
        cut.columns.into_iter().map(|column| spread(column, &places)).collect()
    }

    /// The same, one after the other: for a format that takes some records for none, and does not say which.
    fn read_singly(&self, text: &Text) -> Vec<Column> {
        let mut made: Vec<(Vec<u8>, Vec<Span>)> = self.cut.fields.iter().map(|_| Default::default()).collect();
        for span in &text.spans {
            let record = if span.is_null() { Vec::new() } else { vec![*span] };
            let cut = self.format.cut(&text.data, record, &self.cut);
            for ((data, spans), column) in made.iter_mut().zip(&cut.columns) {
                let cell = if cut.rows == 1 { column.cell(0) } else { Cell::Null };
                let start = data.len();
                write::cell(cell, &TimeZone::UTC, data);
                spans.push(if cell == Cell::Null { Span::NULL } else { Span::range(start, data.len()) });
            }
        }
        let column = |(data, spans)| Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans });
        made.into_iter().map(column).collect()
    }
}

/// A value for each place, null where there is none.
fn spread(column: Column, places: &[Option<usize>]) -> Column {
    let text = match column {
        Column::Text(text) => text,
        other => keys::written(&other),
    };
    let spans = places.iter().map(|place| place.map_or(Span::NULL, |row| text.spans[row])).collect();
    Column::Text(Text { data: text.data, spans })
}

impl Map for Reader {
    fn map(&self, mut block: Block, _: &BatchInfo) -> Result<Block> {
        let columns = self.read(&keys::encode(&block, &[self.column]));
        let nothing = Column::nulls(&Kind::Input, 0);
        block.columns.resize(self.count, nothing);
        for &(from, to) in &self.added {
            block.columns[to] = columns[from].clone();
        }
        Ok(block)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::block::Origins;
    use crate::data::framing::Framing;
    use crate::data::rows::block_of;
    use crate::formats::{BadRecord, Cut};
    use crate::operators::testing::{BATCH, built};

    fn fields(schema: &Schema) -> Vec<String> {
        let name = |field: &Field| format!("{}{}", field.name, if field.hidden { " hidden" } else { "" });
        schema.fields.iter().map(name).collect()
    }

    fn schema(names: &[&str]) -> Schema {
        Schema { fields: names.iter().map(|n| Field::shown(*n)).collect(), records: true, ..Schema::default() }
    }

    /// The rows that come of these, as text.
    fn rows(parse: &dyn Operator, names: &[&str], behind: &Live, columns: &[Vec<Option<&[u8]>>]) -> Vec<Vec<String>> {
        let mut bound = parse.bind(&schema(names), behind, &Context::default()).unwrap();
        let Work::Map(map) = bound.work.remove(0) else { panic!("another kind of work") };
        let block =
            Block { origins: Origins::numbered((7..).take(columns[0].len()).collect()), order: 3, ..block_of(columns) };
        let made = map.map(block.clone(), &BATCH).unwrap();
        assert_eq!((made.rows, made.order, &made.origins), (block.rows, 3, &block.origins));
        assert_eq!(made.columns.len(), bound.schema.fields.len());
        assert!(made.columns.iter().all(|column| column.len() == made.rows));
        let cell = |row: usize, column: &Column| match column.cell(row) {
            Cell::Text(text) => String::from_utf8_lossy(text).into_owned(),
            _ => "null".to_string(),
        };
        (0..made.rows).map(|row| made.columns.iter().map(|column| cell(row, column)).collect()).collect()
    }

    /// Any column of a record is the record and its name. `!` is bad; an empty record is none, which is not said.
    struct Anything;

    impl Input for Anything {
        fn framing(&self) -> Framing {
            Framing::plain(b'\n')
        }

        fn schema(&self, live: &Live) -> Result<Schema> {
            Ok(Schema { open: true, fields: live.names.iter().map(Field::hidden).collect(), ..Schema::default() })
        }

        fn cut(&self, data: &Arc<Buffer>, records: Vec<Span>, schema: &Schema) -> Cut {
            let (mut bad, mut values) = (Vec::new(), Vec::new());
            for (at, span) in records.iter().enumerate() {
                match span.of(data.bytes()).unwrap() {
                    b"!" => bad.push(BadRecord { at, span: *span, what: String::new() }),
                    b"" => {}
                    text => values.push(text),
                }
            }
            let column = |field: &Field| {
                let texts: Vec<Vec<u8>> = values.iter().map(|v| [v, field.name.as_bytes()].concat()).collect();
                block_of(&[texts.iter().map(|text| Some(&text[..])).collect()]).columns.remove(0)
            };
            Cut { rows: values.len(), records, columns: schema.fields.iter().map(column).collect(), bad }
        }
    }

    fn open() -> Parse {
        let (format, column): (Arc<dyn Input>, _) = (Arc::new(Anything), "msg".to_string());
        Parse { format, spelling: "any".into(), column, shown: Vec::new(), open: true, chosen: false }
    }

    #[test]
    fn columns_are_added_and_those_of_the_same_name_replaced() {
        let parse = built(&ENTRY, &["regex:(?<b>x+)(?<msg>.*)", "msg"]);
        let columns = [vec![Some(&b"0"[..]), Some(b"1"), Some(b"2")], vec![Some(&b"axxc"[..]), None, Some(b"no")]];
        let found = rows(&*parse, &["b", "msg"], &Live::all(), &columns);
        assert_eq!(found, [["xx", "c"], ["null", "null"], ["null", "null"]]);
        let bound = parse.bind(&schema(&["a", "msg"]), &Live::only(["b", "a"]), &Context::default()).unwrap();
        assert_eq!(fields(&bound.schema), ["a", "msg", "b"], "msg is what it was: nobody asks for the group");
        assert!(bound.schema.records);
        assert_eq!(parse.live(&Live::only(["b", "a", "line"])), Live::only(["a", "line", "msg"]));
        assert_eq!(parse.live(&Live::all()), Live::all().and(["msg"]));
    }

    #[test]
    fn only_chosen_columns_are_added() {
        let parse = built(&ENTRY, &["combined", "--columns", "status,request"]);
        let line: &[u8] = b"h - - [t] \"GET /\" 200";
        let found = rows(&*parse, &["line"], &Live::all(), &[vec![Some(line)]]);
        assert_eq!(found[0][1..], ["200", "GET /"]);
        assert_eq!(parse.live(&Live::only(["status", "path"])), Live::only(["line", "path"]));
    }

    #[test]
    fn fields_are_those_of_the_record_but_behind_text() {
        let regex = built(&ENTRY, &["regex:(?<a>.*)", "msg"]);
        assert_eq!(regex.live(&Live::only(["$1", "line", "a"])), Live::only(["$1", "line", "msg"]));
        let text = built(&ENTRY, &["text", "msg"]);
        assert_eq!(text.live(&Live::only(["$1", "line", "a"])), Live::only(["a", "msg"]));
        let bound = text.bind(&schema(&["msg"]), &Live::only(["$2"]), &Context::default()).unwrap();
        assert_eq!(fields(&bound.schema), ["msg", "$2 hidden"]);
    }

    #[test]
    fn of_an_open_format_those_columns_are_added_that_the_chain_names_and_the_row_has_not() {
        let parse = open();
        let behind = Live::only(["a", "level", "$1", "line", "window_end"]);
        let asked = Live { shown: true, ..Live::only(["$1", "line", "window_end", "msg"]) };
        assert_eq!(parse.live(&behind), asked);
        let input = schema(&["level", "msg"]);
        let json = Schema { json: Some(vec!["level".into()]), ..input };
        let bound = parse.bind(&json, &behind, &Context::default()).unwrap();
        assert_eq!(fields(&bound.schema), ["level", "msg", "a"]);
        assert_eq!(bound.schema.json, Some(vec!["level".to_string(), "a".to_string()]));
        assert_eq!(parse.live(&Live::default()), Live::only(["msg"]));
        let error = parse.bind(&json, &Live::all(), &Context::default()).err().unwrap().to_string();
        assert!(error.ends_with("write parse any --columns a,b"), "{error}");
    }

    #[test]
    fn what_cannot_be_read_is_explained() {
        let error = |args: &[&str]| {
            let args = command().try_get_matches_from([&["parse"], args].concat()).unwrap();
            build(&args).err().unwrap().to_string()
        };
        assert!(error(&["combind"]).starts_with("parse: there is no format `combind`"));
        assert!(error(&["combined", "--columns", "a,a"]).contains("names `a` twice"));
        assert!(error(&["combined", "--columns", "statsu"]).contains("did you mean status?"));
        assert!(error(&["regex:(a"]).contains("unclosed group"));
    }

    proptest! {
        /// Whatever fits or not, is null or counts as no record: each row has the values of its own text.
        #[test]
        fn values_stay_with_their_rows(texts in proptest::collection::vec(proptest::option::of("(a|!||b| |){1,2}"), 0..12)) {
            let column: Vec<Option<&[u8]>> = texts.iter().map(|text| text.as_deref().map(str::as_bytes)).collect();
            let expected: Vec<Vec<String>> = texts.iter().map(|text| {
                let fits = |text: &&String| !text.trim().is_empty() && *text != "!";
                let value = |name: &str| text.as_ref().filter(fits).map_or("null".into(), |text| format!("{text}{name}"));
                vec![text.clone().unwrap_or("null".into()), value("x"), value("y")]
            }).collect();
            prop_assert_eq!(&rows(&open(), &["msg"], &Live::only(["x", "y"]), std::slice::from_ref(&column)), &expected);
            // The slow way, for formats that leave something out.
            let cut = Anything.schema(&Live::only(["x"])).unwrap();
            let reader = Reader { format: Arc::new(Anything), cut, column: 0, added: Vec::new(), count: 1, blank: true };
            let block = block_of(std::slice::from_ref(&column));
            let made = reader.read(&keys::encode(&block, &[0])).remove(0);
            for (row, text) in texts.iter().enumerate() {
                let fits = text.as_ref().filter(|text| !text.is_empty() && *text != "!").map(|text| format!("{text}x"));
                prop_assert_eq!(made.cell(row), fits.as_ref().map_or(Cell::Null, |text| Cell::Text(text.as_bytes())));
            }
        }
    }
}
