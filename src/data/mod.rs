//! What flows: buffers of input, blocks of columns cut from them, and the orders and keys of rows.

pub mod batch;
pub mod best;
pub mod block;
pub mod buffer;
pub mod builder;
pub mod calendar;
pub mod column;
pub mod exact;
pub mod fast;
pub mod framing;
pub mod groups;
pub mod human;
pub mod json;
pub mod kept;
pub mod keys;
pub mod number;
pub mod order;
pub mod packed;
pub mod rows;
pub mod scan;
pub mod schema;
pub mod seeds;
pub mod sequence;
mod slot;
pub mod terminal;
pub mod time;
pub mod write;
