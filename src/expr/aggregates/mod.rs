//! Aggregates: what combines rows. A [`Plan`] is made of the calls in a list of expressions, once; a [`Table`] is what one shard
//! has combined of a batch, [`Sliding`], [`Growing`] and [`Sessions`] what it keeps from batch to batch. Whatever they give is the same in any order of the rows and on any number of shards.

mod beside;
mod chosen;
mod chunks;
mod counts;
mod growing;
mod histogram;
mod items;
mod kept;
mod keyed;
mod moving;
mod multisets;
mod ordered;
mod percentiles;
mod pieces;
mod plan;
mod queues;
mod sessions;
mod sets;
mod sketches;
mod sliding;
mod stacks;
mod state;
mod sums;
mod table;

pub use growing::Growing;
pub use plan::Plan;
pub use sessions::Sessions;
pub use sliding::Sliding;
pub use table::{Shipped, Table};

#[cfg(test)]
mod tests;
