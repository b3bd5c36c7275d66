//! `flatmap EXPR [--as NAME] [--keep]`: a row for each item of a list. Row-wise: any shard, any order.

use std::borrow::Cow;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Bound, Built, Entry, Example, Map, Operator, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::column::{Column, Lists};
use crate::data::schema::{Kind, Live, Schema};
use crate::error::Result;
use crate::expr::{Context, Expr, Node};

/// `flatmap EXPR [--as NAME] [--keep]`.
pub const ENTRY: Entry = Entry { name: "flatmap", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "the parts of each line",
        command: "streamer flatmap \"split(line, ',')\" --as part",
        input: "a,b\nc\n",
        output: "a\nb\nc\n",
    },
    Example {
        what: "each tag with its user",
        command: "streamer --in json flatmap tags --as tag --keep then map 'user, tag'",
        input: "{\"user\":\"bob\",\"tags\":[\"x\",\"y\"]}\n{\"user\":\"eve\",\"tags\":[]}\n",
        output: "bob\tx\nbob\ty\n",
    },
];

fn command() -> Command {
    Command::new("flatmap")
        .about("a row for each item of a list")
        .long_about(
            "Gives a row for each item of the list that the expression is: split(line, ' '), array(a, b), a column that \
             collect_list made, or a JSON array of the input. An empty list gives no row, nor does one that is null.",
        )
        .arg(
            Arg::new("list")
                .value_name("EXPR")
                .required(true)
                .allow_hyphen_values(true)
                .help("The list: \"split(line, ' ')\""),
        )
        .arg(
            Arg::new("as")
                .long("as")
                .value_name("NAME")
                .help("The name of the column [default: that of the column that it comes of, else value]"),
        )
        .arg(Arg::new("keep").long("keep").action(ArgAction::SetTrue).help("Keep the other columns beside it"))
}

fn build(args: &ArgMatches) -> Result<Built> {
    let list = Expr::parse(args.get_one::<String>("list").map_or("", String::as_str))?;
    if list.has_aggregate() {
        return Err(list.wrong("flatmap looks at one row at a time: agg 'collect_list(x) AS xs' then flatmap xs"));
    }
    let name =
        args.get_one::<String>("as").cloned().or_else(|| list.as_column()).unwrap_or_else(|| "value".to_string());
    Ok(Built::Operator(Box::new(Items { list, name, keep: args.get_flag("keep") })))
}

struct Items {
    list: Expr,
    name: String,
    keep: bool,
}

impl Operator for Items {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, output: &Live) -> Live {
        let mut others = if self.keep { output.clone() } else { Live::default() };
        others = others.without(&self.name);
        others.and(self.list.columns())
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        let node = self.list.bind(input, context)?;
        let node = node.into_list().map_err(|what| {
            self.list.wrong(&format!("flatmap wants a list, but {what}: split(x, ' ') or array(x, y) make one"))
        })?;
        let Kind::List(items) = node.kind.clone() else { return Err(self.list.wrong("flatmap wants a list")) };
        let field = self.list.field(&self.name, *items, input);
        let mut schema = Schema::default();
        let mut at = 0;
        if self.keep {
            schema.fields = input.fields.clone();
            at = schema.fields.iter().position(|f| f.name == self.name).unwrap_or(schema.fields.len());
        }
        if at < schema.fields.len() {
            schema.fields[at] = field;
        } else {
            schema.fields.push(field);
        }
        Ok(Bound::new(schema, Work::Map(Box::new(Exploded { node, at, keep: self.keep }))))
    }
}

struct Exploded {
    node: Node,
    /// Where the items stand among the columns.
    at: usize,
    keep: bool,
}

impl Map for Exploded {
    fn map(&self, block: Block, _: &BatchInfo) -> Result<Block> {
        let lists = match self.node.eval(&block) {
            Cow::Borrowed(Column::List(lists)) => lists.clone(),
            Cow::Owned(Column::List(lists)) => lists,
            _ => return Ok(Block { rows: 0, columns: Vec::new(), ..block }),
        };
        let Lists { items, spans } = lists;
        let (mut rows, mut taken) = (Vec::new(), Vec::new());
        for (row, span) in (0u32..).zip(&spans).filter(|(_, span)| !span.is_null()) {
            rows.resize(rows.len() + span.len as usize, row);
            taken.extend(span.start..span.start + span.len);
        }
        let mut column = (*items).clone();
        column.keep(&taken);
        let origins = block.origins.pick(&rows);
        let mut columns = if self.keep { block.columns } else { Vec::new() };
        columns.iter_mut().for_each(|column| column.keep(&rows));
        if self.at < columns.len() {
            columns[self.at] = column;
        } else {
            columns.push(column);
        }
        Ok(Block { rows: rows.len(), columns: std::mem::take(&mut columns), origins, ..block })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::block::Origins;
    use crate::data::column::Cell;
    use crate::data::rows::block_of;
    use crate::data::schema::Field;
    use crate::operators::testing::{BATCH, built};

    fn made(args: &[&str]) -> (Vec<String>, Vec<Vec<String>>, Option<Vec<u64>>) {
        let schema = Schema { fields: vec![Field::shown("a"), Field::shown("b")], ..Schema::default() };
        let mut bound = built(&ENTRY, args).bind(&schema, &Live::all(), &Context::default()).unwrap();
        let Work::Map(map) = bound.work.remove(0) else { panic!("no map") };
        let block = block_of(&[vec![Some(b"x y"), None, Some(b"z")], vec![Some(b"1"), Some(b"2"), Some(b"3")]]);
        let block = map.map(Block { origins: Origins::numbered(vec![10, 11, 12]), ..block }, &BATCH).unwrap();
        let text =
            |cell| if let Cell::Text(text) = cell { String::from_utf8_lossy(text).into_owned() } else { "-".into() };
        let rows = (0..block.rows).map(|row| block.columns.iter().map(|c| text(c.cell(row))).collect()).collect();
        (bound.schema.fields.into_iter().map(|f| f.name).collect(), rows, block.origins.numbers)
    }

    #[test]
    fn each_item_is_a_row_and_a_list_that_is_null_none() {
        let (names, rows, numbers) = made(&["split(a, ' ')"]);
        assert_eq!(names, ["value"]);
        assert_eq!(rows, [["x"], ["y"], ["z"]]);
        assert_eq!(numbers, Some(vec![10, 10, 12]));
    }

    #[test]
    fn kept_columns_stand_beside_each_item() {
        let (names, rows, _) = made(&["split(a, ' ')", "--keep", "--as", "w"]);
        assert_eq!(names, ["a", "b", "w"]);
        assert_eq!(rows, [["x y", "1", "x"], ["x y", "1", "y"], ["z", "3", "z"]]);
        let (names, rows, _) = made(&["split(a, ' ')", "--keep", "--as", "a"]);
        assert_eq!((names.len(), &rows[0]), (2, &vec!["x".to_string(), "1".to_string()]));
    }
}
