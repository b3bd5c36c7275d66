//! What a row says: expressions, a subset of Spark SQL (SPEC 3).
//!
//! Text is parsed once ([`parse`]), bound to the columns of a schema once ([`Expr::bind`]: names, functions and kinds are
//! settled there), and then computed on whole columns, a block at a time ([`Node::eval`]): one virtual call for each operator
//! and block, none for a row.

pub mod aggregate;
pub mod aggregates;
pub mod ast;
mod bind;
pub mod by;
mod caret;
pub mod convert;
mod dialect;
pub mod filter;
pub mod functions;
mod hints;
mod interval;
pub mod lists;
mod lower;
pub mod manual;
pub mod node;
pub mod operators;
pub mod parse;
mod path;
mod print;
pub mod times;
mod tokens;
pub mod unify;
mod written;

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

pub use aggregate::Aggregate;
pub use ast::{Expr, Named};
pub use node::{Eval, Node};
pub use parse::{parse_assignments, parse_list};

/// What expressions have to know beside their columns.
#[derive(Debug, Clone)]
pub struct Context {
    /// The zone of times without an offset, and of the parts of a time (`--tz`).
    pub zone: TimeZone,
    /// Of an aggregate that is made of each session: how many milliseconds the rows of one may be apart.
    pub session: Option<i64>,
}

impl Default for Context {
    fn default() -> Self {
        Context { zone: TimeZone::UTC, session: None }
    }
}
