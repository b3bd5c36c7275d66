//! `reduce COLUMN EXPR [--by K]`: the values of a column, folded two by two. What is an aggregate by another name (a sum, the
//! greatest, the least) is computed as that; for any other expression the values wait for the end of the batch and are folded
//! in the order of the records, so that rounding cannot depend on the shards.

use std::sync::Arc;

use clap::{Arg, ArgMatches, Command};

use super::support::combined::{Calls, column};
use super::support::fill::{self, Fill};
use super::support::sessions;
use super::{Bound, Built, Entry, Example, Map, Operator, Work};
use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::column::{Column, Lists, Span};
use crate::data::schema::{Field, Kind, Live, Schema};
use crate::error::{Error, Result};
use crate::expr::by::By;
use crate::expr::unify::gather;
use crate::expr::{Context, Expr, Node};

/// `reduce COLUMN EXPR [--by K]`.
pub const ENTRY: Entry = Entry { name: "reduce", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "the last word in the order of words",
        command: "streamer words then reduce word 'greatest(a, b)' --batch all",
        input: "to be or not to be\n",
        output: "to\n",
    },
    Example {
        what: "the product of the numbers of each key",
        command: "streamer reduce '$2' 'a * b' --by '$1' --batch all",
        input: "x 2\ny 5\nx 3\nx 4\n",
        output: "x\t24\ny\t5\n",
    },
];

fn command() -> Command {
    Command::new("reduce")
        .about("the values of a column, folded two by two")
        .long_about(
            "Folds the values of a column with an expression over a and b, which stand for any two of them: greatest(a, b), \
             a + b, if(length(a) > length(b), a, b). It must be associative and commutative. The result keeps the column's \
             name, with --by behind the columns of the keys. Nulls are skipped, as aggregates skip them (so is text that is \
             no number where the expression computes with numbers); a batch without rows gives nothing.",
        )
        .arg(Arg::new("column").value_name("COLUMN").required(true).help("Which values"))
        .arg(
            Arg::new("expression")
                .value_name("EXPR")
                .required(true)
                .allow_hyphen_values(true)
                .help("What becomes of two of them, a and b"),
        )
        .arg(
            Arg::new("by")
                .long("by")
                .value_name("KEYS")
                .help("Fold the values of each value of this column or expression apart, or of these: 'a, b'"),
        )
        .arg(fill::option())
}

fn build(args: &ArgMatches) -> Result<Built> {
    let text = |name: &str| args.get_one::<String>(name).map_or("", String::as_str);
    let column = Expr::parse(text("column"))?;
    let Some(name) = column.as_column() else {
        return Err(column.wrong("reduce folds a column: to fold what is computed, give it a name before, with set"));
    };
    let expr = Expr::parse(text("expression"))?;
    if let Some(other) = expr.columns().into_iter().find(|name| name != "a" && name != "b") {
        return Err(expr.wrong(&format!("in reduce only a and b are known, which stand for two values, not `{other}`")));
    }
    if expr.has_aggregate() {
        return Err(expr.wrong("reduce folds two values, a and b; for an aggregate: agg"));
    }
    let by = args.get_one::<String>("by").map(|text| By::parse("--by", text)).transpose()?;
    Ok(Built::Operator(Box::new(Reduce { name, expr, by, fill: args.get_flag("fill") })))
}

struct Reduce {
    name: String,
    expr: Expr,
    by: Option<By>,
    /// Keys of earlier batches are given again.
    fill: bool,
}

impl Reduce {
    /// The aggregate that does the same, if there is one.
    fn aggregate(&self) -> Option<&'static str> {
        let known = [("a + b", "sum"), ("greatest(a, b)", "max"), ("least(a, b)", "min")];
        let turned = [("b + a", "sum"), ("greatest(b, a)", "max"), ("least(b, a)", "min")];
        let same = |text: &str| Expr::parse(text).is_ok_and(|known| known == self.expr);
        known.into_iter().chain(turned).find(|(text, _)| same(text)).map(|(_, name)| name)
    }

    /// What folds two values of this kind.
    fn fold(&self, kind: &Kind, context: &Context) -> Result<Node> {
        let fields = ["a", "b"].map(|name| Field::shown(name).of(kind.clone())).to_vec();
        self.expr.bind(&Schema { fields, ..Schema::default() }, context)
    }
}

/// All rows are one group, which there is only if there is a row.
fn together() -> Result<By> {
    By::parse("--by", "0 AS `(all)`")
}

impl Operator for Reduce {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn live(&self, _: &Live) -> Live {
        Live::only([&self.name]).and(self.by.iter().flat_map(By::live))
    }

