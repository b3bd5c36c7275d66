//! `CASE`: of each row the branch of the first condition that is true.

use std::borrow::Cow;

use crate::data::block::Block;
use crate::data::column::{Column, TRUE};
use crate::data::schema::Kind;
use crate::expr::unify::{pick, unify};
use crate::expr::{Context, Eval, Node};

use super::shared::Tests;

/// What chooses among the branches.
pub enum Choice {
    /// `CASE WHEN a THEN`.
    Conditions(Vec<Node>),
    /// `CASE a WHEN b THEN`: so many comparisons.
    Tests(Tests, usize),
}

impl Choice {
    fn len(&self) -> usize {
        match self {
            Choice::Conditions(conditions) => conditions.len(),
            Choice::Tests(_, count) => *count,
        }
    }

    fn each(&self, block: &Block, mut see: impl FnMut(usize, &[u8]) -> bool) {
        match self {
            Choice::Tests(tests, _) => tests.each(block, see),
            Choice::Conditions(conditions) => {
                for (at, condition) in conditions.iter().enumerate() {
                    if let Column::Bool(truths) = &*condition.eval(block)
                        && !see(at, truths)
                    {
                        return;
                    }
                }
            }
        }
    }
}

struct Case {
    choice: Choice,
    /// One for each condition, then the one for the rows that are left.
    branches: Vec<Node>,
    kind: Kind,
}

impl Eval for Case {
    fn eval<'a>(&'a self, block: &'a Block) -> Cow<'a, Column> {
        let rest = self.choice.len() as u32;
        let mut which = vec![rest; block.rows];
        let mut left = block.rows;
        let mut used = vec![false; self.branches.len()];
        self.choice.each(block, |branch, truths| {
            for (which, truth) in which.iter_mut().zip(truths) {
                if *truth == TRUE && *which == rest {
                    *which = branch as u32;
                    used[branch] = true;
                    left -= 1;
                }
            }
            left > 0
        });
        used[rest as usize] = left > 0;
        // What no row takes need not be computed.
        let branch = |(branch, used): (&'a Node, &bool)| match used {
            true => branch.eval(block),
            false => Cow::Owned(Column::nulls(&self.kind, 0)),
        };
        let branches: Vec<Cow<'_, Column>> = self.branches.iter().zip(&used).map(branch).collect();
        Cow::Owned(pick(&which, &branches, &self.kind))
    }
}

/// The node of a choice and its branches, of which there is one more. `constant`: the choice is the same for all rows.
pub fn bind(choice: Choice, branches: Vec<Node>, constant: bool, context: &Context) -> Result<Node, String> {
    let (kind, branches) = unify(branches, context)?;
    let constant = constant && branches.iter().all(|node| node.constant.is_some());
    Ok(Node::new(kind.clone(), Case { choice, branches, kind }).folded(constant))
}
