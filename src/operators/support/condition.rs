//! Conditions: what `filter EXPR`, `alarm EXPR` and `--if EXPR` are given.

use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::schema::Schema;
use crate::error::Result;
use crate::expr::{Context, Expr, Node, filter};
use crate::operators::Filter;

/// The condition that is written so.
pub fn parse(text: &str) -> Result<Expr> {
    parse_or(text, "use agg … then filter …")
}

/// The same; `instead`: what is to be written for a condition on an aggregate.
pub fn parse_or(text: &str, instead: &str) -> Result<Expr> {
    let condition = Expr::parse(text)?;
    if condition.has_aggregate() {
        let what = format!("a condition looks at one row, not at an aggregate of many: {instead}");
        return Err(condition.wrong(&what));
    }
    Ok(condition)
}

/// Lets the rows pass for which it is true.
pub fn bind(condition: &Expr, input: &Schema, context: &Context) -> Result<Box<dyn Filter>> {
    let node = condition.bind(input, context)?.into_condition();
    let wrong = |what| condition.wrong(&format!("here a condition is wanted, but {what}: compare it, as in x > 0"));
    Ok(Box::new(Passing { node: node.map_err(wrong)? }))
}

struct Passing {
    node: Node,
}

impl Filter for Passing {
    fn select(&self, block: &Block, _: &BatchInfo, passed: &mut Vec<u32>) -> Result<()> {
        passed.extend(filter::passed(&self.node.eval(block)));
        Ok(())
    }
}