    fn bind(&self, input: &Schema, _: &Live, context: &Context) -> Result<Bound> {
        let at = input.index(&self.name)?;
        if self.by.iter().flat_map(By::names).any(|key| key == self.name) {
            return Err(Error::usage(format!(
                "`{}` is folded and a key at once: give the key another name",
                self.name
            )));
        }
        let quoted = format!("`{}`", self.name.replace('`', "``"));
        let mut kind = input.fields[at].kind.clone();
        let node = self.fold(&kind, context)?;
        let call = match self.aggregate() {
            Some(name) => format!("{name}({quoted})"),
            None if node.kind == Kind::Number => {
                kind = Kind::Number;
                format!("collect_list({quoted} * 1)")
            }
            None => format!("collect_list({quoted})"),
        };
        if node.kind == Kind::Text && kind == Kind::Input {
            kind = Kind::Text;
        }
        let mut calls = Calls::default();
        calls.take(&Expr::parse(&call)?)?;
        let by = self.by.clone().map_or_else(together, Ok)?;
        let (mut work, combined) = calls.combine(Some(&by), input, context)?;
        let (keys, shown) = (combined.fields.len() - calls.len(), self.by.is_some());
        if self.fill {
            work.push(Work::WholeBatch(Box::new(Fill::new(keys, &combined.fields, &[false]))));
        }
        let folded = combined.fields.iter().find(|field| field.name == column(0)).map(|field| field.kind.clone());
        let mut result = folded.unwrap_or_default();
        let mut folding = None;
        if let (None, Kind::List(_)) = (self.aggregate(), &result) {
            let node = self.fold(&kind, context)?;
            if node.kind != kind && !(node.kind == Kind::Input && kind == Kind::Text) {
                return Err(self.expr.wrong(&format!(
                    "of two values it makes {}, of which it cannot make one again with {}",
                    node.kind.name(),
                    kind.name()
                )));
            }
            result = kind;
            folding = Some(node);
        }
        let skipped = if shown { 0 } else { keys };
        work.push(Work::Map(Box::new(Folded { folding, skipped, kind: result.clone() })));
        let mut fields = combined.fields[skipped..keys].to_vec();
        fields.push(Field::shown(&self.name).of(result));
        Ok(Bound { schema: Schema { fields, ..Schema::default() }, work })
    }

    fn keeps(&self) -> String {
        let values = match self.aggregate() {
            Some(name) => format!("its {name}"),
            None => "all its values".to_string(),
        };
        match (&self.by, self.fill) {
            (None, _) => values.replacen("its", "the", 1),
            (Some(_), false) => format!("each key with {values}"),
            (Some(_), true) => format!("each key with {values}, and from batch to batch all keys that were seen"),
        }
    }

    fn fills(&self) -> bool {
        self.fill
    }

    fn aggregates(&self) -> bool {
        true
    }

    fn group(&mut self, by: &By) -> Result<()> {
        sessions::group(&mut self.by, by, self.fill)
    }
}

/// Folds the lists in the last column, and drops the first columns.
struct Folded {
    /// `None`: the last column is the result already.
    folding: Option<Node>,
    skipped: usize,
    kind: Kind,
}

impl Map for Folded {
    fn map(&self, mut block: Block, _: &BatchInfo) -> Result<Block> {
        if let Some(node) = &self.folding
            && let Some(Column::List(lists)) = block.columns.pop()
        {
            block.columns.push(fold(lists, node, &self.kind));
        }
        block.columns.drain(..self.skipped);
        Ok(block)
    }
}

/// One value for each list: neighbours are folded, all lists at once, until no list has more than one item.
fn fold(lists: Lists, node: &Node, kind: &Kind) -> Column {
    let Lists { mut items, mut spans } = lists;
    while spans.iter().any(|span| !span.is_null() && span.len > 1) {
        let (mut left, mut right, mut places, mut next) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for span in &spans {
            if span.is_null() || span.len == 0 {
                next.push(Span::NULL);
                continue;
            }
            let start = places.len();
            for pair in 0..span.len / 2 {
                places.push((0, left.len() as u32));
                left.push(span.start + 2 * pair);
                right.push(span.start + 2 * pair + 1);
            }
            if span.len % 2 == 1 {
                places.push((1, span.start + span.len - 1));
            }
            next.push(Span::range(start, places.len()));
        }
        let pairs =
            Block { rows: left.len(), columns: vec![items.pick(&left), items.pick(&right)], ..Block::default() };
        let made = node.eval(&pairs).into_owned();
        items = Arc::new(gather(places.iter().copied(), &[&made, &*items], kind));
        spans = next;
    }
    let places: Vec<(u32, u32)> =
        spans.iter().map(|span| if span.is_null() || span.len == 0 { (1, 0) } else { (0, span.start) }).collect();
    let nothing = Column::nulls(kind, 1);
    gather(places.iter().copied(), &[&*items, &nothing], kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::built;

    #[test]
    fn aggregates_by_another_name_are_recognised() {
        let reduce = |text: &str| Reduce { name: "x".into(), expr: Expr::parse(text).unwrap(), by: None, fill: false };
        assert_eq!(reduce("a+b").aggregate(), Some("sum"));
        assert_eq!(reduce("GREATEST(b, a)").aggregate(), Some("max"));
        assert_eq!(reduce("least(a, b)").aggregate(), Some("min"));
        assert_eq!(reduce("a * b").aggregate(), None);
    }

    #[test]
    fn only_two_values_are_known() {
        let refused = |args: &[&str]| {
            let args = command().try_get_matches_from([&["reduce"], args].concat()).unwrap();
            build(&args).err().unwrap().to_string()
        };
        assert!(refused(&["x", "a + x"]).contains("only a and b"));
        assert!(refused(&["x + 1", "a + b"]).contains("with set"));
        assert!(refused(&["x", "sum(a)"]).contains("agg"));
        let schema = Schema { fields: vec![Field::shown("x")], ..Schema::default() };
        let error = built(&ENTRY, &["x", "a < b"]).bind(&schema, &Live::all(), &Context::default()).err().unwrap();
        assert!(error.to_string().contains("cannot make one again"), "{error}");
    }
}
