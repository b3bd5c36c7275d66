//! What a row says: expressions, a subset of Spark SQL (SPEC 3).
//!
//! Text is parsed once ([`parse`]), bound to the columns of a schema once ([`Expr::bind`]: names, functions and kinds are
//! settled there), and then computed on whole columns, a block at a time ([`Node::eval`]): one virtual call for each operator
//! and block, none for a row.

pub mod convert;
pub mod functions;
pub mod lists;
pub mod node;
pub mod times;
pub mod unify;

use jiff::tz::TimeZone;

pub use node::{Eval, Node};

/// What expressions have to know beside their columns.
#[derive(Debug, Clone)]
pub struct Context {
    /// The zone of times without an offset, and of the parts of a time (`--tz`).
    pub zone: TimeZone,
}

impl Default for Context {
    fn default() -> Self {
        Context { zone: TimeZone::UTC }
    }
}
