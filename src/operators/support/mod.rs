//! What several operators need. No file in here is an operator itself.

mod accumulators;
pub mod combined;
pub mod commands;
pub mod computed;
pub mod condition;
pub mod duration;
pub mod fill;
pub mod keys;
pub mod named;
pub mod select;
pub mod sessions;
mod sliding;
