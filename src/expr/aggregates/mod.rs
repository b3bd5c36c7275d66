//! Aggregates: what combines rows. A [`Plan`] is made of the calls in a list of expressions, once; a [`Table`] is what one shard
//! has combined of a batch. Whatever they give is the same in any order of the rows and on any number of shards.

mod chosen;
mod counts;
mod histogram;
mod items;
mod kept;
mod percentiles;
mod plan;
mod sketches;
mod state;
mod sums;
mod table;

pub use plan::Plan;
pub use table::{Shipped, Table};

#[cfg(test)]
mod tests;
