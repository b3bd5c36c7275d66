//! `map 'EXPR [AS NAME], …'`: new rows of just these columns. Row-wise: any shard, any order.

use clap::{Arg, ArgMatches, Command};

use super::support::named;
use super::{Bound, Built, Entry, Example, Map, Operator, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::expr::{Context, Named, Node, parse_list};

/// `map 'EXPR [AS NAME], …'`.
pub const ENTRY: Entry = Entry { name: "map", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "two columns of each line, one of them computed",
        command: "streamer map '$1 AS user, round($2 / 1000, 1) AS seconds' --out csv",
        input: "bob 1500\neve 250\n",
        output: "user,seconds\nbob,1.5\neve,0.3\n",
    },
    Example {
        what: "how many requests took how long, in steps of 10 ms",
        command: "streamer --in csv map 'floor(ms / 10) * 10 AS bucket' then count --by bucket --batch all",
        input: "user,ms\nbob,17\neve,12\nbob,31\n",
        output: "10\t2\n30\t1\n",
    },
];

fn command() -> Command {
    Command::new("map")
        .about("new rows of just these columns")
        .long_about(
            "Gives for each row a row of just these columns, in this order. A column is called as AS says, else as the column \
             that it is, else as it is written. To keep the others as well: set.",
        )
        .arg(
            Arg::new("columns")
                .value_name("EXPR [AS NAME], …")
                .required(true)
                .allow_hyphen_values(true)
                .help("The columns, in one argument: 'user, upper(country) AS c'"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let list = parse_list(args.get_one::<String>("columns").map_or("", String::as_str))?;
    for named in &list {
        if named.expr.has_aggregate() {
            return Err(named
                .expr
                .wrong("map looks at one row at a time: use agg for one row a group, set to give each row its sum"));
        }
    }
    named::once_each(&list)?;
    Ok(Built::Operator(Box::new(Columns { list })))
}

struct Columns {
    list: Vec<Named>,
}

impl Operator for Columns {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, _output: &Live) -> Live {
        Live::only(self.list.iter().flat_map(|named| named.expr.columns()))
    }

    fn bind(&self, input: &Schema, output: &Live, context: &Context) -> Result<Bound> {
        let mut schema = Schema::default();
        let mut nodes = Vec::new();
        for named in &self.list {
            // What nobody looks at is checked, but not computed.
            let node = named.expr.bind(input, context)?;
            if output.needs(&named.name) {
                schema.fields.push(named.expr.field(&named.name, node.kind.clone(), input));
                nodes.push(node);
            }
        }
        Ok(Bound::new(schema, Work::Map(Box::new(Computed { nodes }))))
    }
}

struct Computed {
    nodes: Vec<Node>,
}

impl Map for Computed {
    fn map(&self, block: Block, _: &BatchInfo) -> Result<Block> {
        let columns = self.nodes.iter().map(|node| node.eval(&block).into_owned()).collect();
        Ok(Block { columns, ..block })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::column::Cell;
    use crate::data::rows::block_of;
    use crate::data::schema::Field;
    use crate::operators::testing::{BATCH, built};

    fn bound(list: &str, output: &Live) -> Bound {
        let schema = Schema { fields: vec![Field::shown("a"), Field::hidden("b")], ..Schema::default() };
        built(&ENTRY, &[list]).bind(&schema, output, &Context::default()).unwrap()
    }

    #[test]
    fn columns_are_named_and_only_the_needed_ones_are_computed() {
        let names = |bound: &Bound| bound.schema.fields.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
        let mut all = bound("b, a + 1 AS c, upper( a )", &Live::all());
        assert_eq!(names(&all), ["b", "c", "upper( a )"]);
        assert_eq!(names(&bound("b, a + 1 AS c", &Live::only(["c"]))), ["c"]);
        let Work::Map(map) = all.work.remove(0) else { panic!("no map") };
        let block = map.map(block_of(&[vec![Some(b"7")], vec![None]]), &BATCH).unwrap();
        let cells: Vec<Cell<'_>> = block.columns.iter().map(|column| column.cell(0)).collect();
        assert_eq!(cells, [Cell::Null, Cell::Int(8), Cell::Text(b"7")]);
    }

    #[test]
    fn aggregates_and_names_that_are_there_twice_are_refused() {
        let refused = |list: &str| {
            let args = command().try_get_matches_from(["map", list]).unwrap();
            build(&args).err().unwrap().to_string()
        };
        assert!(refused("sum(a)").contains("use agg"));
        assert!(refused("a, b AS a").contains("two columns are named `a`"));
    }
}
