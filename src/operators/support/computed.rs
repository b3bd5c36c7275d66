//! Columns made of expressions in front of an operator that looks at columns only: `sort 'a / b:desc'`.

use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::schema::{Field, Schema};
use crate::error::Result;
use crate::expr::{Context, Expr, Node};
use crate::operators::{Map, Work};

/// Where the values of each expression stand: the column that it is, or one behind all others, which is added to `schema`
/// without being shown and computed by the work that is given, if there is any.
pub fn columns<'a>(
    exprs: impl IntoIterator<Item = &'a Expr>,
    schema: &mut Schema,
    context: &Context,
) -> Result<(Vec<usize>, Option<Work>)> {
    let (mut places, mut nodes) = (Vec::new(), Vec::new());
    let input = schema.clone();
    for expr in exprs {
        if let Some(name) = expr.as_column() {
            match input.index(&name) {
                Ok(at) => {
                    places.push(at);
                    continue;
                }
                // It may still be an item of a list: `xs[0]`.
                Err(error) if !name.contains(['.', '[']) => return Err(error),
                Err(_) => {}
            }
        }
        let node = expr.bind(&input, context)?;
        let name = format!("({})", expr.written());
        let known = schema.fields[input.fields.len()..].iter().position(|field| field.name == name);
        places.push(input.fields.len() + known.unwrap_or(nodes.len()));
        if known.is_none() {
            schema.fields.push(Field::hidden(name).of(node.kind.clone()));
            nodes.push(node);
        }
    }
    let work = (!nodes.is_empty()).then(|| Work::Map(Box::new(Behind { nodes })));
    Ok((places, work))
}

/// Adds columns behind those of a block.
struct Behind {
    nodes: Vec<Node>,
}

impl Map for Behind {
    fn leaves(&self) -> usize {
        usize::MAX
    }

    fn map(&self, mut block: Block, _: &BatchInfo) -> Result<Block> {
        let made: Vec<_> = self.nodes.iter().map(|node| node.eval(&block).into_owned()).collect();
        block.columns.extend(made);
        Ok(block)
    }
}
